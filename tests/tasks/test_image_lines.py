"""The lines of commit, save, load, tag and rmi, and archives that are none."""

import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import ArchiveBroken, MissingValue, SourceUnreadable, UnknownFlag, WrongCount
from dockyard.tasks import Commit, Load, Save, Tag, Untag
from dockyard.tasks.image_files import describe_images

NAME = st.from_regex(r"[a-z0-9]{1,6}(/[a-z0-9]{1,4})?(:[a-z0-9]{1,4})?", fullmatch=True)
WORD = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)
PATH = WORD.map(lambda word: f"./{word}")
TASKS = st.one_of(
    st.builds(
        Commit,
        NAME,
        st.just("") | NAME,
        st.just("") | WORD,
        st.just("") | WORD,
        st.lists(WORD, max_size=2).map(tuple),
        st.booleans(),
    ),
    st.builds(Tag, NAME, NAME),
    st.builds(Untag, st.lists(NAME, min_size=1, max_size=3).map(tuple), st.booleans(), st.booleans(), st.booleans()),
    st.builds(Save, PATH, st.lists(NAME, min_size=1, max_size=3).map(tuple)),
    st.builds(Load, PATH, st.booleans()),
)


@given(TASKS)
def test_a_task_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@given(TASKS)
def test_the_code_makes_the_same_task(task):
    line = task.code.splitlines()[-1].removesuffix(".run(dockyard.current())")
    assert eval(line, {"dockyard": dockyard, **vars(dockyard.tasks)}) == task  # our own code


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker commit apa000ex22 ex22_original1", Commit("apa000ex22", "ex22_original1")),
        ("docker container commit -p=false -m 'a b' -a me x", Commit("x", "", "a b", "me", (), False)),
        ("docker image tag a b:1", Tag("a", "b:1")),
        ("docker image rm -f a b", Untag(("a", "b"), force=True)),
        ("docker image save --output=x.tar a", Save("x.tar", ("a",))),
        ("docker image load -qi x.tar", Load("x.tar", quiet=True)),
    ],
)
def test_lines_as_people_write_them(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker commit", WrongCount),
        ("docker commit a b c", WrongCount),
        ("docker tag a", WrongCount),
        ("docker rmi", WrongCount),
        ("docker save a", MissingValue),
        ("docker save -o x.tar", WrongCount),
        ("docker save --platform linux/arm64 -o x a", UnknownFlag),
        ("docker load", MissingValue),
        ("docker load -i a b", WrongCount),
    ],
)
def test_other_lines_are_refused(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


def archive(path, files, mode="w"):
    with tarfile.open(path, mode) as made:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_an_archive_is_described(mode, tmp_path):
    files = {"c.json": b"{}", "manifest.json": [{"Config": "c.json", "RepoTags": ["box:1"], "Layers": []}]}
    (image,) = describe_images(archive(tmp_path / "a", files, mode))
    assert image.ids == ("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",)
    assert [name.familiar for name in image.names] == ["box:1"]


def test_an_oci_layout_is_described(tmp_path):
    digest = "sha256:" + "1" * 64
    entry = {"digest": digest, "annotations": {"io.containerd.image.name": "docker.io/library/box:1"}}
    files = {"index.json": {"manifests": [entry]}, f"blobs/sha256/{'1' * 64}": {"config": {"digest": "sha256:2"}}}
    (image,) = describe_images(archive(tmp_path / "a", files))
    assert (image.ids, [name.familiar for name in image.names]) == ((digest, "sha256:2"), ["box:1"])


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.json": b"{"},
        {"manifest.json": b"[" * 100_000},
        {"manifest.json": [1]},
        {"manifest.json": {"a": 1}},
        {"manifest.json": [{"Config": "../../etc/passwd", "RepoTags": []}]},
        {"manifest.json": [{"Config": "c", "RepoTags": ["<script>"]}], "c": b""},
        {"manifest.json": b" " * (9 << 20)},
        {"index.json": {"manifests": [{"digest": "sha256:no"}]}},
    ],
)
def test_what_is_no_archive_of_images_is_refused(files, tmp_path):
    with pytest.raises(ArchiveBroken, match="not an archive"):
        describe_images(archive(tmp_path / "a", files))


def test_a_file_that_is_no_tar_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"no tar")
    with pytest.raises(ArchiveBroken):
        describe_images(tmp_path / "a")
    with pytest.raises(SourceUnreadable, match="No such file"):
        describe_images(tmp_path / "none")
