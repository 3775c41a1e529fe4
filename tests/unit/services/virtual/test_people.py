"""Who is shown of the others: viewers, those who type, marks; what a switch hides; what expires."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatdesk.config.options import DEVICE
from chatdesk.config.preferences import Preferences
from chatdesk.domain.ephemeral import Typing
from chatdesk.domain.presence import Attention, Sign
from chatdesk.services.circle import Circle, Switch
from chatdesk.services.mutations import MutationMaker
from chatdesk.services.preferences import PreferenceService
from chatdesk.services.presence import SETTING, PresenceService
from chatdesk.services.profiles import ProfileService
from chatdesk.services.receipts import ReceiptService
from chatdesk.services.typing import TypingService
from chatdesk.store.worker import Worker
from tests.support.fake_feed import FakeFeed
from tests.unit.services.virtual.world import ANNA, World
from tests.unit.sync.conftest import store_in_step

BEN = "20000000-0000-4000-8000-000000000002"
DEVICE_2 = "30000000-0000-4000-8000-000000000002"
ELSEWHERE = "40000000-0000-4000-8000-000000000001"


class People(World):
    """Anna's window in a conversation with Ben, of whom there is only his feed."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        shared = self.realtime.shared
        self.preferences = PreferenceService(Preferences())
        self.profiles = ProfileService(shared)
        self.circle = Circle(shared, self.profiles)
        self.presence = PresenceService(shared, self.circle, self.preferences, self.clock)
        self.typing = TypingService(shared, self.circle, self.clock)
        self.receipts = ReceiptService(shared, self.circle)
        self.conversation = ""

    async def meet(self) -> None:
        self.conversation, _ = await self.talk("one", "two")
        self.server.sign_up(BEN)
        self.server.add_member(self.conversation, BEN)
        await self.clock.advance(5)
        self.ben = await self.feed(BEN)

    async def feed(self, user: str, *more: str) -> FakeFeed:
        """A feed of somebody on the conversation's live topic, and on ``more``."""
        client = self.backend.client(user)
        feed: Any = client.feed_factory(lambda frame: None, lambda *word: None)
        await self.clock.finish(feed.open(await client.tokens.access_token()))
        for topic in (self.live, *more):
            await self.clock.finish(feed.join(topic))
        await self.clock.advance(1)
        assert isinstance(feed, FakeFeed)
        return feed

    @property
    def live(self) -> str:
        return f"conversation:{self.conversation}:1:live"

    async def type(self, active: bool = True, instance: str = ELSEWHERE, user: str = BEN) -> None:
        typing = Typing(self.conversation, user, instance, active)
        await self.clock.finish(self.ben.send(self.live, typing))
        await self.clock.advance(0.1)

    @property
    def typists(self) -> list[str]:
        return [each.id for each in self.typing.typing(self.conversation)]

    @property
    def viewers(self) -> list[tuple[str, str]]:
        return [(v.profile.id, v.attention.value) for v in self.presence.viewers(self.conversation)]

    def ben_sets(self, **switches: bool) -> None:
        self.server.push(MutationMaker(BEN, self.clock).update_profile(switches))


@pytest.fixture
async def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: object) -> AsyncIterator[People]:
    monkeypatch.setattr(Worker, "run", store_in_step)
    made = People(tmp_path)
    await made.begin()
    await made.meet()
    yield made
    await made.end()


async def test_viewers_are_counted_once_with_their_best_state(people: People) -> None:
    told: list[str] = []
    people.presence.viewers_changed.connect(told.append)
    await people.clock.finish(people.ben.track(people.live, Sign(ELSEWHERE, BEN, Attention.IDLE)))
    await people.clock.advance(1)
    assert people.viewers == [(BEN, "idle")]
    second = await people.feed(BEN)
    await people.clock.finish(second.track(people.live, Sign(DEVICE_2, BEN, Attention.ONLINE)))
    await people.clock.advance(1)
    assert people.viewers == [(BEN, "online")]
    assert told == [people.conversation] * 2
    people.ben.kill()
    second.kill()
    await people.clock.advance(1)
    assert people.viewers == []


