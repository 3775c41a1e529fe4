"""The dialog for one's own name and picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatdesk.domain.profile import Profile
from chatdesk.domain.text import storable
from chatdesk.language.door import _
from chatdesk.models.people import name_of
from chatdesk.ui.avatar import Avatar
from chatdesk.ui.dialogs.crop import CropPanel
from chatdesk.ui.dialogs.picture import PATTERNS, PICTURES, NotAPicture, as_png, read_picture
from chatdesk.ui.theme.fonts import in_text
from chatdesk.ui.theme.theme import Theme

DISPLAY_NAME_MOST = 80
_USERNAME = re.compile(r"[a-z0-9_]{3,30}")


@dataclass(frozen=True, slots=True)
class ProfileEdit:
    """What the user changed: ``updates`` for ``update_profile``, and the new picture as PNG, if there is one.

    ``updates`` holds ``avatar_path: None`` when the picture was removed; the path of a new one is not known
    before it is stored.
    """

    updates: Mapping[str, str | None]
    avatar_png: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.updates) or self.avatar_png is not None


def username_fault(text: str) -> str:
    """Say what is wrong with a user name; empty when nothing is. No user name at all is allowed."""
    if not text or _USERNAME.fullmatch(text):
        return ""
    return _("A user name has 3 to 30 letters a to z, digits or underscores.")


class ProfileDialog(QDialog):
    """Edits display name, user name and picture.

    ``save_requested(ProfileEdit)`` is emitted when Save finds nothing wrong; the dialog stays open, locked,
    until ``saved`` or ``show_failure``. Nothing changed: it just closes.
    """

    save_requested = Signal(object)

    def __init__(self, theme: Theme, profile: Profile, image: QImage | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Profile"))
        self.setAccessibleName(_("Profile"))
        self._profile = profile
        self._image = image
        self._removed = False
        self._avatar = Avatar(theme, 96)
        self.crop = CropPanel(theme)
        self.crop.hide()
        self.display_name = QLineEdit(profile.display_name)
        self.display_name.setMaxLength(DISPLAY_NAME_MOST)
        self.display_name.setAccessibleName(_("Display name"))
        self.display_name.setPlaceholderText(_("How others see you"))
        self.username = QLineEdit(profile.username or "")
        self.username.setMaxLength(30)
        self.username.setAccessibleName(_("User name"))
        self.username.setPlaceholderText(_("letters, digits, underscores"))
        self.error = QLabel()
        self.error.setProperty("look", "error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.choose_button = QPushButton(_("Choose picture…"))
        self.remove_button = QPushButton(_("Remove"))
        self.remove_button.setAccessibleName(_("Remove the picture"))
        self.cancel_button = QPushButton(_("Cancel"))
        self.save_button = QPushButton(_("Save"))
        self.save_button.setProperty("look", "primary")
        self.save_button.setDefault(True)
        for button in (self.choose_button, self.remove_button, self.cancel_button):
            button.setAutoDefault(False)
        self._lay_out()
        self.choose_button.clicked.connect(self._choose)
        self.remove_button.clicked.connect(self._remove)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._save)
        self.display_name.textChanged.connect(self._refresh)
        self.crop.changed.connect(self._cropped)
        self._refresh()
        self.display_name.setFocus()

    def _lay_out(self) -> None:
        picture = QHBoxLayout()
        picture.setSpacing(18)
        picture.addWidget(self._avatar)
        beside = QVBoxLayout()
        beside.addStretch(1)
        beside.addWidget(self.choose_button)
        beside.addWidget(self.remove_button)
        beside.addStretch(1)
        picture.addLayout(beside)
        picture.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(6)
        column.addLayout(picture)
        column.addSpacing(6)
        column.addWidget(self.crop)
        column.addSpacing(6)
        for edit, after in ((self.display_name, 6), (self.username, 2)):
            label = QLabel(edit.accessibleName())
            label.setProperty("look", "muted")
            label.setBuddy(edit)
            column.addWidget(label)
            column.addWidget(edit)
            column.addSpacing(after)
        column.addWidget(self.error)
        column.addSpacing(10)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        column.addLayout(buttons)
        self.setFixedWidth(in_text(420))

    # What the window tells

    def saved(self) -> None:
        """The change was taken: close."""
        self.accept()

    def show_failure(self, sentence: str) -> None:
        """The change was not taken: unlock, keep what was entered, say why."""
        self._lock(False)
        self._say(sentence)

    # What the user does

    def take_picture(self, path: str) -> None:
        """Let a part of the picture file at ``path`` be chosen, or say why that cannot be."""
        try:
            image = read_picture(path)
        except NotAPicture as fault:
            self._say(str(fault))
            return
        self._removed = False
        self.crop.show()
        self.crop.set_image(image)
        self._say("")
        self._refresh()

    def _cropped(self) -> None:
        self._image = self.crop.view.result()
        self._refresh()

    def _choose(self) -> None:
        chooser = QFileDialog(self, _("Choose a picture"), "", f"{_(PICTURES)} ({PATTERNS})")
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.fileSelected.connect(self.take_picture)
        chooser.open()

    def _remove(self) -> None:
        self._image = None
        self._removed = True
        self.crop.hide()
        self._refresh()
        self.adjustSize()
        self.choose_button.setFocus()

    def _save(self) -> None:
        username = self.username.text().strip().lower()
        if fault := username_fault(username):
            self._say(fault)
            self.username.setFocus()
            return
        self._say("")
        edit = self._edit(username)
        if not edit:
            self.accept()
            return
        self._lock(True)
        self.save_requested.emit(edit)

    def _edit(self, username: str) -> ProfileEdit:
        updates: dict[str, str | None] = {}
        display_name = " ".join(storable(self.display_name.text()).split())
        if display_name != self._profile.display_name:
            updates["display_name"] = display_name
        if username != (self._profile.username or ""):
            updates["username"] = username or None
        # Not "no picture is shown": it may just not have arrived yet.
        if self._removed and self._profile.avatar_path is not None:
            updates["avatar_path"] = None
        png = as_png(self.crop.view.result()) if not self.crop.isHidden() else None
        return ProfileEdit(updates, png)

    def _lock(self, busy: bool) -> None:
        fields = (self.display_name, self.username, self.crop)
        for widget in (*fields, self.choose_button, self.remove_button, self.save_button):
            widget.setEnabled(not busy)
        self.save_button.setText(_("Saving…") if busy else _("Save"))
        if not busy:
            self._refresh()

    def _say(self, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        self.adjustSize()

    def _refresh(self) -> None:
        self._avatar.show_person(self.display_name.text() or name_of(self._profile), self._image)
        there = self._image is not None or self._profile.avatar_path is not None
        self.remove_button.setEnabled(there and not self._removed)
