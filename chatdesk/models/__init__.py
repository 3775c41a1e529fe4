"""Rows for the views: Qt list models fed by the services' signals.

Lives here: QAbstractListModel subclasses, their roles and order.
May enter: ui and the composition root.
Never here: widgets, painting, awaiting, asking the store.
"""
