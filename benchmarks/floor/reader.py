"""The floor's receiving window: a websocket in a thread, one queued signal, a hand-painted list.

``python -m benchmarks.floor.reader PORT`` prints ``ready`` and one line of JSON per painted message.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from typing import Any

import orjson
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication

from benchmarks.floor.paper import Paper


class Bridge(QObject):
    """From the thread to the window."""

    came = Signal(object, object)


def frames(stream: Any) -> Any:
    """Yield the texts of a websocket whose handshake is done."""
    while True:
        head = stream.read(2)
        if len(head) < 2:
            return
        length = head[1] & 127
        if length > 125:
            length = int.from_bytes(stream.read(2 if length == 126 else 8), "big")
        yield stream.read(length)


def main(port: int) -> None:
    application = QApplication(sys.argv[:1])
    waiting: list[dict[str, Any]] = []

    def painted() -> None:
        at = time.monotonic_ns()
        for each in waiting:
            sys.stdout.write(orjson.dumps({**each, "painted": at}).decode() + "\n")
        waiting.clear()
        sys.stdout.flush()

    paper = Paper(painted)
    paper.resize(800, 600)
    for number in range(60):
        paper.add(f"An earlier message, the {number}th of them. " * 6)
    paper.show()

    def show(frame: dict[str, Any], at: int) -> None:
        record = frame["record"]
        paper.add(record["content"])
        waiting.append({"id": record["id"], **frame["stamps"], "frame": at, "modelled": time.monotonic_ns()})

    bridge = Bridge()
    bridge.came.connect(show, Qt.ConnectionType.QueuedConnection)

    def listen() -> None:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(
            b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        stream = connection.makefile("rb")
        while stream.readline() != b"\r\n":
            pass
        for text in frames(stream):
            at = time.monotonic_ns()
            frame = orjson.loads(text)
            if frame:
                bridge.came.emit(frame, at)
            else:
                sys.stdout.write("ready\n")
                sys.stdout.flush()
        application.quit()

    threading.Thread(target=listen, daemon=True).start()
    application.exec()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
