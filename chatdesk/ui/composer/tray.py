"""The files that go with the message being written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from chatdesk.domain.attachment import NewFile
from chatdesk.ui.attachments.flow import FlowLayout
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

if TYPE_CHECKING:
    from chatdesk.ui.attachments.chip import Chip


class Tray(QWidget):
    """Chips for files, hidden while there are none.

    Signals: ``changed()`` after the user added or removed some; ``refused(str)`` with one sentence about what
    could not be added; ``emptied()`` when the keyboard's focus has nowhere to stay.
    """

    changed = Signal()
    refused = Signal(str)
    emptied = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._flow = FlowLayout(self)
        self.chips: list[Chip] = []
        say(self.setAccessibleName, "Attachments")
        self.hide()
        theme.changed.connect(self._restyle)
        retell(self._restyle)

    @property
    def files(self) -> tuple[NewFile, ...]:
        return tuple(chip.file for chip in self.chips)

    def show_files(self, files: Sequence[NewFile]) -> None:
        """Show these files instead of what is here; tells nobody."""
        if tuple(files) == self.files:
            return
        for chip in list(self.chips):
            self._drop(chip)
        for file in files:
            self._put(file)
        self._settle()

    def add_paths(self, paths: Sequence[str]) -> None:
        """Attach files of this computer."""
        from chatdesk.ui.attachments.reading import read_file

        self._add([partial(read_file, path) for path in paths])

    def add_picture(self, image: QImage) -> None:
        """Attach a picture that was pasted."""
        from chatdesk.ui.attachments.reading import from_picture

        self._add([lambda: from_picture(image)])

    def add_text(self, text: str) -> bool:
        """Attach a text that was pasted; tell whether that was possible."""
        from chatdesk.ui.attachments.reading import from_text

        return self._add([lambda: from_text(text)])

    def add_from(self, source: QMimeData) -> bool:
        """Attach what was dropped or pasted; False when it holds neither files nor a picture."""
        if paths := local_files(source):
            self.add_paths(paths)
        elif holds_picture(source):
            self.add_picture(QImage(source.imageData()))
        else:
            return False
        return True

    def _add(self, reads: Sequence[Callable[[], NewFile]]) -> bool:
        from chatdesk.ui.attachments.reading import NotAttachable, check_room

        refusal, added = "", False
        for read in reads:
            try:
                file = read()
                check_room(file, self.files)
            except NotAttachable as failure:
                refusal = refusal or str(failure)
                continue
            self._put(file)
            added = True
        self._settle()
        if added:
            self.changed.emit()
        if refusal:
            self.refused.emit(refusal)
        return added

    def _put(self, file: NewFile) -> None:
        from chatdesk.ui.attachments.chip import Chip

        chip = Chip(self._theme, file, self)
        chip.removed.connect(lambda: self._remove(chip))
        self.chips.append(chip)
        self._flow.addWidget(chip)
        chip.show()

    def _remove(self, chip: Chip) -> None:
        place = self.chips.index(chip)
        self._drop(chip)
        self._settle()
        self.changed.emit()
        if self.chips:
            self.chips[min(place, len(self.chips) - 1)].remove.setFocus()
        else:
            self.emptied.emit()

    def _drop(self, chip: Chip) -> None:
        self.chips.remove(chip)
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def _settle(self) -> None:
        self.setVisible(bool(self.chips))
        self.updateGeometry()

    def _restyle(self, _tokens: object = None) -> None:
        for chip in self.chips:
            chip.set_look()


def local_files(source: QMimeData) -> list[str]:
    """Return the paths of what was dropped or pasted if all of it are files of this computer."""
    urls = source.urls() if source.hasUrls() else []
    return [url.toLocalFile() for url in urls] if urls and all(url.isLocalFile() for url in urls) else []


def holds_picture(source: QMimeData) -> bool:
    """Tell whether a picture is meant: office programs add one to every text that is copied."""
    return source.hasImage() and not source.text().strip()
