"""Who hears whom: a window's wishes go to the services, their facts to its models and to the window."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from chatdesk.app.account_wiring import AccountWiring
from chatdesk.app.attachment_wiring import AttachmentWiring
from chatdesk.app.list_wiring import ListWiring
from chatdesk.app.model_wiring import ModelWiring
from chatdesk.app.people_wiring import PeopleWiring
from chatdesk.app.search_wiring import SearchWiring
from chatdesk.app.sharing_wiring import SharingWiring
from chatdesk.app.sign_in_wiring import SignInWiring
from chatdesk.app.transfer_wiring import TransferWiring
from chatdesk.app.version_wiring import VersionWiring
from chatdesk.config.options import WINDOW
from chatdesk.domain.attachment import NewFile
from chatdesk.domain.change import ChangeSet
from chatdesk.domain.errors import ChatDeskError
from chatdesk.domain.mutation import OWN_LANES, PROFILE_LANE, OutboxEntry
from chatdesk.domain.profile import Profile
from chatdesk.domain.text import title_from
from chatdesk.language.door import _, sentence
from chatdesk.services.loaded import EntriesLoaded, MessageRefused, MessagesLoaded
from chatdesk.ui.links import open_link
from chatdesk.ui.window_state import WindowState
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.ui.dialogs.first_run import FirstRunPage
    from chatdesk.ui.dialogs.profile import ProfileEdit

_log = logging.getLogger(__name__)

_AFTER_A_LARGE_ONE = 1_000
"""Milliseconds until memory is given back: what comes instead of a long conversation is on screen by then."""


class Wiring:
    """Joins the parts of one window for as long as it is open."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        self._composed_for: dict[str, tuple[str, str]] = {}
        """Message id -> (the conversation the composer wrote for, the conversation it went to)."""
        self._for_people: set[str] = set()
        """Messages that no model is to answer."""
        self._failed_message = ""
        self._read = 0
        self.accounts = AccountWiring(whole)
        self._connect_session()
        self._connect_inbound()
        self._connect_window()
        self._connect_timeline()
        self.list = ListWiring(whole)
        self.search = SearchWiring(whole)
        self.versions = VersionWiring(whole)
        self.attachments = AttachmentWiring(whole)
        self.transfer = TransferWiring(whole)
        self.models = ModelWiring(whole)
        self.sharing = SharingWiring(whole)
        self.sign_in = SignInWiring(whole)
        self.people = PeopleWiring(whole)

    def catch_up(self) -> None:
        """Learn what was told before this window was there."""
        profiles = self._whole.profiles
        for profile in profiles.known:
            self._take_profile(profile)
        for path, content in profiles.pictures.items():
            self._take_picture(path, content)
        self.sharing.catch_up()
        for conversation_id in self._whole.generation.running:
            self._whole.window.set_replying(conversation_id, True)

    def clear(self) -> None:
        """Show nothing of the account that was open."""
        self._whole.conversations.load(())
        self._whole.messages.load("", (), False)
        self._whole.window.show_conversation("")
        self._whole.window.account.set_profile(None, None)
        self._whole.window.account.set_account(None)
        self._whole.timeline.files.clear()
        self._whole.window.composer.forget_files()

    # Signing in ---------------------------------------------------------------------------------------------

    def _connect_session(self) -> None:
        whole, window, session = self._whole, self._whole.window, self._whole.session
        join = whole.bonds.join
        window.sign_in.page_made.connect(self._join_first_run)
        window.session_only_requested.connect(whole.whole.do_without_vault)
        window.account.sign_out_requested.connect(whole.whole.sign_out)
        window.account.sign_in_again_requested.connect(whole.whole.sign_in_again)
        join(session.signed_in_again, window.account.signed_in_again)
        join(session.sign_in_again_failed, self._not_signed_in_again)
        join(session.busy_changed, window.sign_in.set_busy)
        join(
            session.sign_in_failed,
            lambda failure: window.first_run.show_failure(failure_words(failure)),
        )
        join(session.signed_out, window.show_first_run)

    def _join_first_run(self, page: FirstRunPage) -> None:
        page.use_this_computer_requested.connect(self._whole.session.use_this_computer)
        page.connect_requested.connect(self._whole.session.connect_supabase)

    def _not_signed_in_again(self, failure: ChatDeskError) -> None:
        asked_here = self._whole.window.account.show_sign_in_failure(failure_words(failure))
        if not asked_here and self._whole is self._whole.whole.windows.active:
            self._whole.notices.failed(failure)

    # Facts in -----------------------------------------------------------------------------------------------

    def _connect_inbound(self) -> None:
        whole, window, realtime = self._whole, self._whole.window, self._whole.realtime
        join = whole.bonds.join
        realtime.entries_loaded.connect(self._take_entries)
        realtime.messages_loaded.connect(self._take_messages)
        realtime.changes_applied.connect(self._take_changes)
        realtime.delta_received.connect(whole.messages.apply_delta)
        whole.messages.large_left.connect(self._tidy)
        realtime.state_changed.connect(window.account.set_state)
        realtime.current_conversation_changed.connect(self._show)
        realtime.draft_loaded.connect(window.composer.set_draft)
        realtime.draft_files_loaded.connect(window.composer.set_files)
        realtime.message_accepted.connect(self._accepted)
        realtime.message_refused.connect(self._refused)
        join(
            whole.generation.replying_changed,
            lambda conversation_id, _message, active: window.set_replying(conversation_id, active),
        )
        join(whole.profiles.profile_changed, self._take_profile)
        join(whole.profiles.picture_loaded, self._take_picture)
        join(whole.profiles.saved, self._profile_saved)
        join(whole.profiles.save_failed, self._profile_refused)

    def _take_entries(self, loaded: EntriesLoaded) -> None:
        self._whole.conversations.load(loaded.entries)
        self._whole.messages.profiles_loaded(loaded.profiles)

    def _take_messages(self, loaded: MessagesLoaded) -> None:
        if loaded.older:
            self._whole.messages.prepend(loaded.messages, loaded.has_older)
        else:
            self._whole.messages.load(
                loaded.conversation_id, loaded.messages, loaded.has_older, loaded.branches
            )

    def _tidy(self) -> None:
        from chatdesk.runtime.free_memory import give_back  # hardly anybody ever gets here

        QTimer.singleShot(_AFTER_A_LARGE_ONE, give_back)

    def _take_changes(self, changes: ChangeSet) -> None:
        self._whole.conversations.apply(changes)
        self._whole.messages.apply(changes)

    def _take_profile(self, profile: Profile) -> None:
        from chatdesk.ui.dialogs.picture import picture_from

        self._whole.messages.profile_changed(profile)
        own = self._whole.realtime.account
        if own is not None and profile.id == own.user_id:
            content = self._whole.profiles.pictures.get(profile.avatar_path or "")
            self._whole.window.account.set_profile(profile, picture_from(content) if content else None)

    def _take_picture(self, path: str, content: bytes) -> None:
        from chatdesk.ui.dialogs.picture import picture_from

        image = picture_from(content)
        if image is None:
            return
        self._whole.timeline.set_avatar(path, image)
        self.people.set_picture(path, image)
        own = self._whole.profiles.own
        if own is not None and own.avatar_path == path:
            self._whole.window.account.set_profile(own, image)

    def _profile_saved(self) -> None:
        if (dialog := self._whole.window.account.dialog) is not None:
            dialog.saved()

    def _profile_refused(self, failure: ChatDeskError) -> None:
        if (dialog := self._whole.window.account.dialog) is not None:
            dialog.show_failure(failure_words(failure))

    def _show(self, conversation_id: str) -> None:
        self._read = 0
        self._whole.window.show_conversation(conversation_id)
        self.sharing.opened()

    # Wishes out ---------------------------------------------------------------------------------------------

    def _connect_window(self) -> None:
        window, realtime = self._whole.window, self._whole.realtime
        window.open_requested.connect(realtime.set_current_conversation)
        window.rename_requested.connect(realtime.rename_conversation)
        window.refresh_requested.connect(self._refresh)
        window.state_changed.connect(self._keep_window)
        window.verbs.retry_requested.connect(realtime.retry)
        window.verbs.discard_requested.connect(realtime.discard)
        window.composer.send_requested.connect(self._send)
        window.composer.stop_requested.connect(self._stop)
        window.composer.draft_changed.connect(realtime.drafts.save)
        window.composer.files_changed.connect(realtime.drafts.save_files)
        window.account.save_requested.connect(self._save_profile)
        window.account.diagnostics_requested.connect(self._show_diagnostics)
        window.account.failed_requested.connect(realtime.show_failed)
        realtime.failed_found.connect(self._show_failed)
        realtime.draft_loaded.connect(self._scroll_to_failed)

    def _send(self, written_for: str, text: str) -> None:
        realtime = self._whole.realtime
        files = self._whole.window.composer.handed_over(written_for)
        target = written_for
        if not target:
            title = title_from(text) or (files[0].name if files else "")
            target = realtime.create_conversation(title, self._whole.window.composer.picker.model)
        asks, after = self.sharing.asks_model(target, text), self._whole.messages.last_id()
        expected = asks and self._whole.generation.expected
        message_id = realtime.send_message(target, "user", text, after, files, expected)
        self._composed_for[message_id] = (written_for, target)
        if not asks:
            self._for_people.add(message_id)

    def _accepted(self, message_id: str) -> None:
        written_for, target = self._composed_for.pop(message_id, ("", ""))
        if target:
            self._whole.window.composer.accept(written_for)
            asked = message_id not in self._for_people
            self._for_people.discard(message_id)
            if asked and self._whole.generation.expected:
                self._whole.generation.request_reply(target, message_id, self._whole.realtime)

    def _refused(self, refusal: MessageRefused) -> None:
        written_for, target = self._composed_for.pop(refusal.message_id, ("", ""))
        if target:
            if written_for != target:
                self._whole.window.composer.move_draft(written_for, target)
            self._whole.window.composer.refuse(target, _("The message was not accepted; nothing was lost."))

    def _stop(self, conversation_id: str) -> None:
        if (message_id := self._whole.generation.replying(conversation_id)) is not None:
            self._whole.generation.stop(message_id)

    def _save_profile(self, edit: ProfileEdit) -> None:
        self._whole.profiles.save(edit.updates, edit.avatar_png)

    def _refresh(self) -> None:
        realtime = self._whole.realtime
        realtime.refresh_profile()
        realtime.refresh_conversations()
        realtime.refresh_messages()

    def _show_failed(self, entry: OutboxEntry) -> None:
        """Bring a refused change before the user's eyes, where it can be tried again or given up."""
        whole, mutation = self._whole, entry.mutation
        if mutation.lane in OWN_LANES:
            give_up = (_("Discard the change"), lambda: whole.realtime.discard(mutation.entity_id))
            profile = mutation.lane == PROFILE_LANE
            what = _("Your profile could not be saved.") if profile else _("A provider could not be saved.")
            text = f"{what} {sentence(entry.reason or '')}".strip()
            whole.window.notices.tell(text, "", "error", give_up)
            return
        if whole.conversations.entry(mutation.lane) is None:
            self.sharing.show_kept(mutation.lane)
            return
        self._failed_message = mutation.entity_id
        if whole.realtime.current_conversation == mutation.lane:
            self._scroll_to_failed()
        else:
            whole.realtime.set_current_conversation(mutation.lane)

    def _scroll_to_failed(self, *_facts: object) -> None:
        message_id, self._failed_message = self._failed_message, ""
        if message_id:
            self._whole.timeline.show_message(message_id)

    def _show_diagnostics(self) -> None:
        if self._whole.realtime.account is not None:
            self._whole.window.account.set_diagnostics(self._whole.realtime.engine.diagnostics())

    def _keep_window(self, state: WindowState) -> None:
        self._whole.realtime.keep_window(WINDOW.key, state.as_text())

    # The timeline -------------------------------------------------------------------------------------------

    def _connect_timeline(self) -> None:
        timeline, realtime = self._whole.timeline, self._whole.realtime
        timeline.older_requested.connect(realtime.load_older)
        timeline.retry_requested.connect(realtime.retry)
        timeline.discard_requested.connect(realtime.discard)
        timeline.edit_requested.connect(self._edit)
        timeline.link_activated.connect(lambda url: open_link(self._whole.window, url))
        timeline.read_to.connect(self._read_to)
        self._whole.window.activated.connect(lambda: self._read_to(self._read))

    def _read_to(self, seq: int) -> None:
        """Only what is shown in a window in front was read."""
        self._read = seq
        if seq and self._whole.window.isActiveWindow():
            self._whole.realtime.mark_read(seq)

    def _edit(self, message_id: str) -> None:
        """Take a refused message back into the composer, in front of what is there."""
        whole, message = self._whole, self._whole.messages.get(message_id)
        if message is None:
            return
        conversation_id, text = message.conversation_id, message.content

        def bring_back(files: Sequence[NewFile]) -> None:
            whole.window.composer.bring_back(conversation_id, text, files)
            whole.realtime.discard(message_id)

        whole.attachments.gather(message.attachments, whole.while_open(bring_back))
