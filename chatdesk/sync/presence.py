"""What this instance shows of itself on its channels, and who else is shown there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from chatdesk.backend.base import Feed
from chatdesk.domain.clock import Clock
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.ids import new_id
from chatdesk.domain.presence import Attention, Sighting, Sign
from chatdesk.sync.deadline import deadline
from chatdesk.sync.pace import Allowance
from chatdesk.sync.part import Part
from chatdesk.sync.stream_relay import LiveTopic

MOST_CALLS = 5
CALL_SECONDS = 40.0
"""Supabase allows a client five presence calls in 30 s and closes the channel at the sixth. What it counts is
when they arrive; a connection on which something takes ten seconds longer than another is given up."""

PATIENCE = (0.0, 0.0, 1.0, 3.0, 6.0)
"""Seconds that a wish must have held before it is worth a call, by how many calls count already. Each change
among the members of a conversation gives its channels new names, so several of them in ten seconds would use
up all calls for names that are gone by then: this way there is one left, however they follow each other."""

RESERVE = 1
"""Calls that are left for the conversation in front."""

SEND_DEADLINE = 10.0

Step = tuple[Feed, str, Sign | None]
"""A call: the sign to show on a topic, or none any more."""


class Presence(Part):
    """Keeps what the server shows of this instance as it should be, with as few calls as possible.

    On the user's own topic it is a device, on the live topics of ``places`` somebody who looks at the
    conversation. Only the newest wish counts: whatever changes while a call is not allowed costs none. The
    server forgets a sign when its channel is left and when the socket dies, so a crash needs no clearing up
    and a new channel a new call. Who else is there comes by ``take`` and goes to ``tell``; what is not known
    any more is told as nobody.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        random: Random,
        user_id: str,
        own_topic: str,
        live_topic: LiveTopic,
        tell: Callable[[Sighting], None],
    ) -> None:
        super().__init__("presence", clock, random)
        self.instance = new_id()
        self._user_id = user_id
        self._own_topic = own_topic
        self._live_topic = live_topic
        self._tell = tell
        self._allowance = Allowance(MOST_CALLS, CALL_SECONDS)
        self._feed: Feed | None = None
        self._shown: dict[str, Sign] = {}
        """What the server shows of this instance, by topic."""
        self._seen: dict[str, Sighting] = {}
        self._told: dict[str, Sighting] = {}
        self._wished: dict[str, tuple[Sign | None, float]] = {}
        """What each topic should show, and since when."""
        self._places: tuple[str, ...] = ()
        self._held: tuple[str, ...] = ()
        self._allowed = False
        self._attention = Attention.ONLINE
        self._device = ("", "")
        self.calls = 0

    @property
    def standing(self) -> dict[str, str]:
        """What is shown on each topic, for the diagnostics."""
        return {topic: sign.attention.value for topic, sign in self._shown.items()}

    # What the user does -------------------------------------------------------------------------------------

    def allow(self, allowed: bool) -> None:
        """Take part or not: without, nothing is shown and nobody is seen. So it begins, until it is known."""
        if allowed == self._allowed:
            return
        self._allowed = allowed
        for sighting in list(self._seen.values()):
            self._pass_on(sighting if allowed else Sighting(sighting.conversation_id, ()))
        self.ring()

    def introduce(self, device: str, name: str) -> None:
        """Set the id and the name of this device; without an id it is not shown among the devices."""
        self._device = (device, name)
        self.ring()

    def attend(self, attention: Attention) -> None:
        """The user is at it, or has not been for a while."""
        self._attention = attention
        self.ring()

    def look_at(self, places: Sequence[str], held: Sequence[str] = ()) -> None:
        """Be seen in these conversations, the first of them first, as soon as their channels are joined.

        The channels of ``held`` stay when the user goes: there somebody has to say that they went.
        """
        self._places, self._held = tuple(places), tuple(held)
        self.ring()

    # What the channels tell ---------------------------------------------------------------------------------

    def attach(self, feed: Feed) -> None:
        """Use this feed, whose own channel is joined; nothing is shown on it yet."""
        if feed is not self._feed:
            self._feed, self._shown = feed, {}
            self.ring()

    def detach(self) -> None:
        """The feed is gone, and with it what anybody knew."""
        self._feed, self._shown = None, {}
        for place in list(self._seen):
            self._forget(place)

    def moved(self) -> None:
        """A channel was joined or is left: the server shows nothing on it until it is told to."""
        known = self._seen.keys() | set(self._places) | set(self._held)
        live = {topic for _feed, topic in self._live(known)}
        self._shown = {t: sign for t, sign in self._shown.items() if t == self._own_topic or t in live}
        for place in list(self._seen):
            if place and self._live_topic(place) is None:
                self._forget(place)
        self.ring()

    def take(self, sighting: Sighting) -> None:
        """Everybody who is shown on a topic now, this instance included."""
        if self._feed is None:
            return
        others = tuple(sign for sign in sighting.signs if sign.instance != self.instance)
        self._seen[sighting.conversation_id] = Sighting(sighting.conversation_id, others)
        if self._allowed:
            self._pass_on(self._seen[sighting.conversation_id])

    # Inside -------------------------------------------------------------------------------------------------

    async def round(self) -> None:
        await self.pause()
        while steps := self._steps():
            now = self.clock.monotonic()
            rests = [self._rest(step, now) for step in steps]
            if (rest := min(rests)) > 0:
                await self.pause(rest)
                continue
            await self._call(*steps[rests.index(rest)])
            self.touch()

    def _rest(self, step: Step, now: float) -> float:
        """Return how long a call waits: for its turn, and to see whether it is still wanted then."""
        feed, topic, _sign = step
        if not self._allowed:
            return self._allowance.wait(now)
        live = self._live(self._places[:1])
        turn = self._allowance.wait(now, 0 if (feed, topic) in live else RESERVE)
        _sign, since = self._wished[topic]
        used = self._allowance.used(now)
        patience = since + PATIENCE[min(used, MOST_CALLS - 1)] - now
        return max(turn, min(patience, self._allowance.relief(now)))

    async def _call(self, feed: Feed, topic: str, sign: Sign | None) -> None:
        self._allowance.take(self.clock.monotonic())
        self.calls += 1
        if sign is None:
            self._shown.pop(topic, None)
        else:
            self._shown[topic] = sign
        try:
            async with deadline(self.scope, self.clock, SEND_DEADLINE, "The server stopped answering."):
                await feed.track(topic, sign)
        except ChatDeskError:
            return  # The link finds out by itself; the next feed starts from nothing.

    def _steps(self) -> list[Step]:
        """Return what the server shows otherwise than it should, the most wanted first."""
        feed = self._feed
        if feed is None:
            return []
        if not self._allowed:
            return [(feed, topic, None) for topic in self._shown]
        visitor = Sign(self.instance, self._user_id, self._attention)
        wanted = [(topic, visitor) for each, topic in self._live(self._places) if each is feed]
        if self._device[0]:
            device = Sign(self.instance, self._user_id, self._attention, *self._device)
            wanted.insert(1, (self._own_topic, device))
        left = [topic for _feed, topic in self._live(set(self._held).difference(self._places))]
        steps: list[Step] = [(feed, topic, sign) for topic, sign in wanted]
        steps += [(feed, topic, None) for topic in left if topic in self._shown]
        before, now = self._wished, self.clock.monotonic()
        self._wished = {
            topic: before[topic] if topic in before and before[topic][0] == sign else (sign, now)
            for _feed, topic, sign in steps
        }
        return [step for step in steps if self._shown.get(step[1]) != step[2]]

    def _live(self, places: Sequence[str] | set[str]) -> list[tuple[Feed, str]]:
        return [live for place in places if (live := self._live_topic(place)) is not None]

    def _forget(self, place: str) -> None:
        del self._seen[place]
        self._pass_on(Sighting(place, ()))

    def _pass_on(self, sighting: Sighting) -> None:
        place = sighting.conversation_id
        if sighting == self._told.get(place, Sighting(place, ())):
            return
        self._told[place] = sighting
        if not sighting.signs:
            del self._told[place]
        self._tell(sighting)
