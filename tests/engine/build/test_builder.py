"""Builds: what they make, what they take over from earlier ones, what they refuse. What Docker does alike is in ``test_like_docker``."""

import hashlib
import http.server
import io
import shutil
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from builds import Yard, header, tar
from dockyard.engine.build.errors import BuildCancelled, CommandFailed
from dockyard.engine.errors import ApiError, BadParameter, NotSupported, ServerError


def refusal(yard: Yard, files, **query) -> str:
    with pytest.raises(ApiError) as caught:
        yard.build(files, **query)
    return str(caught.value)


def owners(root: Path, *names: str) -> list[tuple[int, int, str]]:
    found = [(root / name).lstat() for name in names]
    return [(each.st_uid, each.st_gid, f"{stat.S_IMODE(each.st_mode):o}") for each in found]


# ---------------------------------------------------------------- the cache


def test_a_step_is_taken_over_only_while_everything_before_it_was(yard):
    first = yard.build("FROM busybox\nRUN echo a\nRUN echo b\nRUN echo c\n")
    second = yard.build("FROM busybox\nRUN echo a\nRUN echo B\nRUN echo c\n")
    assert second.text.count("Using cache") == 1
    assert len(yard.bench.jobs) == 5
    assert yard.build("FROM busybox\nRUN echo a\nRUN echo b\nRUN echo c\n").image.id == first.image.id


def test_a_copy_is_taken_over_as_long_as_content_and_modes_are_the_same(yard):
    files = {"Dockerfile": "FROM busybox\nCOPY d /d\n", "d/a": "1"}
    first = yard.build(files)
    older = header(tarfile.REGTYPE, mode=0o644)
    assert yard.build(files).image.id == first.image.id
    assert yard.build({**files, "d/a": "2"}).image.id != first.image.id
    assert yard.build({**files, "d/b": ""}).image.id != first.image.id
    assert yard.build({"Dockerfile": files["Dockerfile"], "d/b": "1"}).image.id != first.image.id
    assert "Using cache" not in yard.build({"Dockerfile": files["Dockerfile"], "d/a": older}).text


def test_steps_that_are_taken_over_need_no_files(yard):
    yard.build("FROM busybox\nRUN echo a > /a\nWORKDIR /w\n")
    shutil.rmtree(yard.folders.trees)
    assert yard.build("FROM busybox\nRUN echo a > /a\nWORKDIR /w\n").text.count("Using cache") == 2
    assert not yard.folders.trees.exists()


def test_without_the_cache_every_step_is_carried_out(yard):
    first = yard.build("FROM busybox\nRUN echo a\n")
    assert yard.build("FROM busybox\nRUN echo a\n", nocache="1").image.id != first.image.id


def test_a_build_argument_that_a_command_sees_is_part_of_it(yard):
    text = "FROM busybox\nARG V\nRUN echo $V > /v\n"
    one, two = yard.build(text, buildargs={"V": "1"}), yard.build(text, buildargs={"V": "2"})
    assert (one.root / "v").read_text() == "1\n"
    assert (two.root / "v").read_text() == "2\n"
    assert yard.build(text, buildargs={"V": "1"}).image.id == one.image.id


def test_a_proxy_leaves_no_trace(yard):
    text = "FROM busybox\nRUN true\n"
    yard.build(text, buildargs={"HTTP_PROXY": "http://one"})
    assert "Using cache" in yard.build(text, buildargs={"HTTP_PROXY": "http://two"}).text


# ---------------------------------------------------------------- layers


def test_every_step_adds_only_what_it_changed(yard):
    built = yard.build(
        "FROM busybox\nRUN echo a > /tmp/a; echo b > /tmp/b\nRUN rm /tmp/a; echo c >> /tmp/b\nENV x=y\nRUN true\nRUN chmod 600 /tmp/b\n"
    )
    names = []
    for layer in built.image.layers[1:]:
        with tarfile.open(yard.images.blobs.path(layer.blob)) as members:
            names.append(sorted(members.getnames()))
    assert names == [["tmp", "tmp/a", "tmp/b"], ["tmp", "tmp/.wh.a", "tmp/b"], ["tmp/b"]]
    assert (built.root / "tmp/b").read_text() == "b\nc\n"
    empty = [bool(each.get("empty_layer")) for each in built.image.config["history"]]
    assert empty == [False, False, False, True, True, False]


