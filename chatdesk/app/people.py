"""What this process knows of other people, for all its windows."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from chatdesk.app.attention import AttentionWatch
from chatdesk.domain.clock import Clock
from chatdesk.services.circle import Circle
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.presence import PresenceService
from chatdesk.services.profiles import ProfileService
from chatdesk.services.receipts import ReceiptService
from chatdesk.services.typing import TypingService


class People:
    """The services of presence, typing and read marks, and the watch that tells when nobody is there."""

    def __init__(
        self,
        application: QGuiApplication,
        account: OpenAccount,
        profiles: ProfileService,
        preferences: PreferenceService,
        clock: Clock,
    ) -> None:
        self.circle = Circle(account, profiles)
        self.presence = PresenceService(account, self.circle, preferences, clock)
        self.typing = TypingService(account, self.circle, clock)
        self.receipts = ReceiptService(account, self.circle)
        self.attention = AttentionWatch(application, clock)
        self.attention.changed.connect(self.presence.attend)
