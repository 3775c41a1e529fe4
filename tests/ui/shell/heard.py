"""What a window asked for."""

from __future__ import annotations

from chatdesk.ui.main_window import MainWindow


class Heard:
    """What the window and its parts asked for, in order."""

    def __init__(self, window: MainWindow) -> None:
        self.asked: list[tuple[object, ...]] = []
        window.open_requested.connect(lambda which: self.asked.append(("open", which)))
        window.rename_requested.connect(lambda *args: self.asked.append(("rename", *args)))
        window.refresh_requested.connect(lambda: self.asked.append(("refresh",)))
        window.session_only_requested.connect(lambda: self.asked.append(("session only",)))
        window.closing.connect(lambda: self.asked.append(("closing",)))
        window.window_requested.connect(lambda: self.asked.append(("window",)))
        window.quit_requested.connect(lambda: self.asked.append(("quit",)))
        window.composer.send_requested.connect(lambda *args: self.asked.append(("send", *args)))
        window.composer.stop_requested.connect(lambda which: self.asked.append(("stop", which)))
        window.verbs.delete_requested.connect(lambda which: self.asked.append(("delete", which)))
        window.verbs.pin_requested.connect(lambda *args: self.asked.append(("pin", *args)))
        window.verbs.retry_requested.connect(lambda which: self.asked.append(("retry", which)))
        window.verbs.discard_requested.connect(lambda which: self.asked.append(("discard", which)))
        window.account.sign_out_requested.connect(lambda: self.asked.append(("sign out",)))
        window.account.save_requested.connect(lambda edit: self.asked.append(("save", edit)))