def test_a_file_changed_at_once_after_a_step_is_not_missed(yard):
    steps = "".join(f"RUN printf {number % 10} > /n\n" for number in range(12))
    built = yard.build(f"FROM busybox\n{steps}")
    assert len(built.image.layers) == 13
    assert (built.root / "n").read_text() == "1"


def test_folders_that_were_moved_and_replaced_are_followed(yard):
    built = yard.build(
        "FROM busybox\nRUN mkdir -p /a/in /b; echo 1 > /a/in/f; echo 2 > /b/f; echo 3 > /c\n"
        "RUN mv /a /moved; rm -r /b; ln -s /moved /b; rm /c; mkdir /c; touch /c/x\n"
        "RUN rm /b; mv /moved /b; rm -r /c; touch /c\n"
    )
    assert sorted(path.relative_to(built.root).as_posix() for path in (built.root / "b").rglob("*")) == [
        "b/in",
        "b/in/f",
    ]
    assert (built.root / "c").is_file()
    assert not (built.root / "moved").exists()
    assert not (built.root / "a").exists()


def test_the_working_files_are_gone_after_a_build_that_failed(yard):
    with pytest.raises(CommandFailed) as caught:
        yard.build("FROM busybox\nRUN exit 7\n")
    assert caught.value.code == 7
    assert str(caught.value) == "The command '/bin/sh -c exit 7' returned a non-zero code: 7"
    assert list(yard.folders.staging.iterdir()) == []
    assert list(yard.folders.trash.iterdir()) == []


# ---------------------------------------------------------------- commands


def test_a_heredoc_is_run_by_the_shell(yard):
    built = yard.build("FROM busybox\nENV who=me\nRUN <<EOF\necho $who > /a\n  echo two >> /a\nEOF\n")
    assert (built.root / "a").read_text() == "me\ntwo\n"


def test_a_heredoc_may_feed_a_command(yard):
    built = yard.build(
        "FROM busybox\nRUN cat <<'EOF' > /a\n$not 'replaced'\nEOF\nRUN sh <<EOF\necho $((1+1)) > /b\nEOF\n"
    )
    assert (built.root / "a").read_text() == "$not 'replaced'\n"
    assert (built.root / "b").read_text() == "2\n"


def test_a_heredoc_may_name_its_own_interpreter(yard):
    built = yard.build("FROM busybox\nRUN <<EOF\n#!/bin/cat\nwritten by cat\nEOF\n")
    assert "written by cat" in built.text
    assert [path.name for path in built.root.iterdir() if path.name.startswith(".run")] == []


def test_what_a_command_writes_is_told_while_it_runs(yard):
    seen: list[str] = []
    began = time.monotonic()
    yard.cancelled = lambda: False
    records: list[dict] = []

    class Records(list):
        def append(self, record):
            if "stream" in record:
                seen.append(f"{record['stream'].strip()} {time.monotonic() - began < 1.5}")

    yard.attempt("FROM busybox\nRUN echo first; sleep 2; echo 한글\n", Records())
    assert "first True" in seen
    assert "한글 False" in seen
    assert records == []


def test_a_build_ends_when_the_client_hangs_up(yard):
    began = time.monotonic()
    yard.cancelled = lambda: time.monotonic() - began > 0.5
    with pytest.raises(BuildCancelled):
        yard.build("FROM busybox\nRUN sleep 30\n")
    assert time.monotonic() - began < 10
    assert list(yard.folders.staging.iterdir()) == []


def test_a_cache_mount_outlives_the_build_and_is_not_in_the_image(yard):
    text = "FROM busybox\nRUN --mount=type=cache,target=/cache echo {} >> /cache/n; cat /cache/n\n"
    yard.build(text.format(1))
    built = yard.build(text.format(2))
    assert "1\n2\n" in built.text
    assert list((built.root / "cache").iterdir()) == []


