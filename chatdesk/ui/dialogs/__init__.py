"""Questions and forms.

Lives here: the first-run page, the profile dialog, confirmations, the sync panel.
May enter: the window.
Never here: nested event loops; a dialog opens, and a signal tells what was decided.
"""
