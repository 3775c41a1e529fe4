"""A web server on this machine that answers about new versions, well or badly."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def release_tool() -> Any:
    """The maker's tool; its folder is no package."""
    path = Path(__file__).parents[2] / "packaging" / "release.py"
    spec = importlib.util.spec_from_file_location("chatdesk_release_tool", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


class ReleaseServer:
    """``answer`` is sent as it is, bytes of HTTP and all; ``asked`` are the requests' headers."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/chatdesk.json"
        self.answer = b""
        self.asked: list[str] = []

    def tell(self, content: bytes | str, status: str = "200 OK", headers: str = "") -> None:
        """Answer properly with ``content``."""
        body = content.encode() if isinstance(content, str) else content
        self.answer = f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def release_server() -> Iterator[ReleaseServer]:
    """Run one on a free port."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(str(self.headers))
            self.wfile.write(served.answer)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    served = ReleaseServer(http.server_port)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
