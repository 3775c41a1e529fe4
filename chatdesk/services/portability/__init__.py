"""Export and import as long work: begun, followed, cancelled, taken up again.

Lives here: the service with its signals, the roads from the store into a file and from a file to the server.
May enter: ui and the composition root.
Never here: widgets, the formats themselves (those are in the room of the same name below).
"""
