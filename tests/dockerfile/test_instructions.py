"""A Dockerfile taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.dockerfile import INSTRUCTIONS, Dockerfile, check

SHOWN = r"""# escape=\
ARG TAG=1.36
FROM busybox:${TAG} AS base

# a comment
RUN echo one && \
    # within it

    echo two
COPY --chown=1:2 --from=other ["a b", "/c"]
run cat <<END
FROM nothing
END
FROM base
"""


def test_each_has_its_lines_flags_and_words():
    found = Dockerfile.parse(SHOWN).instructions
    assert [(each.line, each.last_line, each.name) for each in found] == [
        (2, 2, "ARG"),
        (3, 3, "FROM"),
        (6, 9, "RUN"),
        (10, 10, "COPY"),
        (11, 13, "RUN"),
        (14, 14, "FROM"),
    ]
    assert found[2].text == "echo one &&     echo two"
    assert (found[3].flags, found[3].words) == (("--chown=1:2", "--from=other"), ("a b", "/c"))
    assert (found[3].flag("from"), found[3].flag("chmod")) == ("other", "")
    assert found[4].has_heredoc
    assert str(found[0]) == "ARG TAG=1.36"


def test_stages_know_their_base():
    given_file = Dockerfile.parse(SHOWN)
    first, second = given_file.stages()
    assert (first.base, first.name, second.base) == ("busybox:1.36", "base", "base")
    assert given_file.bases() == {"busybox:1.36": 3, "other": 10}
    assert given_file.bases({"TAG": "2"}) == {"busybox:2": 3, "other": 10}
    assert given_file.stages_until("BASE") == given_file.stages_until("0") == (first,)
    assert given_file.stages_until("nothing") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("# escape=`\nFROM a `\n  AS b\nRUN dir C:\\\nRUN x", ["FROM", "RUN", "RUN"]),
        ("\ufefffrom a\r\nrun\tb\r\n", ["FROM", "RUN"]),
        ("RUN echo $((1<<2))\nRUN b", ["RUN", "RUN"]),
        ("RUN a \\", ["RUN"]),
        ("RUN a <<-'E'\n\tFROM b\n\tE\nUSER c", ["RUN", "USER"]),
        ("COPY <<E /x\nnever ended", ["COPY"]),
    ],
)
def test_the_grammar_s_corners(text, names):
    assert [each.name for each in Dockerfile.parse(text).instructions] == names


def test_json_needs_double_quotes():
    one, other, empty = Dockerfile.parse('CMD ["a", "b c"]\nCMD [\'a\']\nCMD []').instructions
    assert (one.words, other.json_form, other.words, empty.words) == (("a", "b c"), None, ("['a']",), ())


LINES = st.lists(
    st.one_of(
        st.builds("{} {}".format, st.sampled_from(INSTRUCTIONS), st.text(max_size=20)),
        st.text(st.sampled_from("FROM#\\ $\"'[]<-={}:/\n\tAS"), max_size=20),
        st.text(max_size=20),
    ),
    max_size=8,
).map("\n".join)


@given(LINES)
def test_any_text_is_taken(text):
    given_file = Dockerfile.parse(text)
    spans = [(each.line, each.last_line) for each in given_file.instructions]
    assert all(1 <= first <= last <= len(given_file.lines) for first, last in spans)
    assert spans == sorted(set(spans))
    for finding in check(text, files=["a"], build_args={"A": "b"}, target="x"):
        assert 0 <= finding.line <= len(given_file.lines)
        assert str(finding)
