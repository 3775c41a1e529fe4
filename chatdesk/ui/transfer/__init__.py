"""Export and import on screen.

Lives here: the file choosers, the dialog that follows a job, the sentences about what came of it.
May enter: the windows.
Never here: reading or writing of files; it only asks for it and shows facts.
"""
