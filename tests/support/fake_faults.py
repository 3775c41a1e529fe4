"""How often the model server's network fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Faults:
    """Chances, each between 0 and 1, drawn per request or frame."""

    drop_request: float = 0.0
    drop_response: float = 0.0
    send_twice: float = 0.0
    server_error: float = 0.0
    drop_frame: float = 0.0
    repeat_frame: float = 0.0
    reorder_frame: float = 0.0
