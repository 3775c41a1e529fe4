"""Where a message is written.

Lives here: the text field, its rules for keys and input methods, the button that sends or stops.
May enter: the window.
Never here: sending; the composer asks for it and clears only when it is told that the text is safe.
"""
