"""Files on messages, as a person sees them.

Lives here: reading what is to be attached, decoding pictures within limits, chips, the strip below a message,
the viewer.
May enter: the composer, the timeline, the window, and the composition root.
Never here: fetching; whoever shows a file is handed its bytes.
"""
