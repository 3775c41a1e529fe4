"""Versions and what is shown of them, for any rows in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chatdesk.domain.branch import Branches, Node, Reshaped, Versions, shown_path

IDS = "abcdefghij"


def node(
    name: str, seq: int | None, parent: str | None = None, replaces: str | None = None, deleted: bool = False
) -> Node:
    return Node(name, parent, replaces, (1, 0, name) if seq is None else (0, seq, name), deleted)


TALK = [
    node("q1", 1),
    node("a1", 2, "q1"),
    node("q2", 3, "a1"),
    node("a2", 4, "q2"),
]
EDITED = [*TALK, node("q1x", 5, None, "q1"), node("a1x", 6, "q1x")]

edges = st.none() | st.sampled_from([*IDS, "gone"])
any_nodes = st.lists(
    st.builds(
        node,
        st.sampled_from(IDS),
        st.none() | st.integers(1, 9),
        parent=edges,
        replaces=edges,
        deleted=st.booleans(),
    ),
    unique_by=lambda each: each.id,
)
any_choices = st.dictionaries(st.sampled_from([*IDS, "gone"]), st.sampled_from([*IDS, "gone"]))


def plain(nodes: Sequence[Node], choices: Mapping[str, str]) -> tuple[str, ...]:
    """The same by the book: everybody whose ancestors, and who themselves, are the version shown."""
    known = {each.id: each for each in nodes}

    def earlier(each: Node, target: str | None) -> Node | None:
        found = known.get(target or "")
        return found if found is not None and found.order < each.order else None

    def family(each: Node) -> str:
        if each.replaces is None or (each.replaces in known and earlier(each, each.replaces) is None):
            return each.id
        before = earlier(each, each.replaces)
        return family(before) if before is not None else each.replaces

    def shown_of(key: str) -> str:
        members = sorted((each for each in nodes if family(each) == key), key=lambda each: each.order)
        parents = {found.id for each in nodes if (found := earlier(each, each.parent_id)) is not None}
        counted = [each.id for each in members if not each.deleted or each.id in parents]
        counted = counted or [each.id for each in members]
        return choices[key] if choices.get(key) in counted else counted[-1]

    def shown(each: Node) -> bool:
        parent = earlier(each, each.parent_id)
        return shown_of(family(each)) == each.id and (parent is None or shown(parent))

    return tuple(each.id for each in sorted(nodes, key=lambda each: each.order) if shown(each))


def test_without_versions_everything_is_shown_in_its_order() -> None:
    together = [*TALK, node("q2b", 5, "a1"), node("a2b", 6, "q2b"), node("late", None, "a2b")]
    assert shown_path(together, {}) == ("q1", "a1", "q2", "a2", "q2b", "a2b", "late")
    assert not Branches(together).forked


def test_the_newest_version_is_shown_unless_another_was_chosen() -> None:
    assert shown_path(EDITED, {}) == ("q1x", "a1x")
    assert shown_path(EDITED, {"q1": "q1"}) == ("q1", "a1", "q2", "a2")
    assert shown_path(EDITED, {"q1": "nowhere"}) == ("q1x", "a1x")
    waiting = [*EDITED, node("q1y", None, None, "q1")]
    assert shown_path(waiting, {}) == ("q1y",)


def test_forks_lie_inside_each_other() -> None:
    nodes = [*EDITED, node("a1y", 7, "q1x", "a1x"), node("q3", 8, "a1y"), node("a2x", 9, "q2", "a2")]
    assert shown_path(nodes, {}) == ("q1x", "a1y", "q3")
    assert shown_path(nodes, {"a1x": "a1x"}) == ("q1x", "a1x")
    assert shown_path(nodes, {"q1": "q1"}) == ("q1", "a1", "q2", "a2x")
    assert shown_path(nodes, {"q1": "q1", "a2": "a2"}) == ("q1", "a1", "q2", "a2")


def test_versions_know_their_place() -> None:
    tree = Branches(EDITED)
    assert tree.versions("q1x") == Versions(("q1", "q1x"), 1)
    assert tree.versions("a1x") is None
    versions = tree.versions("q1x")
    assert versions is not None
    assert (versions.neighbour(-1), versions.neighbour(1)) == ("q1", None)


def test_a_choice_tells_what_went_and_came() -> None:
    tree = Branches(EDITED)
    reshaped = tree.choose("q1")
    assert reshaped.hidden == {"q1x", "a1x"}
    assert reshaped.revealed == {"q1", "a1", "q2", "a2"}
    assert tree.choose("q1") == tree.choose("q1")
    assert not tree.choose("q1").hidden
    last = tree.last_shown()
    assert last is not None
    assert last.id == "a2"


def test_what_is_below_a_hidden_version_is_brought_back_by_its_id() -> None:
    tree = Branches([*EDITED, node("a2x", 9, "q2", "a2")])
    tree.reveal("a2")
    assert not tree.is_hidden("a2")
    assert tree.is_hidden("a2x")
    assert tree.choices == {"q1": "q1", "a2": "a2"}


def test_a_deleted_version_counts_only_while_something_hangs_below_it() -> None:
    tree = Branches([*TALK, node("a2x", 5, "q2", "a2")])
    assert tree.is_hidden("a2")
    reshaped = tree.put([node("a2x", 5, "q2", "a2", deleted=True)])
    assert reshaped.hidden == {"a2x"}
    assert reshaped.revealed == {"a2"}
    assert tree.versions("a2") is None
    tree = Branches([*EDITED[:4], replace(EDITED[4], deleted=True), EDITED[5]])
    assert tree.versions("q1x") == Versions(("q1", "q1x"), 1), "its reply can still be reached"


def test_a_fork_whose_first_version_is_not_here_is_known_to_be_incomplete() -> None:
    tree = Branches(EDITED[2:])
    assert tree.incomplete
    assert not tree.is_hidden("q2")
    whole = Branches(EDITED[2:])
    whole.put(EDITED[:2])
    assert not whole.incomplete
    assert whole.is_hidden("q2")


def test_a_choice_made_for_a_family_survives_its_first_version_coming_late() -> None:
    tree = Branches([node("c", 3, None, "b"), node("d", 4, None, "b")], {"b": "c"})
    tree.put([node("b", 2, None, "a")])
    assert tree.choices == {"a": "c"}
    assert tree.is_hidden("d")


@given(any_nodes, any_choices)
def test_any_rows_give_the_path_by_the_book(nodes: list[Node], choices: dict[str, str]) -> None:
    tree = Branches(nodes, choices)
    path = shown_path(nodes, choices)
    assert path == plain(nodes, tree.choices)
    assert bool(path) == bool(nodes), "something is always shown"
    for each in nodes:
        versions = tree.versions(each.id)
        if versions is not None and not tree.is_hidden(each.id):
            assert versions.ids[versions.place] == each.id == tree.shown_version(each.id)


@given(any_nodes, any_choices, st.randoms(use_true_random=False), any_nodes)
def test_what_came_bit_by_bit_is_shown_like_what_came_at_once(
    nodes: list[Node], choices: dict[str, str], chance: Random, later: list[Node]
) -> None:
    tree = Branches((), choices)
    seen: set[str] = set()
    known: dict[str, Node] = {}

    def follow(reshaped: Reshaped, added: Sequence[str] = ()) -> None:
        seen.update(each for each in added if not tree.is_hidden(each))
        seen.difference_update(reshaped.hidden)
        seen.update(reshaped.revealed)

    for each in [*nodes, *later]:
        known[each.id] = each
        follow(tree.put([each]), [each.id])
        assert seen == set(plain(list(known.values()), tree.choices))
    for name in sorted(known):
        if chance.random() < 0.3:
            del known[name]
            follow(tree.drop(name))
            seen.discard(name)
        elif chance.random() < 0.3:
            follow(tree.choose(name))
        elif chance.random() < 0.3:
            follow(tree.reveal(name))
        assert seen == set(plain(list(known.values()), tree.choices))


@given(any_nodes, any_choices, st.sampled_from(IDS))
def test_whatever_has_text_can_be_brought_to_the_screen(
    nodes: list[Node], choices: dict[str, str], name: str
) -> None:
    tree = Branches(nodes, choices)
    tree.reveal(name)
    found = tree.nodes.get(name)
    if found is not None and not found.deleted:
        assert not tree.is_hidden(name)
