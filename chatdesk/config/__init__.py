"""Where ChatDesk keeps its files and what the environment asks of it.

Lives here: paths and environment options.
May enter: every floor.
Never here: secrets, user data.
"""
