"""The table of actions; menus and shortcuts derive from it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Flag, StrEnum, auto


class ActionId(StrEnum):
    """The stable name of each action."""

    NEW_CHAT = "chat.new"
    NEXT_CHAT = "chat.next"
    PREVIOUS_CHAT = "chat.previous"
    RENAME_CHAT = "chat.rename"
    CHAT_SETTINGS = "chat.settings"
    PIN_CHAT = "chat.pin"
    UNPIN_CHAT = "chat.unpin"
    ARCHIVE_CHAT = "chat.archive"
    UNARCHIVE_CHAT = "chat.unarchive"
    UNDO_CHAT = "chat.undo"
    RETRY_CHAT = "chat.retry"
    DISCARD_CHAT = "chat.discard"
    EXPORT_MARKDOWN = "chat.export_markdown"
    EXPORT_JSON = "chat.export_json"
    DELETE_CHAT = "chat.delete"
    SHARE_CHAT = "chat.share"
    LEAVE_CHAT = "chat.leave"
    JOIN_CHAT = "chat.join"
    SEARCH = "search.everywhere"
    FIND_CHAT = "search.titles"
    FIND = "search.chat"
    FIND_OLDER = "search.older"
    FIND_NEWER = "search.newer"
    STOP_REPLY = "reply.stop"
    REGENERATE = "reply.regenerate"
    COPY_REPLY = "reply.copy"
    EDIT_LAST = "message.edit_last"
    PREVIOUS_VERSION = "message.previous_version"
    NEXT_VERSION = "message.next_version"
    FOCUS_COMPOSER = "composer.focus"
    CHOOSE_MODEL = "composer.model"
    ATTACH_FILES = "composer.attach"
    TOGGLE_SIDEBAR = "view.sidebar"
    TOGGLE_ARCHIVE = "view.archive"
    FIRST_UNREAD = "view.unread"
    NEW_WINDOW = "window.new"
    CLOSE_WINDOW = "window.close"
    THEME_SYSTEM = "view.theme.system"
    THEME_LIGHT = "view.theme.light"
    THEME_DARK = "view.theme.dark"
    THEME_CONTRAST = "view.theme.contrast"
    ZOOM_IN = "view.zoom_in"
    ZOOM_OUT = "view.zoom_out"
    ZOOM_RESET = "view.zoom_reset"
    PROFILE = "account.profile"
    SYNC_STATUS = "account.sync"
    REFRESH = "account.refresh"
    ADD_ACCOUNT = "account.add"
    COPY_CHATS = "account.copy"
    CHECK_SERVER = "account.check"
    SIGN_OUT = "account.sign_out"
    CHANGE_EMAIL = "account.email"
    CHANGE_PASSWORD = "account.password"
    END_OTHERS = "account.end_others"
    LOCAL_MAILS = "account.mails"
    DELETE_ACCOUNT = "account.delete"
    EXPORT_EVERYTHING = "app.export"
    IMPORT = "app.import"
    SETTINGS = "app.settings"
    SHORTCUTS = "app.shortcuts"
    QUIT = "app.quit"


class Need(Flag):
    """What must hold for an action to be enabled; several are joined with ``|``."""

    NOTHING = 0
    ACCOUNT = auto()
    CONVERSATION = auto()
    REPLYING = auto()
    OWN_ACCESS = auto()
    """The open account has an e-mail address to sign in with."""
    THIS_COMPUTER = auto()
    """The open account lives on this computer."""


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action: ``text`` for menus, ``icon`` a name of resources/icons, the first shortcut is shown."""

    id: ActionId
    text: str
    icon: str = ""
    shortcuts: tuple[str, ...] = ()
    needs: Need = Need.NOTHING
    checkable: bool = False


# Qt reads Ctrl as the Command key on macOS, where Command+Tab belongs to the system.
_TAB = "Meta" if sys.platform == "darwin" else "Ctrl"
_CHAT = Need.ACCOUNT | Need.CONVERSATION
_OWN = Need.ACCOUNT | Need.OWN_ACCESS
_HERE = Need.ACCOUNT | Need.THIS_COMPUTER

