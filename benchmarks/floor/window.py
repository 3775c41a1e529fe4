"""The bare window: PySide6, a list of 200 titles and 60 texts, no loop but Qt's, no database, no network.

``python -m benchmarks.floor.window`` prints ``painted <ns>`` after its first painting and stays until its
standard input ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QListView, QMainWindow, QSplitter

from benchmarks.floor.paper import Paper


class Titles(QListView):
    """A list that tells when it was painted."""

    def __init__(self, painted: Callable[[], None]) -> None:
        super().__init__()
        self._painted = painted

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self._painted()


def main() -> None:
    application = QApplication(sys.argv[:1])
    seen: set[str] = set()

    def painted(part: str) -> None:
        if part not in seen:
            seen.add(part)
            if len(seen) == 2:
                sys.stdout.write(f"painted {time.monotonic_ns()}\n")
                sys.stdout.flush()

    titles = Titles(lambda: painted("titles"))

    titles.setUniformItemSizes(True)
    titles.setModel(QStringListModel([f"Conversation {number}" for number in range(200)]))
    paper = Paper(lambda: painted("paper"))
    window = QMainWindow()
    splitter = QSplitter(Qt.Orientation.Horizontal)
    splitter.addWidget(titles)
    splitter.addWidget(paper)
    window.setCentralWidget(splitter)
    window.resize(1100, 720)
    for number in range(60):
        paper.add(f"An earlier message, the {number}th of them. " * 6)
    window.show()
    threading.Thread(target=lambda: (sys.stdin.read(), application.quit()), daemon=True).start()
    application.exec()


if __name__ == "__main__":
    main()
