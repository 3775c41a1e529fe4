"""Finds what has to be translated; ``python -m tests.support.translatable`` adds what is missing.

Two kinds: what goes through the door (``_``, ``ngettext``, ``N_``, ``say`` and the few calls that hand their
text on to it), and the sentences of lower floors, which are looked up by their English when they are shown.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chatdesk.language.catalogue import SENTENCE, Entry, read_catalogue
from chatdesk.language.door import catalogue, languages

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "chatdesk"

# Calls whose arguments at these places are texts for the door.
MARKERS: dict[str, tuple[int, ...]] = {
    "_": (0,),
    "N_": (0,),
    "ngettext": (0, 1),
    "say": (1,),
    "ActionRow": (1,),
    "Variable": (1,),
    "Option": (3,),
}
WINDOW_MARKERS: dict[str, tuple[int, ...]] = {"_button": (0,), "_field": (0, 1), "_card": (1, 2)}
SETTINGS_MARKERS: dict[str, tuple[int, ...]] = {"Row": (1, 3), "Fact": (1,), "section": (0,), "note": (0,)}
SPEAKING = ("ui", "models", "app", "config", "services")

# Rooms whose sentences are shown; the others show nothing, or say it in the terminal.
LOWER = (
    "app",
    "backend",
    "config",
    "credentials",
    "domain",
    "portability",
    "providers",
    "services",
    "store",
    "sync",
)
SILENT = {"app/demo.py", "app/demo_script.py", "app/puppet.py", "app/puppeteer.py", "app/selftest.py"}
BEGINS = re.compile(r"[{“A-Z]")
ENDS = (".", "!", "?", "…")
# What a model is told, not the user.
PROMPTS = {"GO_ON"}
QUERY = re.compile(r"\b(SELECT|DELETE|UPDATE|INSERT|WHERE)\b")

# Whatever is said in these is for whoever reads a log or a traceback.
INTERNAL = {
    "ValueError",
    "RuntimeError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AssertionError",
    "FileNotFoundError",
    "OSError",
    "PermissionError",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "print",
}


@dataclass(frozen=True, slots=True)
class Text:
    """One text to translate, and the modules that say it."""

    message: str
    context: str | None = None
    plural: str | None = None
    places: set[str] = field(default_factory=set, compare=False, hash=False)


def modules(rooms: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    """Yield (place, tree) of every module of these rooms."""
    for room in rooms:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            place = path.relative_to(PACKAGE).as_posix()
            if place not in SILENT:
                yield place, ast.parse(path.read_text("utf-8"))


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def constants(place: str) -> dict[str, object]:
    """Return the names of a module, to read its constants."""
    name = "chatdesk." + place.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return vars(importlib.import_module(name))


def template(node: ast.expr, names: dict[str, object]) -> str | None:
    """Return the text an expression makes, with ``{name}`` for what is not known before; None: no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if isinstance(names.get(name), str) and name.isupper():
            return str(names[name])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [template(side, names) for side in (left, right)]
            if all(part is None for part in parts):
                return None
            return "".join("{rest}" if part is None else part for part in parts)
        case ast.JoinedStr(values=values):
            return "".join(_piece(value, names) for value in values)
    return None


def _piece(node: ast.expr, names: dict[str, object]) -> str:
    if not isinstance(node, ast.FormattedValue):
        return template(node, names) or ""
    match node.value:
        case ast.Name(id=name) if name.isupper() and isinstance(names.get(name), (str, int, float)):
            shape = template(node.format_spec, names) if node.format_spec is not None else ""
            return format(names[name], shape or "")
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return "{" + name + "}"
        case ast.BoolOp(values=[ast.Attribute(attr=name) | ast.Name(id=name), *_]):
            return "{" + name + "}"
        case ast.Call() as call:
            return "{" + (called(call) or "value") + "}"
    return "{value}"


def spoken() -> dict[tuple[str | None, str], Text]:
    """Return everything to translate by (context, message)."""
    found: dict[tuple[str | None, str], Text] = {}

    def add(place: str, message: str, context: str | None = None, plural: str | None = None) -> None:
        if any(letter.isalpha() for letter in message):
            text = found.setdefault((context, message), Text(message, context, plural))
            text.places.add(place)

    for place, tree in modules(SPEAKING):
        names = constants(place)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for message, plural in _marked(place, node, names):
                    add(place, message, None, plural)
    for place, tree in modules(LOWER):
        for message in _sentences(tree, constants(place)):
            add(place, message, SENTENCE)
    return found


