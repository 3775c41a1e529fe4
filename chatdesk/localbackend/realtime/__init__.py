"""``/realtime/v1``: Phoenix channels 1.0.0 with broadcast, presence and broadcasts from the database.

Lives here: frames, sockets, channels, who may hear and say what (asked from the database's policies).
May enter: chatdesk.localbackend.application.
Never here: what the frames mean to ChatDesk; postgres_changes and public topics, which it does not use.
"""
