"""``/auth/v1``: the part of Supabase Auth that ChatDesk speaks.

Lives here: passwords, users, sessions with rotating refresh tokens, the owner's account of this computer.
May enter: chatdesk.localbackend.application.
Never here: mail, other providers, administration; whoever asks for those is told that they are missing.
"""
