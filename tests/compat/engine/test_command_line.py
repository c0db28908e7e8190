"""The unchanged docker command line, with and without a terminal."""

import io
import json
import os
import re
import subprocess
import tarfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from conftest import spelled
from embedded import until

pytestmark = pytest.mark.engine


class TestRun:
    def test_output_goes_where_it_belongs_and_the_exit_code_is_the_container_s(self, cli):
        ran = cli("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3", check=False)
        assert (ran.code, ran.out, ran.err) == (3, "out\n", "err\n")

    def test_a_pipe_is_its_standard_input(self, cli):
        assert cli("run", "--rm", "-i", "busybox", "wc", "-c", given="12345").out.strip() == "5"

    def test_much_through_a_pipe(self, cli):
        data = os.urandom(1 << 20).hex()
        assert cli("run", "--rm", "-i", "busybox", "cat", given=data).out == data

    def test_many_at_once_keep_their_output(self, cli):
        def say(number):
            return cli("run", "--rm", "busybox", "echo", f"said {number}").out

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(say, range(12))) == [f"said {number}\n" for number in range(12)]

    def test_detached_it_prints_the_id(self, cli, api):
        full = cli("run", "-d", "busybox", "sleep", "100").out.strip()
        assert re.fullmatch("[0-9a-f]{64}", full)
        assert api.inspect_container(full)["State"]["Running"]
        api.remove_container(full, force=True)

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            (["no-such-program"], 127, "executable file not found in $PATH"),
            (["/etc"], 126, "permission denied"),
        ],
        ids=spelled,
    )
    def test_what_can_t_be_started_has_docker_s_codes(self, cli, words, code, sentence):
        ran = cli("run", "--rm", "busybox", *words, check=False)
        assert ran.code == code
        assert sentence in ran.err

    def test_an_image_that_cant_be_had_is_125(self, cli):
        ran = cli("run", "--rm", "localhost:1/none", check=False)
        assert ran.code == 125
        assert "Unable to find image 'localhost:1/none:latest' locally" in ran.err

    def test_flags_of_all_kinds_arrive(self, cli, folder):
        (folder / "f").write_text("bound\n")
        line = "echo $A $B; pwd; id -u; hostname; cat /b/f; ls -d /v /t"
        ran = cli(
            "run", "--rm", "-e", "A=1", "--env", "B=2", "-w", "/tmp", "-u", "nobody", "-h", "here", "-v", f"{folder}:/b:ro", "-v", "/v",
            "--tmpfs", "/t", "--label", "x=y", "--name", "flags-of-all-kinds", "--init", "--stop-signal", "KILL", "--entrypoint", "sh",
            "busybox", "-c", line,
        )  # fmt: skip
        assert ran.out == "1 2\n/tmp\n65534\nhere\nbound\n/t\n/v\n"

    def test_mounts_in_the_long_form(self, cli, folder):
        (folder / "f").write_text("bound\n")
        ran = cli(
            "run", "--rm", "--mount", f"type=bind,source={folder},target=/b,readonly", "--mount", "type=tmpfs,target=/t,tmpfs-mode=1770",
            "--mount", "type=volume,target=/v", "busybox", "sh", "-c", "cat /b/f; stat -c %a /t; echo x > /b/g",
            check=False,
        )  # fmt: skip
        assert ran.out == "bound\n1770\n"
        assert "Read-only file system" in ran.err

    def test_a_source_that_is_not_there_is_told_in_the_long_form(self, cli, folder):
        ran = cli(
            "run", "--rm", "--mount", f"type=bind,source={folder}/missing,target=/b", "busybox", "true", check=False
        )
        assert ran.code == 125
        assert f'invalid mount config for type "bind": bind source path does not exist: {folder}/missing' in ran.err

    def test_its_id_goes_into_a_file(self, cli, folder):
        cli("run", "--rm", "--cidfile", str(folder / "id"), "busybox", "true")
        assert re.fullmatch("[0-9a-f]{64}", (folder / "id").read_text())

    def test_an_interrupt_reaches_the_container(self, terminal):
        term = terminal(
            "run", "--rm", "-it", "busybox", "sh", "-c", "trap 'exit 42' INT; echo up; while :; do sleep 0.1; done"
        )
        term.read_until("up")
        term.type("\x03")
        assert term.wait() == 42


