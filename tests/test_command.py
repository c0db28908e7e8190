"""Docker lines to words and flags, and back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dockyard.command import Flag, line, parse_flags, words
from dockyard.errors import BadValue, MissingValue, NotDocker, ShellSyntax, UnknownFlag

TABLE = (
    Flag("name"),
    Flag("detach", "d", "switch"),
    Flag("tty", "t", "switch"),
    Flag("publish", "p", "list"),
    Flag("rm", "", "switch"),
    Flag("network", also="net"),
)


@example(["~"])
@example(["|", "~/x", "$HOME", "`a`", "a'b", 'a"b', "\\"])
@given(
    st.lists(
        st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r\n"), min_size=1), min_size=1
    )
)
def test_a_line_splits_into_the_words_it_was_joined_from(given_words):
    quoted = line("docker", *given_words)
    assert words(quoted) == tuple(given_words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("docker cp a b:/c", ("cp", "a", "b:/c")),
        ("$ docker cp 'my page.html' web:/srv/", ("cp", "my page.html", "web:/srv/")),
        ("sudo docker ps", ("ps",)),
        ("docker run \\\n  -d \\\n  httpd", ("run", "-d", "httpd")),
        ('docker run -e "A=b c" httpd', ("run", "-e", "A=b c", "httpd")),
        ("docker run httpd echo '$HOME'", ("run", "httpd", "echo", "$HOME")),
        ("docker run -e 'A=1|2' httpd", ("run", "-e", "A=1|2", "httpd")),
    ],
)
def test_lines_are_taken_as_people_paste_them(text, expected):
    assert words(text) == expected


def test_a_tilde_stands_for_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert words("docker run -v ~/apa_folder:/srv httpd")[2] == "/home/me/apa_folder:/srv"
    assert words("docker cp ~ '~/x' web:~")[1:] == ("/home/me", "~/x", "web:~")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("docker ps | grep web", "|"),
        ("docker ps && ls", "&&"),
        ("docker ps; ls", ";"),
        ("docker logs web > file", ">"),
        ("docker run -v $PWD:/srv httpd", "$PWD:/srv"),
        ('docker run -v "$(pwd)":/srv httpd', '"$(pwd)":/srv'),
        ("docker run `cat x`", "`cat"),
        ("docker run 'open", "docker run 'open"),
    ],
)
def test_what_only_a_shell_could_do_is_refused_by_name(text, named):
    with pytest.raises(ShellSyntax) as caught:
        words(text)
    assert caught.value.facts["token"] == named


def test_a_line_that_is_not_dockers_is_refused():
    with pytest.raises(NotDocker, match="must begin with `docker`"):
        words("podman ps")


def test_flags_are_sorted_as_docker_sorts_them():
    parsed = parse_flags(
        "run", TABLE, ("-dt", "-p8080:80", "--publish=81:81", "--name", "web", "httpd", "-d"), flags_first=True
    )
    assert parsed.switches == {"detach", "tty"}
    assert parsed.lists == {"publish": ("8080:80", "81:81")}
    assert parsed.values == {"name": "web"}
    assert parsed.words == ("httpd", "-d")


def test_a_later_value_wins_and_a_switch_can_be_turned_off():
    parsed = parse_flags("run", TABLE, ("--name=a", "--name=b", "--rm", "--rm=false", "--net", "host"))
    assert parsed.values == {"name": "b", "network": "host"}
    assert parsed.switches == frozenset()


@pytest.mark.parametrize(
    ("given_words", "flag"), [(("--privileged",), "--privileged"), (("-dz",), "-z"), (("--nane", "x"), "--nane")]
)
def test_an_unknown_flag_is_refused_by_name(given_words, flag):
    with pytest.raises(UnknownFlag) as caught:
        parse_flags("run", TABLE, given_words)
    assert caught.value.facts["flag"] == flag
    assert flag in str(caught.value)


def test_a_misspelt_flag_brings_the_likely_one():
    with pytest.raises(UnknownFlag, match="--name"):
        parse_flags("run", TABLE, ("--nmae", "x"))


def test_a_flag_without_its_value_is_refused():
    with pytest.raises(MissingValue, match="--name"):
        parse_flags("run", TABLE, ("--name",))


def test_a_switch_takes_only_truth():
    with pytest.raises(BadValue, match="maybe"):
        parse_flags("run", TABLE, ("--rm=maybe",))
