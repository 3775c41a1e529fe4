"""Settings, People and devices: what one shows of oneself, and one's own devices."""

from __future__ import annotations

from chatdesk.language.door import N_
from chatdesk.services.circle import Circle, Switch
from chatdesk.services.presence import Device, PresenceService
from chatdesk.ui.check_box import CheckBox
from chatdesk.ui.people.devices import DeviceRow, device_words
from chatdesk.ui.settings.page import Card, Page, plain_label
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.words import retell, say

_SWITCHES = (
    (Switch.PRESENCE, N_("Show when I am here, and which shared chat I look at")),
    (Switch.TYPING, N_("Show when I am typing")),
    (Switch.READING, N_("Show how far I have read")),
)
_DEVICES = N_("Your devices")
_BOTH_WAYS = N_(
    "Each of these works both ways: what you do not show, you do not see of others. "
    "It holds on all your devices."
)


class PeoplePage(Page):
    """Three switches, which hold at once, and the list of devices while it changes."""

    def __init__(self, theme: Theme, circle: Circle | None, presence: PresenceService | None) -> None:
        super().__init__(theme, "People and devices")
        self._circle = circle
        self._presence = presence
        self._shown: tuple[tuple[str, str, str], ...] = ()
        self.boxes: dict[Switch, CheckBox] = {}
        self._card = self.card()
        self._card.column.setContentsMargins(12, 6, 16, 6)
        for switch, text in _SWITCHES:
            box = self.boxes[switch] = CheckBox(theme, "")
            say(box.setText, text)
            self._card.column.addWidget(box)
            box.clicked.connect(lambda on, which=switch: self._choose(which, on))
        self.note(_BOTH_WAYS)
        self.section(_DEVICES)
        self.devices: Card = self.card()
        self.rows: list[DeviceRow] = []
        self.nobody = plain_label("muted")
        say(self.nobody.setText, "Nobody is signed in.")
        self.column.addWidget(self.nobody)
        self.column.addStretch(1)
        if circle is not None:
            circle.changed.connect(self.refresh)
        if presence is not None:
            presence.devices_changed.connect(self.refresh)
        retell(self._retell)
        self.refresh()

    def refresh(self) -> None:
        """Show the switches and devices as they stand."""
        circle = self._circle
        somebody = circle is not None and circle.own is not None
        for switch, box in self.boxes.items():
            box.setEnabled(somebody)
            box.setChecked(circle is not None and circle.takes_part(switch))
        self.nobody.setVisible(not somebody)
        self.devices.setVisible(somebody)
        devices = self._presence.devices() if self._presence is not None and somebody else ()
        self.show_devices(devices)

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """Show these devices, if they are others than those that are shown."""
        shown = tuple((each.id, each.name, device_words(each)) for each in devices)
        if shown == self._shown:
            return
        self._shown = shown
        while (taken := self.devices.column.takeAt(0)) is not None:
            if (widget := taken.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = [DeviceRow(self.theme, each) for each in devices]
        for row in self.rows:
            self.devices.add(row)

    def _choose(self, switch: Switch, on: bool) -> None:
        if self._circle is not None:
            self._circle.set_switch(switch, on)

    def _retell(self) -> None:
        self._shown = ()
        self.refresh()
