"""What people who share a conversation see of each other: presence, typing, read marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from chatdesk.backend.base import Feed, Remote
from chatdesk.domain.clock import Clock
from chatdesk.domain.ephemeral import Ephemeral, MarksMoved, MemberMarks, Typing
from chatdesk.domain.presence import Attention, Sighting
from chatdesk.sync.marks import Marks
from chatdesk.sync.part import Part
from chatdesk.sync.presence import Presence
from chatdesk.sync.stream_relay import LiveTopic
from chatdesk.sync.typing import TypingPace


class Company:
    """The engine's door to everything about other people that is not a row.

    A conversation with nobody else in it costs nothing: neither a presence call nor a broadcast. ``send``
    puts a broadcast on its way; ``tell`` gets what others do.
    """

    def __init__(
        self,
        *,
        remote: Remote,
        clock: Clock,
        random: Random,
        user_id: str,
        own_topic: str,
        live_topic: LiveTopic,
        send: Callable[[Typing], None],
        tell: Callable[[Ephemeral], None],
    ) -> None:
        self._tell = tell
        self._open: tuple[str, ...] = ()
        self._held: tuple[str, ...] = ()
        self._typing_allowed = False
        self._marks = Marks(remote=remote, clock=clock, random=random, publish=self._take_marks)
        self._presence = Presence(
            clock=clock,
            random=random,
            user_id=user_id,
            own_topic=own_topic,
            live_topic=live_topic,
            tell=tell,
        )
        self._pace = TypingPace(clock, user_id, self._presence.instance, send)

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self._presence, self._marks)

    @property
    def instance(self) -> str:
        """What tells this running instance from others of the same person."""
        return self._presence.instance

    @property
    def standing(self) -> Mapping[str, str]:
        """What is shown of this instance, by topic."""
        return self._presence.standing

    # What the user does -------------------------------------------------------------------------------------

    def choose(self, *, presence: bool, typing: bool) -> None:
        """Follow the switches of the own profile, all off until it is known; that of read marks is the
        server's."""
        self._presence.allow(presence)
        if not typing:
            self._pace.stop()
        self._typing_allowed = typing

    def introduce(self, device: str, name: str) -> None:
        """Set what this device is called among the user's own."""
        self._presence.introduce(device, name)

    def attend(self, attention: Attention) -> None:
        """The user is at it, or has not been for a while."""
        self._presence.attend(attention)

    def type(self, conversation_id: str) -> None:
        """The user writes in a conversation."""
        if self._typing_allowed and self._marks.company(conversation_id):
            self._pace.typed(conversation_id)

    def stop_typing(self, conversation_id: str) -> None:
        """The user has sent what they wrote, or taken it away, or left."""
        self._pace.stopped(conversation_id)

    def meet(self, others: bool) -> None:
        """Other people are known, or not; called again when somebody's switches or circle changed."""
        self._marks.enabled = others
        self._marks.want_all()

    def open(self, shown: tuple[str, ...], held: tuple[str, ...] = ()) -> None:
        """These conversations are shown, the one looked at last first; of ``held`` only the channels are."""
        if (shown, held) == (self._open, self._held):
            return
        for each in self._open:
            if each not in shown:
                self._pace.stopped(each)
        self._open, self._held = shown, held
        self._marks.open(self._open)
        self._settle()

    # What the engine tells ----------------------------------------------------------------------------------

    def attach(self, feed: Feed) -> None:
        """Use this feed, whose own channel is joined."""
        self._presence.attach(feed)

    def detach(self) -> None:
        """The feed is gone."""
        self._presence.detach()

    def moved(self) -> None:
        """A channel was joined or is left."""
        self._presence.moved()

    def joined(self, conversation_id: str) -> None:
        """The rows of a conversation are heard from now on."""
        self._marks.want(conversation_id)

    def take(self, change: Ephemeral) -> None:
        """Take what came by the feed: what is news goes on to ``tell``."""
        if isinstance(change, Sighting):
            self._presence.take(change)
        elif isinstance(change, MarksMoved):
            self._marks.want(change.conversation_id)
        elif not isinstance(change, Typing) or self._typing_allowed:
            self._tell(change)

    def _take_marks(self, marks: MemberMarks) -> None:
        self._settle()
        self._tell(marks)

    def _settle(self) -> None:
        self._presence.look_at([each for each in self._open if self._marks.company(each)], self._held)
