"""What the state of the link looks like, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chatdesk.domain.session import LinkState, SyncState
from chatdesk.language.door import _, ngettext, sentence
from chatdesk.ui.words import moment_label, number


@dataclass(frozen=True, slots=True)
class SyncFace:
    """The badge for one state: an icon, a short text, a sentence for tool tip and panel, and the token name
    of its colour."""

    icon: str
    text: str
    sentence: str
    colour: str


def count_waiting(count: int) -> str:
    """Say how many changes wait."""
    return ngettext("{count} waiting", "{count} waiting", count).format(count=number(count))


def _offline(state: SyncState, now: datetime | None) -> str:
    if state.since is None:
        return _("Offline")
    today = (now or datetime.now()).astimezone().date()
    return _("Offline since {time}").format(time=moment_label(state.since, today))


def _connecting(state: SyncState, now: datetime | None) -> str:
    if state.since is None:
        return _("Connecting; not connected.")
    today = (now or datetime.now()).astimezone().date()
    return _("Connecting; not connected since {time}.").format(time=moment_label(state.since, today))


def _reason(state: SyncState) -> str:
    if not state.reason:
        return ""
    reason = f"{state.reason[0].upper()}{state.reason[1:].rstrip('.')}."
    return f" {sentence(reason)}"


def _link_face(state: SyncState, now: datetime | None) -> SyncFace:
    match state.link:
        case LinkState.CONNECTED if state.reason:
            words = f"{_('Connected, but not everything works.')}{_reason(state)}"
            return SyncFace("alert", _("Something is wrong"), words, "warning")
        case LinkState.CONNECTED if state.failed:
            return SyncFace("cloud-check", _("In sync"), _("Everything else is in sync."), "success")
        case LinkState.CONNECTED:
            return SyncFace("cloud-check", _("In sync"), _("Everything is in sync."), "success")
        case LinkState.CATCHING_UP:
            words = f"{_('Loading what changed elsewhere.')}{_reason(state)}"
            return SyncFace("refresh", _("Catching up…"), words, "accent")
        case LinkState.CONNECTING:
            words = f"{_connecting(state, now)}{_reason(state)}"
            return SyncFace("refresh", _("Connecting…"), words, "text_muted")
        case LinkState.STARTING:
            return SyncFace("refresh", _("Starting…"), _("Starting up."), "text_muted")
        case LinkState.OFFLINE:
            offline = _offline(state, now)
            words = f"{offline}.{_reason(state)} {_('What you write is kept and sent later.')}"
            return SyncFace("cloud-off", offline, words, "warning")
        case LinkState.NEEDS_SIGN_IN:
            words = f"{_('Please sign in again.')}{_reason(state)} {_('Nothing is lost.')}"
            return SyncFace("key", _("Sign in again"), words, "warning")
        case LinkState.STOPPED:
            return SyncFace("cloud-off", _("Not connected"), _("Not connected."), "text_muted")


def sync_face(state: SyncState, now: datetime | None = None) -> SyncFace:
    """Choose text, icon and colour for ``state``; refused changes outshine waiting ones.

    ``now`` tells which day is today; without it the computer's clock does.
    """
    face = _link_face(state, now)
    text, words, name, colour = face.text, face.sentence, face.icon, face.colour
    if state.pending:
        waiting = count_waiting(state.pending)
        if state.link is LinkState.CONNECTED and not state.reason:
            words = _("Sending; {waiting}.").format(waiting=waiting)
            text, name, colour = _("Sending…"), "refresh", "accent"
        else:
            text, words = f"{text.rstrip('…')} · {waiting}", f"{words} {waiting.capitalize()}."
    if state.failed:
        count = number(state.failed)
        text = ngettext("{count} not sent", "{count} not sent", state.failed).format(count=count)
        lost = ngettext(
            "{count} could not be saved; the text is kept.",
            "{count} could not be saved; the text is kept.",
            state.failed,
        )
        words = f"{words} {lost.format(count=count)}"
        name, colour = "alert", "danger"
    return SyncFace(name, text, words, colour)