ACTIONS: dict[ActionId, ActionRow] = {
    row.id: row
    for row in (
        ActionRow(ActionId.NEW_CHAT, "New chat", "new-chat", ("Ctrl+N",), Need.ACCOUNT),
        ActionRow(ActionId.NEXT_CHAT, "Next chat", "", (f"{_TAB}+Tab",), Need.ACCOUNT),
        ActionRow(ActionId.PREVIOUS_CHAT, "Previous chat", "", (f"{_TAB}+Shift+Tab",), Need.ACCOUNT),
        ActionRow(ActionId.RENAME_CHAT, "Rename", "pencil", ("F2",), _CHAT),
        ActionRow(ActionId.CHAT_SETTINGS, "Chat settings…", "settings", (), _CHAT),
        ActionRow(ActionId.PIN_CHAT, "Pin", "pin", (), _CHAT),
        ActionRow(ActionId.UNPIN_CHAT, "Unpin", "pin", (), _CHAT),
        ActionRow(ActionId.ARCHIVE_CHAT, "Archive", "archive", ("Ctrl+Shift+E",), _CHAT),
        ActionRow(ActionId.UNARCHIVE_CHAT, "Take out of the archive", "archive", (), _CHAT),
        ActionRow(ActionId.UNDO_CHAT, "Bring the chat back", "undo", ("Ctrl+Z",), Need.ACCOUNT),
        ActionRow(ActionId.RETRY_CHAT, "Try to save again", "refresh", (), _CHAT),
        ActionRow(ActionId.DISCARD_CHAT, "Discard the unsaved change", "close", (), _CHAT),
        ActionRow(ActionId.EXPORT_MARKDOWN, "Export as Markdown…", "export", (), _CHAT),
        ActionRow(ActionId.EXPORT_JSON, "Export as JSON…", "export", (), _CHAT),
        ActionRow(ActionId.DELETE_CHAT, "Delete", "trash", ("Ctrl+Shift+Backspace",), _CHAT),
        ActionRow(ActionId.SHARE_CHAT, "Share…", "users", ("Ctrl+Shift+S",), _CHAT),
        ActionRow(ActionId.LEAVE_CHAT, "Leave the chat…", "sign-out", (), _CHAT),
        ActionRow(ActionId.JOIN_CHAT, "Join with a link or code…", "users", (), Need.ACCOUNT),
        ActionRow(ActionId.SEARCH, "Search…", "search", ("Ctrl+K",), Need.ACCOUNT),
        ActionRow(ActionId.FIND_CHAT, "Find a chat by its title", "", ("Ctrl+Shift+F",), Need.ACCOUNT),
        ActionRow(ActionId.FIND, "Find in this chat", "search", ("Ctrl+F",), _CHAT),
        ActionRow(ActionId.FIND_OLDER, "Older match", "", ("F3", "Ctrl+G"), _CHAT),
        ActionRow(ActionId.FIND_NEWER, "Newer match", "", ("Shift+F3", "Ctrl+Shift+G"), _CHAT),
        ActionRow(ActionId.STOP_REPLY, "Stop the reply", "stop", ("Esc",), _CHAT | Need.REPLYING),
        ActionRow(ActionId.REGENERATE, "Write the last reply again", "refresh", ("Ctrl+R",), _CHAT),
        ActionRow(ActionId.COPY_REPLY, "Copy the last reply", "copy", ("Ctrl+Shift+C",), _CHAT),
        ActionRow(ActionId.EDIT_LAST, "Edit the last message", "pencil", ("Ctrl+E",), _CHAT),
        ActionRow(ActionId.PREVIOUS_VERSION, "Previous version", "chevron-left", ("Alt+PgUp",), _CHAT),
        ActionRow(ActionId.NEXT_VERSION, "Next version", "chevron-right", ("Alt+PgDown",), _CHAT),
        ActionRow(ActionId.FOCUS_COMPOSER, "Write a message", "", ("Shift+Esc",), Need.ACCOUNT),
        ActionRow(ActionId.CHOOSE_MODEL, "Choose the model", "sparkle", ("Ctrl+Shift+M",), Need.ACCOUNT),
        ActionRow(ActionId.ATTACH_FILES, "Attach files…", "paperclip", ("Ctrl+O",), Need.ACCOUNT),
        ActionRow(ActionId.TOGGLE_SIDEBAR, "Show or hide the sidebar", "sidebar", ("Ctrl+B",), Need.ACCOUNT),
        ActionRow(ActionId.TOGGLE_ARCHIVE, "Show or hide the archive", "archive", (), Need.ACCOUNT),
        ActionRow(ActionId.FIRST_UNREAD, "Go to the first unread message", "", ("Alt+Home",), _CHAT),
        ActionRow(ActionId.NEW_WINDOW, "New window", "new-window", ("Ctrl+Shift+N",), Need.ACCOUNT),
        ActionRow(ActionId.CLOSE_WINDOW, "Close the window", "close", ("Ctrl+W",)),
        ActionRow(ActionId.THEME_SYSTEM, "Look: as the system", checkable=True),
        ActionRow(ActionId.THEME_LIGHT, "Look: light", checkable=True),
        ActionRow(ActionId.THEME_DARK, "Look: dark", checkable=True),
        ActionRow(ActionId.THEME_CONTRAST, "Look: high contrast", checkable=True),
        # Many keyboards have the plus on the key of the equals sign.
        ActionRow(ActionId.ZOOM_IN, "Larger text", "", ("Ctrl++", "Ctrl+=")),
        ActionRow(ActionId.ZOOM_OUT, "Smaller text", "", ("Ctrl+-",)),
        ActionRow(ActionId.ZOOM_RESET, "Usual text size", "", ("Ctrl+0",)),
        ActionRow(ActionId.PROFILE, "Profile…", "user", (), Need.ACCOUNT),
        ActionRow(ActionId.SYNC_STATUS, "Sync status", "cloud", (), Need.ACCOUNT),
        ActionRow(ActionId.REFRESH, "Refresh now", "refresh", ("F5",), Need.ACCOUNT),
        ActionRow(ActionId.ADD_ACCOUNT, "Add another account…", "plus", (), Need.ACCOUNT),
        ActionRow(ActionId.COPY_CHATS, "Copy chats from another account…", "users", (), Need.ACCOUNT),
        ActionRow(ActionId.CHECK_SERVER, "Check the connection…", "cloud-check", (), Need.ACCOUNT),
        ActionRow(ActionId.SIGN_OUT, "Sign out…", "sign-out", (), Need.ACCOUNT),
        ActionRow(ActionId.CHANGE_EMAIL, "Change the e-mail address…", "pencil", (), _OWN),
        ActionRow(ActionId.CHANGE_PASSWORD, "Change the password…", "key", (), _OWN),
        ActionRow(ActionId.END_OTHERS, "Sign out on other devices…", "sign-out", (), _OWN),
        ActionRow(ActionId.LOCAL_MAILS, "Mails on this computer…", "computer", (), _HERE),
        ActionRow(ActionId.DELETE_ACCOUNT, "Delete account…", "trash", (), Need.ACCOUNT),
        ActionRow(ActionId.EXPORT_EVERYTHING, "Export everything…", "export", (), Need.ACCOUNT),
        ActionRow(ActionId.IMPORT, "Import…", "import", (), Need.ACCOUNT),
        ActionRow(ActionId.SETTINGS, "Settings…", "settings", ("Ctrl+,",)),
        ActionRow(ActionId.SHORTCUTS, "Keyboard shortcuts", "keyboard", ("Ctrl+/",)),
        ActionRow(ActionId.QUIT, "Quit ChatDesk", "", ("Ctrl+Q",)),
    )
}

