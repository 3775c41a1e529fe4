"""``chatdesk --selftest``: passes where everything works, and says what does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatdesk.app.selftest import KEYRING_SERVICE, Outcome, Row, SelfTest, table
from chatdesk.credentials.memory_vault import MemoryVault
from chatdesk.credentials.vault import Vault
from chatdesk.domain.errors import VaultUnavailable
from tests.support.secret_service import secret_service

pytestmark = pytest.mark.timeout(120)


class ForgetfulVault(MemoryVault):
    """Answers, but gives back something else."""

    def get(self, name: str) -> str | None:
        return "something else"


class MissingVault(MemoryVault):
    """Does not answer."""

    def set(self, name: str, value: str) -> None:
        raise VaultUnavailable("No keyring answers.", "Install one.")


def outcomes(test: SelfTest) -> dict[str, Outcome]:
    return {row.what: row.outcome for row in test.rows}


async def run(directory: Path, vault: Vault, screen: str) -> SelfTest:
    test = SelfTest(directory, screen=screen, vault=lambda: vault, environment={"CHATDESK_BUILT_IN": "off"})
    await test.run()
    return test


@pytest.mark.keyring
def test_it_passes_here_and_touches_nothing_of_the_users(tmp_path: Path) -> None:
    own = tmp_path / "own"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (keys := tmp_path / "k").mkdir()
    with secret_service(keys) as service:
        done = subprocess.run(
            [sys.executable, "-m", "chatdesk", "--selftest"],
            env={
                **os.environ,
                **service.environment,
                "CHATDESK_DATA": str(own),
                "CHATDESK_BUILT_IN": "off",
                "TMPDIR": str(temporary),
                "QT_QPA_PLATFORM": "offscreen",
            },
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        left = service.run("secret-tool", "search", "--all", "service", KEYRING_SERVICE).stdout

    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert "| Keyring | ok |" in told
    assert "| Window | ok |" in told
    assert "painted in the second window" in told
    assert "ChatDesk works here." in told
    assert not own.exists()
    assert list(temporary.iterdir()) == []
    assert left == ""


async def test_a_screen_that_cannot_be_reached_fails_it(tmp_path: Path) -> None:
    test = await run(tmp_path, MissingVault(), "no-such-screen")

    assert outcomes(test)["Keyring"] is Outcome.SPARE
    assert outcomes(test)["Window"] is Outcome.FAILED
    assert "Embedded back end" not in outcomes(test)
    assert not test.passed


async def test_a_back_end_that_cannot_start_fails_it(tmp_path: Path) -> None:
    (tmp_path / "local").write_text("in the way of the back end's directory", "utf-8")

    test = await run(tmp_path, ForgetfulVault(), "offscreen")

    assert outcomes(test)["Keyring"] is Outcome.FAILED
    assert outcomes(test)["Window"] is Outcome.PASSED
    assert outcomes(test)["Embedded back end"] is Outcome.FAILED
    assert "Message and realtime" not in outcomes(test)
    assert not test.passed


def test_a_row_is_one_line_of_the_table() -> None:
    told = table([Row("Window", Outcome.FAILED, "first\n second")])

    assert told.splitlines()[-1] == "| Window | FAILED | first second |"
