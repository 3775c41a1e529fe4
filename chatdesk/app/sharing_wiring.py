"""Joins the people of shared conversations with the service that reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatdesk.domain.change import ChangeSet, Verb
from chatdesk.domain.conversation import Answers, MemberRole
from chatdesk.domain.mention import asks_model
from chatdesk.domain.profile import Profile
from chatdesk.domain.sharing import SharingKind
from chatdesk.language.door import _, ngettext
from chatdesk.models.conversation_list import NEW_TITLE
from chatdesk.models.people import name_of
from chatdesk.services.kept import Kept
from chatdesk.services.loaded import EntriesLoaded
from chatdesk.services.realtime import of_window
from chatdesk.services.sharing import Failure
from chatdesk.services.succession import Inherited
from chatdesk.ui.sharing.people import Face
from chatdesk.ui.words import failure_words

if TYPE_CHECKING:
    from chatdesk.app.open_window import OpenWindow
    from chatdesk.ui.sharing.join_dialog import JoinDialog
    from chatdesk.ui.sharing.members_dialog import MembersDialog


class SharingWiring:
    """Wishes go out; who is where comes in. What was asked for is answered in the window that asked."""

    def __init__(self, whole: OpenWindow) -> None:
        self._whole = whole
        self._service = service = whole.sharing
        self._verbs = verbs = whole.window.sharing
        self._asked: set[str] = set()
        """Conversations, and "" for invitations and links, that this window waits for an answer about."""
        self._coming = ""
        """The conversation to be shown as soon as it is in the list."""
        self._settled: set[str] = set()
        """Conversations whose draft has its place when they go: moved already, or left on purpose."""
        self._faces: dict[str, tuple[Profile, bytes | None, Face]] = {}
        verbs.roster_of = service.roster
        verbs.face_of = self._face
        verbs.opened.connect(self._join_members)
        verbs.join_opened.connect(self._join_joining)
        verbs.leave_requested.connect(self._leave)
        whole.conversations.active_removed.connect(self._settled.add)
        cards = whole.window.sidebar.invitations
        cards.accepted.connect(self._accept)
        cards.declined.connect(service.decline)
        whole.window.pane.answers.answers_chosen.connect(self._set_answers)
        join = whole.bonds.join
        join(service.roster_changed, self._roster_changed)
        join(service.invitations_changed, self._show_invitations)
        join(service.done, self._done)
        join(service.failed, self._failed)
        join(service.link_made, self._link_made)
        join(service.joined, self._joined)
        join(whole.kept.found, self._tell_kept)
        join(whole.kept.wanted, self._show_kept)
        join(whole.succession.inherited, self._tell_inherited)
        join(whole.profiles.profile_changed, lambda _profile: verbs.refresh())
        join(whole.generation.models_changed, self._models_changed)
        whole.realtime.changes_applied.connect(self._take_changes)
        whole.realtime.entries_loaded.connect(self._loaded)
        self._models_changed()

    def catch_up(self) -> None:
        """Learn what was told before this window was there."""
        self._verbs.user_id = self._service.user_id
        self._whole.conversations.set_shared(self._service.shared)
        self._show_invitations()
        self._verbs.refresh()

    def _loaded(self, _loaded: EntriesLoaded) -> None:
        self.catch_up()

    def asks_model(self, conversation_id: str, text: str) -> bool:
        """Tell whether a model is to answer a message of this window."""
        entry = self._whole.conversations.entry(conversation_id)
        if entry is None:
            return True  # A new conversation, or one that is not listed yet: nobody else is there.
        shared = self._service.is_shared(conversation_id)
        return asks_model(text, entry.conversation.answers, shared, self._verbs.model_of(entry))

    def opened(self) -> None:
        """Another conversation is shown."""
        self._whole.messages.set_writable(self._may_write())

    def show_kept(self, conversation_id: str) -> None:
        """Show what was written for a conversation that is gone."""
        self._whole.kept.show(conversation_id)

    # Wishes out ---------------------------------------------------------------------------------------------

    def _join_members(self, dialog: MembersDialog) -> None:
        service, about = self._service, dialog.conversation_id
        self._verbs.user_id = service.user_id
        self._asked.add(about)
        dialog.finished.connect(lambda: self._asked.discard(about))
        dialog.invite_requested.connect(lambda to, role: service.invite(about, to, role))
        dialog.link_requested.connect(
            lambda role, hours, uses: service.make_link(about, role, hours, uses or None)
        )
        dialog.revoke_requested.connect(lambda invite_id: service.revoke(about, invite_id))
        dialog.role_requested.connect(lambda user_id, role: service.set_role(about, user_id, role))
        dialog.hand_over_requested.connect(lambda user_id: service.hand_over(about, user_id))
        dialog.remove_requested.connect(lambda user_id: service.remove(about, user_id))
        dialog.leave_requested.connect(lambda: self._leave(about))

    def _join_joining(self, dialog: JoinDialog) -> None:
        def ask(text: str) -> None:
            self._asked.add("")
            self._service.join(text)

        dialog.join_requested.connect(ask)

    def _accept(self, invitation_id: str) -> None:
        self._asked.add("")
        self._service.accept(invitation_id)

    def _leave(self, conversation_id: str) -> None:
        self._asked.add(conversation_id)
        self._settled.add(conversation_id)
        self._whole.window.let_go(conversation_id)
        self._service.leave(conversation_id)

    def _set_answers(self, answers: Answers) -> None:
        self._service.set_answers(self._whole.conversations.active, answers)

    # Facts in -----------------------------------------------------------------------------------------------

    def _face(self, user_id: str) -> Face:
        from chatdesk.ui.dialogs.picture import picture_from

        profile = self._whole.profiles.person(user_id)
        if profile is None:
            return Face(_("Someone"))
        content = self._whole.profiles.pictures.get(profile.avatar_path or "")
        known = self._faces.get(user_id)
        if known is None or known[0] != profile or known[1] is not content:
            picture = picture_from(content) if content else None
            known = (profile, content, Face(name_of(profile), profile.username or "", picture))
            self._faces[user_id] = known
        return known[2]

    def _roster_changed(self, conversation_id: str) -> None:
        self._whole.conversations.set_shared(self._service.shared)
        self._verbs.user_id = self._service.user_id
        self._verbs.roster_changed(conversation_id)

    def _show_invitations(self) -> None:
        self._whole.window.sidebar.invitations.show_invitations(self._service.invitations)

    def _models_changed(self) -> None:
        models = self._whole.generation.models
        self._verbs.set_model(models[0] if models else None)

    def _done(self, kind: SharingKind, about: str) -> None:
        dialog = self._verbs.dialog
        if kind is SharingKind.INVITE and dialog is not None and dialog.conversation_id == about:
            dialog.invited("")

    def _link_made(self, about: str, link: str) -> None:
        dialog = self._verbs.dialog
        if dialog is not None and dialog.conversation_id == about:
            dialog.show_link(link)

    def _failed(self, failure: Failure) -> None:
        if failure.about not in self._asked:
            return
        words = failure_words(failure.error)
        self._whole.window.keep(failure.about)
        self._settled.discard(failure.about)
        if failure.kind is SharingKind.JOIN and self._verbs.join is not None:
            self._verbs.join.show_failure(words)
        elif self._verbs.dialog is not None and self._verbs.dialog.conversation_id == failure.about:
            self._verbs.dialog.show_failure(words)
        else:
            self._whole.notices.failed(failure.error)

    def _joined(self, conversation_id: str) -> None:
        if "" not in self._asked:
            return
        self._asked.discard("")
        if self._verbs.join is not None:
            self._verbs.join.accept()
        self._coming = conversation_id
        self._show_coming()

    def _show_coming(self) -> None:
        coming = self._coming
        if coming and self._whole.conversations.entry(coming) is not None:
            self._coming = ""
            self._whole.realtime.set_current_conversation(coming)

    def _take_changes(self, changes: ChangeSet) -> None:
        """The list has followed already: it was connected before."""
        self._show_coming()
        for change in changes.conversations:
            entry = change.entry
            if change.verb is Verb.REMOVED:
                if self._verbs.dialog is not None and self._verbs.dialog.conversation_id == entry.id:
                    self._verbs.dialog.reject()
                if entry.membership.role is not MemberRole.OWNER:
                    settled = entry.id in self._settled
                    self._whole.realtime.shared.start(self._bring_draft(entry.id, settled), "bring a draft")
                self._settled.discard(entry.id)
            elif "role" in change.fields:
                self._whole.messages.set_writable(self._may_write())
        self._verbs.refresh()

    def _may_write(self) -> bool:
        return self._verbs.role(self._whole.conversations.active) is not MemberRole.VIEWER

    async def _bring_draft(self, conversation_id: str, settled: bool) -> None:
        """What was half written for a chat that is gone is the user's: it waits where the next one begins."""
        composer, realtime = self._whole.window.composer, self._whole.realtime
        draft = await realtime.store.draft(of_window(conversation_id, realtime.number))
        if draft and not settled:
            composer.bring_back("", draft)
        composer.forget(conversation_id)
        realtime.drafts.save(conversation_id, "")

    def _tell_kept(self, kept: Kept) -> None:
        if self._whole is not self._whole.whole.windows.active:
            return
        words = ngettext(
            "{count} message for “{title}” was not sent: you are not in this chat any more.",
            "{count} messages for “{title}” were not sent: you are not in this chat any more.",
            len(kept.texts),
        )
        text = words.format(count=len(kept.texts), title=kept.title or _(NEW_TITLE))
        show = (_("Show"), lambda: self._show_kept(kept))
        self._whole.window.notices.tell(text, _("Nothing of it is lost."), "error", show, again=True)

    def _tell_inherited(self, what: Inherited) -> None:
        if self._whole is not self._whole.whole.windows.active:
            return
        text = _("You are now the owner of “{title}”.").format(title=what.title or _(NEW_TITLE))
        why = _("Whoever owned it handed it over or deleted their account.")
        show = (_("Show"), lambda: self._whole.realtime.set_current_conversation(what.conversation_id))
        self._whole.window.notices.tell(text, why, "neutral", show, again=True, stays=True)

    def _show_kept(self, kept: Kept) -> None:
        if self._whole is self._whole.whole.windows.active:
            self._verbs.show_kept(kept.texts, lambda: self._whole.kept.discard(kept.conversation_id))