def test_a_bind_mount_shows_the_context_or_a_stage_to_be_read(yard):
    files = {
        "Dockerfile": "FROM busybox AS one\nRUN echo made > /made\nFROM busybox\n"
        "RUN --mount=type=bind,source=d,target=/in --mount=from=one,source=/made,target=/m cat /in/f /m; touch /in/x || true\n",
        "d/f": "sent\n",
    }
    built = yard.build(files)
    assert "sent\nmade\n" in built.text
    assert not (built.root / "in/f").exists()
    assert "Using cache" in yard.build(files).text
    assert "changed\n" in yard.build({**files, "d/f": "changed\n"}).text


def test_a_mount_goes_where_links_in_the_image_lead(yard, tmp_path):
    built = yard.build(
        f"FROM busybox\nRUN mkdir /real; ln -s /real /here; ln -s {tmp_path} /out\nVOLUME /here\n"
        "RUN --mount=type=cache,target=/out touch /real/gone /out/kept; ls /here\n"
    )
    assert "gone\n" in built.text
    assert list((built.root / "real").iterdir()) == []
    assert list(tmp_path.glob("kept")) == []


def test_a_tmpfs_mount_is_empty_and_gone(yard):
    built = yard.build("FROM busybox\nRUN --mount=type=tmpfs,target=/t touch /t/x; ls /t\n")
    assert "x\n" in built.text
    assert list((built.root / "t").iterdir()) == []


@pytest.mark.parametrize(
    "flag", ["type=secret,id=x", "type=ssh", "type=bind,target=/x,rw", "type=cache,target=/c,uid=1"]
)
def test_mounts_that_are_not_there_are_refused_by_name(yard, flag):
    with pytest.raises(NotSupported, match="is not supported by this engine"):
        yard.build(f"FROM busybox\nRUN --mount={flag} true\n")


def test_a_command_may_have_no_network(yard):
    yard.build("FROM busybox\nRUN --network=none true\nRUN true\n", networkmode="host")
    assert [job.network for job in yard.bench.jobs] == ["none", "host"]


def test_a_command_gets_its_environment_user_and_folder(yard):
    yard.build(
        "FROM busybox\nENV A=b\nARG C=d\nUSER web:staff\nWORKDIR /var\nRUN true\n",
        extrahosts=["db:1.2.3.4", "web:5.6.7.8"],
    )
    (job,) = yard.bench.jobs
    assert {"A=b", "C=d", "HOME=/var", f"HOSTNAME={job.id[:12]}"} <= set(job.process.env)
    assert (job.process.uid, job.process.gid, job.process.cwd) == (33, 50, "/var")
    assert job.hosts == ("db:1.2.3.4", "web:5.6.7.8")


# ---------------------------------------------------------------- copies


def test_modes_may_be_given(yard):
    built = yard.build(
        {"Dockerfile": "FROM busybox\nCOPY --chmod=640 --chown=5:6 d /d\nADD --chmod=4755 d/f /g\n", "d/f": "1"}
    )
    assert owners(built.root, "d", "d/f", "g") == [(5, 6, "755"), (5, 6, "640"), (0, 0, "4755")]


def test_a_heredoc_becomes_a_file(yard):
    built = yard.build(
        "FROM busybox\nENV who=me\nCOPY <<one <<'two' <<-three /x/\nit's $who \\$who\none\n$who\ntwo\n\t\tin\n\tthree\n"
    )
    assert [(built.root / "x" / name).read_text() for name in ("one", "two", "three")] == [
        "it's me $who\n",
        "$who\n",
        "in\n",
    ]
    assert owners(built.root, "x/one") == [(0, 0, "644")]


