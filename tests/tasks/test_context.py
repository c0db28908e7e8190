"""The context of a build, as a stream."""

import io
import os
import socket
import tarfile

import pytest

from dockyard.connection.parts import as_bytes
from dockyard.errors import NoContext, NoDockerfile, SourceChanged, SourceUnreadable
from dockyard.tasks.context import Context


def files_in(context):
    """Name to content, None for a folder; the stream's length is checked on the way."""
    stream = b"".join(as_bytes(context.parts(), lambda _: None))
    assert len(stream) == context.stream_bytes
    with tarfile.open(fileobj=io.BytesIO(stream)) as archive:
        members = archive.getmembers()
        assert {(each.uid, each.gid) for each in members} == {(0, 0)}
        return {each.name: archive.extractfile(each).read() if each.isreg() else None for each in members}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "site"
    (made / "logs/deep").mkdir(parents=True)
    for name in ("Dockerfile", "index.html", "logs/a.log", "logs/keep.txt", "logs/deep/b.log", "한글 이름"):
        (made / name).write_text(name)
    return made


def test_a_folder_is_sent_whole(folder):
    (folder / "link").symlink_to("index.html")
    os.link(folder / "index.html", folder / "index.twin")
    context = Context.read(str(folder))
    assert set(context.names) == set(files_in(context))
    assert "logs/deep/b.log" in context.names
    assert (context.dockerfile, context.text, context.left_out) == ("Dockerfile", "Dockerfile", 0)
    assert context.file_count == 8
    assert context.size_bytes == sum(
        len(name.encode()) for name in files_in(context) if (folder / name).is_file()
    ) - len("link" + "index.twin")


@pytest.mark.parametrize(
    ("rules", "there", "left_out"),
    [
        ("logs", {"Dockerfile", "index.html", "한글 이름"}, 1),
        (
            "# a comment\n\n*.html\nlogs/**/*.log\n",
            {"Dockerfile", "한글 이름", "logs", "logs/keep.txt", "logs/deep"},
            3,
        ),
        ("logs\n!logs/keep.txt", {"Dockerfile", "index.html", "한글 이름", "logs/keep.txt"}, 3),
        ("*", {"Dockerfile"}, 3),
    ],
)
def test_what_dockerignore_names_is_left_out(rules, there, left_out, folder):
    (folder / ".dockerignore").write_text(rules)
    context = Context.read(str(folder))
    assert set(files_in(context)) == there | {".dockerignore"}
    assert context.left_out == left_out
    assert f"leaves {left_out} out" in context.about


def test_a_dockerfile_elsewhere_is_sent_and_not_copied(folder, tmp_path, monkeypatch):
    (tmp_path / "Other").write_text("FROM x")
    monkeypatch.chdir(tmp_path)
    context = Context.read("site", "Other")
    sent = files_in(context)
    assert sent[context.dockerfile] == b"FROM x"
    assert sent[".dockerignore"].decode().splitlines() == [".dockerignore", context.dockerfile]
    assert context.dockerfile not in context.names
    inner = Context.read("site", "site/logs/keep.txt")
    assert (inner.dockerfile, inner.text) == ("logs/keep.txt", "logs/keep.txt")


def test_a_text_is_sent_beside_a_folder_or_alone(folder):
    (folder / ".dockerignore").write_text("logs")
    context = Context.read(str(folder), text="FROM x\nRUN 한글")
    sent = files_in(context)
    assert sent[context.dockerfile].decode() == "FROM x\nRUN 한글"
    assert sent[".dockerignore"].decode().splitlines() == ["logs", context.dockerfile]
    assert "logs" not in sent
    assert files_in(Context.of_text("FROM x")) == {"Dockerfile": b"FROM x"}


def test_what_no_archive_can_hold_is_left_out(folder):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "s"))
        assert "s" not in Context.read(str(folder)).names


def test_large_files_are_named(folder):
    (folder / "big.bin").write_bytes(bytes(3_000_000))
    context = Context.read(str(folder))
    assert context.largest(1)[0].name == "big.bin"
    assert "The largest: big.bin (3MB)" in context.about


def test_what_is_not_there_is_told(folder, tmp_path):
    with pytest.raises(NoContext, match="nothing"):
        Context.read(str(tmp_path / "nothing"))
    with pytest.raises(NoDockerfile, match="Dockerfile"):
        Context.read(str(tmp_path))
    with pytest.raises(NoDockerfile, match="Other"):
        Context.read(str(folder), str(folder / "Other"))


def test_a_file_that_changes_or_goes_meanwhile_is_told(folder):
    context = Context.read(str(folder))
    (folder / "index.html").write_text("longer than before")
    with pytest.raises(SourceChanged, match=r"index\.html"):
        files_in(context)
    context = Context.read(str(folder))
    (folder / "index.html").unlink()
    with pytest.raises(SourceUnreadable, match=r"index\.html"):
        files_in(context)
