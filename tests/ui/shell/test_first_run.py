"""The first-run page: what is checked before anything is sent, and that nothing entered is lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from chatdesk.services.session import SignInRequest
from chatdesk.ui.dialogs.connect_form import key_fault, url_fault
from chatdesk.ui.dialogs.first_run import FirstRunPage
from chatdesk.ui.theme.theme import Theme

LEFT = Qt.MouseButton.LeftButton
GOOD = ("https://project.supabase.co/", " sb_publishable_abc ", "ada@example.com", "correct horse")


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> FirstRunPage:
    made = FirstRunPage(theme)
    made.resize(1000, 760)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def fill(page: FirstRunPage, *values: str) -> None:
    fields: tuple[QLineEdit, ...] = (page.form.url, page.form.api_key, page.form.email, page.form.password)
    for field, value in zip(fields, values, strict=True):
        field.setText(value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "project.supabase.co",
        "ftp://project.supabase.co",
        "https://",
        "https://a b.co",
        "http://project.supabase.co",
        "https://me@project.supabase.co",
        "https://project.supabase.co/?x=1",
        "https://project.supabase.co:port",
        "https://[half",
    ],
)
def test_a_bad_address_is_explained(url: str) -> None:
    assert url_fault(url).endswith(".")


@pytest.mark.parametrize(
    "url", ["https://project.supabase.co", "https://chat.example.com/base", "http://127.0.0.1:54321"]
)
def test_a_good_address_passes(url: str) -> None:
    assert url_fault(url) == ""


@pytest.mark.parametrize("key", ["", "sb_secret_abc", "two words", "schlüssel"])
def test_a_bad_key_is_explained(key: str) -> None:
    assert key_fault(key).endswith(".")


def test_the_request_is_trimmed_and_the_password_is_not_shown(page: FirstRunPage, qtbot: QtBot) -> None:
    fill(page, *GOOD)
    page.form.create_box.setChecked(True)
    assert page.form.button.text() == "Create account"
    with qtbot.waitSignal(page.connect_requested, timeout=30_000) as told:
        QTest.mouseClick(page.form.button, LEFT)
    wanted = SignInRequest(
        "https://project.supabase.co", "sb_publishable_abc", "ada@example.com", "correct horse", True
    )
    assert told.args == [wanted]
    assert "correct horse" not in repr(wanted)
    assert page.form.password.echoMode() == QLineEdit.EchoMode.Password


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_an_empty_field_is_marked_and_focused_and_nothing_is_lost(
    page: FirstRunPage, qtbot: QtBot, wrong: int
) -> None:
    values = list(GOOD)
    values[wrong] = ""
    fill(page, *values)
    fields = (page.form.url, page.form.api_key, page.form.email, page.form.password)
    with qtbot.assertNotEmitted(page.connect_requested):
        QTest.keyClick(page.form.email, Qt.Key.Key_Return)
    assert page.form.error.isVisible()
    assert page.form.error.text().endswith(".")
    assert fields[wrong].property("wrong") == "true"
    assert fields[wrong].hasFocus()
    assert [field.text() for field in fields] == values
    QTest.keyClicks(fields[wrong], "x")
    assert fields[wrong].property("wrong") == "false"


def test_a_short_new_password_is_refused_here(page: FirstRunPage, qtbot: QtBot) -> None:
    fill(page, *GOOD[:3], "12345")
    page.form.create_box.setChecked(True)
    with qtbot.assertNotEmitted(page.connect_requested):
        page.form.submit()
    assert "6 characters" in page.form.error.text()


def test_busy_locks_and_a_failure_unlocks_with_its_sentence(page: FirstRunPage) -> None:
    fill(page, *GOOD)
    page.form.submit()
    assert not page.form.button.isEnabled()
    assert not page.local_button.isEnabled()
    assert page.form.button.text() == "Connecting…"
    page.show_failure("The password is wrong. Try again.")
    assert page.form.error.text() == "The password is wrong. Try again."
    assert page.form.button.isEnabled()
    assert page.form.password.text() == "correct horse"


def test_use_on_this_computer_asks_once_and_shows_its_own_failure(page: FirstRunPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.use_this_computer_requested, timeout=30_000):
        QTest.mouseClick(page.local_button, LEFT)
    assert page.local_button.text() == "Getting ready…"
    with qtbot.assertNotEmitted(page.use_this_computer_requested):
        QTest.mouseClick(page.local_button, LEFT)
    page.show_failure("The local service did not start. See the log.")
    assert page.local_error.isVisible()
    assert not page.form.error.isVisible()


def test_a_narrow_page_stacks_its_cards(page: FirstRunPage, qtbot: QtBot) -> None:
    def place() -> QPoint:
        return page.form.mapTo(page, QPoint(0, 0))

    wide = place()
    page.resize(560, 760)
    qtbot.waitUntil(lambda: place().x() < wide.x() and place().y() > wide.y(), timeout=30_000)
