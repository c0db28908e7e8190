"""docker run: its line, its plan, what it starts, and what it refuses."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.errors import (
    BadValue,
    BindSourceMissing,
    Cancelled,
    CannotUndo,
    EngineRefused,
    MountSourceUnclear,
    NameInvalid,
    NameTaken,
    NoSuchImage,
    PlanOutdated,
    PortTaken,
    TerminalNeeded,
    UnknownFlag,
    WrongCount,
)
from dockyard.tasks import Change, Mount, Port, Run

WORD = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=8)
PLAIN = st.from_regex(r"[a-z0-9][a-z0-9_.-]{1,8}", fullmatch=True)
MOUNTS = st.lists(
    st.builds(
        Mount,
        PLAIN.map(lambda name: f"/{name}"),
        PLAIN,
        st.just("volume"),
        st.booleans(),
        st.just(()),
        st.sampled_from(["-v", "--mount"]),
    ),
    max_size=3,
).map(tuple)
RUNS = st.builds(
    Run,
    image=PLAIN,
    words=st.lists(WORD.filter(lambda word: word != "--"), max_size=3).map(tuple),
    name=st.just("") | PLAIN,
    detach=st.booleans(),
    ports=st.lists(st.builds(Port, st.integers(1, 65535), st.none() | st.integers(1, 65535)), max_size=2).map(tuple),
    mounts=MOUNTS,
    env=st.lists(st.tuples(PLAIN, WORD).map("=".join), max_size=2).map(tuple),
    remove=st.booleans(),
    interactive=st.booleans(),
    tty=st.booleans(),
    workdir=st.just("") | WORD,
    user=st.just("") | PLAIN,
    network=st.sampled_from(["", "host", "none", "mine"]),
    restart=st.sampled_from(["", "no", "always", "unless-stopped", "on-failure", "on-failure:3"]),
    entrypoint=st.none() | st.just("") | WORD,
    labels=st.lists(WORD, max_size=2).map(tuple),
    hostname=st.just("") | PLAIN,
)


@given(RUNS)
def test_a_run_is_parsed_from_its_own_line(task):
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "task"),
    [
        (
            "docker run --name apa000ex19 -d -p 8080:80 httpd",
            Run("httpd", name="apa000ex19", detach=True, ports=(Port(80, 8080),)),
        ),
        ("docker run -itd httpd /bin/bash", Run("httpd", ("/bin/bash",), interactive=True, tty=True, detach=True)),
        ("docker run --rm busybox ls -l --color", Run("busybox", ("ls", "-l", "--color"), remove=True)),
        ("docker run --net=host -l a=b busybox", Run("busybox", network="host", labels=("a=b",))),
    ],
)
def test_the_chapters_lines_are_taken(line, task):
    assert dockyard.parse(line) == task


@pytest.mark.parametrize(
    ("line", "error", "named"),
    [
        ("docker run --privileged httpd", UnknownFlag, "--privileged"),
        ("docker run --cpus 2 httpd", UnknownFlag, "--cpus"),
        ("docker run -d", WrongCount, "an image"),
        ("docker run -e SECRET httpd", BadValue, "SECRET"),
        ("docker run --restart sometimes httpd", BadValue, "sometimes"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(line, error, named):
    with pytest.raises(error, match=named):
        dockyard.parse(line)


@pytest.fixture
def tidy(client):
    """Names that a test may use; whatever bears one is removed."""
    names: list[str] = []
    yield names
    for name in names:
        if client.find_json("/containers/{}/json", name):
            client.api.remove_container(name, force=True, v=True)
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name)


@pytest.mark.engine
class TestRun:
    def test_every_flag_arrives_in_the_engine(self, client, tidy, tmp_path):
        tidy += ["run-all", "run-vol"]
        client.api.create_volume("run-vol")
        line = (
            f"docker run --name run-all -dit -p 127.0.0.1::80 -v {tmp_path}:/bind:ro -v run-vol:/vol --mount type=tmpfs,target=/mem,tmpfs-size=1m "
            "--tmpfs /more:size=2m -e A=b -e C='d e' -w /bind -u 1:2 --network bridge --restart on-failure:3 --entrypoint sleep --label team=docs "
            "--hostname here busybox 1000"
        )
        task = dockyard.parse(line)
        result = task.run(client)
        found = client.get_json("/containers/{}/json", result.container_id)
        config, host = found["Config"], found["HostConfig"]
        assert {"A=b", "C=d e"} <= set(config["Env"])
        assert (config["WorkingDir"], config["User"], config["Hostname"], config["Entrypoint"], config["Cmd"]) == (
            "/bind",
            "1:2",
            "here",
            ["sleep"],
            ["1000"],
        )
        assert (config["Tty"], config["OpenStdin"], config["Labels"]["team"]) == (True, True, "docs")
        assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
        assert set(host["Binds"]) == {f"{tmp_path}:/bind:ro", "run-vol:/vol"}
        assert host["Tmpfs"] == {"/more": "size=2m"}
        assert host["Mounts"][0]["TmpfsOptions"] == {"SizeBytes": 1 << 20}
        assert found["NetworkSettings"]["Ports"]["80/tcp"][0]["HostIp"] == "127.0.0.1"
        evidence = task.verify(client)
        assert evidence.ok
        assert evidence.facts["mounts"] == {
            "/bind": str(tmp_path),
            "/vol": "run-vol",
            "/mem": "tmpfs",
            "/more": "tmpfs",
        }
        assert f"{tmp_path} → /bind" in evidence.says
        task.undo(client)
        assert client.find_json("/containers/{}/json", "run-all") is None
        assert client.find_json("/volumes/{}", "run-vol")
        with pytest.raises(CannotUndo):
            task.undo(client)

    def test_a_foreground_run_brings_its_output_and_exit_code(self, client):
        result = dockyard.parse("docker run --rm busybox sh -c 'echo out; echo err >&2; exit 7'").run(client)
        assert result.exit_code == 7
        assert sorted(result.output.split()) == [b"err", b"out"]
        assert client.find_json("/containers/{}/json", result.container_id) is None

    def test_output_comes_once_however_many_run_at_once(self, client):
        task = Run("busybox", ("echo", "once"), remove=True)
        with ThreadPoolExecutor(6) as pool:
            outputs = list(pool.map(lambda _: task.run(client).output, range(24)))
        assert outputs == [b"once\n"] * 24

    def test_long_output_is_kept_to_its_last_mib(self, client):
        result = dockyard.parse("docker run --rm busybox sh -c 'head -c 3000000 /dev/zero; echo end'").run(client)
        assert len(result.output) == 1 << 20
        assert result.output.endswith(b"end\n")

    def test_cancel_ends_a_foreground_run_and_removes_it(self, client, tidy):
        tidy.append("run-cancel")
        stop = threading.Event()
        threading.Timer(1, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            dockyard.parse("docker run --name run-cancel busybox sleep 1000").run(client, cancel=stop)
        assert time.monotonic() - began < 15
        assert client.find_json("/containers/{}/json", "run-cancel") is None

    def test_a_run_that_fails_to_start_leaves_nothing(self, client, tidy):
        tidy.append("run-fail")
        with pytest.raises(EngineRefused, match="no-such-program"):
            dockyard.parse("docker run --name run-fail -d busybox no-such-program").run(client)
        assert client.find_json("/containers/{}/json", "run-fail") is None

    def test_the_plan_warns_of_what_the_chapter_warns_of(self, client, tmp_path):
        plan = Run(
            "httpd",
            name="run-plan",
            detach=True,
            mounts=(
                Mount("/a", "made-on-the-way"),
                Mount("/b", str(tmp_path), "bind"),
                Mount("/c", f"{tmp_path}/no", "bind"),
            ),
        ).plan(client)
        assert [(change.kind, change.name) for change in plan.changes] == [
            ("volume", "made-on-the-way"),
            ("folder", f"{tmp_path}/no"),
            ("container", "run-plan"),
        ]
        volume, empty, missing = plan.warnings
        assert "docker volume create made-on-the-way" in volume
        assert "is empty" in empty
        assert f"mkdir -p {tmp_path}/no" in missing

    def test_a_missing_image_is_planned_as_a_pull_and_its_failure_told(self, client):
        task = Run("localhost:1/no/such:1", detach=True)
        assert (
            Change("create", "image", "localhost:1/no/such:1", reason="the engine does not have it; it will be pulled")
            in task.plan(client).changes
        )
        with pytest.raises(NoSuchImage, match="localhost:1/no/such:1"):
            task.run(client)

    def test_what_cant_be_run_is_said_before_anything_happens(self, client, container, tmp_path):
        taken = container()
        publishing = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
        held = int(
            client.get_json("/containers/{}/json", publishing)["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        )
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            others = other.getsockname()[1]
            for task, error, named in [
                (Run("httpd", name=taken, detach=True), NameTaken, taken),
                (Run("httpd", name="a b", detach=True), NameInvalid, "'a b'"),
                (Run("httpd", detach=True, ports=(Port(80, held),)), PortTaken, publishing),
                (Run("httpd", detach=True, ports=(Port(80, others),)), PortTaken, "another program"),
                (
                    Run("httpd", detach=True, mounts=(Mount("/a", f"{tmp_path}/no", "bind", form="--mount"),)),
                    BindSourceMissing,
                    "mkdir -p",
                ),
                (Run("httpd", detach=True, mounts=(Mount("/a", "pages/new"),)), MountSourceUnclear, "/pages/new:/a"),
                (Run("httpd", interactive=True, tty=True), TerminalNeeded, "-d"),
            ]:
                with pytest.raises(error, match=named):
                    task.plan(client)

    def test_a_plan_that_is_no_longer_so_is_not_run(self, client, tidy):
        tidy += ["run-late", "run-late-vol"]
        task = Run("busybox", ("sleep", "1000"), name="run-late", detach=True, mounts=(Mount("/a", "run-late-vol"),))
        plan = task.plan(client)
        client.api.create_volume("run-late-vol")
        with pytest.raises(PlanOutdated, match="run-late-vol"):
            task.run(client, plan=plan)
        assert client.find_json("/containers/{}/json", "run-late") is None
