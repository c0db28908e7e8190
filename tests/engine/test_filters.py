import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.filters import Filters

ALLOWED = ("label", "label!", "name", "dangling", "until")


@pytest.mark.parametrize("text", ['{"name": ["a", "b"]}', '{"name": {"a": true, "b": true, "c": false}}'])
def test_both_forms_are_read(text):
    assert Filters.parse(text, ALLOWED).values("name") == ("a", "b")


@pytest.mark.parametrize("text", [None, "", "{}", '{"name": []}'])
def test_no_filter_lets_everything_through(text):
    filters = Filters.parse(text, ALLOWED)
    assert not filters
    assert filters.exact("name", "anything")
    assert filters.match_label({})


@pytest.mark.parametrize("text", ["{x", "[]", '"name"', '{"name": 1}', '{"name": [1]}', "[" * 100_000])
def test_what_is_of_neither_form_is_refused(text):
    with pytest.raises(BadParameter, match="invalid filter"):
        Filters.parse(text, ALLOWED)


def test_an_unknown_filter_is_refused_by_name():
    with pytest.raises(BadParameter, match=r"^invalid filter 'colour'$"):
        Filters.parse('{"colour": ["red"]}', ALLOWED)
    assert Filters.parse('{"colour": ["red"]}').values("colour") == ("red",)


def test_a_flag_is_true_or_false():
    assert Filters.parse('{"dangling": ["1"]}').flag("dangling") is True
    assert Filters.parse('{"dangling": {"false": true}}').flag("dangling") is False
    assert Filters().flag("dangling") is None
    for text in ('{"dangling": ["maybe"]}', '{"dangling": ["true", "false"]}'):
        with pytest.raises(BadParameter, match=r"^invalid filter 'dangling=\["):
            Filters.parse(text).flag("dangling")


def test_one_value_is_one_value():
    assert Filters.parse('{"until": ["1h"]}').single("until") == "1h"
    with pytest.raises(BadParameter, match="more than one until filter specified"):
        Filters.parse('{"until": ["1h", "2h"]}').single("until")


def test_labels_must_all_be_there():
    filters = Filters.parse('{"label": ["stage=test", "tier"]}')
    assert filters.match_label({"stage": "test", "tier": "", "other": "x"})
    assert not filters.match_label({"stage": "prod", "tier": ""})
    assert not filters.match_label({"stage": "test"})
    assert not filters.match_label(None)


def test_labels_can_be_excluded():
    filters = Filters.parse('{"label!": ["keep"]}')
    assert filters.match_label({})
    assert not filters.match_label({"keep": "1"})


def test_names_match_anywhere_and_as_patterns():
    filters = Filters.parse('{"name": ["web", "^db[0-9]$", "("]}')
    assert filters.match("name", "my-web-1")
    assert filters.match("name", "db7")
    assert not filters.match("name", "db77")
    assert filters.match("name", "(")
