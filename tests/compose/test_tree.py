"""YAML as a Compose file has it: values with their lines."""

import pytest

from dockyard.compose.tree import MOST_NODES, Fault, Tree, spelled


def test_words_and_numbers_are_told_apart_by_yaml_1_2():
    text = (
        "a: no\nb: on\nc: 22:22\nd: 0o17\ne: 0755\nf: 1e3\ng: True\nh: ~\ni:\nj: 2026-01-02\nk: 08\nl: 0x1F\nm: 3.10\n"
    )
    assert Tree.parse(text).values == {
        "a": "no", "b": "on", "c": "22:22", "d": 15, "e": 493, "f": 1000.0, "g": True, "h": None, "i": None,
        "j": "2026-01-02", "k": 8, "l": 31, "m": 3.1,
    }  # fmt: skip


def test_every_value_has_its_line():
    tree = Tree.parse("services:\n  web:\n    ports:\n      - '80'\n\n      - '81'\n")
    assert tree.line(("services", "web")) == 2
    assert tree.line(("services", "web", "ports", 1)) == 6
    assert tree.line(("services", "web", "ports", 1, "target")) == 6


def test_what_is_merged_gives_way_to_what_stands_there():
    tree = Tree.parse("x-one: &one\n  a: 1\n  b: 2\nx-two: &two {b: 3, c: 4}\nit:\n  <<: [*one, *two]\n  a: 5\n")
    assert tree.values["it"] == {"a": 5, "b": 2, "c": 4}
    assert tree.line(("it", "a")) == 7
    assert Tree.parse("it:\n  '<<': 1\n").values == {"it": {"<<": 1}}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: 1\nb: [", 2, "no YAML"),
        ("a: 1\n b: 2\n", 2, "no YAML"),
        ("a: \x01", 1, "no YAML"),
        ("a: 1\n---\nb: 2\n", 3, "second document"),
        ("- a\n", 1, "must be a mapping"),
        ("", 1, "must be a mapping"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("? [a]\n: 1\n", 1, "must be a word"),
        ("a: 1\nb: !reset []\n", 2, "!reset"),
        ("a: 1\nb: !!binary aGk=\n", 2, "binary"),
        ("a: !!int x\n", 1, "no number"),
        ("a: &a\n  b: *a\n", 1, "holds itself"),
        ("a: &a\n  - *a\n", 1, "holds itself"),
        ("a:\n  <<: [1]\n", 2, "Only a mapping"),
    ],
)
def test_what_is_none_is_told_with_its_line(text, line, says):
    with pytest.raises(Fault) as caught:
        Tree.parse(text)
    assert says in caught.value.says
    assert caught.value.line == line


def test_a_few_lines_that_stand_for_billions_are_refused():
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Fault, match="too many aliases"):
        Tree.parse("\n".join(lines))
    assert len(Tree.parse(f"a: [{'1, ' * (MOST_NODES // 2)}]").values["a"]) == MOST_NODES // 2


def test_a_place_is_spelled_as_people_do():
    assert spelled(("services", "web", "ports", 0, "target")) == "services.web.ports[0].target"
