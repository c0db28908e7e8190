"""Names with wildcards."""

import pytest

from dockyard.engine.build.patterns import Ignored, has_wildcards, name_pattern
from dockyard.engine.errors import BadParameter


@pytest.mark.parametrize(
    ("rules", "path", "ignored"),
    [
        ("*.log", "a.log", True),
        ("*.log", "b/a.log", False),
        ("**/*.log", "b/c/a.log", True),
        ("**/*.log", "a.log", True),
        ("tmp/", "tmp/x/y", True),
        ("/tmp", "tmp", True),
        ("./tmp/../x", "x", True),
        ("tmp", "a/tmp", False),
        ("**/tmp", "a/tmp/b", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/d", "a/b/c/d", True),
        ("a/**/d", "a/d", True),
        ("*\n!keep", "keep", False),
        ("*\n!keep", "other", True),
        ("*\n!dir/keep", "dir/keep", False),
        ("*\n!dir/keep", "dir/other", True),
        ("!a\na", "a", True),
        ("a\n!a\na/b", "a/b", True),
        ("# a\n\n  b  ", "b", True),
        ("# a", "# a", False),
        ("\ufeffa", "a", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("a.b", "axb", False),
        ("(a|b)+", "a", False),
        ("**", "a/b", True),
    ],
)
def test_dockerignore_leaves_out_what_docker_leaves_out(rules, path, ignored):
    assert (path in Ignored(rules)) is ignored


@pytest.mark.parametrize("rules", ["!", "[", "a[", "[]", "a\\", "[z-a]"])
def test_a_rule_without_sense_is_refused(rules):
    with pytest.raises(BadParameter):
        Ignored(rules)


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", ".hidden", True),
        ("a*c", "abbc", True),
        ("[^x]b", "ab", True),
        ("[[]", "[", True),
        ("a\\?", "a?", True),
        ("**", "ab", True),
    ],
)
def test_a_name_matches_as_in_go(pattern, name, matches):
    assert bool(name_pattern(pattern).fullmatch(name)) is matches


def test_an_escaped_wildcard_is_none():
    assert not has_wildcards("a\\*b")
    assert has_wildcards("a\\\\*b")
