"""Who else is here, who is typing, who has read how far, and what one shows of oneself.

Lives here: small widgets that are put into the header, the timeline, above the composer and the settings.
May enter: the window's own rooms.
Never here: rows and their models.
"""
