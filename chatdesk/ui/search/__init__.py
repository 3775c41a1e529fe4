"""Finding things: the palette over the window, and the bar that searches the open chat.

Lives here: the palette with its rows, the find bar, the marks on what was found.
May enter: the window.
Never here: the search itself; it is asked for by signals and answered by the service.
"""