def test_what_the_context_itself_ignores_is_not_there(yard):
    files = {
        "Dockerfile": "FROM busybox\nCOPY . /c\n",
        ".dockerignore": "Dockerfile\n*.log\n!keep.log\n**/tmp\nd\n!d/keep\n",
        "a.log": "",
        "keep.log": "",
        "s/tmp/x": "",
        "s/y": "",
        "d/gone": "",
        "d/keep": "",
        "e": None,
    }
    built = yard.build(files)
    assert sorted(path.relative_to(built.root / "c").as_posix() for path in (built.root / "c").rglob("*")) == [
        ".dockerignore",
        "d",
        "d/keep",
        "e",
        "keep.log",
        "s",
        "s/y",
    ]
    assert "excluded by .dockerignore: stat a.log" in refusal(
        yard, {**files, "Dockerfile": "FROM busybox\nCOPY a.log /\n"}
    )


def test_a_dockerfile_may_have_rules_of_its_own(yard):
    files = {"D": "FROM busybox\nCOPY . /c\n", "D.dockerignore": "a\n", ".dockerignore": "b\n", "a": "", "b": ""}
    built = yard.build(files, dockerfile="D")
    assert sorted(path.name for path in (built.root / "c").iterdir()) == [".dockerignore", "D", "D.dockerignore", "b"]


def test_no_link_in_the_context_leads_out_of_it(yard, tmp_path):
    (tmp_path / "secret").write_text("secret")
    links = {
        "up": header(tarfile.SYMTYPE, link="../../../../../../../.." + str(tmp_path)),
        "straight": header(tarfile.SYMTYPE, link=str(tmp_path)),
    }
    for name in links:
        answer = refusal(yard, {"Dockerfile": f"FROM busybox\nCOPY {name}/secret /x\n", **links})
        assert answer.startswith("COPY failed: file not found in build context")


def test_no_link_in_the_image_leads_out_of_it(yard, tmp_path):
    files = {
        "Dockerfile": f"FROM busybox\nRUN ln -s {tmp_path} /out; ln -s /../../.. /up\nCOPY d /out\nCOPY d/f /up{tmp_path}/g\n",
        "d/f": "1",
    }
    built = yard.build(files)
    assert list(tmp_path.glob("[fg]")) == []
    inside = built.root / str(tmp_path).lstrip("/")
    assert sorted(path.name for path in inside.iterdir()) == ["f", "g"]


def test_an_archive_writes_nothing_outside_of_where_it_goes(yard, tmp_path):
    hostile = tar({"l": header(tarfile.SYMTYPE, link=str(tmp_path)), "l/x": "1"})
    built = yard.build({"Dockerfile": "FROM busybox\nADD t.tar /a\n", "t.tar": hostile})
    assert not (tmp_path / "x").exists()
    assert (built.root / "a" / str(tmp_path).lstrip("/") / "x").read_text() == "1"
    assert "'..'" in refusal(yard, {"Dockerfile": "FROM busybox\nADD t.tar /b\n", "t.tar": tar({"../x": "1"})})


def test_a_context_may_not_climb_out(yard):
    assert "'..'" in refusal(yard, {"Dockerfile": "FROM busybox\n", "../x": ""})


def test_what_is_no_archive_is_no_context(yard):
    with pytest.raises(BadParameter, match="unexpected EOF"):
        yard.attempt(b"no archive at all" * 100, [])


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_context_may_be_compressed(yard, kind):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(b"FROM busybox\n")
        archive.addfile(info, io.BytesIO(b"FROM busybox\n"))
    records: list = []
    yard.attempt(target.getvalue(), records)
    assert records[-1]["stream"].startswith("Successfully built")


def test_stages_share_files_with_their_owners(yard):
    built = yard.build(
        "FROM busybox AS one\nRUN mkdir /z && chown 5:6 /z && touch /z/a && chown 7:8 /z/a && ln /z/a /z/b && ln -s a /z/l\n"
        "FROM scratch\nCOPY --from=one /z /f\nCOPY --from=one --chown=3 /z/a /g\n"
    )
    assert owners(built.root, "f", "f/a", "g") == [(0, 0, "755"), (7, 8, "644"), (3, 3, "644")]
    assert (built.root / "f/a").stat().st_ino == (built.root / "f/b").stat().st_ino
    assert (built.root / "f/l").readlink() == Path("a")