class TestTerminal:
    def test_a_shell_is_typed_at(self, terminal):
        term = terminal("run", "--rm", "-it", "busybox", "sh", rows=31, columns=91)
        term.read_until("/ # ")
        term.type("stty size; tty\n")
        assert "31 91" in term.read_until("/dev/")
        term.type("echo $((40 + 2))\n")
        term.read_until("42")
        term.type("exit 5\n")
        assert term.wait() == 5

    def test_its_size_follows_the_terminal(self, terminal):
        term = terminal("run", "--rm", "-it", "busybox", "sh")
        term.read_until("/ # ")
        ends = time.monotonic() + 20
        while "40 100" not in term.seen and time.monotonic() < ends:
            term.resize(40, 100)  # again: the command line misses one that comes before it watches
            term.type("stty size\n")
            term.read_until("/ # ")
        assert "40 100" in term.seen
        term.type("exit\n")
        assert term.wait() == 0

    def test_the_keys_leave_and_attach_comes_back(self, terminal, api):
        name = f"term-{uuid.uuid4().hex[:8]}"
        term = terminal("run", "-it", "--name", name, "busybox", "sh")
        try:
            term.read_until("/ # ")
            term.type("X=kept\n")
            term.read_until("/ # ")
            term.type("\x10")
            term.type("\x11")
            assert term.wait() == 0
            assert api.inspect_container(name)["State"]["Running"]
            again = terminal("attach", name)
            again.type("echo $X\n")
            again.read_until("kept\r\n")
            again.type("exit 4\n")
            assert again.wait() == 4
        finally:
            api.remove_container(name, force=True)

    def test_exec_with_a_terminal(self, terminal, box):
        name = box()
        term = terminal("exec", "-it", name, "sh")
        term.read_until("/ # ")
        term.type("echo pid $$; exit 6\n")
        term.read_until("pid ")
        assert term.wait() == 6

    def test_bash_in_the_image_of_apache(self, terminal, box):
        name = box(image="httpd")
        term = terminal("exec", "-it", name, "/bin/bash")
        term.read_until("# ")
        term.type("echo $BASH_VERSION-$PWD\n")
        term.read_until("-/usr/local/apache2")
        term.type("exit\n")
        assert term.wait() == 0

    def test_the_job_s_keys_work(self, terminal):
        term = terminal("run", "--rm", "-it", "busybox", "sh")
        term.read_until("/ # ")
        term.type("sleep 1000\n")
        time.sleep(0.5)
        term.type("\x03")
        term.read_until("/ # ")
        term.type("echo still here; exit\n")
        term.read_until("still here\r\n")
        assert term.wait() == 0

    def test_start_attached(self, terminal, box):
        name = box("sh", "-c", "echo hello; exit 9", start=False)
        term = terminal("start", "-a", name)
        term.read_until("hello")
        assert term.wait() == 9


class TestContainers:
    def test_ps_shows_it(self, cli, box):
        name = box(image="httpd", Labels={"cl": "ps"})
        table = cli(
            "ps", "--filter", "label=cl=ps", "--format", "{{.Names}}|{{.Image}}|{{.State}}|{{.Command}}|{{.Ports}}"
        ).out
        assert table == f'{name}|httpd|running|"httpd-foreground"|80/tcp\n'

    def test_exec_without_a_terminal(self, cli, box):
        name = box()
        ran = cli("exec", "-i", "-e", "A=1", "-w", "/tmp", "-u", "nobody", name, "sh", "-c", "cat; echo $A; pwd; id -u; echo err >&2; exit 7", given="in\n", check=False)  # fmt: skip
        assert (ran.code, ran.out, ran.err) == (7, "in\n1\n/tmp\n65534\n", "err\n")

    def test_exec_detached(self, cli, box):
        name = box()
        cli("exec", "-d", name, "sh", "-c", "echo x > /f")
        until(lambda: cli("exec", name, "cat", "/f", check=False).out == "x\n")

    def test_logs_are_followed(self, cli, box):
        name = box("sh", "-c", "echo one; sleep 1; echo two >&2")
        ran = cli("logs", "-f", name)
        assert (ran.out, ran.err) == ("one\n", "two\n")

    def test_logs_with_times_and_tail(self, cli, box, api):
        name = box("sh", "-c", "echo one; echo two")
        api.wait(name)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+Z two\n", cli("logs", "-t", "-n", "1", name).out)

    def test_wait_stop_start_restart_kill_pause_rename_and_rm(self, cli, box):
        name = box()
        for verb in ("pause", "unpause", "stop", "start", "restart", "kill"):
            assert cli(verb, name).out == f"{name}\n"
        assert cli("wait", name).out == "137\n"
        cli("rename", name, f"{name}-2")
        assert cli("rm", f"{name}-2").out == f"{name}-2\n"

    def test_top_stats_port_inspect_and_diff(self, cli, box):
        name = box("sh", "-c", "echo x > /new; sleep 1000", ExposedPorts={"80/tcp": {}},
                   HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}})  # fmt: skip
        until(lambda: "/new" in cli("diff", name).out)
        assert "sleep 1000" in cli("top", name).out
        assert cli("diff", name).out == "A /new\n"
        assert re.fullmatch(r"80/tcp -> 127.0.0.1:\d+\n", cli("port", name).out)
        assert cli("inspect", "-f", "{{.State.Status}} {{.Name}}", name).out == f"running /{name}\n"
        assert name in cli("stats", "--no-stream", name).out

    def test_ports_serve(self, cli, api):
        name = cli("run", "-d", "--name", f"web-{uuid.uuid4().hex[:6]}", "-p", "127.0.0.1::80", "httpd").out.strip()
        try:
            port = cli("port", name, "80").out.strip().rpartition(":")[2]

            def page():
                try:
                    return requests.get(f"http://127.0.0.1:{port}/", timeout=5).text
                except requests.ConnectionError:
                    return ""

            assert "It works!" in until(page)
        finally:
            api.remove_container(name, force=True)

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["start", "nobody"], "No such container: nobody"),
            (["logs", "nobody"], "No such container: nobody"),
            (["exec", "nobody", "true"], "No such container: nobody"),
            (["rm", "nobody"], "No such container: nobody"),
            (["inspect", "nobody"], "No such object: nobody"),
            (["volume", "inspect", "nothing"], "nothing"),
            (["network", "rm", "bridge"], "is a pre-defined network and cannot be removed"),
            (["rmi", "nothing"], "No such image: nothing"),
            (["cp", "nobody:/x", "/tmp"], "nobody"),
        ],
        ids=" ".join,
    )
    def test_errors_are_told_in_docker_s_words(self, cli, words, sentence):
        ran = cli(*words, check=False)
        assert ran.code == 1
        assert sentence in ran.err + ran.out


