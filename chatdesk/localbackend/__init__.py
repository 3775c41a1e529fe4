"""The embedded back end: a server that speaks the Supabase wire over a real PostgreSQL.

Lives here: a process of its own with its own door to PostgreSQL, HTTP and websockets.
May enter: nobody; the app reaches it by a socket.
Never here: anything of the app, and any behaviour that a hosted Supabase project does not have, but for the
few addresses below ``/local/v1``.
"""