def test_a_stage_that_was_taken_over_can_be_copied_from(yard):
    text = "FROM busybox AS one\nRUN echo 1 > /one\nFROM busybox\nCOPY --from=one /one /{}\n"
    yard.build(text.format("a"))
    assert (yard.build(text.format("b")).root / "b").read_text() == "1\n"


# ---------------------------------------------------------------- images and the platform


def test_an_image_that_is_missing_is_pulled_and_the_client_sees_it(yard):
    assert "pull access denied for nosuch" in refusal(yard, "FROM nosuch:x\n")
    assert yard.pulled == ["nosuch:x"]
    built = yard.build("FROM busybox\n", pull="1")
    assert yard.pulled[1:] == ["busybox:latest"]
    assert {"status": "Pulling from library/busybox", "id": "latest"} in built.records


def test_the_platform_is_known_where_it_is_asked_for(yard):
    built = yard.build(
        "FROM --platform=$BUILDPLATFORM busybox\nARG TARGETOS\nARG TARGETARCH\nRUN echo $TARGETOS-$TARGETARCH-$TARGETPLATFORM\n"
    )
    assert f"linux-{built.image.architecture}-\n" in built.text


def test_another_platform_is_refused(yard):
    with pytest.raises(NotSupported, match="this engine builds for linux/"):
        yard.build("FROM --platform=linux/s390x busybox\n")
    with pytest.raises(NotSupported):
        yard.build("FROM busybox\n", platform="linux/s390x")


def test_an_image_gets_all_its_names(yard):
    built = yard.build("FROM busybox\nENV a=b\n", t=["one:1", "localhost:5000/two"])
    assert yard.images.names(built.image.id) == ["one:1", "localhost:5000/two:latest"]
    assert built.text.endswith("Successfully tagged one:1\nSuccessfully tagged localhost:5000/two:latest\n")


def test_images_of_steps_are_shown_only_where_all_are_asked_for(yard):
    built = yard.build("FROM busybox\nENV a=b\nENV c=d\n", t="x")
    assert {each["Id"] for each in yard.images.list()} == {built.image.id, yard.images.resolve("busybox").id}
    assert len(yard.images.list(all=True)) == 3


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"version": "2"}, "DOCKER_BUILDKIT=0"),
        ({"session": "x"}, "DOCKER_BUILDKIT=0"),
        ({"memory": "1000000"}, "can't limit builds: it has no memory"),
        ({"shmsize": "1000000"}, "shmsize"),
        ({"cpusetcpus": "0"}, "cpusetcpus"),
        ({"outputs": '[{"Type":"local"}]'}, "outputs need BuildKit"),
    ],
)
def test_what_can_not_be_done_is_refused_by_name(yard, query, sentence):
    with pytest.raises(NotSupported) as caught:
        yard.build("FROM busybox\n", **query)
    assert sentence in str(caught.value)


def test_what_the_command_line_always_sends_is_taken(yard):
    sent = dict.fromkeys(("memory", "memswap", "cpushares", "cpuperiod", "cpuquota", "shmsize"), "0")
    sent |= dict.fromkeys(("cpusetcpus", "cpusetmems", "cgroupparent", "target"), "")
    sent |= {
        "ulimits": "[]",
        "buildargs": "{}",
        "labels": "{}",
        "cachefrom": "[]",
        "networkmode": "default",
        "version": "1",
        "rm": "1",
    }
    assert yard.build("FROM busybox\n", **sent).image


# ---------------------------------------------------------------- over the network


