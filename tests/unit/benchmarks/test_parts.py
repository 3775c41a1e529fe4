"""Parts of the benchmarks that would make wrong figures without anybody noticing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import poll
from benchmarks.floor.server import _text as framed
from benchmarks.listening import Listener, Tally, masked, quantiles
from benchmarks.measures.hosted import held
from benchmarks.poll import Poll


def listener() -> tuple[Listener, Tally]:
    """A socket whose handshake and greeting have come."""
    tally = Tally()
    made = Listener(tally, b"", None)
    made.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + framed(b"{}"))
    assert tally.ready == 1
    return made, tally


def row(number: int, padding: int = 0) -> bytes:
    return framed(b'{"content": "%d 1000 %s"}' % (number, b"x" * padding))


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_frames_are_counted_in_whatever_pieces_they_come(size: int) -> None:
    made, tally = listener()
    stream = row(1) + row(2, 300) + framed(b'{"event": "phx_reply"}') + row(3, 70_000) + row(2, 300)
    for at in range(0, len(stream), size):
        made.data_received(stream[at : at + size])
    assert made.seen == {1: 1, 2: 2, 3: 1}
    assert len(tally.took) == 4
    assert all(took > 0 for took in tally.took)


@pytest.mark.parametrize("length", [5, 125, 126, 3_000])
def test_a_masked_frame_can_be_read(length: int) -> None:
    frame = masked("x" * length)
    assert frame[1] & 0x80
    start = 2 if length < 126 else 4
    mask, payload = frame[start : start + 4], frame[start + 4 :]
    assert bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) == b"x" * length


def test_quantiles_have_the_percentiles_of_their_samples() -> None:
    found = quantiles([float(number) for number in range(100_000)])
    assert len(found) == 200
    assert found[100] == pytest.approx(50_000, abs=300)
    assert found[190] == pytest.approx(95_000, abs=300)
    assert quantiles([]) == []


async def test_the_timer_tells_for_how_long_it_kept_what_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("IDLE", "BUSY"):
        monkeypatch.setattr(poll, name, 0.02)
    monkeypatch.setattr(poll, "JITTER", (0.0, 0.0))
    told: list[tuple[str, int, int]] = []
    third = asyncio.Event()

    def release(what: str, came: int, went: int) -> None:
        told.append((what, came, went))
        if what == "a":
            timer.add("c")
        if what == "c":
            third.set()

    timer = Poll(release)
    timer.add("a")
    timer.add("b")
    async with asyncio.timeout(30):
        await third.wait()
    timer.stop()
    assert [what for what, _, _ in told] == ["a", "b", "c"]
    assert told[0][2] == told[1][2] < told[2][2], "what came while it let go waits for the next time"
    assert told[2][2] - told[2][1] >= 15_000_000


def test_the_wait_of_a_message_is_that_of_its_first_frame(tmp_path: Path) -> None:
    log = tmp_path / "held"
    lines = [{"message": "a", "held": 2_000_000}, {"message": "b", "held": 0}, {"message": "a", "held": 9}]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert held(log, ["b", "a"]) == [0.0, 2.0]
