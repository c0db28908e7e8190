"""Variables in a Compose file, and where they come from."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.compose.variables import BadVariable, fill, parse_env_file, read_env_file
from dockyard.errors import SourceUnreadable

KNOWN = {"A": "one", "EMPTY": "", "B_2": "two"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("$A-${A}-$B_2", "one-one-two"),
        ("$$A $${A} $$$A", "$A ${A} $one"),
        ("${NONE:-x}${NONE-y}", "xy"),
        ("${EMPTY:-x}${EMPTY-y}", "x"),
        ("${A:-x}${A-y}", "oneone"),
        ("${A:+x}${EMPTY:+x}${EMPTY+y}${NONE+z}", "xy"),
        ("${NONE:-${ALSO:-deep}} end", "deep end"),
        ("${NONE:-a$A}b", "aoneb"),
        ("${NONE:-a b: c}", "a b: c"),
        ("${A:?must be}", "one"),
        ("${NONE:-}|", "|"),
        ("${NONE:-$$}", "$"),
    ],
)
def test_variables_are_filled_in(text, filled):
    assert fill(text, KNOWN) == filled


def test_those_without_anything_to_stand_for_them_are_told():
    unset = set()
    assert fill("$X ${Y} ${Z:-$W} ${A:-$V} ${N:+$M}", KNOWN, unset) == "   one "
    assert unset == {"X", "Y", "W"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("$(date)", r"written `\$\$`"),
        ("cost: 5$", r"written `\$\$`"),
        ("${", "begins with no name"),
        ("${A", r"`\${A` goes on"),
        ("${A!x}", "goes on"),
        ("${NONE:-x", "not closed"),
        ("${NONE:?say why}", "NONE must be set: say why"),
        ("${EMPTY:?}", "EMPTY must be set"),
    ],
)
def test_what_is_no_variable_is_refused(text, says):
    with pytest.raises(BadVariable, match=says):
        fill(text, KNOWN)


@given(st.text())
def test_a_text_with_doubled_dollars_is_itself(text):
    assert fill(text.replace("$", "$$"), {}) == text


@given(st.text(alphabet="$A{}:-?+ x"))
def test_a_text_is_filled_in_whole_or_refused(text):
    """Nothing is left to fill in: what came out, its dollars doubled, is itself."""
    with suppress(BadVariable):
        filled = fill(text, {"A": "1"})
        assert fill(filled.replace("$", "$$"), {}) == filled
        assert "$" in text or filled == text


def test_a_file_of_variables():
    text = """# a comment
A=1
export B = two words # and why
C='$A #not' # comment
D="$A \\"quoted\\" \\$A\\n${B}"
E=
F
G=a#b
H="two
lines"
"""
    assert parse_env_file(text, {}) == {
        "A": "1", "B": "two words", "C": "$A #not", "D": '1 "quoted" $A\ntwo words', "E": "", "F": None, "G": "a#b", "H": "two\nlines",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [("A=1\n=2\n", "line 2"), ("A='x\ny\n", "quote on line 1"), ("1A=3", "line 1"), ("A=$(x)", "begins no")],
)
def test_a_line_that_is_none_is_told(text, says):
    with pytest.raises(BadVariable, match=says):
        parse_env_file(text, {})


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SourceUnreadable, match="No such file"):
        read_env_file(tmp_path / "none", {})
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceUnreadable, match="codec"):
        read_env_file(tmp_path / "bytes", {})
