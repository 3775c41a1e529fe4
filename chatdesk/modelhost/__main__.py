"""Serve one model until the parent goes.

The first line of standard input is a JSON object: ``weights`` (a GGUF file), ``socket`` (path of a unix
socket; empty for a free port of 127.0.0.1), ``key`` (who does not know it gets no answer), ``threads``. One
line of JSON comes back: ``{"address": ...}`` when requests are served, or ``{"failure": ...}``. The end of
standard input is the end of the parent, however it ended, and of this process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

CONTEXT = 2048
BATCH = 32
"""Tokens read between two looks at whether the client is still there: about 0.4 s on one slow core."""

ANSWER_MOST = 256


def serve(order: dict[str, Any]) -> Any:
    """Start the server; whatever is wrong with file, library or processor raises."""
    runtime = importlib.import_module("xllamacpp")
    wishes = runtime.CommonParams()
    wishes.model.path = order["weights"]
    wishes.n_ctx = CONTEXT
    wishes.n_predict = ANSWER_MOST
    wishes.n_parallel = 1
    wishes.n_batch = wishes.n_ubatch = BATCH
    wishes.cpuparams.n_threads = wishes.cpuparams_batch.n_threads = int(order["threads"])
    wishes.warmup = False
    wishes.ui = False
    wishes.verbosity = -1
    wishes.api_keys = [order["key"]]
    if order["socket"]:
        wishes.hostnames = [order["socket"]]
    else:
        wishes.hostnames = ["127.0.0.1"]
        wishes.port = 0
    return runtime.Server(wishes)


def main() -> None:
    """Serve what the first line orders; never returns to its caller while the parent lives."""
    # The runtime writes about itself; the one line for the parent keeps its own way out.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        server = serve(json.loads(sys.stdin.readline()))
    except Exception as failure:
        answer.write(json.dumps({"failure": f"{type(failure).__name__}: {failure}"[:300]}) + "\n")
        answer.flush()
        os._exit(1)
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.flush()
    while sys.stdin.readline():
        pass
    # Its threads may be in the middle of a reply; nothing here needs an orderly end.
    os._exit(0)


if __name__ == "__main__":
    main()
