"""Signing in: who is told what, and in which order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatdesk.domain.errors import ChatDeskError, Misconfigured, Refused, VaultUnavailable
from chatdesk.domain.session import Account, BackendKind
from chatdesk.runtime.tasks import TaskScope
from chatdesk.services.session import SessionService, SignInRequest
from tests.support.virtual_clock import drain

ANNA = Account("local", "anna", BackendKind.LOCAL, "")
REQUEST = SignInRequest("http://127.0.0.1:1", "key", "anna@example.org", "secret word")


class Book:
    """An ``Accounts`` that fails as it is told to."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.failure: ChatDeskError | None = None
        self.asked: list[object] = []
        self.without_vault = False

    def last(self) -> Account | None:
        return self.account

    def choose(self, key: str) -> Account | None:
        return self.account if self.account is not None and self.account.key == key else None

    async def use_this_computer(self) -> Account:
        return self._answer("this computer")

    async def connect(self, request: SignInRequest) -> Account:
        return self._answer(request)

    async def sign_in_again(self, account: Account, email: str, password: str) -> None:
        self._answer((account, email, password))

    def do_without_vault(self) -> None:
        self.without_vault = True
        self.failure = None

    def _answer(self, asked: object) -> Account:
        self.asked.append(asked)
        if self.failure is not None:
            raise self.failure
        return ANNA


class Listener:
    """Writes down what the service says."""

    def __init__(self, session: SessionService) -> None:
        self.heard: list[tuple[str, object]] = []
        for name in ("signed_in", "busy_changed", "sign_in_failed", "vault_missing", "sign_in_again_failed"):
            getattr(session, name).connect(self._note(name))
        session.signed_out.connect(lambda: self.heard.append(("signed_out", None)))
        session.signed_in_again.connect(lambda: self.heard.append(("signed_in_again", None)))

    def _note(self, name: str) -> Callable[[object], None]:
        return lambda value: self.heard.append((name, value))


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
async def session(book: Book) -> SessionService:
    return SessionService(book, TaskScope("test"))


@pytest.fixture
def listener(session: SessionService) -> Listener:
    return Listener(session)


async def test_a_start_opens_the_last_account_or_asks(
    book: Book, session: SessionService, listener: Listener
) -> None:
    session.resume()
    book.account = ANNA
    session.resume()
    assert listener.heard == [("signed_out", None), ("signed_in", ANNA)]
    assert book.asked == [], "no vault and no network are needed for it"


async def test_signing_in_is_busy_around_the_answer(session: SessionService, listener: Listener) -> None:
    session.use_this_computer()
    await drain()
    assert listener.heard == [("busy_changed", True), ("signed_in", ANNA), ("busy_changed", False)]


@pytest.mark.parametrize("failure", [Refused("Wrong password.", "Check it."), Misconfigured("No project.")])
async def test_a_failure_is_told_and_leaves_nothing_busy(
    book: Book, session: SessionService, listener: Listener, failure: ChatDeskError
) -> None:
    book.failure = failure
    session.connect_supabase(REQUEST)
    await drain()
    assert listener.heard == [("busy_changed", True), ("sign_in_failed", failure), ("busy_changed", False)]
    book.failure = None
    session.connect_supabase(REQUEST)
    await drain()
    assert ("signed_in", ANNA) in listener.heard


async def test_without_a_keyring_the_same_wish_goes_on_when_accepted(
    book: Book, session: SessionService, listener: Listener
) -> None:
    book.failure = VaultUnavailable("No keyring answers.")
    session.connect_supabase(REQUEST)
    await drain()
    assert listener.heard[1][0] == "vault_missing"
    session.continue_without_vault()
    await drain()
    assert book.without_vault
    assert book.asked == [REQUEST, REQUEST]
    assert ("signed_in", ANNA) in listener.heard
    session.continue_without_vault()
    await drain()
    assert len(book.asked) == 2, "a wish that was fulfilled is not repeated"


async def test_an_open_account_signs_in_again(
    book: Book, session: SessionService, listener: Listener
) -> None:
    book.failure = Refused("Wrong password.")
    session.sign_in_again(ANNA, "anna@example.org", "wrong")
    await drain()
    book.failure = None
    session.sign_in_again(ANNA, "anna@example.org", "right")
    await drain()
    assert [name for name, _ in listener.heard] == ["sign_in_again_failed", "signed_in_again"]


def test_no_password_is_ever_printed() -> None:
    assert "secret word" not in repr(REQUEST)
