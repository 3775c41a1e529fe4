"""What a user can do, as methods, and what has happened, as Qt signals.

Lives here: QObjects over the sync engine, the ports of providers and credentials.
May enter: models, ui and the composition root.
Never here: widgets, SQL, wire shapes, adapters by name.
"""
