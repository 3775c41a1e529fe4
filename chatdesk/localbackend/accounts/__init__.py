"""``/auth/v1``: the part of Supabase Auth that ChatDesk speaks.

Lives here: passwords, users, sessions with rotating refresh tokens, the owner's account of this computer;
codes and links in mails that stay on this computer, the way through a browser to a provider and back.
May enter: chatdesk.localbackend.application.
Never here: phones, administration; whoever asks for those is told that they are missing.
"""
