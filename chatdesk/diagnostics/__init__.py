"""Looking at the running program without seeing anyone's text or secrets.

Lives here: logging set-up, redaction, crash reporting.
May enter: every floor.
Never here: message text, tokens, keys.
"""
