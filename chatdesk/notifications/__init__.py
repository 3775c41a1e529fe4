"""What the desktop shows outside ChatDesk's windows.

Lives here: the notifications of a Linux desktop over its session bus; the only door to jeepney.
May enter: the composition root.
Never here: Qt, a rule about what is worth a notification, words in a language.
"""
