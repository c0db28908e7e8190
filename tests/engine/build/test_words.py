"""Variables in words, as Docker's builder replaces them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.engine.build.words import expand, expand_text, expand_words
from dockyard.engine.errors import BadParameter

VARIABLES = {"a": "A", "empty": "", "spaced": "x  y", "PATH": "/bin:/usr/bin"}


@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("$a", "A"),
        ("${a}b", "Ab"),
        ("$ab", ""),
        ("$a-$a", "A-A"),
        ("\\$a", "$a"),
        ("\\\\$a", "\\A"),
        ("'$a'", "$a"),
        ('"$a"', "A"),
        ("'a\"b'", 'a"b'),
        ('"a\'b"', "a'b"),
        ('"\\"\\$a\\n"', '"$a\\n'),
        ("$", "$"),
        ("$1x", "x"),
        ("${a:-b}", "A"),
        ("${nothing:-b}", "b"),
        ("${empty:-b}", "b"),
        ("${empty-b}", ""),
        ("${nothing-b}", "b"),
        ("${nothing:-${a}}", "A"),
        ("${nothing:-${other:-c}}", "c"),
        ("${a:+b}", "b"),
        ("${empty:+b}", ""),
        ("${empty+b}", "b"),
        ("${nothing:+b}", ""),
        ("${a:?no}", "A"),
        ("$spaced", "x  y"),
        ("${PATH}:/x", "/bin:/usr/bin:/x"),
        ("한$a글", "한"),
        ("한${a}글", "한A글"),
        ("a\\", "a"),
        ("", ""),
    ],
)
def test_a_word_is_expanded(word, result):
    assert expand(word, VARIABLES) == result


def test_the_escape_character_may_be_another():
    assert expand("`$a\\$a", VARIABLES, "`") == "$a\\A"


@pytest.mark.parametrize(
    ("word", "words"),
    [("$spaced z", ["x", "y", "z"]), ('"$spaced" z', ["x  y", "z"]), ("$nothing", []), ("a\\ b", ["a b"])],
)
def test_a_word_may_become_several(word, words):
    assert expand_words(word, VARIABLES) == words


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("${a", "syntax error: missing '}'"),
        ("${", "syntax error: missing '}'"),
        ("${a:-b", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${:x}", "syntax error: bad substitution"),
        ("${a!b}", "unsupported modifier (!) in substitution"),
        ("${a:=b}", "unsupported modifier (:=) in substitution"),
        ("${nothing:?is missing}", "nothing: is missing"),
        ("${nothing?}", "nothing: is not allowed to be unset"),
        ("${empty:?}", "empty: is not allowed to be empty"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ('"a', "unexpected end of statement while looking for matching double-quote"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(word, reason):
    with pytest.raises(BadParameter) as caught:
        expand(word, VARIABLES)
    quoted = word.replace('"', '\\"')
    assert str(caught.value) == f'failed to process "{quoted}": {reason}'


def test_a_heredoc_keeps_its_quotes():
    text = 'it\'s "$a" \\$a \\\\ \\n ${nothing:-x}\n'
    assert expand_text(text, VARIABLES) == 'it\'s "A" $a \\ \\n x\n'


@given(st.text(alphabet=st.sampled_from("ab${}:-+?'\"\\ \n")))
def test_any_word_is_expanded_or_refused(word):
    for work in (expand, expand_words, expand_text):
        with suppress(BadParameter):
            work(word, VARIABLES)
