"""Where ChatDesk keeps its files, what the environment asks of it and what a user can set.

Lives here: paths, the environment's variables, the table of options and the file they are kept in.
May enter: every floor.
Never here: secrets, messages or anything else of an account.
"""
