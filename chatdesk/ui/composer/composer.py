"""The composer: text field, send or stop, and one line that says what is the matter."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QTextCursor
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from chatdesk.domain.attachment import NewFile
from chatdesk.domain.text import MAX_CONTENT, storable
from chatdesk.language.door import _
from chatdesk.ui.composer.drafts import Drafts
from chatdesk.ui.composer.model_picker import ModelPicker
from chatdesk.ui.composer.paste_offer import LONG, PasteOffer
from chatdesk.ui.composer.sentences import BUSY, HINTS, REPAIRED, too_long
from chatdesk.ui.composer.text_field import TextField
from chatdesk.ui.composer.tray import Tray, holds_picture, local_files
from chatdesk.ui.theme.fonts import sized
from chatdesk.ui.theme.icons import icon
from chatdesk.ui.theme.metrics import COLUMN, MARGIN
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

DRAFT_DELAY_MS = 400


class Composer(QWidget):
    """Writes messages for one conversation at a time and keeps a draft for each.

    Signals: ``send_requested(conversation_id, text)`` (an empty id asks for a new conversation),
    ``stop_requested(conversation_id)``, ``draft_changed(conversation_id, text)`` at most every 400 ms,
    ``files_changed(conversation_id, tuple[NewFile])`` when some were chosen, removed or sent,
    ``typed(conversation_id, whether there is a text)`` whenever the user changed it. The text stays until
    ``accept``; ``refuse`` leaves it where it is and says why.
    """

    send_requested = Signal(str, str)
    stop_requested = Signal(str)
    draft_changed = Signal(str, str)
    files_changed = Signal(str, object)
    typed = Signal(str, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._drafts = Drafts()
        self._conversation = ""
        self._replying = False
        self._unsaved = False
        self._filling = False
        self._face: tuple[object, ...] = ()
        self._send_key = "enter"
        self._said = ""
        self.field = TextField()
        say(self.field.setAccessibleName, "Message")
        say(self.field.setPlaceholderText, "Message ChatDesk")
        self.tray = Tray(theme)
        self.offer = PasteOffer()
        self.clip = QToolButton()
        self.clip.setProperty("look", "glyph")
        self.clip.setFixedSize(34, 34)
        self.clip.setIconSize(QSize(20, 20))
        say(self.clip.setAccessibleName, "Attach files")
        say(self.clip.setToolTip, "Attach files")
        self.button = QToolButton()
        self.button.setProperty("look", "round")
        self.button.setFixedSize(34, 34)
        self.button.setIconSize(QSize(18, 18))
        self.picker = ModelPicker(theme)
        self._hint = QLabel()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._hint.setWordWrap(True)
        sized(self._hint, 0.88)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._save_timer = QTimer(self)
        self._save_timer.setSingleShot(True)
        self._save_timer.setInterval(DRAFT_DELAY_MS)
        self._lay_out()
        self._connect()
        self._say()
        self._refresh_button()

    def _lay_out(self) -> None:
        self._card = QFrame()
        self._card.setProperty("look", "composer")
        self._card.setMaximumWidth(COLUMN)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.clip, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.field, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.picker, 0, Qt.AlignmentFlag.AlignBottom)
        row.addSpacing(2)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(9, 9, 9, 9)
        inside.setSpacing(8)
        inside.addWidget(self.tray)
        inside.addWidget(self.offer)
        inside.addLayout(row)
        self.setAcceptDrops(True)
        for before, after in pairwise((self.offer.keep, self.clip, self.field, self.picker, self.button)):
            QWidget.setTabOrder(before, after)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 6, MARGIN, 10)
        column.setSpacing(6)
        centred = QHBoxLayout()
        centred.addStretch(1)
        # So much larger than the stretches that they only take what lies beyond the card's greatest width.
        centred.addWidget(self._card, 1000)
        centred.addStretch(1)
        column.addLayout(centred)
        column.addWidget(self._hint)
        self.setFocusProxy(self.field)

    def _connect(self) -> None:
        self.field.submitted.connect(self._submit)
        self.field.textChanged.connect(self._edited)
        self.field.repaired.connect(lambda: self._say(_(REPAIRED), "error"))
        self.field.focus_changed.connect(self._show_focus)
        self.field.files_brought.connect(self.tray.add_from)
        self.field.pasted.connect(self._offer)
        self.offer.accepted.connect(self._attach_pasted)
        self.offer.keep.clicked.connect(self.field.setFocus)
        self.tray.changed.connect(self._files_changed)
        self.tray.refused.connect(lambda sentence: self._say(sentence, "error"))
        self.tray.emptied.connect(self.field.setFocus)
        self.clip.clicked.connect(self.choose_files)
        self.button.clicked.connect(self._press)
        self._save_timer.timeout.connect(self.save_draft)
        self._theme.changed.connect(self._refresh_button)
        retell(self._retell)

    # What the window tells

    @property
    def conversation(self) -> str:
        """The conversation that is written to; empty means one that does not exist yet."""
        return self._conversation

    def open(self, conversation_id: str) -> None:
        """Turn to another conversation, with what was last written there in this window."""
        if conversation_id == self._conversation:
            return
        self.save_draft()
        self._conversation = conversation_id
        known = conversation_id in self._drafts
        self._fill(self._drafts[conversation_id].text if known else "")
        if not known:
            self._drafts.forget(conversation_id)
        self._say()
        self._refresh_button()

    def set_draft(self, conversation_id: str, text: str) -> None:
        """Offer the stored draft of a conversation; it is taken only if nothing was written there since."""
        if conversation_id in self._drafts or not text:
            return
        self._drafts[conversation_id].text = text
        if conversation_id == self._conversation:
            self._fill(text)

    def set_files(self, conversation_id: str, files: Sequence[NewFile]) -> None:
        """Offer the stored files of a draft; they are taken only if none were chosen or removed since."""
        draft = self._drafts[conversation_id]
        if draft.files_known:
            return
        draft.files, draft.files_known = tuple(files), True
        if conversation_id == self._conversation:
            self.tray.show_files(draft.files)
            self._refresh_button()

    def move_draft(self, source: str, target: str) -> None:
        """Bring the unsent text of a conversation that is gone to another one, in front of what is there."""
        self._keep()
        moved = self._drafts[source].text
        files = self._drafts[source].files
        self._drafts.forget(source)
        self.files_changed.emit(source, ())
        self.bring_back(target, moved, files)

    def bring_back(self, conversation_id: str, text: str, files: Sequence[NewFile] = ()) -> None:
        """Put what was to be a message back, in front of what is written there."""
        if not text and not files:
            return
        self._keep()
        draft = self._drafts[conversation_id]
        if files:
            draft.files = (*files, *draft.files)
            self._tell_files(conversation_id)
        if text:
            draft.text = f"{text}\n{draft.text}" if draft.text else text
        if conversation_id == self._conversation:
            self._fill(draft.text)
        self.draft_changed.emit(conversation_id, draft.text)

    def forget(self, conversation_id: str) -> None:
        """Drop the draft of a conversation that the user deleted."""
        self._drafts.forget(conversation_id)
        self.files_changed.emit(conversation_id, ())
        if conversation_id == self._conversation:
            self._fill("")

    def forget_files(self) -> None:
        """Drop every file that was to be sent: the account is closed."""
        self._drafts.drop_files()
        self.tray.show_files(())

    def forget_drafts(self) -> None:
        """Show nothing of what was written: another account is shown now, and it was kept in the one left."""
        self._save_timer.stop()
        self._unsaved = False
        self._drafts = Drafts()
        self._fill("")

    def set_send_key(self, value: str) -> None:
        """Choose which key sends: a value of the option."""
        self._send_key = value
        self.field.enter_sends = value == "enter"
        if not self._said:
            self._say()

    def set_replying(self, replying: bool) -> None:
        """Turn Send into Stop while a reply is being written, and back."""
        if replying != self._replying:
            self._replying = replying
            self._say()
            self._refresh_button()

    def accept(self, conversation_id: str) -> None:
        """The text handed over for this conversation is safe: take it away, keep what was typed since."""
        if conversation_id not in self._drafts:
            return
        self._keep()
        before = self._drafts[conversation_id].files
        rest = self._drafts[conversation_id].accepted()
        if self._drafts[conversation_id].files != before:
            self._tell_files(conversation_id)
        if conversation_id == self._conversation:
            self._fill(rest)
            self._say()
            self._refresh_button()
        self.draft_changed.emit(conversation_id, rest)

    def refuse(self, conversation_id: str, sentence: str) -> None:
        """The text handed over could not be taken; it stays, and ``sentence`` says why and what to do."""
        draft = self._drafts[conversation_id]
        draft.sending, draft.sending_files = None, ()
        if conversation_id == self._conversation:
            self._say(sentence, "error")
            self._refresh_button()

    def text(self) -> str:
        """Return what is written now."""
        return self.field.text()

    def handed_over(self, conversation_id: str) -> tuple[NewFile, ...]:
        """Return the files that go with the text of ``send_requested``."""
        return self._drafts[conversation_id].sending_files if conversation_id in self._drafts else ()

    def choose_files(self) -> None:
        """Ask for files to attach."""
        chooser = QFileDialog(self, _("Attach files"))
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.filesSelected.connect(self.tray.add_paths)
        chooser.open()

    # What the user does

    def _submit(self) -> None:
        text = self.field.text()
        safe = storable(text)
        if safe != text or not self.field.whole():
            self.field.put(safe)
            self._say(_(REPAIRED), "error")
            return
        empty = not text.strip() and not self.tray.files
        if empty or self._drafts[self._conversation].sending is not None:
            return
        if self._replying:
            self._say(_(BUSY))
            return
        if len(text) > MAX_CONTENT:
            self._say(too_long(len(text)), "error")
            return
        self._drafts[self._conversation].hand_over(text)
        self.offer.withdraw()
        self._refresh_button()
        self.send_requested.emit(self._conversation, text)

    def _press(self) -> None:
        if self._replying:
            self.stop_requested.emit(self._conversation)
        else:
            self._submit()
        self.field.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()) or holds_picture(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.tray.add_from(event.mimeData()):
            event.acceptProposedAction()

    def _offer(self, pasted: QTextCursor) -> None:
        if pasted.position() - pasted.anchor() > LONG:
            self.offer.offer(pasted)

    def _attach_pasted(self, text: str) -> None:
        if self.tray.add_text(text):
            self.offer.take()
        self.field.setFocus()

    def _files_changed(self) -> None:
        self._drafts[self._conversation].files = self.tray.files
        self._tell_files(self._conversation)
        if self._said:
            self._say()
        self._refresh_button()

    def _tell_files(self, conversation_id: str) -> None:
        draft = self._drafts[conversation_id]
        draft.files_known = True
        self.files_changed.emit(conversation_id, draft.files)

    def _edited(self) -> None:
        if self._filling:
            return
        # The text itself is read at the pause: reading a long one at every key would be felt.
        _ = self._drafts[self._conversation]
        self._unsaved = True
        self._save_timer.start()
        if self._said:
            self._say()
        self._refresh_button()
        self.typed.emit(self._conversation, not self.field.document().isEmpty())

    def save_draft(self) -> None:
        """Tell the draft now instead of after the pause in typing, as before leaving or closing."""
        self._save_timer.stop()
        if self._keep():
            self.draft_changed.emit(self._conversation, self._drafts[self._conversation].text)

    def _keep(self) -> bool:
        """Read what was typed since the last time into the draft; tell whether something was."""
        typed, self._unsaved = self._unsaved, False
        if typed:
            self._drafts[self._conversation].text = self.field.text()
        return typed

    # How it looks

    def _fill(self, text: str) -> None:
        self._filling = True
        self.offer.withdraw()
        self.field.put(text)
        known = self._conversation in self._drafts
        self.tray.show_files(self._drafts[self._conversation].files if known else ())
        self._filling = False
        self._unsaved = False
        self._save_timer.stop()
        self._refresh_button()

    def _say(self, sentence: str = "", look: str = "muted") -> None:
        """Say a sentence below the field, without one which key sends."""
        self._said = sentence
        self._hint.setText(sentence or _(HINTS[self._send_key]))
        if self._hint.property("look") != look:
            self._hint.setProperty("look", look)
            self._hint.style().polish(self._hint)

    def _show_focus(self, focused: bool) -> None:
        self._card.setProperty("active", focused)
        self._card.style().polish(self._card)

    def _retell(self) -> None:
        # What went wrong was said in the language of that moment; it goes with the next key.
        if not self._said:
            self._say()
        self._refresh_button()

    def _refresh_button(self) -> None:
        tokens = self._theme.tokens
        waiting = self._conversation in self._drafts and self._drafts[self._conversation].sending is not None
        written = bool(self.tray.files) or not self.field.document().isEmpty()
        ready = self._replying or (not waiting and written)
        name, words = ("stop", _("Stop the reply")) if self._replying else ("send", _("Send"))
        before, self._face = self._face, (tokens, name, words, ready)
        if before == self._face:
            return  # Qt paints a button anew for the icon that it has, here at every key.
        if before[:1] != self._face[:1]:
            self.clip.setIcon(icon("paperclip", tokens.text_muted))
        self.button.setEnabled(ready)
        self.button.setIcon(icon(name, tokens.on_accent if ready else tokens.text_muted))
        self.button.setAccessibleName(words)
        self.button.setToolTip(words)
