"""Dockerfiles taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.engine.build.dockerfile import parse
from dockyard.engine.build.errors import DockerfileError


def only(text):
    (instruction,) = parse(f"FROM x\n{text}").stages[0].instructions
    return instruction


def test_every_instruction_knows_its_line():
    found = parse("# a comment\n\nFROM a\n\nRUN one \\\n  two\n# between\nRUN three\n")
    assert [(each.line, each.keyword, each.value) for each in found.instructions] == [
        (3, "FROM", "a"),
        (5, "RUN", "one   two"),
        (8, "RUN", "three"),
    ]


def test_a_comment_within_a_continued_line_is_left_out():
    assert only("RUN a \\\n # no\n b \\\n\t# no\n c").arguments == ("a  b  c",)


def test_an_empty_line_within_a_continued_line_is_warned_of():
    found = parse("FROM a\nRUN b \\\n\n  c\n")
    assert found.warnings[0] == "[WARNING]: Empty continuation line found in:\n    RUN b   c"
    assert found.stages[0].instructions[0].arguments == ("b   c",)


def test_a_backtick_continues_lines_where_the_directive_says_so():
    found = parse("# escape=`\nFROM a\nRUN dir `\n  c:\\\n")
    assert found.escape == "`"
    assert found.stages[0].instructions[0].arguments == ("dir   c:\\",)


def test_a_directive_after_a_comment_is_a_comment():
    assert parse("# hello\n# escape=`\nFROM a\n").escape == "\\"


def test_the_syntax_directive_is_passed_by():
    assert parse("# syntax=docker/dockerfile:1\nFROM a\n").stages[0].source.line == 2


def test_flags_come_before_the_arguments():
    found = only('COPY --from=a --chown="b c" --link x --not-a-flag /y')
    assert found.flags == (("from", "a"), ("chown", "b c"), ("link", None))
    assert found.switch("link")
    assert not found.switch("keep-git-dir")
    assert found.flag("chmod") == ""
    assert found.arguments == ("x", "--not-a-flag", "/y")


@pytest.mark.parametrize(
    ("text", "arguments", "is_json"),
    [
        ('CMD ["a", "b c"]', ("a", "b c"), True),
        ('CMD ["a" "b"]', ('["a" "b"]',), False),
        ("CMD a  b", ("a  b",), False),
        ("CMD", (), False),
        ('COPY ["a b", "/c"]', ("a b", "/c"), True),
        ("COPY a\t b  /c", ("a", "b", "/c"), False),
        ("ENV a=b c='d e'", ("a", "b", "c", "'d e'"), False),
        ("ENV a b  c", ("a", "b  c"), False),
        ("ARG a b=c", ("a", "b=c"), False),
        ("HEALTHCHECK CMD a b", ("CMD", "a b"), False),
        ('HEALTHCHECK CMD ["a", "b"]', ("CMD", "a", "b"), True),
        ("ONBUILD RUN a b", ("RUN", "a b"), False),
        ("USER a b", ("a b",), False),
    ],
)
def test_arguments_are_cut_as_the_instruction_wants_them(text, arguments, is_json):
    found = only(text)
    assert (found.arguments, found.is_json) == (arguments, is_json)


def test_stages_have_names_in_small_letters():
    found = parse("FROM a AS One\nRUN b\nFROM One as two\nRUN c\n")
    assert [(each.name, each.source.arguments[0], len(each.instructions)) for each in found.stages] == [
        ("one", "a", 1),
        ("two", "One", 1),
    ]


@pytest.mark.parametrize("target", ["one", "ONE", "0"])
def test_stages_after_the_target_are_left_out(target):
    found = parse("FROM a AS one\nFROM b AS two\n").up_to(target)
    assert [each.name for each in found.stages] == ["one"]


def test_arguments_may_stand_before_the_first_stage():
    found = parse("ARG a=b\nARG c\nFROM $a\n")
    assert [each.value for each in found.globals] == ["a=b", "c"]


def test_a_heredoc_belongs_to_its_instruction():
    found = parse("FROM a\nRUN <<EOF\necho one\n  # not a comment\n\nEOF\nRUN after\n").stages[0].instructions
    (text,) = found[0].heredocs
    assert (text.name, text.content, text.expand) == ("EOF", "echo one\n  # not a comment\n\n", True)
    assert (found[1].line, found[1].value) == (7, "after")


def test_a_quoted_heredoc_keeps_its_variables():
    (text,) = only("COPY <<'EOF' /x\n$a\nEOF").heredocs
    assert (text.name, text.expand) == ("EOF", False)


def test_a_heredoc_with_a_dash_loses_its_tabs():
    (text,) = only("COPY <<-EOF /x\n\ta\n\t\tb\n\tEOF").heredocs
    assert text.content == "a\nb\n"


def test_an_instruction_may_have_several_heredocs():
    found = only('COPY <<one <<"two" /x/\n1\none\n2\ntwo')
    assert [(each.name, each.content) for each in found.heredocs] == [("one", "1\n"), ("two", "2\n")]


@pytest.mark.parametrize("text", ["RUN cat <<< x", "RUN echo $((1<<2))", 'RUN echo "<<EOF"', "ENV a=<<EOF"])
def test_what_only_looks_like_a_heredoc_is_none(text):
    assert only(text).heredocs == ()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("FROM a\n\nFOO b\n", 3, "unknown instruction: FOO"),
        (
            "FROM a\nRUN \\\n  x\nCOPY y\n",
            4,
            "COPY requires at least two arguments, but only one was provided. Destination could not be determined",
        ),
        ("ARG a\nRUN b\n", 2, "no build stage in current context"),
        ("FROM a\nENV b\n", 2, "ENV must have two arguments"),
        ("FROM a\nRUN <<EOF\nb\n", 2, "unterminated heredoc"),
        ("FROM a\nRUN --what=x y\n", 2, "Unknown flag: what"),
        ("FROM a\nCOPY --link=x b /c\n", 2, "Expecting boolean value for flag link, not: x"),
        ("FROM a\nCOPY --chown=a --chown=b b /c\n", 2, "Duplicate flag specified: chown"),
        ("FROM a\nCOPY x <<EOF\nb\nEOF\n", 2, "COPY cannot accept a heredoc as a destination"),
    ],
)
def test_an_error_names_its_line(text, line, message):
    with pytest.raises(DockerfileError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.message) == (line, message)
    assert caught.value.status == 400


@given(st.text(alphabet=st.sampled_from("FROM RUNCOPYENV<->\\\"'=[]$`{}#\n\t ab")))
def test_any_text_is_taken_apart_or_refused_with_a_line(text):
    try:
        last = parse(f"FROM a\n{text}").instructions[-1].line
    except DockerfileError as error:
        last = error.line
    assert 1 <= last <= text.count("\n") + 2
