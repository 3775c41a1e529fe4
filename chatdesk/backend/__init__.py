"""The Supabase wire.

Lives here: the ports of the back end and their adapters (requests, feed, sign-in, avatars) and the way to the
embedded back end's process; the only door to supabase, realtime and httpx.
May enter: sync (the ports) and the composition root.
Never here: Qt, SQL, decisions about when to retry.
"""
