"""The ground the other rooms run on: owned tasks and the joined Qt and asyncio loop.

Lives here: task scopes, the door to qasync, the import of slow packages in a
thread, files that are whole or as they were, free memory for the system.
May enter: every floor.
Never here: anything that knows what a conversation is.
"""