async def test_strangers_and_oneself_are_no_viewers(people: People) -> None:
    for user in (ANNA, ELSEWHERE):
        feed = await people.feed(BEN)
        await people.clock.finish(feed.track(people.live, Sign(user[:-1] + "9", user, Attention.ONLINE)))
    await people.clock.advance(1)
    assert people.viewers == []


async def test_typing_is_shown_until_it_ends_or_expires(people: People) -> None:
    await people.type()
    assert people.typists == [BEN]
    await people.type(active=False)
    assert people.typists == []
    await people.type()
    await people.clock.advance(5)
    await people.type()
    await people.clock.advance(5)
    assert people.typists == [BEN], "repeated in time"
    await people.clock.advance(2)
    assert people.typists == [], "nobody said that it ended"
    await people.type()
    assert people.typists == [BEN]


async def test_a_storm_of_words_is_one_change(people: People) -> None:
    told: list[str] = []
    people.typing.changed.connect(told.append)
    for number in range(50):
        await people.type(instance=(ELSEWHERE, DEVICE_2)[number % 2])
    assert len(told) == 1
    await people.type(active=False)
    assert people.typists == [BEN], "he types in his other window"
    await people.type(active=False, instance=DEVICE_2)
    assert people.typists == []
    assert len(told) == 2


async def test_what_one_types_in_another_window_is_not_news(people: People) -> None:
    await people.type(user=ANNA)
    assert people.typists == []


@pytest.mark.parametrize("whose", ["mine", "his"])
async def test_a_switch_hides_both_ways(people: People, whose: str) -> None:
    await people.clock.finish(people.ben.track(people.live, Sign(ELSEWHERE, BEN, Attention.ONLINE)))
    await people.type()
    assert people.viewers
    assert people.typists
    assert people.receipts.marks(people.conversation) == {BEN: 0}
    off = dict.fromkeys((each.value for each in Switch), False)
    if whose == "mine":
        for switch in Switch:
            people.circle.set_switch(switch, False)
    else:
        people.ben_sets(**off)
    await people.clock.advance(5)
    assert not people.viewers
    assert not people.typists
    assert people.receipts.marks(people.conversation) == {}
    if whose == "mine":
        assert [sign.user_id for sign in people.backend.presence.shown(people.live)] == [BEN]
        people.typing.typed(people.conversation)
        await people.clock.advance(1)
        assert people.network.feed.sent == []
        for switch in Switch:
            people.circle.set_switch(switch, True)
    else:
        people.ben_sets(**dict.fromkeys(off, True))
    await people.clock.advance(5)
    assert people.viewers == [(BEN, "online")]
    assert people.receipts.marks(people.conversation) == {BEN: 0}


async def test_devices_are_remembered_when_they_are_gone(people: People) -> None:
    other = await people.feed(ANNA, f"user:{ANNA}")
    sign = Sign(ELSEWHERE, ANNA, Attention.ONLINE, DEVICE_2, "laptop")
    await people.clock.finish(other.track(f"user:{ANNA}", sign))
    await people.clock.advance(1)
    (here, laptop) = people.presence.devices()
    assert (here.here, here.id) == (True, people.preferences.get(DEVICE))
    assert (laptop.name, laptop.attention) == ("laptop", Attention.ONLINE)
    other.kill()
    await people.clock.advance(60)
    (_, laptop) = people.presence.devices()
    assert laptop.attention is None
    assert (people.clock.now() - laptop.seen_at).total_seconds() < 62
    kept = await people.store.setting(SETTING)
    assert kept is not None
    assert "laptop" in kept


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"a": 1}', '{"a": ["b", "never"]}', "null"])
async def test_a_damaged_memory_of_devices_is_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: object, kept: str
) -> None:
    monkeypatch.setattr(Worker, "run", store_in_step)
    made = People(tmp_path)
    await made.begin()
    await made.store.save_setting(SETTING, kept)
    await made.clock.finish(made.presence._recall())
    assert len(made.presence.devices()) == 1
    await made.end()
