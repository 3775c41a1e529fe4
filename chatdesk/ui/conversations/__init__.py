"""The list of conversations.

Lives here: the list view, the painting of its rows, renaming in place.
May enter: the window's sidebar.
Never here: what opening, renaming or deleting means; the list only asks for it.
"""
