"""What the pictures of the gallery show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatdesk.app.demo_script import TURNS, answer
from chatdesk.domain.ephemeral import Delta
from chatdesk.domain.message import DeliveryState, MessageStatus, Role
from chatdesk.domain.presence import Attention
from chatdesk.domain.profile import Profile
from chatdesk.domain.search import Query, SearchHit, TitleHit, parse_query
from chatdesk.domain.search import snippet as snippet_of
from chatdesk.domain.session import LinkState, SyncState
from chatdesk.providers.base import ReplyRequest, Turn
from chatdesk.services.search import Coverage, SearchResults
from chatdesk.ui.people.faces import Face
from tests.gallery import scenes_sharing
from tests.gallery.stage import MODEL, NOW, Stage
from tests.support.conversation_entries import conversation_id

_TOGETHER = {
    "en": ("Shall we take the early train on Friday?", "Yes. I book two seats, and one for Yuki."),
    "de": ("Nehmen wir am Freitag den frühen Zug?", "Ja. Ich buche zwei Plätze, und einen für Yuki."),
}

Scene = Callable[[Stage, Path], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: its file's name, the scene, look, language and scale in percent."""

    name: str
    scene: Scene
    look: str = "light"
    language: str = "en"
    scale: int = 100


def first_run(stage: Stage, path: Path) -> None:
    stage.window.show_first_run()
    stage.shoot(path)


def empty(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.window.show_conversation("")
    stage.shoot(path)


def code(stage: Stage, path: Path) -> None:
    """The end of a conversation: a block of code."""
    stage.sign_in()
    stage.fill_list()
    stage.talk(3)
    stage.shoot(path)


def table(stage: Stage, path: Path) -> None:
    """A table and lists."""
    stage.sign_in()
    stage.fill_list()
    stage.talk(2)
    stage.shoot(path)


def streaming(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    text = answer(ReplyRequest(MODEL, [Turn(Role.USER, TURNS[3])]))
    asked = stage.row(7, TURNS[3], NOW - timedelta(minutes=1), 6)
    begun = replace(
        stage.row(8, "", NOW - timedelta(seconds=20), 7), content="", status=MessageStatus.STREAMING
    )
    stage.talk(3, more=(asked, begun))
    stage.window.set_replying(conversation_id(1), True)
    stage.messages.apply_delta(Delta(conversation_id(1), begun.id, 0, text[: len(text) * 2 // 3]))
    stage.shoot(path)


def offline(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    waiting = replace(
        stage.row(5, "Which of these works without a reservation?", NOW - timedelta(minutes=1), 4),
        seq=None,
        delivery=DeliveryState.PENDING,
    )
    stage.talk(2, more=(waiting,))
    # The badge reads the computer's own clock: this is a time of today, whenever that is.
    since = datetime.now(UTC).replace(hour=15, minute=27)
    stage.link(SyncState(LinkState.OFFLINE, "The server cannot be reached.", since, pending=1))
    stage.shoot(path)


def failed(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    refused = replace(
        stage.row(5, "Which of these works without a reservation?", NOW - timedelta(minutes=1), 4),
        seq=None,
        delivery=DeliveryState.FAILED,
        failure="You may not write in this conversation.",
    )
    stage.talk(2, more=(refused,))
    stage.link(SyncState(LinkState.CONNECTED, failed=1))
    stage.shoot(path)


def palette(stage: Stage, path: Path) -> None:
    """A search of everything, with hits in titles and texts."""
    stage.sign_in()
    entries = stage.fill_list()
    rows = stage.talk(3)
    text = "lisbon"
    query: Query = parse_query(text)
    hits = []
    for row in rows:
        if query.matches(row.content):
            snippet, ranges = snippet_of(query, row.content)
            hits.append(SearchHit(row, entries[0], snippet, ranges))
    titles = tuple(
        TitleHit(each, query.ranges(each.conversation.title))
        for each in entries
        if query.matches(each.conversation.title)
    )
    shown = stage.window.search.palette
    shown.open()
    shown.field.setText(text)
    stage.window.search.show_results(SearchResults(text, tuple(hits), titles, Coverage(1284, 1284)))
    stage.shoot(path)


def people(stage: Stage, path: Path) -> None:
    """A shared chat: who looks at it, who types, who has read how far."""
    stage.sign_in()
    stage.fill_list()
    rows = stage.talk(1)
    names = {
        "Mara Lindqvist": Attention.ONLINE,
        "Ben Adeyemi": Attention.IDLE,
        "Yuki Tanaka": Attention.ONLINE,
    }
    others = [
        Profile(f"0190c0de-0000-7000-8000-0000000000c{n}", None, name, None, 1, NOW)
        for n, name in enumerate(names)
    ]
    for other in others:
        stage.messages.profile_changed(other)
    written = NOW - timedelta(minutes=2)
    more = (
        replace(stage.row(7, _TOGETHER[stage.language][0], written), author_id=others[0].id),
        stage.row(9, _TOGETHER[stage.language][1], written + timedelta(minutes=1)),
    )
    stage.apply(*more)
    stage.messages.read_by.set_marks({others[0].id: 9, others[1].id: rows[-1].seq or 0, others[2].id: 9})
    header, typing = stage.window.pane.header, stage.window.pane.typing
    header.faces.show_faces(
        [Face(one.id, one.display_name, "", state) for one, state in zip(others, names.values(), strict=True)]
    )
    typing.keep_room(True)
    typing.show_names([others[2].display_name])
    stage.shoot(path)


def settings(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    stage.talk(2)
    stage.window.settings.open()
    stage.shoot(path, stage.window.settings.dialog)


def shortcuts(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    stage.talk(2)
    stage.window.settings.open_sheet()
    stage.shoot(path, stage.window.settings.sheet)


def profile(stage: Stage, path: Path) -> None:
    stage.sign_in()
    stage.fill_list()
    stage.talk(2)
    stage.window.account.open_profile()
    stage.shoot(path, stage.window.account.dialog)


SHOTS = (
    Shot("first-run", first_run),
    Shot("first-run-german", first_run, language="de"),
    Shot("empty", empty),
    Shot("conversation", code),
    Shot("conversation-dark", code, look="dark"),
    Shot("conversation-contrast", code, look="contrast"),
    Shot("table", table),
    Shot("table-german", table, look="dark", language="de"),
    Shot("streaming", streaming, look="dark"),
    Shot("offline", offline),
    Shot("failed", failed),
    Shot("search", palette),
    Shot("search-dark", palette, look="dark"),
    Shot("settings", settings),
    Shot("settings-dark", settings, look="dark"),
    Shot("settings-german", settings, language="de"),
    Shot("people", people),
    Shot("shortcuts", shortcuts),
    Shot("shortcuts-contrast", shortcuts, look="contrast"),
    Shot("profile", profile),
    Shot("conversation-200-percent", code, scale=200),
    Shot("shared", scenes_sharing.shared),
    Shot("members-dark", scenes_sharing.members, look="dark"),
)
