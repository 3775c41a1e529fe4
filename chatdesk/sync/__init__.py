"""The engine that keeps this instance's store and the back end the same.

Lives here: the link's supervisor, inbound changes, catch-up, the outbox worker; plain asyncio.
May enter: services and the composition root.
Never here: Qt, SQL, the wire's shapes.
"""
