"""The puppet's hands and eyes for people who share a chat."""

from __future__ import annotations

import asyncio
from typing import Any

from chatdesk.app.puppet_strings import Strings
from chatdesk.domain.conversation import MemberRole
from chatdesk.ui.actions.table import ActionId
from chatdesk.ui.sharing.members_dialog import MembersDialog

Request = dict[str, Any]


class SharingStrings(Strings):
    """Requests about members, invitations and links; see ``PuppetStrings``."""

    async def invite(self, request: Request) -> Request:
        """Open the dialog of the open chat, type whom to invite, and press the button."""
        form = self._members().form
        form.role.setCurrentIndex(form.role.findData(MemberRole(request.get("role", "editor"))))
        form.field.setText(request["to"])
        form.button.click()
        return {}

    async def make_link(self, request: Request) -> Request:
        """Press the buttons for a link; returns it when it is there."""
        dialog, service = self._members(), self._application.sharing
        made: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def note(_conversation_id: str, link: str) -> None:
            if not made.done():
                made.set_result(link)

        if not dialog.links.isVisible():
            dialog.links_button.click()
        dialog.links.uses.setCurrentIndex(dialog.links.uses.findData(request.get("uses", 0)))
        connection = service.link_made.connect(note)
        try:
            dialog.links.button.click()
            return {"link": await made, "shown": dialog.links.link.text()}
        finally:
            service.link_made.disconnect(connection)

    async def withdraw(self, request: Request) -> Request:
        """Withdraw an open invitation by its id."""
        self._members().invites[request["invite_id"]].button.click()
        return {}

    async def member(self, request: Request) -> Request:
        """Choose from a member's menu: ``editor``, ``viewer``, ``hand_over`` or ``remove``."""
        row = self._members().rows[request["user_id"]]
        places = {"editor": 0, "viewer": 1, "hand_over": 3, "remove": 4}
        menu = row.open_menu()
        menu.actions()[places[request["action"]]].trigger()
        menu.close()
        return {}

    async def answer_invitation(self, request: Request) -> Request:
        """Press Accept or Decline on the first card."""
        card = next(iter(self._whole.window.sidebar.invitations.cards.values()))
        (card.accept_button if request["yes"] else card.decline_button).click()
        return {"words": card.words}

    async def join(self, request: Request) -> Request:
        """Open the dialog for joining if it is not there, paste and press its button."""
        verbs = self._whole.window.sharing
        if verbs.join is None:
            self._whole.window.actions_table[ActionId.JOIN_CHAT].trigger()
        assert verbs.join is not None
        verbs.join.field.setText(request["text"])
        verbs.join.button.click()
        return {}

    async def switch_answers(self, request: Request) -> Request:
        """Press the button that says when the model answers."""
        self._whole.window.pane.answers.button.click()
        return {}

    async def show_kept(self, request: Request) -> Request:
        """Open what was kept of a chat that is gone, as the sync panel's button does."""
        self._whole.realtime.show_failed()
        return {}

    async def people(self, request: Request) -> Request:
        """Tell what is on screen about people."""
        whole, window = self._whole, self._whole.window
        current = whole.conversations.active
        roster = whole.sharing.roster(current)
        pane, verbs = window.pane, window.sharing
        names = [whole.messages.author_of(whole.messages.at(row)) for row in range(whole.messages.rowCount())]
        return {
            "members": {} if roster is None else {m.user_id: m.role.value for m in roster.members},
            "invites": [] if roster is None else [{"id": i.id, "to": i.to} for i in roster.invites],
            "invitations": [card.words for card in window.sidebar.invitations.cards.values()],
            "shared": sorted(whole.sharing.shared),
            "said": verbs.dialog.said.text() if verbs.dialog is not None else "",
            "dialog": verbs.dialog is not None,
            "join_said": verbs.join.said.text() if verbs.join is not None else "",
            "joining": verbs.join is not None,
            "reader": pane.reader.words.text() if pane.reader.isVisible() else "",
            "composer": pane.composer.isVisible(),
            "answers": pane.answers.words.text() if pane.answers.isVisible() else "",
            "authors": names,
            "kept": verbs.kept.field.toPlainText() if verbs.kept is not None else "",
        }

    def _members(self) -> MembersDialog:
        """Return the dialog of the open chat, opened anew unless it is there."""
        verbs = self._whole.window.sharing
        if verbs.dialog is not None and verbs.dialog.conversation_id != self._whole.conversations.active:
            verbs.dialog.close_button.click()
        if verbs.dialog is None:
            self._whole.window.pane.header.share_button.click()
        assert verbs.dialog is not None
        return verbs.dialog
