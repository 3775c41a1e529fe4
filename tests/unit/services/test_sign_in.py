"""Attempts to get in: what is asked, who is told, and what is left when one gives up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from chatdesk.domain.errors import ChatDeskError, Offline, Refused, VaultUnavailable
from chatdesk.domain.session import Account, BackendKind
from chatdesk.domain.sign_in import LocalMail, MailPurpose, Offers, SignInPlace
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.account_changes import AccountChanges
from chatdesk.services.session import SessionService
from chatdesk.services.sign_in import SignInAttempt
from tests.support.virtual_clock import drain
from tests.unit.services.test_session import Book

ANNA = Account("key", "anna", BackendKind.SUPABASE, "https://x", "anna@example.org")
PLACE = SignInPlace(BackendKind.SUPABASE, "https://x", "key")


class Gate:
    """An ``Entrance`` that does as it is told."""

    def __init__(self) -> None:
        self.failure: ChatDeskError | None = None
        self.at_the_end: ChatDeskError | None = None
        self.lets_in = True
        self.hold: asyncio.Event | None = None
        self.browser: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asked: list[str] = []
        self.closed = False

    async def _ask(self, what: str) -> bool:
        self.asked.append(what)
        if self.hold is not None:
            await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        return self.lets_in

    async def offers(self) -> Offers | None:
        await self._ask("offers")
        return Offers(frozenset({"github"}))

    async def sign_in(self, email: str, password: str) -> bool:
        return await self._ask(f"sign_in {email}")

    async def sign_up(self, email: str, password: str) -> bool:
        return await self._ask(f"sign_up {email}")

    async def send_code(self, email: str, create: bool) -> None:
        await self._ask(f"code {email} {create}")

    async def send_reset(self, email: str) -> None:
        await self._ask(f"reset {email}")

    async def enter_code(self, email: str, code: str, purpose: MailPurpose) -> bool:
        return await self._ask(f"enter {code} {purpose}")

    async def provider_page(self, provider: str) -> str:
        await self._ask(provider)
        return "https://x/authorize"

    async def browser_came(self) -> None:
        await asyncio.shield(self.browser)

    async def choose_password(self, password: str) -> None:
        await self._ask("choose")

    async def admit(self) -> Account:
        self.asked.append("admit")
        if self.at_the_end is not None:
            raise self.at_the_end
        return ANNA

    async def mails(self) -> tuple[LocalMail, ...]:
        await self._ask("mails")
        return ()

    async def close(self) -> None:
        self.closed = True


class Desk:
    """An attempt, its gate, and what it said."""

    def __init__(self, place: SignInPlace = PLACE) -> None:
        self.gate = Gate()
        self.scope = TaskScope("test")
        self.session = SessionService(Book(), self.scope)
        self.attempt = SignInAttempt(self.gate, place, self.session)
        self.heard: list[object] = []
        self.opened: list[Account] = []
        self.session.signed_in.connect(self.opened.append)
        for name in ("offered", "failed", "mail_sent", "browser_wanted", "browser_failed"):
            getattr(self.attempt, name).connect(self._note(name))
        self.attempt.password_wanted.connect(lambda: self.heard.append("password_wanted"))
        self.attempt.done.connect(lambda: self.heard.append("done"))
        self.busy: list[bool] = []
        self.attempt.busy_changed.connect(self.busy.append)

    def _note(self, name: str) -> Callable[[object], None]:
        return lambda fact: self.heard.append((name, fact))

    async def close(self) -> None:
        await self.attempt.close()
        await self.scope.close()


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.close()
    assert made.gate.closed


async def test_a_password_opens_the_account(desk: Desk) -> None:
    desk.attempt.sign_in("a", "b")
    desk.attempt.sign_in("a", "again, impatiently")
    await drain()
    assert desk.gate.asked == ["sign_in a", "admit"]
    assert desk.opened == [ANNA]
    assert desk.heard == ["done"]
    assert desk.busy == [True, False]


async def test_a_failure_is_told_and_everything_may_be_tried_again(desk: Desk) -> None:
    desk.gate.failure = Refused("No.", "Try.")
    asks: tuple[Callable[[], None], ...] = (
        lambda: desk.attempt.sign_in("a", "b"),
        lambda: desk.attempt.sign_up("a", "b"),
        lambda: desk.attempt.send_code("a", create=True),
        lambda: desk.attempt.send_reset("a"),
        lambda: desk.attempt.enter_code("a", "1", MailPurpose.SIGN_IN),
        lambda: desk.attempt.go_to_provider("github"),
        lambda: desk.attempt.choose_password("a"),
        desk.attempt.read_mails,
    )
    for ask in asks:
        desk.heard.clear()
        ask()
        await drain()
        assert desk.heard == [("failed", desk.gate.failure)]
    assert desk.opened == []
    assert desk.busy[-1] is False


async def test_a_code_for_a_new_password_asks_for_it_first(desk: Desk) -> None:
    desk.attempt.send_reset("a")
    await drain()
    assert desk.heard == [("mail_sent", "a")]
    desk.attempt.enter_code("a", "123456", MailPurpose.NEW_PASSWORD)
    await drain()
    assert desk.heard[-1] == "password_wanted"
    assert desk.opened == []
    desk.attempt.choose_password("new")
    await drain()
    assert desk.opened == [ANNA]


@pytest.mark.parametrize("purpose", ["sign_up", "send_code", "send_reset", "go_to_provider"])
async def test_a_browser_that_comes_back_goes_on(desk: Desk, purpose: str) -> None:
    desk.gate.lets_in = False
    match purpose:
        case "sign_up":
            desk.attempt.sign_up("a", "b")
        case "send_code":
            desk.attempt.send_code("a", create=False)
        case "send_reset":
            desk.attempt.send_reset("a")
        case _:
            desk.attempt.go_to_provider("github")
    await drain()
    assert desk.opened == []
    desk.gate.browser.set_result(None)
    await drain()
    if purpose == "send_reset":
        assert desk.heard[-1] == "password_wanted"
    else:
        assert desk.heard[-1] == "done"
        assert desk.opened == [ANNA]


async def test_a_browser_that_fails_is_told_apart(desk: Desk) -> None:
    desk.attempt.go_to_provider("github")
    await drain()
    failure = Refused("It took too long.", "Again.")
    desk.gate.browser.set_exception(failure)
    await drain()
    assert desk.heard == [("browser_wanted", "https://x/authorize"), ("browser_failed", failure)]


async def test_nobody_waits_for_a_browser_that_was_given_up(desk: Desk) -> None:
    desk.attempt.go_to_provider("github")
    await drain()
    desk.attempt.stop_waiting()
    await drain()
    desk.gate.browser.set_result(None)
    await drain()
    assert desk.opened == []


async def test_a_silent_keyring_is_asked_about_and_then_it_goes_on(desk: Desk) -> None:
    desk.gate.at_the_end = VaultUnavailable("The keyring is locked.")
    missing: list[object] = []
    desk.session.vault_missing.connect(missing.append)
    desk.attempt.sign_in("a", "b")
    await drain()
    assert missing == [desk.gate.at_the_end]
    assert desk.busy[-1] is False
    desk.gate.at_the_end = None
    desk.session.continue_without_vault()
    await drain()
    assert desk.gate.asked.count("sign_in a") == 1, "nobody has to type the password again"
    assert desk.opened == [ANNA]
    assert desk.heard[-1] == "done"


async def test_an_open_account_goes_on_without_being_opened_anew() -> None:
    desk = Desk(SignInPlace(BackendKind.SUPABASE, "https://x", "", ANNA))
    again: list[bool] = []
    desk.session.signed_in_again.connect(lambda: again.append(True))
    desk.gate.at_the_end = Refused("This is another account.", "Sign out first.")
    desk.attempt.sign_in("a", "b")
    await drain()
    assert desk.heard == [("failed", desk.gate.at_the_end)]
    assert again == []
    desk.gate.at_the_end = None
    desk.attempt.sign_in("a", "b")
    await drain()
    assert again == [True]
    assert desk.opened == []
    assert desk.heard[-1] == "done"
    await desk.close()


async def test_somebody_elses_sign_in_does_not_end_this_one(desk: Desk) -> None:
    desk.session.use_this_computer()
    await drain()
    assert desk.heard == []


async def test_what_is_offered_is_told_and_silence_is_no_failure(desk: Desk) -> None:
    desk.gate.failure = Offline("Nobody answers.")
    desk.attempt.look_around()
    await drain()
    assert desk.heard == []
    desk.gate.failure = None
    desk.attempt.look_around()
    await drain()
    assert desk.heard == [("offered", Offers(frozenset({"github"})))]


async def test_closing_ends_what_is_under_way(desk: Desk) -> None:
    desk.gate.hold = asyncio.Event()
    desk.attempt.sign_in("a", "b")
    await drain()
    await desk.attempt.close()
    desk.gate.hold.set()
    await drain()
    assert desk.opened == []
    assert desk.gate.asked == ["sign_in a"]
    desk.attempt = SignInAttempt(desk.gate, PLACE, desk.session)


class Rights:
    """An ``AccessRights`` that does as it is told."""

    def __init__(self) -> None:
        self.failures: list[ChatDeskError] = []
        self.answers: list[bool] = []
        self.asked: list[str] = []
        self.now = "old@example.org"

    def _answer(self, what: str) -> bool:
        self.asked.append(what)
        if self.failures:
            raise self.failures.pop(0)
        return self.answers.pop(0) if self.answers else True

    async def change_email(self, email: str) -> bool:
        return self._answer(f"email {email}")

    async def confirm_email(self, address: str, code: str) -> bool:
        return self._answer(f"confirm {address}")

    async def email(self) -> str:
        return self.now

    async def change_password(self, password: str, nonce: str) -> None:
        self._answer(f"password {nonce}")

    async def send_nonce(self) -> None:
        self._answer("nonce")

    async def end_others(self) -> None:
        self._answer("others")

    async def mails(self) -> tuple[LocalMail, ...]:
        return ()


@pytest_asyncio.fixture
async def changes() -> AsyncIterator[tuple[AccountChanges, Rights, list[object]]]:
    rights, heard = Rights(), list[object]()
    made = AccountChanges(rights, "old@example.org")
    for name in ("failed", "code_wanted", "email_changed"):
        getattr(made, name).connect(lambda fact, name=name: heard.append((name, fact)))
    for name in ("nonce_wanted", "password_changed", "others_ended"):
        getattr(made, name).connect(lambda name=name: heard.append(name))
    yield made, rights, heard
    await made.close()


async def test_a_new_address_is_asked_for_at_both(
    changes: tuple[AccountChanges, Rights, list[object]],
) -> None:
    made, rights, heard = changes
    made.change_email("OLD@example.org")
    await drain()
    assert "failed" in str(heard)
    heard.clear()
    rights.answers = [False, False, True]
    made.change_email("new@example.org")
    await drain()
    assert heard[-1:] == [("code_wanted", "new@example.org")]
    made.look_for_email()
    await drain()
    assert "not confirmed yet" in str(heard[-1:])
    made.confirm_email("new@example.org", "1")
    await drain()
    assert heard[-1:] == [("code_wanted", "old@example.org")]
    made.confirm_email("old@example.org", "2")
    await drain()
    assert heard[-1:] == [("email_changed", "new@example.org")]
    rights.now = "New@example.org"
    made.look_for_email()
    await drain()
    assert heard[-1:] == [("email_changed", "New@example.org")]


async def test_a_code_for_a_password_is_sent_where_it_is_needed(
    changes: tuple[AccountChanges, Rights, list[object]],
) -> None:
    made, rights, heard = changes
    rights.failures = [Refused("Is it you?", "", "reauthentication_needed")]
    made.change_password("new", "")
    await drain()
    assert rights.asked == ["password ", "nonce"]
    assert heard == ["nonce_wanted"]
    rights.failures = [Refused("Wrong.", "", "reauthentication_not_valid")]
    made.change_password("new", "1")
    await drain()
    made.change_password("new", "2")
    await drain()
    assert heard[-1:] == ["password_changed"]
    made.end_others()
    await drain()
    assert heard[-1:] == ["others_ended"]
