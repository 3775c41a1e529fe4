"""What the installers of all systems say about the project."""

from __future__ import annotations

import os

ID = "io.github.chatdesk.ChatDesk"
HOMEPAGE = os.environ.get("CHATDESK_PACKAGE_HOMEPAGE", "https://chatdesk.example")
MAINTAINER = os.environ.get(
    "CHATDESK_PACKAGE_MAINTAINER", "ChatDesk contributors <packages@chatdesk.example>"
)
