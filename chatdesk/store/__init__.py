"""The instance's own memory: a cache of rows, and an outbox that survives anything but the disk.

Lives here: SQLite files, their schema, one worker thread; the only door to sqlite3.
May enter: sync and the composition root.
Never here: Qt, the network, another floor's clock.
"""
