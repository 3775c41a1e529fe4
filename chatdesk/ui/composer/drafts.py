"""What was written and not yet sent, by conversation, for one window."""

from __future__ import annotations

from dataclasses import dataclass

from chatdesk.domain.attachment import NewFile


@dataclass(slots=True)
class Draft:
    """Text and files of one composer; ``sending`` is what was handed over and not yet accepted or refused."""

    text: str = ""
    sending: str | None = None
    files: tuple[NewFile, ...] = ()
    sending_files: tuple[NewFile, ...] = ()
    files_known: bool = False
    """Whether the files are what the user chose; else they may be on the disk yet."""

    def hand_over(self, text: str) -> None:
        """Note that the text and the files are on their way to the disk."""
        self.sending, self.sending_files = text, self.files

    def accepted(self) -> str:
        """Take away what was sent and return what is left.

        The user may have typed on meanwhile: what was added behind stays, and a text that was changed in any
        other way stays whole, because nothing that somebody wrote may vanish.
        """
        sent, self.sending = self.sending, None
        gone, self.sending_files = self.sending_files, ()
        self.files = tuple(file for file in self.files if not any(file is each for each in gone))
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

    def drop_files(self) -> None:
        """Drop the files of every draft; the texts stay."""
        for draft in self._known.values():
            draft.files = draft.sending_files = ()
            draft.files_known = False
