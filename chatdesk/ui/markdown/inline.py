"""Writes what stands inside a paragraph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markdown_it.token import Token
from PySide6.QtGui import QFont, QTextCharFormat

from chatdesk.language.door import _
from chatdesk.ui.markdown.links import safe_link, split_bare_links
from chatdesk.ui.markdown.style import MarkdownStyle

Write = Callable[[str, QTextCharFormat], None]


class InlineWriter:
    """Turns inline tokens into runs of text; an image becomes a link to it, nothing is loaded."""

    def __init__(self, style: MarkdownStyle) -> None:
        self._style = style

    def write(self, children: Sequence[Token], base: QTextCharFormat, write: Write) -> None:
        """Hand each run of ``children`` to ``write`` with its format; ``base`` is the paragraph's own."""
        formats = [base]
        for token in children:
            top = formats[-1]
            match token.type:
                case "text" | "text_special":
                    self._text(token.content, top, write)
                case "softbreak" | "hardbreak":
                    write("\n", top)
                case "code_inline":
                    write(token.content, self._style.inline_code(top))
                case "image":
                    self._image(token, top, write)
                case kind if kind.endswith("_open"):
                    formats.append(self._opened(token, top))
                case kind if kind.endswith("_close") and len(formats) > 1:
                    formats.pop()
                case _:
                    self._text(token.content, top, write)

    def _text(self, text: str, around: QTextCharFormat, write: Write) -> None:
        if around.isAnchor():
            write(text, around)
            return
        for piece, address in split_bare_links(text):
            write(piece, self._style.link(around, address) if address else around)

    def _image(self, token: Token, around: QTextCharFormat, write: Write) -> None:
        address = "" if around.isAnchor() else safe_link(str(token.attrGet("src") or ""))
        write(
            _("Image: {name}").format(name=token.content or address or _("without name")),
            self._style.link(around, address) if address else around,
        )

    def _opened(self, token: Token, around: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(around)
        match token.type:
            case "strong_open":
                made.setFontWeight(QFont.Weight.Bold)
            case "em_open":
                made.setFontItalic(True)
            case "s_open":
                made.setFontStrikeOut(True)
            case "link_open":
                address = safe_link(str(token.attrGet("href") or ""))
                return self._style.link(around, address) if address else made
        return made