def _marked(place: str, node: ast.Call, names: dict[str, object]) -> Iterator[tuple[str, str | None]]:
    name = called(node)
    if name == "ngettext":
        one, many = (template(argument, names) for argument in node.args[:2])
        assert one is not None, ast.unparse(node)
        assert many is not None, ast.unparse(node)
        yield one, many
        return
    for number in _numbers(place, name, node):
        if number < len(node.args):
            argument = node.args[number]
            assert not isinstance(argument, ast.JoinedStr), f"no f-string: {ast.unparse(node)}"
            message = template(argument, names)
            if message is not None:
                yield message, None
    if name == "Option":
        for keyword in node.keywords:
            if keyword.arg == "choices":
                for inner in ast.walk(keyword.value):
                    if isinstance(inner, ast.Dict):
                        yield from ((str(ast.literal_eval(value)), None) for value in inner.values)


def _numbers(place: str, name: str, node: ast.Call) -> tuple[int, ...]:
    """Return which arguments of a call are texts."""
    if place.startswith("ui/settings/"):
        if ast.unparse(node.func) == "super().__init__" and len(node.args) == 2:
            return (1,)  # a page naming itself
        if name in SETTINGS_MARKERS:
            return SETTINGS_MARKERS[name]
    if place.startswith("ui/") and name in WINDOW_MARKERS:
        return WINDOW_MARKERS[name]
    return MARKERS.get(name, ())


def _sentences(tree: ast.Module, names: dict[str, object]) -> Iterator[str]:
    """Yield whatever looks like a sentence and is neither a docstring nor meant for programmers."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in silent:
            silent.update(ast.iter_child_nodes(node))
            continue
        quiet = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Call) and (called(node) in INTERNAL or called(node) in MARKERS):
            quiet = True
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in PROMPTS:
            quiet = True
        if isinstance(node, (ast.Assert, ast.Compare)) or quiet:
            silent.update(ast.iter_child_nodes(node))
            continue
        if isinstance(node, ast.FunctionDef) and node.name == "stalled":
            # What makes a part be rebuilt is said within another sentence.
            values = [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
            yield from filter(None, (template(value, names) for value in values if value is not None))
        if (
            not isinstance(node, ast.Name)
            and isinstance(node, ast.expr)
            and (text := template(node, names)) is not None
        ):
            silent.update(ast.iter_child_nodes(node))
            if " " in text and BEGINS.match(text) and text.endswith(ENDS) and not QUERY.search(text):
                yield text


def missing(code: str) -> list[Text]:
    """Return what a language lacks."""
    known = {
        (entry.context, entry.message) for entry in read_catalogue(catalogue(code)).entries if entry.done
    }
    return [text for key, text in spoken().items() if key not in known]


def unused(code: str) -> list[Entry]:
    """Return what a language translates and nobody says."""
    said = spoken()
    entries = read_catalogue(catalogue(code)).entries
    return [entry for entry in entries if entry.message and (entry.context, entry.message) not in said]


def quoted(text: str) -> str:
    """Return a text as a catalogue writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def as_entry(text: Text, strings: dict[int, str]) -> str:
    """Return an entry as a catalogue writes it."""
    lines = [f"#: {place}" for place in sorted(text.places)]
    if text.context is not None:
        lines.append(f"msgctxt {quoted(text.context)}")
    lines.append(f"msgid {quoted(text.message)}")
    if text.plural is None:
        lines.append(f"msgstr {quoted(strings.get(0, ''))}")
    else:
        lines.append(f"msgid_plural {quoted(text.plural)}")
        lines += [f"msgstr[{form}] {quoted(strings.get(form, ''))}" for form in range(max(2, len(strings)))]
    return "\n".join(lines) + "\n"


def rewrite(code: str) -> int:
    """Write a language's catalogue anew, sorted by place; what it lacks is empty. Return how many do."""
    path = catalogue(code)
    entries = read_catalogue(path).entries
    known = {(entry.context, entry.message): entry.strings for entry in entries}
    head = quoted(known.get((None, ""), {}).get(0, "")).replace("\\n", '\\n"\n"').removesuffix('\n""')
    texts = sorted(
        spoken().values(), key=lambda text: (text.context or "", sorted(text.places), text.message)
    )
    body = [as_entry(text, known.get((text.context, text.message), {})) for text in texts]
    path.write_text("\n".join([f'msgid ""\nmsgstr ""\n{head}\n', *body]), "utf-8")
    return len(missing(code))


if __name__ == "__main__":
    for each in languages()[1:]:
        sys.stdout.write(f"{each}: {rewrite(each)} missing\n")
