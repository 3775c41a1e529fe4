"""Presence: who is shown where, with how few calls, and that nobody stays who is gone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from chatdesk.domain.ephemeral import MemberMarks
from chatdesk.domain.errors import Offline, Retryable
from chatdesk.domain.mutation import MutationKind
from chatdesk.domain.presence import Attention, Sighting, Sign
from chatdesk.domain.session import LinkState
from chatdesk.sync.presence import CALL_SECONDS
from tests.unit.sync.desk import ANNA, BEN, Desk, Room

LAPTOP = "30000000-0000-4000-8000-000000000001"
PHONE = "30000000-0000-4000-8000-000000000002"


def live(conversation: str, epoch: int = 1) -> str:
    return f"conversation:{conversation}:{epoch}:live"


def seen(desk: Desk, conversation: str = "") -> list[tuple[str, str]]:
    """Whom a desk was last told to be there, as (user, attention) or on its own topic (name, attention)."""
    sightings = [
        each
        for each in desk.mirror.ephemerals
        if isinstance(each, Sighting) and each.conversation_id == conversation
    ]
    signs = sightings[-1].signs if sightings else ()
    return sorted((sign.user_id if conversation else sign.name, sign.attention.value) for sign in signs)


def shared(room: Room, *texts: str) -> str:
    """A conversation that Anna and Ben are in."""
    conversation = room.talk(*texts)
    if BEN not in room.server.profiles:
        room.server.sign_up(BEN)
    room.server.add_member(conversation, BEN)
    return conversation


async def present(room: Room, user: str, *conversations: str) -> Desk:
    """A connected desk that looks at these conversations."""
    desk = await room.started(user)
    desk.engine.company.choose(presence=True, typing=True)
    desk.engine.company.meet(others=True)
    desk.engine.open_conversations(conversations)
    await room.clock.advance(2)
    return desk


async def test_own_devices_see_each_other(room: Room) -> None:
    laptop, phone = await room.started(), await room.started()
    laptop.engine.company.introduce(LAPTOP, "laptop")
    await room.clock.advance(1)
    assert not room.backend.presence.calls, "nothing is shown before it is known that it may be"
    for desk in (laptop, phone):
        desk.engine.company.choose(presence=True, typing=True)
    phone.engine.company.introduce(PHONE, "phone")
    await room.clock.advance(1)
    assert seen(laptop) == [("phone", "online")]
    assert seen(phone) == [("laptop", "online")]
    phone.engine.company.attend(Attention.IDLE)
    await room.clock.advance(1)
    assert seen(laptop) == [("phone", "idle")]
    phone.network.feed.kill()
    assert room.backend.presence.shown(f"user:{ANNA}") == [
        Sign(laptop.engine.company.instance, ANNA, Attention.ONLINE, LAPTOP, "laptop")
    ]


async def test_people_see_who_looks_at_the_same_conversation(room: Room) -> None:
    conversation, other = shared(room, "one"), shared(room, "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    assert seen(anna, conversation) == [(BEN, "online")]
    assert seen(ben, conversation) == [(ANNA, "online")]
    ben.engine.company.attend(Attention.IDLE)
    await room.clock.advance(1)
    assert seen(anna, conversation) == [(BEN, "idle")]
    ben.engine.open_conversation(other)
    await room.clock.advance(1)
    assert seen(anna, conversation) == []
    assert seen(ben, conversation) == [], "what is not heard is not known"
    anna.engine.open_conversation(other)
    await room.clock.advance(1)
    assert seen(anna, other) == [(BEN, "idle")]
    await room.clock.advance(60)
    for desk in (anna, ben):
        desk.engine.open_conversation(conversation)
        await room.clock.advance(1)
    assert seen(anna, conversation) == [(BEN, "idle")], "a channel that is joined again is a new one"


async def test_nobody_is_shown_where_only_the_channels_are_held(room: Room) -> None:
    conversation, other = shared(room, "one"), shared(room, "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    (calls,) = (room.backend.presence.calls[feed] for feed in ben.network.open_feeds)
    before = len(calls)
    ben.engine.open_conversations((other,), held=(conversation,))
    await room.clock.advance(2)
    assert live(conversation) in ben.network.feed.joined
    assert seen(anna, conversation) == []
    assert len(calls) == before + 2, "one to go, one to come"
    ben.engine.open_conversations((other,))
    await room.clock.advance(2)
    assert live(conversation) not in ben.network.feed.joined
    ben.engine.open_conversations((conversation,), held=(conversation,))
    await room.clock.advance(4)
    assert seen(anna, conversation) == [(BEN, "online")]


async def test_a_killed_instance_is_gone_and_a_new_link_shows_it_again(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    ben.network.down = True
    ben.network.feed.kill()
    await room.clock.advance(1)
    assert seen(anna, conversation) == []
    assert seen(ben, conversation) == []
    ben.network.down = False
    await room.clock.until(lambda: ben.mirror.link is LinkState.CONNECTED)
    await room.clock.advance(60)
    assert seen(anna, conversation) == [(BEN, "online")]
    assert seen(ben, conversation) == [(ANNA, "online")]


async def test_a_new_epoch_shows_everybody_anew(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    eve = room.new_id()
    room.server.sign_up(eve)
    room.server.add_member(conversation, eve)
    room.server.remove_member(conversation, eve)
    await room.clock.advance(5)
    assert seen(anna, conversation) == [(BEN, "online")]
    assert seen(ben, conversation) == [(ANNA, "online")]
    assert room.backend.presence.shown(live(conversation)) == []


def move(room: Room, conversation: str) -> None:
    """Somebody comes and is taken out again: the channels get new names."""
    eve = room.new_id()
    room.server.sign_up(eve)
    room.server.add_member(conversation, eve)
    room.server.remove_member(conversation, eve)


async def until_seen(room: Room, conversation: str, *desks: Desk) -> float:
    """Return how long it takes until Anna and Ben see each other here, a minute at most."""
    began = room.clock.monotonic()
    while [[user for user, _ in seen(each, conversation)] for each in desks] != [[BEN], [ANNA]]:
        assert room.clock.monotonic() - began < 60
        await room.clock.advance(0.25)
    return room.clock.monotonic() - began


@pytest.mark.parametrize(
    "gaps",
    [
        pytest.param([0.3] * 30, id="all at once"),
        pytest.param([2.0] * 5, id="a click every two seconds"),
        pytest.param([0.9, 1.1, 3.2, 4.6], id="just when the last one counted"),
        pytest.param([0.0, 0.1, 9.5], id="two and a late one"),
        pytest.param([5.0, 5.0], id="few"),
        *(pytest.param(seed, id=f"seed {seed}") for seed in range(4)),
    ],
)
async def test_changes_among_the_members_leave_everybody_on_screen(
    room: Room, gaps: list[float] | int
) -> None:
    """However many there are in ten seconds, six seconds after the last one everybody sees everybody."""
    if isinstance(gaps, int):
        random, count = Random(gaps), 3 + 4 * gaps
        moments = sorted(random.uniform(0, 10) for _ in range(count))
        gaps = [after - before for before, after in pairwise(moments)]
    conversation, other = shared(room, "one"), shared(room, "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation, other)
    ben.engine.company.introduce(PHONE, "phone")
    await room.clock.advance(1)
    for gap in gaps:
        move(room, conversation)
        await room.clock.advance(gap)
    move(room, conversation)
    await room.clock.advance(0.1)
    assert seen(anna, conversation) == seen(ben, conversation) == [], "the new channel knows nobody yet"
    assert await until_seen(room, conversation, anna, ben) <= 7
    await room.clock.advance(60)
    assert room.backend.presence.most_calls <= 5
    assert await until_seen(room, conversation, anna, ben) == 0
    assert BEN in [sign.user_id for sign in room.backend.presence.shown(live(other))]


async def test_the_last_call_is_for_the_conversation_in_front(room: Room) -> None:
    conversation, other = shared(room, "one"), shared(room, "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation, other)
    ben.engine.company.introduce(PHONE, "phone")
    await room.clock.advance(1)
    ben.engine.company.attend(Attention.IDLE)
    await room.clock.advance(15)
    assert [sign.attention for sign in room.backend.presence.shown(live(other))] == [Attention.ONLINE]
    move(room, conversation)
    await room.clock.advance(0.1)
    assert await until_seen(room, conversation, anna, ben) <= 7
    await room.clock.advance(60)
    assert [sign.attention for sign in room.backend.presence.shown(live(other))] == [Attention.IDLE]


async def test_changes_without_an_end_cost_no_more_than_is_allowed(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    for _ in range(60):
        move(room, conversation)
        await room.clock.advance(room.random.uniform(0.1, 8))
    assert room.backend.presence.most_calls <= 5
    assert await until_seen(room, conversation, anna, ben) <= CALL_SECONDS


async def test_whoever_does_not_take_part_is_not_shown_and_sees_nobody(room: Room) -> None:
    conversation = shared(room, "one")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)
    ben.engine.company.introduce(PHONE, "phone")
    await room.clock.advance(1)
    ben.engine.company.choose(presence=False, typing=True)
    await room.clock.advance(1)
    assert seen(anna, conversation) == []
    assert seen(ben, conversation) == []
    for topic in (live(conversation), f"user:{BEN}"):
        assert BEN not in [sign.user_id for sign in room.backend.presence.shown(topic)]
    anna.engine.company.attend(Attention.IDLE)
    await room.clock.advance(1)
    assert seen(ben, conversation) == []
    ben.engine.company.choose(presence=True, typing=True)
    await room.clock.advance(60)
    assert seen(anna, conversation) == [(BEN, "online")]
    assert seen(ben, conversation) == [(ANNA, "idle")]


async def test_a_conversation_of_ones_own_costs_no_call(room: Room) -> None:
    talks = [room.talk("one") for _ in range(5)]
    shared(room, "two")
    desk = await present(room, ANNA, talks[0])
    for number in range(20):
        desk.engine.open_conversation(talks[number % 5])
        await room.clock.advance(1)
    assert room.backend.presence.calls == {}


async def test_whoever_knows_nobody_asks_for_no_marks(room: Room) -> None:
    conversation = room.talk("one")
    desk = await room.started()
    desk.engine.open_conversation(conversation)
    await room.clock.advance(200)
    assert desk.network.requests["member_marks"] == 0


@pytest.mark.parametrize("seed", range(2))
async def test_switching_fast_stays_within_the_limit(room_of: Callable[[int], Room], seed: int) -> None:
    room = room_of(seed)
    talks = [shared(room, "one") for _ in range(8)]
    anna, ben = await present(room, ANNA, talks[0]), await present(room, BEN, talks[0])
    ben.engine.company.introduce(PHONE, "phone")
    for _ in range(150):
        ben.engine.open_conversations(room.random.sample(talks, room.random.randint(1, 3)))
        if room.random.random() < 0.3:
            ben.engine.company.attend(room.random.choice(list(Attention)))
        if room.random.random() < 0.05:
            ben.network.feed.kill()
        await room.clock.advance(room.random.uniform(0.05, room.random.choice((1, 3, 12))))
    assert room.backend.presence.most_calls == 5, "as many as allowed, and no more"
    assert anna.mirror.link is LinkState.CONNECTED
    ben.engine.open_conversation(talks[0])
    ben.engine.company.attend(Attention.IDLE)
    await room.clock.advance(90)
    assert seen(anna, talks[0]) == [(BEN, "idle")], "the last wish is the one that holds"
    assert ben.network.most_channels <= 7
    await room.close()


async def test_marks_come_with_the_conversation_and_when_they_move(room: Room) -> None:
    conversation = shared(room, "one", "two")
    anna, ben = await present(room, ANNA, conversation), await present(room, BEN, conversation)

    def marks(desk: Desk) -> object:
        found = [each for each in desk.mirror.ephemerals if isinstance(each, MemberMarks)]
        return found[-1].marks if found else None

    assert marks(anna) == {BEN: 0}
    asked = anna.network.requests["member_marks"]
    read = {"p_conversation_id": conversation, "p_updates": {"last_read_seq": 2}}
    await ben.engine.submit(room.make(MutationKind.UPDATE_MEMBERSHIP, conversation, conversation, BEN, read))
    await room.clock.advance(3)
    assert marks(anna) == {BEN: 2}
    assert anna.network.requests["member_marks"] == asked + 1
    for seq in range(3, 23):
        room.say(conversation, f"{seq}")
        args = {"p_conversation_id": conversation, "p_updates": {"last_read_seq": seq}}
        room.server.push(room.make(MutationKind.UPDATE_MEMBERSHIP, conversation, conversation, BEN, args))
        await room.clock.advance(0.1)
    await room.clock.advance(3)
    assert marks(anna) == {BEN: 22}
    assert anna.network.requests["member_marks"] <= asked + 6, "twenty moves in two seconds are few requests"


async def test_marks_survive_an_outage_and_a_lost_hint(room: Room) -> None:
    conversation = shared(room, "one", "two")
    anna = await present(room, ANNA, conversation)
    anna.network.fail_requests["member_marks"] = [Offline("No."), Retryable("Later.")]
    anna.network.feed.deafen()
    args = {"p_conversation_id": conversation, "p_updates": {"last_read_seq": 2}}
    room.server.push(room.make(MutationKind.UPDATE_MEMBERSHIP, conversation, conversation, BEN, args))
    await room.clock.advance(120)
    found = [each for each in anna.mirror.ephemerals if isinstance(each, MemberMarks)]
    assert found[-1].marks == {BEN: 2}
