"""Markdown to text blocks: what is written, and that growing in steps ends where writing at once does."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextBlock, QTextCursor, QTextDocument

from chatdesk.ui.markdown.decorations import code_of
from chatdesk.ui.markdown.document import MarkdownDocument
from chatdesk.ui.markdown.links import safe_link, split_bare_links
from chatdesk.ui.markdown.plain import selected_text
from chatdesk.ui.markdown.properties import BlockProperty
from tests.support.messages import markdown

New = Callable[[], tuple[QTextDocument, MarkdownDocument]]

RICH = """# Title

Some **bold**, *italic*, ~~struck~~ and `code` with a [link](https://example.com/x) and https://bare.example.com/a.

1. First
2. Second
   - nested

     loose paragraph
3. Third

   ```python
   def total(x):
       return sum(x)  # all
   ```

- [ ] open
- [x] done

> quoted **text**
>
> > deeper

```
plain
```

| left | middle | right |
|:-----|:------:|------:|
| a | b | `c` |

| second |
|--------|
| table |

---

Two
lines &amp; an entity \\* escaped
"""

SAMPLES = {
    "rich": RICH,
    "unclosed fence": "hi\n\n~~~js\nlet a = 1;\n\n\n",
    "table first": "| a |\n|---|\n| b |\n\n```js\n1\n```",
    "setext": "Title\n=====\n\ntext\n\nOther\n---\n",
    "definitions": "see [a] and [b][1]\n\ntext\n\n[a]: https://example.com/a\n\nmore\n\n[1]: https://example.com/b",
    "long list": "".join(f"{n + 1}. entry **{n}** with words to fill the line\n" for n in range(260))
    + "\nend",
    "long bullets": "".join(f"- entry {n} of many\n  - nested {n}\n" for n in range(320)),
    "long code": "x\n\n```python\n"
    + "".join(f"def f{n}(x): return x*{n}\n" for n in range(900))
    + "```\n\nafter",
    "long line": "a\n\n" + "x" * 25_000 + "\n\n- b\n",
    "long paragraph": "".join(f"log line {n} of *many*\n" for n in range(500)),
    "emoji": "😀 **fett** 👩‍👩‍👧 `x` " * 30,
    "generated": markdown(random.Random(4), 2_500),
}


def dump(document: QTextDocument) -> list[object]:
    """Everything that can be seen of a document."""
    made: list[object] = [document.size().toTuple(), document.rootFrame().frameFormat().topMargin()]
    block = document.begin()
    while block.isValid():
        look = block.blockFormat()
        marks = {each.name: look.property(each) for each in BlockProperty}
        made.append(
            (look.topMargin(), look.leftMargin(), look.alignment(), look.lineHeight(), marks, runs(block))
        )
        block = block.next()
    return made


def runs(block: QTextBlock) -> list[tuple[object, ...]]:
    made: list[tuple[object, ...]] = []
    at = block.begin()
    while not at.atEnd():
        run = at.fragment()
        look = run.charFormat()
        colours = (look.foreground().color().name(), look.background().color().name())
        made.append(
            (
                run.text(),
                look.fontWeight(),
                look.fontItalic(),
                look.fontStrikeOut(),
                colours,
                look.anchorHref(),
            )
        )
        at += 1
    return made


def write(new: New, text: str) -> QTextDocument:
    document, rendered = new()
    rendered.set_text(text)
    rendered.finish()
    return document


def block_with(document: QTextDocument, text: str) -> QTextBlock:
    cursor = document.find(text)
    assert not cursor.isNull(), text
    return cursor.block()


@pytest.mark.parametrize("name", SAMPLES)
def test_growing_ends_where_writing_at_once_does(new_document: New, name: str) -> None:
    text = SAMPLES[name]
    whole = dump(write(new_document, text))
    document, rendered = new_document()
    step = 1 if len(text) < 1_200 else len(text) // 60
    for end in range(0, len(text), step):
        rendered.set_text(text[:end], final=False)
        rendered.finish()
    rendered.set_text(text)
    rendered.finish()
    assert dump(document) == whole


def test_each_prefix_equals_its_own_full_text(new_document: New) -> None:
    document, rendered = new_document()
    for end in range(0, len(RICH), 7):
        rendered.set_text(RICH[:end], final=False)
        rendered.finish()
        other, whole = new_document()
        whole.set_text(RICH[:end], final=False)
        whole.finish()
        assert document.toPlainText() == other.toPlainText(), RICH[:end][-40:]


def test_finished_blocks_are_not_written_again(new_document: New) -> None:
    document, rendered = new_document()
    first = "first paragraph\n\n" + "second paragraph " * 40
    rendered.set_text(first, final=False)
    rendered.finish()
    # Without a layout a document does not tell where it changed.
    document.documentLayout()
    touched: list[int] = []
    document.contentsChange.connect(lambda position, _removed, _added: touched.append(position))
    for extra in range(20):
        rendered.set_text(first + " more" * extra, final=False)
        rendered.finish()
    assert touched
    assert min(touched) >= len("first paragraph")


def test_formats(new_document: New) -> None:
    document = write(new_document, RICH)
    found = {str(run[0]).strip(): run for block in blocks(document) for run in runs(block)}
    assert found["bold"][1] == QFont.Weight.Bold
    assert found["italic"][2]
    assert found["struck"][3]
    assert found["link"][5] == "https://example.com/x"
    assert found["https://bare.example.com/a"][5] == "https://bare.example.com/a"
    assert found["def"][4] != found["total"][4]
    assert block_with(document, "Two").text() == "Two\u2028lines & an entity * escaped"
    numbers = [block.blockFormat().property(BlockProperty.MARKER) for block in blocks(document)]
    assert [mark for mark in numbers if mark] == ["1.", "2.", "•", "3.", "☐", "☑"]
    assert block_with(document, "deeper").blockFormat().property(BlockProperty.QUOTE_DEPTH) == 2


def blocks(document: QTextDocument) -> list[QTextBlock]:
    made, block = [], document.begin()
    while block.isValid():
        made.append(block)
        block = block.next()
    return made


def test_tables_keep_their_alignment(new_document: New) -> None:
    document = write(new_document, RICH)
    table = QTextCursor(block_with(document, "middle")).currentTable()
    assert (table.rows(), table.columns()) == (2, 3)
    sides = [table.cellAt(1, column).firstCursorPosition().blockFormat().alignment() for column in range(3)]
    assert sides == [Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight]


def test_html_is_text(new_document: New) -> None:
    text = "a <b>bold</b> <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>"
    assert write(new_document, text).toPlainText() == text.replace("\n\n", "\n")


def test_a_long_code_block_is_one_piece_of_code(new_document: New) -> None:
    code = "".join(f"line {n}\n" for n in range(4_000)) + "z" * 5_000
    document = write(new_document, f"```text\n{code}\n```\nend")
    first = block_with(document, "line 0")
    assert code_of(document, first.position()) == code


def test_selection_is_what_was_meant(new_document: New) -> None:
    text = "# T\n\n- one\n- [x] two\n\n| a | b |\n|---|---|\n| c | d |\n\n```\nx\n  y\n```\n\n" + "w" * 21_000
    document = write(new_document, text)
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    assert selected_text(cursor) == "T\n• one\n[x] two\na\tb\nc\td\nx\n  y\n" + "w" * 21_000


def test_part_of_a_selection_with_wide_characters(new_document: New) -> None:
    document = write(new_document, "a 😀 **b** c")
    cursor = QTextCursor(document)
    cursor.setPosition(2)
    cursor.setPosition(6, QTextCursor.MoveMode.KeepAnchor)
    assert selected_text(cursor) == "😀 b"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "smb://host/share",
        "//host/share",
        "\\\\host\\share",
        "ms-msdt:/id",
        "chatdesk://sign-in",
        "https:///nohost",
        "http://[broken",
        "relative/path",
        "",
    ],
)
def test_addresses_that_are_no_links(new_document: New, address: str) -> None:
    assert safe_link(address) == ""
    document = write(new_document, f"[text]({address}) ![alt]({address}) <{address}>")
    assert not [run for block in blocks(document) for run in runs(block) if run[5]]


def test_control_characters_make_no_link() -> None:
    assert [safe_link(f"https://a.example/{bad}b") for bad in "\n\t \\\x00\x7f"] == [""] * 6
    assert safe_link("https://a.example/ok?q=1#x")
    assert safe_link("mailto:a@b.example")


def test_bare_links_leave_the_sentence_outside() -> None:
    pieces = list(split_bare_links("(see https://a.example/x_(y)). Or http://b.example, ok"))
    assert [address for _, address in pieces if address] == ["https://a.example/x_(y)", "http://b.example"]
    assert "".join(piece for piece, _ in pieces) == "(see https://a.example/x_(y)). Or http://b.example, ok"


def test_characters_qt_takes_for_structure_are_replaced(new_document: New) -> None:
    document = write(new_document, "a\x00b\u2029c\ufdd0d\ufffce\ud800f\r\ng")
    assert document.toPlainText() == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ng"
