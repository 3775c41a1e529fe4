"""The settings window.

Lives here: its pages and the controls they are made of.
May enter: the window.
Never here: what a setting does; a page sets the option, and whoever it concerns is told of it.
"""