class TestCopy:
    def test_in_and_out_again(self, cli, box, folder):
        name = box(start=False)
        (folder / "d").mkdir()
        (folder / "d/f").write_text("content")
        os.utime(folder / "d/f", (1_500_000_000, 1_500_000_000))
        cli("cp", str(folder / "d"), f"{name}:/tmp")
        cli("cp", f"{name}:/tmp/d", str(folder / "back"))
        assert (folder / "back/f").read_text() == "content"
        assert int((folder / "back/f").stat().st_mtime) == 1_500_000_000

    def test_as_an_archive_through_pipes(self, cli, box, packed):
        name = box()
        cli("cp", "-", f"{name}:/tmp", given=packed({"piped": "yes"}))
        assert cli("exec", name, "cat", "/tmp/piped").out == "yes"
        assert "piped" in cli("cp", f"{name}:/tmp/piped", "-").out

    def test_a_missing_file_is_told(self, cli, box):
        ran = cli("cp", f"{box()}:/nowhere", "/tmp", check=False)
        assert "Could not find the file /nowhere in container" in ran.err


@pytest.mark.any_runner
class TestImages:
    def test_build_says_its_steps(self, cli, folder, image):
        name = image()
        (folder / "Dockerfile").write_text('FROM busybox\nCOPY f /f\nRUN cat /f\nCMD ["cat", "/f"]\n')
        (folder / "f").write_text("built by the command line\n")
        ran = cli("build", "-t", name, str(folder))
        assert "Step 3/4 : RUN cat /f" in ran.out
        assert f"Successfully tagged {name}" in ran.out
        assert cli("run", "--rm", name).out == "built by the command line\n"

    def test_build_leaves_out_what_is_ignored(self, cli, folder, image):
        name = image()
        (folder / ".dockerignore").write_text("# comment\n*.log\nsecret\nd/*\n!d/keep\n**/deep\n")
        for each in ("a.log", "b.txt", "secret", "d/drop", "d/keep", "e/deep", "e/stay"):
            (folder / each).parent.mkdir(exist_ok=True)
            (folder / each).write_text("x")
        (folder / "Dockerfile").write_text("FROM busybox\nCOPY . /c/\n")
        cli("build", "-t", name, str(folder))
        seen = cli("run", "--rm", name, "sh", "-c", "cd /c && find . -type f | sort").out.split()
        assert [each for each in seen if each not in ("./.dockerignore", "./Dockerfile")] == [
            "./b.txt",
            "./d/keep",
            "./e/stay",
        ]

    def test_build_takes_arguments_targets_and_another_file(self, cli, folder, image):
        name = image()
        (folder / "Other").write_text("FROM busybox AS one\nARG X\nRUN echo $X > /x\nFROM busybox\nRUN exit 1\n")
        cli(
            "build",
            "-t",
            name,
            "-f",
            str(folder / "Other"),
            "--build-arg",
            "X=given",
            "--target",
            "one",
            "--label",
            "l=1",
            str(folder),
        )
        assert cli("run", "--rm", name, "cat", "/x").out == "given\n"

    def test_a_failing_build_fails(self, cli, folder):
        (folder / "Dockerfile").write_text("FROM busybox\nRUN exit 9\n")
        ran = cli("build", str(folder), check=False)
        assert ran.code != 0
        assert "The command '/bin/sh -c exit 9' returned a non-zero code: 9" in ran.err

    def test_save_and_load(self, cli, folder, image, box):
        name = image()
        cli("commit", "-m", "saved", box(start=False), name)
        full = cli("inspect", "-f", "{{.Id}}", name).out
        cli("save", "-o", str(folder / "x.tar"), name)
        with tarfile.open(folder / "x.tar") as archive:
            assert json.load(archive.extractfile("manifest.json"))[0]["RepoTags"] == [name]
        assert f"Untagged: {name}" in cli("rmi", "-f", name).out
        assert cli("load", "-i", str(folder / "x.tar")).out == f"Loaded image: {name}\n"
        assert cli("inspect", "-f", "{{.Id}}", name).out == full

    def test_export_and_import(self, cli, folder, image, box):
        name = image()
        cli("export", "-o", str(folder / "x.tar"), box(start=False))
        assert cli("import", "-c", 'CMD ["echo", "imported"]', str(folder / "x.tar"), name).out.startswith("sha256:")
        assert cli("run", "--rm", name).out == "imported\n"

    def test_tag_images_history_and_rmi(self, cli, image):
        name = image("13")
        cli("tag", "busybox", name)
        assert name.partition(":")[0] in cli("images").out
        assert cli("images", "-q", name).out == cli("images", "-q", "busybox").out
        assert "dockyard images prepare" in cli("history", "--no-trunc", name).out
        assert cli("rmi", name).out == f"Untagged: {name}\n"

    def test_log_in_push_and_pull(self, cli, locked_registry):
        name = f"{locked_registry}/cl-{uuid.uuid4().hex[:8]}:13"
        assert "Login Succeeded" in until(
            lambda: cli("login", "-u", "usagi", "--password-stdin", locked_registry, given="carrot", check=False).out
        )
        try:
            cli("tag", "busybox", name)
            digest = re.search("digest: (sha256:[0-9a-f]{64})", cli("push", name).out)
            assert digest
            cli("rmi", name)
            pulled = cli("pull", name).out
            assert digest.group(1) in pulled
            assert f"Status: Downloaded newer image for {name}" in pulled
        finally:
            cli("logout", locked_registry)
            cli("rmi", name, check=False)

    def test_a_wrong_password_is_told(self, cli, locked_registry):
        ran = cli("login", "-u", "usagi", "--password-stdin", locked_registry, given="radish", check=False)
        assert ran.code == 1
        assert "unauthorized" in ran.err.lower()


