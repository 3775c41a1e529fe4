"""Where messages are read.

Lives here: the timeline view, its rows, their geometry and painting, accessibility of messages.
May enter: the main window.
Never here: services, the store, loading or opening of anything a message names.
"""
