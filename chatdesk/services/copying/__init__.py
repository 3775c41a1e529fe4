"""Copying the chats of another account of this computer into the open one.

Lives here: the reading of the other account, the run that can be cut off and taken up again, the service.
May enter: ui and the composition root.
Never here: widgets, the way to a back end (the composition root brings both accounts).
"""
