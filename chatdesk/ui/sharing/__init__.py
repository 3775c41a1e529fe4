"""People in a conversation on screen.

Lives here: the dialog of members and invitations, the one for joining, received invitations in the sidebar,
the lines above the composer that say who answers and who may write, the list of names behind an @.
May enter: the windows.
Never here: calls to a server; what is wished is asked for, and facts are shown.
"""