@pytest.fixture
def site(tmp_path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "site"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


def test_add_fetches_a_file_and_leaves_archives_as_they_are(yard, site):
    address, folder = site
    (folder / "t.tar").write_bytes(tar({"x": "1"}))
    digest = hashlib.sha256((folder / "t.tar").read_bytes()).hexdigest()
    built = yard.build(f"FROM busybox\nADD --checksum=sha256:{digest} {address}/t.tar /a/\nADD {address}/t.tar /b\n")
    assert (built.root / "a/t.tar").read_bytes() == (built.root / "b").read_bytes() == (folder / "t.tar").read_bytes()
    assert owners(built.root, "b") == [(0, 0, "600")]
    assert int((built.root / "b").stat().st_mtime) == int((folder / "t.tar").stat().st_mtime)


@pytest.mark.parametrize("words", ["https://example.org/a.git /a", "git@example.org:a.git /a", "--keep-git-dir x /x"])
def test_add_refuses_git_repositories(yard, words):
    with pytest.raises(NotSupported, match="ADD of a git repository is not supported by this engine"):
        yard.build({"Dockerfile": f"FROM busybox\nADD {words}\n", "x": "1"})


def test_add_refuses_what_is_not_there_or_not_what_was_meant(yard, site):
    address, folder = site
    (folder / "f").write_text("1")
    assert "with status 404" in refusal(yard, f"FROM busybox\nADD {address}/nope /a\n")
    assert "digest mismatch" in refusal(yard, f"FROM busybox\nADD --checksum=sha256:{'0' * 64} {address}/f /a\n")
    assert "cannot determine filename" in refusal(yard, f"FROM busybox\nADD {address}/ /a/\n")
    with pytest.raises(BadParameter, match=r'ADD failed: Get "http://127\.0\.0\.1:1/x": Connection refused'):
        yard.build("FROM busybox\nADD http://127.0.0.1:1/x /a\n")


def test_a_context_may_be_an_archive_or_a_dockerfile_at_an_address(yard, site):
    address, folder = site
    (folder / "c.tar.gz").write_bytes(tar({"Dockerfile": "FROM busybox\nCOPY f /f\n", "f": "far"}))
    (folder / "Dockerfile").write_text("FROM busybox\nENV a=b\n")
    assert (yard.build({}, remote=f"{address}/c.tar.gz").root / "f").read_text() == "far"
    assert "a=b" in yard.build({}, remote=f"{address}/Dockerfile").config["Env"]
    with pytest.raises(ServerError, match="error downloading remote context"):
        yard.build({}, remote=f"{address}/nope")


def test_a_context_may_be_a_git_repository(yard, site):
    if not shutil.which("git"):
        pytest.skip("no git")
    address, folder = site
    work = folder / "work"

    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *words], cwd=work, check=True, capture_output=True)

    work.mkdir()
    git("init", "-q", "-b", "main")
    (work / "sub").mkdir()
    (work / "sub/Dockerfile").write_text("FROM busybox\nCOPY f /f\n")
    (work / "sub/f").write_text("from git")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    git("clone", "-q", "--bare", ".", "../r.git")
    subprocess.run(["git", "update-server-info"], cwd=folder / "r.git", check=True)
    built = yard.build({}, remote=f"{address}/r.git#main:sub")
    assert (built.root / "f").read_text() == "from git"
    assert "error fetching" in refusal(yard, {}, remote=f"{address}/r.git#nope")


def test_a_pipe_in_the_context_is_copied_and_not_waited_for(yard):
    built = yard.build({"Dockerfile": "FROM busybox\nADD pipe /pipe\n", "pipe": header(tarfile.FIFOTYPE)})
    with tarfile.open(yard.images.blobs.path(built.image.layers[-1].blob)) as layer:
        assert layer.getmember("pipe").isfifo()


def test_folders_of_a_context_may_be_nested_deep(yard):
    deep = "a/" * 1200
    built = yard.build({"Dockerfile": "FROM busybox\nCOPY a /a\n", f"{deep}file": "1"})
    with tarfile.open(yard.images.blobs.path(built.image.layers[-1].blob)) as layer:
        assert layer.extractfile(f"{deep}file").read() == b"1"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("RUN --mount=type=cache,target=/c,mode=rwx true", "invalid value rwx for mode"),
        ("RUN --mount=type=cache,target=/c,mode=-1 true", "invalid value -1 for mode"),
        (f"COPY --chown={2**32} Dockerfile /", "can't find uid for user"),
        (f"COPY --chown=0:{'9' * 5000} Dockerfile /", "can't find gid for group"),
    ],
)
def test_numbers_that_nothing_can_have_are_refused(yard, line, sentence):
    with pytest.raises(BadParameter, match=sentence):
        yard.build(f"FROM busybox\n{line}\n")