MenuRows = tuple[ActionId | None, ...]
"""Actions of a menu from top to bottom; None is a line between them."""

ACCOUNT_MENU: MenuRows = (
    ActionId.PROFILE,
    ActionId.SYNC_STATUS,
    ActionId.REFRESH,
    None,
    ActionId.NEW_WINDOW,
    ActionId.JOIN_CHAT,
    ActionId.IMPORT,
    ActionId.EXPORT_EVERYTHING,
    ActionId.COPY_CHATS,
    None,
    ActionId.SETTINGS,
    ActionId.SHORTCUTS,
    None,
    ActionId.ADD_ACCOUNT,
    ActionId.SIGN_OUT,
    ActionId.QUIT,
)
"""Behind the profile at the bottom of the sidebar."""


def conversation_menu(
    *, pinned: bool, failed: bool, archived: bool = False, guest: bool = False, reader: bool = False
) -> MenuRows:
    """Return the rows of a conversation's menu; ``guest``: it is another's, ``reader``: only to read."""
    rows: list[ActionId | None] = [
        *(() if reader else (ActionId.RENAME_CHAT, ActionId.CHAT_SETTINGS)),
        ActionId.SHARE_CHAT,
        ActionId.UNPIN_CHAT if pinned else ActionId.PIN_CHAT,
        ActionId.UNARCHIVE_CHAT if archived else ActionId.ARCHIVE_CHAT,
    ]
    if failed:
        rows += [None, ActionId.RETRY_CHAT, ActionId.DISCARD_CHAT]
    last = ActionId.LEAVE_CHAT if guest else ActionId.DELETE_CHAT
    return (*rows, None, ActionId.EXPORT_MARKDOWN, ActionId.EXPORT_JSON, None, last)
