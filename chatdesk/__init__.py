"""ChatDesk: a desktop AI chat whose running instances show the same thing at the same moment."""

__version__ = "0.1.0"
