"""People of a chat on screen: the dialog, the cards, the lines above the composer, names behind an @."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatdesk.domain.conversation import Answers, MemberRole
from chatdesk.domain.sharing import Invitation, Member, OpenInvite, Roster
from chatdesk.models.conversation_list import ConversationListModel, ConversationRole
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.sharing.people import Face, time_left
from chatdesk.ui.sharing.verbs import SharingVerbs
from chatdesk.ui.theme.theme import Theme
from chatdesk.ui.timeline.view import TimelineView
from tests.support.conversation_entries import changed, conversation_id, entry, removed

ME, BEN, CLEO = "me", "ben", "cleo"
TALK = conversation_id(1)
NOW = datetime.now(UTC)
SOON = NOW + timedelta(days=2)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def roster(own: MemberRole = MemberRole.OWNER, *, invites: int = 0) -> Roster:
    bens = MemberRole.EDITOR if own is MemberRole.OWNER else MemberRole.OWNER
    waiting = OpenInvite("1", "sofia@example.org", MemberRole.EDITOR, 0, None, NOW, SOON)
    link = OpenInvite("2", None, MemberRole.VIEWER, 1, 5, NOW, SOON)
    members = (Member(ME, own, NOW), Member(BEN, bens, NOW), Member(CLEO, MemberRole.VIEWER, NOW))
    return Roster(TALK, 1, members, (waiting, link)[:invites])


class Desk:
    """A window with an open chat, and what its sharing asks for."""

    def __init__(self, window: MainWindow, conversations: ConversationListModel) -> None:
        self.window = window
        self.conversations = conversations
        self.known: Roster | None = None
        self.verbs.user_id = ME
        self.verbs.roster_of = lambda which: self.known if which == TALK else None
        faces = {ME: Face("Me Myself", "me_m"), BEN: Face("Ben", "ben_w"), CLEO: Face("Cleo Ray")}
        self.verbs.face_of = lambda who: faces[who]

    @property
    def verbs(self) -> SharingVerbs:
        return self.window.sharing

    def share(
        self, own: MemberRole = MemberRole.OWNER, answers: Answers | None = None, invites: int = 0
    ) -> None:
        """Let others be in the open chat."""
        self.known = roster(own, invites=invites)
        row = entry(1, "Our trip", model="gpt-oss-20b")
        row = replace(
            row,
            conversation=replace(row.conversation, answers=answers),
            membership=replace(row.membership, role=own),
        )
        self.conversations.apply(changed(row))
        self.conversations.set_shared(frozenset({TALK}))
        self.verbs.roster_changed(TALK)

    def question(self) -> ConfirmDialog:
        return next(each for each in self.window.findChildren(ConfirmDialog) if each.isVisible())


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    theme = Theme("light")
    conversations = ConversationListModel()
    conversations.load([entry(1, "Our trip", model="gpt-oss-20b"), entry(2)])
    window = MainWindow(theme, conversations, TimelineView(theme))
    qtbot.addWidget(window)
    window.show_conversation(TALK)
    window.show()
    yield Desk(window, conversations)
    if window.sharing.dialog is not None:
        window.sharing.dialog.close()


def test_alone_there_is_a_button_to_share_and_nothing_else(desk: Desk) -> None:
    pane = desk.window.pane
    assert pane.header.share_button.isVisible()
    assert pane.header.share_button.accessibleName() == "Share this chat"
    assert not pane.answers.isVisible()
    assert pane.composer.isVisible()
    pane.header.share_button.click()
    assert desk.verbs.dialog is not None
    assert list(desk.verbs.dialog.rows) == [ME]
    assert desk.verbs.dialog.form.isVisible()
    desk.window.show_conversation("")
    assert not pane.header.share_button.isVisible()


def test_the_owner_invites_and_what_was_typed_stays_until_it_went_out(desk: Desk) -> None:
    desk.share(invites=2)
    desk.window.actions_table[ActionId.SHARE_CHAT].trigger()
    dialog = desk.verbs.dialog
    assert dialog is not None
    asked: list[tuple[str, object]] = []
    dialog.invite_requested.connect(lambda to, role: asked.append((to, role)))
    assert not dialog.form.button.isEnabled()
    dialog.form.field.setText("  @sofia ")
    dialog.form.role.setCurrentIndex(1)
    QTest.keyClick(dialog.form.field, Qt.Key.Key_Return)
    assert asked == [("@sofia", MemberRole.VIEWER)]
    assert dialog.isVisible(), "Enter invites and closes nothing"
    dialog.show_failure("This is neither a user name nor an e-mail address.")
    assert dialog.form.field.text().strip() == "@sofia"
    assert dialog.said.isVisible()
    dialog.invited("@sofia")
    assert dialog.form.field.text() == ""
    assert dialog.said.text().startswith("If somebody has this name")
    withdrawn: list[str] = []
    dialog.revoke_requested.connect(withdrawn.append)
    dialog.invites["2"].button.click()
    assert withdrawn == ["2"]
    assert "sofia@example.org" in dialog.invites["1"].button.accessibleName()


def test_a_members_menu_asks_before_it_takes_something_away(desk: Desk) -> None:
    desk.share()
    desk.verbs.open_members(TALK)
    dialog = desk.verbs.dialog
    assert dialog is not None
    asked: list[tuple[str, object]] = []
    dialog.role_requested.connect(lambda who, role: asked.append((who, role)))
    dialog.remove_requested.connect(lambda who: asked.append((who, "remove")))
    dialog.hand_over_requested.connect(lambda who: asked.append((who, "owner")))
    assert dialog.rows[ME].button is None
    menu = dialog.rows[BEN].open_menu()
    assert [action.isChecked() for action in menu.actions()[:2]] == [True, False]
    menu.actions()[0].trigger()
    menu.actions()[1].trigger()
    assert asked == [(BEN, MemberRole.VIEWER)]
    for place, deed in ((4, "remove"), (3, "owner")):
        menu.actions()[place].trigger()
        question = desk.question()
        assert "Ben" in question.accessibleName()
        assert question.cancel_button.isDefault()
        question.yes_button.click()
        assert asked[-1] == (BEN, deed)
    menu.close()


def test_a_guest_sees_who_is_there_and_leaves_with_a_question(desk: Desk) -> None:
    desk.share(MemberRole.EDITOR)
    left: list[str] = []
    desk.verbs.leave_requested.connect(left.append)
    desk.verbs.open_members(TALK)
    dialog = desk.verbs.dialog
    assert dialog is not None
    assert not dialog.form.isVisible()
    assert not dialog.links_button.isVisible()
    assert dialog.leave_button.isVisible()
    assert all(row.button is None for row in dialog.rows.values())
    dialog.close_button.click()
    desk.window.verbs.carry_out(ActionId.DELETE_CHAT, TALK)
    question = desk.question()
    assert "Leave" in question.accessibleName()
    question.yes_button.click()
    assert left == [TALK]


def test_a_link_is_shown_once_and_copied(desk: Desk) -> None:
    desk.share()
    desk.verbs.open_members(TALK)
    dialog = desk.verbs.dialog
    assert dialog is not None
    wished: list[tuple[object, int, int]] = []
    dialog.link_requested.connect(lambda role, hours, uses: wished.append((role, hours, uses)))
    dialog.links_button.click()
    dialog.links.button.click()
    assert wished == [(MemberRole.EDITOR, 168, 1)]
    assert not dialog.links.link.isVisible()
    dialog.show_link("chatdesk://join/secret")
    dialog.links.copy.click()
    assert QGuiApplication.clipboard().text() == "chatdesk://join/secret"


def test_the_people_keep_their_room_beside_a_link(desk: Desk) -> None:
    desk.verbs.open_members(TALK)
    dialog = desk.verbs.dialog
    assert dialog is not None
    QApplication.processEvents()
    desk.share()
    dialog.links_button.click()
    dialog.show_link("chatdesk://join/secret")
    QApplication.processEvents()
    lowest = dialog.rows[CLEO]
    assert lowest.visibleRegion().boundingRect().height() == lowest.height(), "nobody is cut off"


def test_who_may_only_read_has_no_composer_and_no_offers(desk: Desk) -> None:
    desk.share(MemberRole.VIEWER)
    pane = desk.window.pane
    assert not pane.composer.isVisible()
    assert pane.reader.words.text() == (
        "You can read this chat, but not write in it. Ask Ben to let you write."
    )
    renames: list[str] = []
    desk.window.rename_requested.connect(lambda which, _title: renames.append(which))
    assert desk.window.verbs.carry_out(ActionId.RENAME_CHAT, TALK)
    assert desk.window.sidebar.list.state() != desk.window.sidebar.list.State.EditingState
    assert desk.window.verbs.carry_out(ActionId.ATTACH_FILES, TALK), (
        "nothing is attached to what is not written"
    )
    desk.share(MemberRole.EDITOR)
    assert pane.composer.isVisible()
    assert not pane.reader.isVisible()
    assert not desk.window.verbs.carry_out(ActionId.ATTACH_FILES, TALK)


def test_the_line_says_who_answers_and_switches_it(desk: Desk) -> None:
    desk.share()
    line, composer = desk.window.pane.answers, desk.window.composer
    chosen: list[object] = []
    line.answers_chosen.connect(chosen.append)
    assert line.words.text() == "The model answers only messages that mention it: @model"
    composer.field.put("@gpt-oss-20b what now")
    assert line.words.text() == "The model answers this message."
    composer.field.put("what now")
    assert "only messages that mention" in line.words.text()
    line.button.click()
    desk.share(answers=Answers.ALWAYS)
    assert line.words.text() == "The model answers every message."
    line.button.click()
    assert chosen == [Answers.ALWAYS, Answers.MENTIONED]
    desk.share(answers=Answers.MENTIONED)
    desk.known = None
    desk.verbs.roster_changed(TALK)
    assert line.isVisible(), "alone again, the rule still holds and must be seen"


def test_names_are_offered_behind_an_at(desk: Desk, qtbot: QtBot) -> None:
    desk.share()
    field, popup = desk.window.composer.field, desk.verbs.mentions.popup
    desk.window.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClicks(field, "write to ben@")
    assert not popup.isVisible(), "an address is no mention"
    field.clear()
    QTest.keyClicks(field, "hello @")
    assert popup.isVisible()
    model = desk.verbs.mentions.completer.completionModel()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == [
        "model", "gpt-oss-20b", "Cleo-Ray", "ben_w",
    ]  # fmt: skip
    QTest.keyClicks(field, "be")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert field.text() == "hello @ben_w "
    assert not popup.isVisible()
    sent: list[str] = []
    desk.window.composer.send_requested.connect(lambda _which, text: sent.append(text))
    QTest.keyClicks(field, "@gp")
    QTest.keyClick(popup, Qt.Key.Key_Return)
    assert field.text() == "hello @ben_w @gpt-oss-20b "
    assert sent == []
    QTest.keyClicks(field, "@cl")
    QTest.mouseClick(
        popup.viewport(),
        Qt.MouseButton.LeftButton,
        pos=popup.visualRect(desk.verbs.mentions.completer.completionModel().index(0, 0)).center(),
    )
    assert field.text() == "hello @ben_w @gpt-oss-20b @Cleo-Ray "
    QTest.keyClicks(field, "@mod")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert field.text().endswith(" @mod")


def test_invitations_wait_in_the_sidebar(desk: Desk) -> None:
    cards = desk.window.sidebar.invitations
    rows = [
        Invitation(str(n), "c", "Plans", MemberRole.EDITOR, "Ann" if n else None, 1, NOW, SOON)
        for n in range(5)
    ]
    assert not cards.isVisible()
    cards.show_invitations(rows)
    assert len(cards.cards) == 3, "the others wait behind them"
    answers: list[tuple[str, bool]] = []
    cards.accepted.connect(lambda which: answers.append((which, True)))
    cards.declined.connect(lambda which: answers.append((which, False)))
    assert cards.cards["0"].words == "Somebody invites you to “Plans”"
    cards.cards["0"].accept_button.click()
    cards.cards["1"].decline_button.click()
    assert answers == [("0", True), ("1", False)]
    cards.show_invitations(())
    assert not cards.isVisible()


def test_joining_is_offered_beside_a_new_chat(desk: Desk) -> None:
    QTest.mouseClick(desk.window.sidebar.join_button, Qt.MouseButton.LeftButton)
    assert desk.verbs.join is not None
    assert desk.verbs.join.isVisible()


def test_joining_keeps_what_was_pasted_when_it_fails(desk: Desk) -> None:
    desk.window.actions_table[ActionId.JOIN_CHAT].trigger()
    dialog = desk.verbs.join
    assert dialog is not None
    asked: list[str] = []
    dialog.join_requested.connect(asked.append)
    dialog.field.setText("chatdesk://join/x")
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    assert asked == ["chatdesk://join/x"]
    assert not dialog.button.isEnabled(), "one wish at a time"
    dialog.show_failure("This invitation has expired. Ask for a new link.")
    assert dialog.field.text() == "chatdesk://join/x"
    assert dialog.button.isEnabled()
    dialog.cancel_button.click()
    assert desk.verbs.join is None


def test_unsent_words_can_be_copied_before_they_go(desk: Desk) -> None:
    dropped: list[bool] = []
    desk.verbs.show_kept(["one", "two"], lambda: dropped.append(True))
    dialog = desk.verbs.kept
    assert dialog is not None
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == "one\n\ntwo"
    assert not dropped
    dialog.discard_button.click()
    assert dropped == [True]


def test_a_chat_that_is_taken_away_says_so_and_keeps_the_draft(desk: Desk) -> None:
    desk.share(MemberRole.EDITOR)
    row = desk.conversations.entry(TALK)
    assert row is not None
    index = desk.conversations.index(desk.conversations.row_of(TALK))
    assert index.data(ConversationRole.SHARED)
    assert "shared" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    desk.window.composer.field.put("half a thought")
    desk.window.composer.field.insertPlainText(".")
    desk.conversations.apply(removed(row))
    assert desk.window.composer.conversation == ""
    assert desk.window.composer.text() == "half a thought."
    assert any("not shared with you any more" in said for said in desk.window.notices.shown)


def test_time_left_is_said_in_round_numbers() -> None:
    for minutes, words in (
        (5, "less than an hour"),
        (61, "1 hour"),
        (60 * 47, "47 hours"),
        (60 * 24 * 7, "7 days"),
    ):
        assert time_left(datetime.now(UTC) + timedelta(minutes=minutes, seconds=5)).startswith(words)
