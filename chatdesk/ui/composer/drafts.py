"""What was written and not yet sent, by conversation, for one window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Draft:
    """The text of one composer; ``sending`` is the part handed over and not yet accepted or refused."""

    text: str = ""
    sending: str | None = None

    def accepted(self) -> str:
        """Take away what was sent and return what is left.

        The user may have typed on meanwhile: what was added behind stays, and a text that was changed in any
        other way stays whole, because nothing that somebody wrote may vanish.
        """
        sent, self.sending = self.sending, None
        if sent is not None and self.text.startswith(sent):
            self.text = self.text[len(sent) :].lstrip("\n")
        return self.text


class Drafts:
    """The drafts of one window; the empty id is the conversation that does not exist yet."""

    def __init__(self) -> None:
        self._known: dict[str, Draft] = {}

    def __getitem__(self, conversation_id: str) -> Draft:
        return self._known.setdefault(conversation_id, Draft())

    def __contains__(self, conversation_id: str) -> bool:
        return conversation_id in self._known

    def forget(self, conversation_id: str) -> None:
        """Drop a draft, for a conversation that is gone or whose text has moved."""
        self._known.pop(conversation_id, None)
