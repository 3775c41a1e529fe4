"""A message's text in a text document, kept up to date in small pieces of work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QTextCursor, QTextDocument, QTextOption

from chatdesk.ui.markdown.blocks import BlockRenderer, ListResume, ParagraphResume, cut_list
from chatdesk.ui.markdown.code import COLOUR_LIMIT, CodeWriter, language_of
from chatdesk.ui.markdown.parser import clean, parse_blocks
from chatdesk.ui.markdown.style import PARAGRAPH_GAP, MarkdownStyle
from chatdesk.ui.markdown.writer import BlockWriter, Seam

# One piece of work parses at most this much; about 15 ms with code, 5 ms without.
WINDOW = 8_000
# The parser's cost goes by lines as well: 30 ms for the same 8,000 characters in entries of a word each.
WINDOW_LINES = 200
# Longer lines are not Markdown: they are shown as typed, laid out in chunks (layout time grows with the
# square of an unbroken line's length).
LINE_LIMIT = 20_000
CHUNK = 2_000
CHUNKS_PER_PIECE = 8

_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<words>[^\n]*)(?:\n|$)")
_LINE_END = re.compile("\n")
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


@dataclass(slots=True)
class _LongRun:
    """A line or code block written in chunks: it ends where ``closing`` matches, None while it does not."""

    code: bool
    closing: re.Pattern[str]
    language: str = ""
    end: int | None = None
    resume_at: int = 0
    first: bool = True
    mid_line: bool = False


class MarkdownDocument:
    """Renders a growing text into ``document``.

    ``set_text`` says what is to be shown, ``advance`` does one bounded piece of the work. Finished blocks are
    never touched again while the text only grows; the result does not depend on the steps in which it grew
    once ``final`` was said (until then a link definition further down may be missing above).
    ``pieces`` counts the work, ``largest_piece`` is the most characters one piece dealt with.
    """

    def __init__(self, document: QTextDocument, style: MarkdownStyle) -> None:
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        option = QTextOption(document.defaultTextOption())
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        document.setDefaultTextOption(option)
        self._document = document
        self._text = ""
        self._final = False
        self._done = 0
        self._shown = 0
        self._settled = False
        self.pieces = 0
        self.largest_piece = 0
        self.set_style(style)

    @property
    def waiting(self) -> bool:
        """Whether ``advance`` has something to do."""
        return not self._settled

    @property
    def skirt(self) -> float:
        """How much room below the document belongs to what is painted in it."""
        return self._writer.skirt

    def set_style(self, style: MarkdownStyle) -> None:
        """Take another look; everything is to be written again."""
        self._style = style
        self._document.setDefaultFont(style.font)
        self._restart({})

    def reset(self) -> None:
        """Empty the document: what is set next has nothing to do with its text."""
        self._text, self._final = "", False
        self._restart({})
        # One edit: outside of one, a cursor that is set asks the old text where on its line that is.
        edit = QTextCursor(self._document)
        edit.beginEditBlock()
        self._writer.cut(self._seam)
        edit.endEditBlock()

    def set_text(self, text: str, *, final: bool = True) -> None:
        """Set what is to be shown; ``final`` when it will not grow any more."""
        text = clean(text)
        if text == self._text and final == self._final:
            return
        if not text.startswith(self._text[: self._done]):
            self._restart({})
        self._text, self._final, self._settled = text, final, False

    def advance(self) -> bool:
        """Do one piece of work; return whether more waits."""
        if not self.waiting:
            return False
        self.pieces += 1
        edit = QTextCursor(self._document)
        edit.beginEditBlock()
        self._writer.cut(self._seam)
        start = self._done
        if self._long is None and self._done < len(self._text):
            self._skip_blank_lines()
        if self._long is None and self._done < len(self._text):
            end = self._window_end()
            if self._long is None:
                self._window(end)
        if self._long is not None:
            self._chunks(self._long)
        self.largest_piece = max(self.largest_piece, max(self._shown, self._done) - start)
        if self._done >= len(self._text):
            self._shown = len(self._text)
        self._settled = self._shown == len(self._text)
        edit.endEditBlock()
        if self._settled and self._final and self._late_references:
            # Definitions at the end may serve text further up: write it once more, knowing them all.
            self._restart(dict(self._late_references))
            self._settled = False
        return self.waiting

    def finish(self) -> None:
        """Do all the work that waits."""
        while self.advance():
            pass

    def _restart(self, references: dict[str, Any]) -> None:
        self._writer = BlockWriter(self._document)
        self._renderer = BlockRenderer(self._writer, self._style)
        self._code = CodeWriter(self._writer, self._style)
        self._seam = Seam()
        self._done = 0
        self._shown = 0
        self._settled = False
        self._resume: ListResume | ParagraphResume | None = None
        self._long: _LongRun | None = None
        self._known = references
        self._late_references: dict[str, Any] = {}

    def _skip_blank_lines(self) -> None:
        blank = _BLANK_LINES.match(self._text, self._done)
        if blank:
            self._commit(blank.end())

    def _commit(self, done: int) -> None:
        self._done = self._shown = done
        self._seam = self._writer.seam()

    def _window_end(self) -> int:
        """Return where the next window ends, always after a line end or at the end of the text."""
        text, start = self._text, self._done
        cut = _after_lines(text, start, min(start + WINDOW, len(text)))
        if cut is None and len(text) - start <= WINDOW:
            return len(text)
        fence = _FENCE.match(text, start)
        if fence and not ("`" in fence["marks"] and "`" in fence["words"]):
            closing = _closing_fence(fence["marks"])
            found = closing.search(text, fence.end())
            end = min(found.end() + 1, len(text)) if found else len(text)
            if end - start > COLOUR_LIMIT:
                self._long = _LongRun(True, closing, language_of(fence["words"]))
                self._commit(fence.end())
            return end
        if cut is not None:
            return cut
        cut = text.rfind("\n", start, start + WINDOW)
        if cut >= 0:
            return cut + 1
        line_end = text.find("\n", start)
        end = line_end + 1 if line_end >= 0 else len(text)
        if end - start > LINE_LIMIT:
            self._long = _LongRun(False, _LINE_END)
        return end

    def _window(self, end: int) -> None:
        portion = self._text[self._done : end]
        at_end = end == len(self._text)
        references = dict(self._known)
        tokens = parse_blocks(portion, references)
        self._late_references.update((k, v) for k, v in references.items() if k not in self._known)
        tops = [i for i, token in enumerate(tokens) if token.level == 0 and token.map and token.nesting >= 0]
        if not tops:
            self._shown = end
            if not at_end:
                self._commit(end)
            return
        last = tops[-1]
        if len(tops) > 1:
            self._renderer.render(tokens[:last], references, self._resume)
            self._resume = None
            self._commit(self._done + _offset(portion, _first_line(tokens[last].map)))
            if not at_end:
                return
            self._renderer.render(tokens[last:], references, growing=not self._final)
        elif at_end:
            self._renderer.render(tokens, references, self._resume, growing=not self._final)
        else:
            self._giant(tokens, references, portion, end)
            return
        self._shown = end

    def _giant(self, tokens: list[Any], references: dict[str, Any], portion: str, end: int) -> None:
        """Finish part of a block larger than a window: up to a list's last entry, else up to a line end."""
        cut = cut_list(tokens)
        if cut is None:
            self._renderer.render(tokens, references, self._resume)
            goes_on = tokens[0].type == "paragraph_open" and self._text[end : end + 1].strip()
            self._resume = ParagraphResume() if goes_on else None
            self._commit(end)
            return
        index, resume = cut
        if (
            isinstance(self._resume, ListResume)
            and self._resume.number is not None
            and resume.number is not None
        ):
            started = int(tokens[0].attrGet("start") or 1)
            resume = ListResume(resume.kind, self._resume.number + resume.number - started)
        self._renderer.render(tokens[:index], references, self._resume)
        self._resume = resume
        self._commit(self._done + _offset(portion, _first_line(tokens[index].map)))

    def _chunks(self, run: _LongRun) -> None:
        """Write the next chunks of a very long line or code block."""
        found = run.closing.search(self._text, self._done) if run.end is None else None
        # A fence at the very end may yet turn out to be something else.
        if found is not None and (found.end() < len(self._text) or self._final):
            run.end = max(found.start() - run.code, self._done)
            run.resume_at = min(found.end() + run.code, len(self._text))
        limit = len(self._text) if run.end is None else run.end
        for _ in range(CHUNKS_PER_PIECE):
            start = self._done
            end = min(start + CHUNK, limit)
            cut = self._text.rfind("\n", start, end) if run.code and end < limit else -1
            line_end = cut > start
            if line_end:
                end = cut
            last = end >= limit
            piece = self._text[start:end]
            if run.code:
                piece = piece.rstrip("\n") if last else piece
                self._code.portion(piece, run.language, first=run.first, last=last, joined=run.mid_line)
            else:
                self._renderer.plain(piece, PARAGRAPH_GAP if run.first else 0, joined=run.mid_line)
            if last and run.end is None:
                self._shown = len(self._text)
                return
            run.first, run.mid_line = False, not line_end
            if last:
                self._long = None
                self._commit(run.resume_at)
                return
            self._commit(end + 1 if line_end else end)


def _first_line(lines: list[int] | None) -> int:
    return lines[0] if lines else 0


def _after_lines(text: str, start: int, end: int) -> int | None:
    """Return where the window's share of lines is over; None if it has fewer before ``end``."""
    place = start
    for _ in range(WINDOW_LINES):
        place = text.find("\n", place, end) + 1
        if not place:
            return None
    return place if place < end else None


def _offset(text: str, line: int) -> int:
    """Return where ``line`` begins in ``text``."""
    place = 0
    for _ in range(line):
        place = text.find("\n", place) + 1
    return place


def _closing_fence(marks: str) -> re.Pattern[str]:
    return re.compile(rf"^ {{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$", re.MULTILINE)
