"""The list of accounts, and what is remembered of copying between them."""

from __future__ import annotations

from pathlib import Path

from chatdesk.app.account_book import AccountBook, KnownAccount
from chatdesk.app.copying import FOLDER, DiskRecord
from chatdesk.domain.session import Account, BackendAddress, BackendKind

LOCAL = KnownAccount(Account("local", "me", BackendKind.LOCAL, ""), BackendAddress(BackendKind.LOCAL, "", ""))
CLOUD = KnownAccount(
    Account("supabase-1", "u", BackendKind.SUPABASE, "https://a.supabase.co", "anna@example.org"),
    BackendAddress(BackendKind.SUPABASE, "https://a.supabase.co", "key"),
)


def test_the_account_that_was_opened_last_is_the_first_and_all_are_kept(tmp_path: Path) -> None:
    book = AccountBook(tmp_path / "accounts.json")
    book.opened(LOCAL)
    book.opened(CLOUD)
    assert book.all() == (CLOUD, LOCAL)
    assert book.last() == CLOUD
    book.named("local", "Anna")
    book.opened(LOCAL)
    assert [each.name for each in book.all()] == ["Anna", ""], "a name outlives the next opening"
    book.named("supabase-9", "Nobody")
    assert len(book.all()) == 2


def test_signing_out_of_one_leaves_the_other_the_last_one(tmp_path: Path) -> None:
    book = AccountBook(tmp_path / "accounts.json")
    book.opened(LOCAL)
    book.opened(CLOUD)
    book.closed("local")
    assert book.last() == CLOUD
    book.opened(LOCAL)
    book.closed("local")
    assert book.last() is None, "the next start asks whom to open"
    assert book.all() == (CLOUD,)


def test_a_book_of_an_older_version_has_no_names(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    book = AccountBook(path)
    book.opened(LOCAL)
    path.write_text(path.read_text("utf-8").replace(',\n   "name": ""', ""), "utf-8")
    assert '"name"' not in path.read_text("utf-8")
    assert book.all() == (LOCAL,)


def test_what_was_copied_is_remembered_and_a_torn_line_is_not(tmp_path: Path) -> None:
    record = DiskRecord(tmp_path)
    assert record.under_way() is None
    assert record.done("local") == {}
    assert record.take()
    record.begin("local")
    record.add("local", {"a": 1, "b": 2})
    record.add("local", {"a": 3})
    with (tmp_path / FOLDER / "local.jsonl").open("a") as file:
        file.write('\n["c", ')
    again = DiskRecord(tmp_path)
    assert again.under_way() == "local"
    assert again.done("local") == {"a": 3, "b": 2}
    again.add("local", {"d": 4})
    assert again.done("local") == {"a": 3, "b": 2, "d": 4}
    record.end()
    assert again.under_way() is None


def test_one_process_copies_at_a_time(tmp_path: Path) -> None:
    one, other = DiskRecord(tmp_path), DiskRecord(tmp_path)
    assert one.take()
    assert not other.take()
    one.release()
    assert other.take()
    other.release()
