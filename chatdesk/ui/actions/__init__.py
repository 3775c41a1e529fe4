"""What a user can do, as one table.

Lives here: the action table, the window's QActions, the menus made from it.
May enter: the windows.
Never here: what an action does; it only tells that it was chosen.
"""
