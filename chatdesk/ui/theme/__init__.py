"""How ChatDesk looks: one table of colours, and what follows from it.

Lives here: tokens, palette, style sheet, fonts, icons.
May enter: every room of ui, and the composition root.
Never here: a widget's layout, a colour written anywhere else.
"""

from chatdesk.ui.theme.theme import Theme as Theme
from chatdesk.ui.theme.tokens import DARK as DARK
from chatdesk.ui.theme.tokens import LIGHT as LIGHT
from chatdesk.ui.theme.tokens import Tokens as Tokens
