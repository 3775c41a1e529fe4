"""What is said about exports and imports."""

from __future__ import annotations

from chatdesk.language.door import _, ngettext, sentence
from chatdesk.portability.problems import Problems
from chatdesk.portability.reading import Preview
from chatdesk.portability.source import Format
from chatdesk.services.portability.reports import (
    ExportReport,
    ImportReport,
    Interrupted,
    Job,
    Phase,
    Progress,
)
from chatdesk.ui.words import number


def chats(count: int) -> str:
    """Return a number of conversations."""
    return ngettext("{count} chat", "{count} chats", count).format(count=number(count))


def messages(count: int) -> str:
    """Return a number of messages."""
    return ngettext("{count} message", "{count} messages", count).format(count=number(count))


def size(count: int) -> str:
    """Return a number of bytes in the unit that fits."""
    for unit, share in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= share:
            return f"{number(round(count / share))} {unit}"
    return f"{number(count)} B"


def title_of(job: Job) -> str:
    """Return what the dialog is called while a job is under way."""
    return {
        Job.EXPORT: _("Exporting"),
        Job.EXAMINE: _("Looking at the file"),
        Job.IMPORT: _("Importing"),
    }[job]


def progress_words(progress: Progress) -> str:
    """Say how far a job is."""
    done, total = number(progress.done), number(progress.total)
    match progress.phase:
        case Phase.FETCHING if progress.total:
            words = _("Fetching what is not on this computer yet: {done} of {total} chats")
            return words.format(done=done, total=total)
        case Phase.FETCHING:
            return _("Checking that everything is on this computer…")
        case Phase.READING:
            return _("{chats} found so far").format(chats=chats(progress.done))
        case Phase.WAITING:
            return _("No answer from the server; trying again…")
        case _ if progress.total:
            return _("{done} of {total} chats").format(done=done, total=total)
        case _:
            return chats(progress.done) if progress.done else _("Just a moment…")


def preview_title(preview: Preview) -> str:
    """Ask whether to import."""
    return _("Import {chats}?").format(chats=chats(preview.conversations))


def preview_words(preview: Preview) -> str:
    """Say what an import would bring."""
    whose = {Format.CHATDESK: _("An export of ChatDesk"), Format.CHATGPT: _("An export of ChatGPT")}
    parts = [
        _("{whose} with {messages}.").format(whose=whose[preview.format], messages=messages(preview.messages))
    ]
    if preview.oldest is not None and preview.newest is not None:
        first, last = preview.oldest.astimezone().year, preview.newest.astimezone().year
        if first == last:
            parts.append(_("They are from {year}.").format(year=first))
        else:
            parts.append(_("They are from {first} to {last}.").format(first=first, last=last))
    if preview.here:
        words = _("Here already, and left as they are: {chats}.")
        parts.append(words.format(chats=chats(preview.here)))
    parts.append(_("Nothing that is here is changed."))
    return " ".join([*parts, *_unread(preview.problems)])


def exported_words(report: ExportReport) -> str:
    """Say what is in the file, and what is not."""
    words = _("In “{name}”: {chats} with {messages}.")
    parts = [
        words.format(
            chats=chats(report.conversations), messages=messages(report.messages), name=report.path.name
        )
    ]
    if report.missing:
        lacking = _("Missing, because it could not be fetched: {messages}.")
        parts.append(lacking.format(messages=messages(report.missing)))
    if report.lost_files:
        lost = ngettext(
            "{count} file of a message could not be had and is missing.",
            "{count} files of messages could not be had and are missing.",
            report.lost_files,
        )
        parts.append(lost.format(count=number(report.lost_files)))
    if report.reason and not report.missing:
        parts.append(_("What changed elsewhere meanwhile may be missing."))
    if report.reason:
        parts.append(sentence(report.reason))
    return " ".join(parts)


def imported_title(report: ImportReport) -> str:
    """Say whether the import reached its end."""
    return _("The import was cancelled") if report.cancelled else _("The import is done")


def imported_words(report: ImportReport) -> str:
    """Say what came."""
    words = _("Imported: {chats} with {messages}.")
    parts = [words.format(chats=chats(report.imported), messages=messages(report.messages))]
    if report.here:
        parts.append(_("Here already: {chats}.").format(chats=chats(report.here)))
    if report.cancelled:
        parts.append(_("What was imported stays; import the file again to go on."))
    return " ".join([*parts, *_unread(report.problems)])


def interrupted_words(found: Interrupted) -> str:
    """Say where an import was cut off."""
    words = _("“{name}”, {done} of {total} chats. What was imported is here.")
    return words.format(name=found.path.name, done=number(found.done), total=number(found.total))


def problem_lines(problems: Problems) -> str:
    """Name what was skipped, a line each."""
    lines = []
    for problem in problems.named:
        name = _("Chat {number}").format(number=problem.name) if problem.name.isdigit() else problem.name
        lines.append(f"{name or _('A chat without a title')}: {sentence(problem.reason)}")
    if problems.count > len(problems.named):
        more = problems.count - len(problems.named)
        lines.append(_("… and {count} more").format(count=number(more)))
    return "\n".join(lines)


def _unread(problems: Problems) -> list[str]:
    parts = list(dict.fromkeys(sentence(trouble) for trouble in problems.troubles))
    if problems.count:
        words = ngettext(
            "{count} entry cannot be read and is skipped.",
            "{count} entries cannot be read and are skipped.",
            problems.count,
        )
        parts.append(words.format(count=number(problems.count)))
    return parts
