"""The people one shares conversations with, and what each of them shows."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from chatdesk.domain.profile import Profile
from chatdesk.services.open_account import OpenAccount
from chatdesk.services.profiles import ProfileService


class Switch(StrEnum):
    """The switches of a profile; each works both ways."""

    PRESENCE = "shows_presence"
    TYPING = "shows_typing"
    READING = "shows_reading"


class Circle(QObject):
    """Follows the own switches for the engine, and answers what may be shown of whom.

    Signal ``changed()``: somebody came to be known, or changed name, picture or a switch.
    """

    changed = Signal()

    def __init__(self, account: OpenAccount, profiles: ProfileService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._account = account
        self._people: dict[str, Profile] = {}
        profiles.profile_changed.connect(self._take)
        account.closed.connect(self._people.clear)

    @property
    def own(self) -> Profile | None:
        """The signed-in user's profile, once it is known."""
        account = self._account.account
        return None if account is None else self._people.get(account.user_id)

    def takes_part(self, switch: Switch) -> bool:
        """Tell whether the user shows this of themselves, and so sees it of others."""
        own = self.own
        return own is None or bool(getattr(own, switch.value))

    def set_switch(self, switch: Switch, on: bool) -> None:
        """Show this of oneself and see it of others from now on, or neither, on all devices."""
        if self._account.account is not None and on != self.takes_part(switch):
            self._account.submit(self._account.maker.update_profile({switch.value: on}))

    def person(self, user_id: str) -> Profile | None:
        """Return somebody else who is known."""
        own = self._account.account
        return None if own is not None and own.user_id == user_id else self._people.get(user_id)

    def shown(self, user_id: str, switch: Switch) -> Profile | None:
        """Return somebody else of whom this may be shown: both they and the user take part."""
        person = self.person(user_id)
        visible = person is not None and bool(getattr(person, switch.value)) and self.takes_part(switch)
        return person if visible else None

    def _take(self, profile: Profile) -> None:
        self._people[profile.id] = profile
        account = self._account.account
        if account is None:
            return
        company = self._account.engine.company
        if self.own is not None:
            company.choose(presence=self.takes_part(Switch.PRESENCE), typing=self.takes_part(Switch.TYPING))
        company.meet(any(each != account.user_id for each in self._people))
        self.changed.emit()
