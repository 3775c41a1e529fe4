"""The page that waits for the code of a mail, or for its link to be opened."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit

from chatdesk.language.door import _
from chatdesk.ui.dialogs.sign_in.page import FormPage
from chatdesk.ui.words import number

PAUSE = 60.0
"""Seconds between two mails, as Auth has it."""


def _code_fault(text: str) -> str:
    digits = "".join(text.split())
    return "" if len(digits) >= 6 and digits.isdigit() else _("Enter the digits of the code.")


class CodePage(FormPage):
    """Takes the code that was sent to ``address``.

    Signals: ``again_wanted()`` for one more mail; ``looked()`` when the user says that the link was opened;
    ``mails_wanted()`` for the mails of this computer; ``back_wanted()``.
    """

    again_wanted = Signal()
    looked = Signal()
    mails_wanted = Signal()
    back_wanted = Signal()

    def __init__(self, *, with_look: bool, with_mails: bool) -> None:
        super().__init__(_("Look into your inbox"), "", _("Confirm"), _("Checking…"))
        self.code: QLineEdit = self.field(_("Code"), _code_fault)
        self.code.setMaxLength(20)
        self.address = ""
        self._free_at = 0.0
        self.mails_button = self.way(_("Mails on this computer"), self.mails_wanted.emit)
        self.mails_button.setVisible(with_mails)
        self.looked_button = self.way(_("I have opened the link"), self.looked.emit)
        self.looked_button.setVisible(with_look)
        self.again_button = self.way("", self.again_wanted.emit)
        self.back_button = self.way(_("Back"), self.back_wanted.emit)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(self._count)
        self._count()

    def sent(self, address: str) -> None:
        """A message went to ``address`` just now."""
        another = address != self.address
        self.address = address
        text = _("A message was sent to {address}. Enter its code, or open its link on this computer.")
        self.explained.setText(text.format(address=address))
        self.explained.show()
        self.show_error("")
        if another:
            self.code.clear()
        self.code.setFocus()
        self.wait(PAUSE)

    def awaits(self, address: str, sentence: str) -> None:
        """A message went to ``address`` some time ago; ``sentence`` says why it matters now."""
        self.address = address
        self.explained.setText(sentence)
        self.explained.show()

    def wait(self, seconds: float) -> None:
        """Offer no other message for so long."""
        self._free_at = time.monotonic() + seconds
        self._timer.start()
        self._count()

    def set_busy(self, busy: bool) -> None:
        super().set_busy(busy)
        self._count()

    def _count(self) -> None:
        left = round(self._free_at - time.monotonic())
        if left <= 0:
            self._timer.stop()
            self.again_button.setText(_("Send the message again"))
        else:
            text = _("Send the message again (in {count} s)")
            self.again_button.setText(text.format(count=number(left)))
        self.again_button.setEnabled(left <= 0 and not self._busy)
