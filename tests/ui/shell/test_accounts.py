"""Several accounts, looking at a project, copying chats and deleting an account, as the user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from chatdesk.domain.project import Finding, ProjectPart, Standing
from chatdesk.domain.session import Account, BackendKind
from chatdesk.portability.records import Skipped
from chatdesk.services.copying.reports import CopyPhase, CopyProgress, CopyReport
from chatdesk.ui.account_facts import AccountChoice
from chatdesk.ui.actions.table import ACCOUNT_MENU, ACTIONS, ActionId
from chatdesk.ui.dialogs.confirm import ConfirmDialog
from chatdesk.ui.dialogs.copy_chats import CopyChatsDialog
from chatdesk.ui.dialogs.delete_account import DeleteAccountDialog
from chatdesk.ui.dialogs.project_check import ProjectCheckDialog, sql_editor
from chatdesk.ui.main_window import MainWindow
from chatdesk.ui.theme.theme import Theme

LEFT = Qt.MouseButton.LeftButton
ANNA = Account("supabase-1-u", "u", BackendKind.SUPABASE, "https://a.supabase.co", "Anna@example.org")
HOME = AccountChoice("local", "Anna & Bo", "On this computer")
CLOUD = AccountChoice("supabase-1-u", "Anna", "anna@example.org", is_open=True)
SCRIPT = "select 'the script'"

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def host(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    made.resize(700, 500)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


# The list ---------------------------------------------------------------------------------------------------


def menu_of(window: MainWindow) -> list[QAction]:
    window.account.open_menu()
    menu = next(each for each in window.findChildren(QMenu) if each.isVisible())
    return [action for action in menu.actions() if not action.isSeparator()]


def test_the_menu_begins_with_the_accounts_and_one_click_switches(window: MainWindow, qtbot: QtBot) -> None:
    window.account.choices = lambda: (CLOUD, HOME)
    opened, other, *rest = menu_of(window)
    assert opened.text() == "Anna – anna@example.org"
    assert opened.isChecked()
    assert not opened.isEnabled()
    assert other.text() == "Anna && Bo – On this computer"
    assert [action.text() for action in rest] == [ACTIONS[row].text for row in ACCOUNT_MENU if row]
    with qtbot.waitSignal(window.account.switch_requested, timeout=1000) as told:
        other.trigger()
    assert told.args == ["local"]


def test_one_account_needs_no_list(window: MainWindow) -> None:
    window.account.choices = lambda: (CLOUD,)
    assert menu_of(window)[0].text() == ACTIONS[ActionId.PROFILE].text


def test_the_first_page_offers_the_accounts_and_the_way_back(window: MainWindow, qtbot: QtBot) -> None:
    window.account.choices = lambda: (CLOUD, HOME)
    window.show_first_run()
    known = window.first_run.known
    assert [button.text() for button in known.buttons] == [
        "Back to Anna – anna@example.org",
        "Anna && Bo – On this computer",
    ]
    assert window.focusWidget() is known.buttons[0]
    with qtbot.waitSignal(known.chosen, timeout=1000) as told:
        QTest.keyClick(known.buttons[0], Qt.Key.Key_Space)
    assert told.args == ["supabase-1-u"]
    window.first_run.set_busy(True)
    assert not known.buttons[0].isEnabled()
    window.account.choices = tuple
    window.show_first_run()
    assert not known.isVisibleTo(window.first_run)


# Deleting ---------------------------------------------------------------------------------------------------


def test_deleting_asks_for_the_address_whatever_its_case(host: QWidget, qtbot: QtBot) -> None:
    dialog = DeleteAccountDialog(ANNA, "Anna@example.org", host)
    dialog.show()
    assert not dialog.yes_button.isEnabled()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    dialog.field.setText("anna@example.or")
    assert not dialog.yes_button.isEnabled()
    dialog.field.setText(" anna@EXAMPLE.org ")
    with qtbot.waitSignal(dialog.delete_requested, timeout=1000):
        QTest.mouseClick(dialog.yes_button, LEFT)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible(), "a deletion under way cannot be waved away"
    dialog.show_progress(1200)
    assert dialog.yes_button.text() == "1,200 files removed…"
    dialog.show_failure("No network.")
    assert dialog.error.text() == "No network."
    assert dialog.yes_button.isEnabled(), "the same again, without typing it again"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_an_account_without_a_name_is_deleted_by_a_word(host: QWidget) -> None:
    dialog = DeleteAccountDialog(Account("local", "u", BackendKind.LOCAL, ""), " ", host)
    assert "Type delete to confirm" in dialog.field.accessibleName()
    dialog.field.setText("delete")
    assert dialog.yes_button.isEnabled()


def test_the_question_goes_when_the_account_does(window: MainWindow) -> None:
    window.account.set_account(ANNA)
    window.actions_table[ActionId.DELETE_ACCOUNT].trigger()
    dialog = window.account.deleting
    assert dialog is not None
    window.actions_table[ActionId.DELETE_ACCOUNT].trigger()
    assert window.account.deleting is dialog
    dialog.field.setText("anna@example.org")
    dialog.yes_button.click()
    window.account.set_account(None)
    assert window.account.deleting is None


# Looking at a project ---------------------------------------------------------------------------------------


@pytest.fixture
def look(host: QWidget, theme: Theme) -> ProjectCheckDialog:
    dialog = ProjectCheckDialog(theme, "https://abcd.supabase.co", lambda: SCRIPT, host)
    dialog.show()
    return dialog


def test_each_part_has_its_row_and_the_script_comes_when_it_helps(
    look: ProjectCheckDialog, tmp_path: Path
) -> None:
    assert not look.again_button.isEnabled()
    look.show_finding(Finding(ProjectPart.SERVER, Standing.OK, "The project answers."))
    missing = Finding(ProjectPart.SCHEMA, Standing.MISSING, "No tables.", "Run the script.", True)
    look.show_finding(missing)
    look.finish(False)
    assert look.outcome.text() == "Something is missing."
    assert look.copy_button.isVisible()
    assert look.editor_button.isVisible()
    row = look._rows[ProjectPart.SCHEMA]
    assert row.said.text() == "No tables. Run the script."
    assert row.name.accessibleName() == "ChatDesk's tables: missing"
    look.copy_button.click()
    assert QGuiApplication.clipboard().text() == SCRIPT
    look.save(tmp_path / "chatdesk.sql")
    assert (tmp_path / "chatdesk.sql").read_text("utf-8") == SCRIPT
    look.save(tmp_path / "no" / "such.sql")
    assert "could not be written" in look.noted.text()
    look.begin()
    assert not look.copy_button.isVisible()


def test_what_cannot_be_told_is_no_fault(look: ProjectCheckDialog) -> None:
    for part in ProjectPart:
        look.show_finding(Finding(part, Standing.UNKNOWN, "Later."))
    look.finish(True)
    assert look.outcome.text().startswith("Nothing is missing as far as")
    look.show_failure("Not now.")
    assert look.outcome.text() == "Not now."
    assert look.again_button.isEnabled()


def test_the_editor_opens_only_after_it_was_shown_where(look: ProjectCheckDialog) -> None:
    look.editor_button.click()
    (asked,) = look.findChildren(ConfirmDialog)
    assert "supabase.com" in asked.accessibleName()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://abcd.supabase.co", "https://supabase.com/dashboard/project/abcd/sql/new"),
        ("https://chat.example.org", ""),
        ("https://abcd.supabase.co.example.org", ""),
        ("http://127.0.0.1:54321", ""),
    ],
)
def test_only_hosted_projects_have_an_editor_to_open(url: str, place: str) -> None:
    assert sql_editor(url) == place


def test_checking_asks_for_address_and_key_only(window: MainWindow, qtbot: QtBot) -> None:
    window.show_first_run()
    form = window.first_run.form
    form.check_button.click()
    assert "address" in form.error.text()
    form.url.setText("https://abcd.supabase.co/")
    form.check_button.click()
    assert "publishable key" in form.error.text()
    form.api_key.setText("sb_publishable_x")
    with qtbot.waitSignal(form.check_requested, timeout=1000) as told:
        form.check_button.click()
    assert told.args == ["https://abcd.supabase.co", "sb_publishable_x"]


# Copying ----------------------------------------------------------------------------------------------------


def test_a_copy_is_chosen_followed_and_summed_up(host: QWidget, theme: Theme, qtbot: QtBot) -> None:
    dialog = CopyChatsDialog(theme, host)
    dialog.ask([HOME])
    with qtbot.waitSignal(dialog.copy_requested, timeout=1000) as told:
        QTest.mouseClick(dialog.yes_button, LEFT)
    assert told.args == ["local"]
    dialog.show_progress(CopyProgress("Anna", CopyPhase.READING))
    assert dialog.title.text() == "Copying chats of Anna"
    dialog.show_progress(CopyProgress("Anna", CopyPhase.COPYING, 3, 12))
    assert dialog.said.text() == "3 of 12 chats"
    assert dialog.bar.value() == 250
    dialog.show_progress(CopyProgress("Anna", CopyPhase.WAITING, 3, 12))
    assert "tries again by itself" in dialog.said.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible(), "out of the way, and it goes on"
    dialog.ask([HOME])
    assert dialog.bar.isVisible(), "the one under way is shown instead of a second question"
    with qtbot.waitSignal(dialog.cancel_requested, timeout=1000):
        dialog.cancel_button.click()
    report = CopyReport("Anna", 2, 5, 1, 3, 1, 1, 6)
    report.problems.note(Skipped("Tax", "It is too long."))
    dialog.show_copied(report)
    assert dialog.said.text() == (
        "2 chats came in with 5 messages. 1 file came along. 3 were here already. "
        "1 was deleted here before and stays deleted. Enter the keys of your providers in the settings."
    )
    assert "Tax" in dialog.problems.toPlainText()
    dialog.yes_button.click()
    assert not dialog.isVisible()


def test_without_another_account_there_is_nothing_to_choose(host: QWidget, theme: Theme) -> None:
    dialog = CopyChatsDialog(theme, host)
    dialog.ask([])
    assert dialog.said.text() == "There is no other account on this computer."
    assert not dialog.yes_button.isVisible()
    dialog.show_failure("It broke.")
    assert dialog.said.text().startswith("It broke. What was copied so far stays")
