"""Secrets of the user of this computer.

Lives here: the vault port and its adapters, the file sealed with a key from the vault; the only door to
keyring and cryptography.
May enter: services (the ports) and the composition root.
Never here: Qt, sessions' meaning, a silent plain-text fallback.
"""
