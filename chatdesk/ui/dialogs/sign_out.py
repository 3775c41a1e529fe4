"""The question before signing out: here or everywhere, and what becomes of what is not sent yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from chatdesk.domain.session import LinkState, SyncState
from chatdesk.language.door import N_, _, ngettext
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import number

DETAIL = N_("Your chats are removed from this computer; they stay on the server.")


class SignOutDialog(ConfirmDialog):
    """Asks whether to sign out; it follows the outbox while it is open (``set_state``).

    With changes that still go it offers to wait for them: then it stays until the last one is sent and signs
    out by itself. ``sign_out_requested(bool)`` is emitted with whether all devices are meant; ``devices``
    says whether there can be others.
    """

    sign_out_requested = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget, state: SyncState, *, devices: bool) -> None:
        super().__init__(parent, _("Sign out?"), _(DETAIL), _("Sign out"))
        self._waiting = False
        self.everywhere_box = CheckBox(theme, _("Sign out on all my devices"))
        self.everywhere_box.setVisible(devices)
        self.body.addWidget(self.everywhere_box)
        self.wait_button = QPushButton(_("Send first, then sign out"))
        self.wait_button.setProperty("look", "primary")
        self.wait_button.clicked.connect(self._wait)
        self.buttons.insertWidget(self.buttons.count() - 1, self.wait_button)
        self.accepted.connect(self._tell)
        self.setFixedWidth(theme.px(460))
        self.set_state(state)

    def set_state(self, state: SyncState) -> None:
        """Follow the outbox."""
        self._state = state
        if self._waiting and not state.pending:
            self.accept()
            return
        text = " ".join(part for part in (_(DETAIL), _unsent(state), self._hint(state)) if part)
        self.explained.setText(text)
        self.setAccessibleDescription(text)
        lossy = bool(state.pending or state.failed)
        self.wait_button.setVisible(bool(state.pending) and not self._waiting)
        self.yes_button.setText(_("Sign out now") if lossy else _("Sign out"))
        self._look(dangerous=lossy)

    def _hint(self, state: SyncState) -> str:
        if not state.pending:
            return ""
        if state.link is LinkState.NEEDS_SIGN_IN:
            return _("It can be sent after signing in again.")
        waits = _("Waiting until it is sent.") if self._waiting else ""
        if state.link is LinkState.CONNECTED:
            return waits
        return f"{waits} {_('There is no connection just now.')}".strip()

    def _look(self, *, dangerous: bool) -> None:
        look = "danger" if dangerous else "primary"
        if self.yes_button.property("look") != look:
            self.yes_button.setProperty("look", look)
            self.yes_button.style().polish(self.yes_button)
        safe = self.wait_button if self.wait_button.isVisibleTo(self) else self.cancel_button
        chosen = safe if dangerous else self.yes_button
        chosen.setDefault(True)
        if not self.everywhere_box.hasFocus():
            chosen.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wait(self) -> None:
        self._waiting = True
        self.everywhere_box.setEnabled(False)
        self.set_state(self._state)

    def _tell(self) -> None:
        self.sign_out_requested.emit(self.everywhere_box.isChecked())


def _unsent(state: SyncState) -> str:
    """Say what would be lost."""
    parts = []
    if count := state.pending:
        words = ngettext("{count} change is not sent yet", "{count} changes are not sent yet", count)
        parts.append(words.format(count=number(count)))
    if count := state.failed:
        words = ngettext("{count} change was refused", "{count} changes were refused", count)
        parts.append(words.format(count=number(count)))
    if not parts:
        return ""
    return _("{changes}: signing out now loses this text.").format(changes=_(" and ").join(parts))