class TestTheRest:
    def test_volumes(self, cli):
        name = f"cl-{uuid.uuid4().hex[:8]}"
        assert cli("volume", "create", "--label", "a=1", name).out == f"{name}\n"
        assert name in cli("volume", "ls", "-q", "--filter", "label=a=1").out
        assert cli("volume", "inspect", "-f", "{{.Driver}} {{.Labels.a}}", name).out == "local 1\n"
        assert cli("volume", "rm", name).out == f"{name}\n"

    def test_networks(self, cli):
        name = f"cl-{uuid.uuid4().hex[:8]}"
        cli("network", "create", name)
        assert name in cli("network", "ls", "--format", "{{.Name}}").out.split()
        assert cli("run", "--rm", "--network", name, "busybox", "echo", "in it").out == "in it\n"
        assert cli("network", "rm", name).out == f"{name}\n"

    def test_version_info_and_system_df(self, cli):
        assert cli("version", "--format", "{{.Server.Os}}").out == "linux\n"
        assert int(cli("info", "--format", "{{.Images}}").out) >= 3
        assert "Local Volumes" in cli("system", "df").out

    def test_prunes_say_what_they_did(self, cli, box, api):
        name = box("true", Labels={"cl": "prune"})
        api.wait(name)
        full = api.inspect_container(name)["Id"]
        said = cli("container", "prune", "-f", "--filter", "label=cl=prune").out
        assert full in said
        assert "Total reclaimed space: " in said

    def test_events_are_followed(self, cli, box):
        since = str(time.time() - 1)
        name = box("true")
        chosen = ("--filter", f"container={name}", "--format", "{{.Action}}")
        said = cli("events", "--since", since, "--until", str(time.time() + 1), *chosen).out
        assert said.split() == ["create", "start", "die"]

    def test_an_export_is_a_whole_archive(self, box, program, cli_environment):
        name = box("sh", "-c", "head -c 3000000 /dev/zero > /big; sleep 1000")
        time.sleep(0.5)
        data = subprocess.run([program, "export", name], env=cli_environment, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            assert archive.getmember("big").size == 3_000_000
