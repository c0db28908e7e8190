"""Volumes as lines: what needs no engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import BadValue, ShellSyntax, UnknownFlag, WrongCount
from dockyard.tasks import Run, VolumeClone, VolumeCreate, VolumeGet, VolumePut, VolumeRemove, VolumeRename

WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8)
PLAIN = st.from_regex(r"[a-z0-9][a-z0-9_.-]{1,8}", fullmatch=True)
PART = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=":/"), min_size=1, max_size=8
)
PATH = st.lists(PART, min_size=1, max_size=3).map("/".join)
HERE = st.builds(lambda path, end: f"/{path}{end}", PATH, st.sampled_from(["", "/", "/."])).filter(
    lambda path: path.strip("/.")
)
INSIDE = st.builds(lambda path, end: f"/{path}{end}", PATH, st.sampled_from(["", "/", "/."])) | st.just("/")
PAIRS = st.lists(st.tuples(PLAIN, WORD).map("=".join), max_size=2).map(tuple)


@given(st.builds(VolumeCreate, name=st.just("") | PLAIN, driver=st.just("") | PLAIN, labels=PAIRS, options=PAIRS))
def test_a_volume_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@given(st.builds(VolumeRemove, names=st.lists(PLAIN, min_size=1, max_size=3).map(tuple), force=st.booleans()))
def test_a_removal_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "error", "sentence"),
    [
        ("docker volume create a b", WrongCount, "one name at most"),
        ("docker volume create --opt device a", BadValue, "KEY=value"),
        ("docker volume create --scope local a", UnknownFlag, "--scope"),
        ("docker volume rm", WrongCount, "a volume's name"),
        ("docker volume rm -a x", UnknownFlag, "-a"),
    ],
)
def test_a_line_that_cant_be_taken_names_the_word(line, error, sentence):
    with pytest.raises(error, match=sentence):
        dockyard.parse(line)


def test_docker_s_other_name_means_the_same():
    assert dockyard.parse("docker volume remove -f a") == VolumeRemove(("a",), force=True)


def test_what_is_kept_is_part_of_the_code_and_not_of_the_line():
    task = VolumeRemove(("a", "a"), keep=False)
    assert task.command == "docker volume rm a"
    assert "VolumeRemove(names=('a',), keep=False)" in task.code


@given(PLAIN, PLAIN)
def test_lines_that_docker_has_no_word_for_say_what_would_have_to_be_done(old, new):
    copied = f"docker run --rm -v {old}:/source -v {new}:/target busybox cp -a /source/. /target"
    renamed = f"docker volume create {new} && {copied} && docker volume rm {old}"
    assert VolumeClone(old, new).command == copied
    assert VolumeRename(old, new).command == renamed
    assert dockyard.parse(copied) == VolumeClone(old, new)
    assert dockyard.parse(renamed) == VolumeRename(old, new)


@given(HERE, PLAIN, INSIDE)
def test_files_into_and_out_of_a_volume_are_parsed_from_their_lines(here, volume, path):
    for task in (VolumePut(here, volume, path), VolumeGet(volume, path, here)):
        assert dockyard.parse(task.command) == task


def test_a_path_is_made_absolute_and_keeps_its_end(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put = VolumePut("site/.", "shop", "css/../pages/")
    assert (put.source, put.path) == (f"{tmp_path}/site/.", "/pages/")
    assert put.command.endswith("busybox cp -r /here/site/. /volume/pages/")
    assert VolumePut("a", "shop", "").path == VolumePut("a", "shop", "../..").path == "/"
    for wrong in ("", "/", "/a:b/c"):
        with pytest.raises(BadValue, match="no colon"):
            VolumePut(wrong, "shop")


@pytest.mark.parametrize(
    "line",
    [
        "docker run --rm -v /tmp/a:/source -v b:/target busybox cp -a /source/. /target",
        "docker run --rm -v a:/source -v b:/target:ro busybox cp -a /source/. /target",
        "docker run --rm -v a:/source -v b:/target busybox cp -a /source/x /target",
        "docker run --rm -v a:/source busybox cp -a /source/. /target",
        "docker run --rm -v /tmp:/here -v a:/volume busybox cp -r /here/x /here/y",
        "docker run --rm -v /tmp:/here -v a:/volume busybox cp -r /here/x /volume/../etc",
        "docker run --rm -v b:/here -v a:/volume busybox cp -r /here/x /volume/",
    ],
)
def test_every_other_run_stays_a_run(line):
    assert isinstance(dockyard.parse(line), Run)


def test_a_line_that_renames_something_else_is_refused():
    with pytest.raises(ShellSyntax):
        dockyard.parse(VolumeRename("a1", "b1").command.replace("rm a1", "rm c1"))
