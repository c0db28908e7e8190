"""Attaching to a container and running commands in it: streams, terminals, standard input, sizes, exit codes."""

import threading

import pytest

from embedded import until

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def name(kept):
    return kept("sleep", "1000", Env=["INHERITED=yes"])


class TestAttach:
    def test_both_streams_come_apart(self, api, box, hijack):
        name = box("sh", "-c", "echo out; echo err >&2", start=False)
        stream = hijack(f"/containers/{name}/attach?stdout=1&stderr=1&stream=1")
        api.start(name)
        assert stream.streams() == (b"out\n", b"err\n")

    def test_an_upgrade_is_answered_with_one_and_its_absence_too(self, box, hijack):
        name = box()
        path = f"/containers/{name}/attach?stdout=1&stream=1"
        upgraded, plain = hijack(path).head, hijack(path, upgrade=False).head
        assert upgraded.startswith("HTTP/1.1 101 UPGRADED\r\n")
        assert "\r\nupgrade: tcp\r\n" in upgraded.lower()
        assert plain.startswith("HTTP/1.1 200 OK\r\n")
        assert "\r\ncontent-type: application/vnd.docker.raw-stream\r\n" in plain.lower()

    def test_standard_input_is_given_and_its_end_too(self, api, box, hijack):
        name = box("sh", "-c", "cat; echo ended", start=False, OpenStdin=True, StdinOnce=True, AttachStdin=True)
        stream = hijack(f"/containers/{name}/attach?stdin=1&stdout=1&stderr=1&stream=1")
        api.start(name)
        stream.give(b"first\nsecond\n", last=True)
        assert stream.streams() == (b"first\nsecond\nended\n", b"")
        assert api.wait(name)["StatusCode"] == 0

    def test_two_watch_the_same_container(self, api, box, hijack):
        name = box("sh", "-c", "sleep 0.3; echo hello", start=False)
        streams = [hijack(f"/containers/{name}/attach?stdout=1&stream=1") for _ in range(2)]
        api.start(name)
        assert [stream.streams() for stream in streams] == [(b"hello\n", b"")] * 2

    def test_what_was_said_before_comes_with_logs(self, api, box, hijack):
        name = box("sh", "-c", "echo before; sleep 1; echo after")
        until(lambda: b"before" in api.logs(name))
        stream = hijack(f"/containers/{name}/attach?logs=1&stdout=1&stream=1")
        assert stream.streams() == (b"before\nafter\n", b"")

    def test_a_terminal_has_one_stream_and_a_size(self, api, box, hijack):
        name = box("sh", "-c", "tty; read line; stty size; echo got $line", start=False, Tty=True, OpenStdin=True)
        stream = hijack(f"/containers/{name}/attach?stdin=1&stdout=1&stderr=1&stream=1")
        api.start(name)
        api.resize(name, height=33, width=77)
        stream.give(b"word\n")
        out = stream.rest()
        assert b"/dev/pts/" in out or b"/dev/console" in out
        assert b"33 77" in out
        assert b"got word" in out

    def test_the_detach_keys_leave_it_running(self, api, box, hijack):
        name = box("sh", "-c", "cat", start=False, Tty=True, OpenStdin=True)
        stream = hijack(f"/containers/{name}/attach?stdin=1&stdout=1&stream=1&detachKeys=ctrl-x,x")
        api.start(name)
        stream.give(b"a\n")
        stream.until(b"a")
        stream.give(b"\x18")
        stream.give(b"x")
        stream.rest()
        assert api.inspect_container(name)["State"]["Running"]

    def test_attaching_without_an_upgrade_streams_too(self, api, box):
        name = box("sh", "-c", "sleep 0.7; echo late")
        assert b"".join(api.attach(name, stream=True, logs=True)) == b"late\n"

    def test_a_client_that_goes_leaves_the_container_alone(self, api, box, hijack):
        name = box("sh", "-c", "for n in $(seq 1 20); do echo $n; sleep 0.05; done")
        hijack(f"/containers/{name}/attach?stdout=1&stream=1").sock.close()
        assert api.wait(name, timeout=20)["StatusCode"] == 0
        assert api.logs(name).split()[-1] == b"20"

    def test_a_size_for_one_that_does_not_run_is_refused(self, ask, api, box):
        name = box(start=False, Tty=True)
        full = api.inspect_container(name)["Id"]
        status, message = ask("POST", f"/containers/{name}/resize?h=10&w=10").refusal
        assert status in (409, 500)
        assert message.lower() == f"container {full} is not running"


class TestExec:
    def test_output_and_exit_code(self, api, name):
        made = api.exec_create(name, ["sh", "-c", "echo out; echo err >&2; exit 42"])["Id"]
        assert api.exec_start(made, demux=True) == (b"out\n", b"err\n")
        found = api.exec_inspect(made)
        assert (found["ExitCode"], found["Running"]) == (42, False)
        assert found["ContainerID"] == api.inspect_container(name)["Id"]
        assert (found["ProcessConfig"]["entrypoint"], found["ProcessConfig"]["arguments"]) == (
            "sh",
            ["-c", "echo out; echo err >&2; exit 42"],
        )
        assert found["ProcessConfig"]["tty"] is False

    def test_before_it_starts_it_has_no_exit_code(self, api, name):
        found = api.exec_inspect(api.exec_create(name, ["true"])["Id"])
        assert (found["Running"], found["ExitCode"], found["Pid"]) == (False, None, 0)

    def test_its_own_environment_comes_over_the_container_s(self, execute, name):
        assert execute(name, "echo $INHERITED $OWN", environment={"OWN": "1"}) == "yes 1\n"

    def test_its_own_folder_and_user(self, execute, name):
        assert execute(name, "pwd; id -u; id -g", workdir="/tmp", user="65534:65534") == "/tmp\n65534\n65534\n"

    def test_a_user_by_name(self, execute, name):
        assert execute(name, "id -u; id -g", user="nobody") == "65534\n65534\n"

    def test_an_unknown_user_is_told(self, ask, name):
        made = ask("POST", f"/containers/{name}/exec", {"Cmd": ["true"], "User": "stranger", "AttachStdout": True}).body
        answer = ask("POST", f"/exec/{made['Id']}/start", {"Detach": True})
        assert "unable to find user stranger: no matching entries in passwd file" in answer.refusal[1]

    def test_standard_input(self, api, name, hijack):
        made = api.exec_create(name, ["sh", "-c", "wc -c; echo done"], stdin=True)["Id"]
        stream = hijack(f"/exec/{made}/start", {"Tty": False})
        assert stream.head.startswith("HTTP/1.1 101 UPGRADED\r\n")
        stream.give(b"12345", last=True)
        assert stream.streams()[0].split() == [b"5", b"done"]

    def test_much_input_and_output_at_once(self, api, name, hijack):
        made = api.exec_create(name, ["cat"], stdin=True)["Id"]
        stream = hijack(f"/exec/{made}/start", {"Tty": False})
        data = bytes(range(256)) * 4096
        giver = threading.Thread(target=stream.give, args=[data], kwargs={"last": True})
        giver.start()
        out, _ = stream.streams()
        giver.join()
        assert out == data

    def test_a_terminal_of_its_own_with_a_size(self, api, name, hijack):
        made = api.exec_create(name, ["sh", "-c", "echo up; read line; stty size; tty"], stdin=True, tty=True)["Id"]
        stream = hijack(f"/exec/{made}/start", {"Tty": True})
        stream.until(b"up")
        api.exec_resize(made, height=20, width=50)
        stream.give(b"\n")
        out = stream.rest()
        assert b"20 50" in out
        assert b"/dev/pts/" in out
        assert api.exec_inspect(made)["ProcessConfig"]["tty"] is True

    def test_the_interrupt_key_reaches_it(self, api, name, hijack):
        line = "trap 'exit 3' INT; echo up; while :; do sleep 0.1; done"
        made = api.exec_create(name, ["sh", "-c", line], stdin=True, tty=True)["Id"]
        stream = hijack(f"/exec/{made}/start", {"Tty": True})
        stream.until(b"up")
        stream.give(b"\x03")
        stream.rest()
        until(lambda: api.exec_inspect(made)["ExitCode"] == 3)

    def test_detached_it_runs_on_by_itself(self, api, execute, name):
        made = api.exec_create(name, ["sh", "-c", "sleep 0.5; echo later > /tmp/later; exit 8"])["Id"]
        api.exec_start(made, detach=True)
        assert api.exec_inspect(made)["Running"]
        until(lambda: not api.exec_inspect(made)["Running"])
        assert api.exec_inspect(made)["ExitCode"] == 8
        assert execute(name, "cat /tmp/later") == "later\n"

    def test_a_program_that_is_not_there_is_told(self, api, name):
        made = api.exec_create(name, ["no-such-program"])["Id"]
        output = api.exec_start(made).decode()
        assert 'exec: "no-such-program": executable file not found in $PATH' in output
        assert api.exec_inspect(made)["ExitCode"] in (126, 127)

    def test_it_starts_once_only(self, ask, api, name):
        made = api.exec_create(name, ["true"])["Id"]
        api.exec_start(made)
        status, message = ask("POST", f"/exec/{made}/start", {"Detach": True}).refusal
        assert (status, message) == (409, f"Error: Exec command {made} has already run")

    def test_the_container_lists_those_that_run(self, api, name):
        made = api.exec_create(name, ["sleep", "30"])["Id"]
        api.exec_start(made, detach=True)
        assert made in api.inspect_container(name)["ExecIDs"]

    def test_nothing_to_run_is_refused(self, ask, name):
        status, message = ask("POST", f"/containers/{name}/exec", {"AttachStdout": True}).refusal
        assert (status, message) == (400, "No exec command specified")

    def test_a_command_that_is_no_list_is_refused(self, ask, name):
        status, message = ask("POST", f"/containers/{name}/exec", {"Cmd": "ls"}).refusal
        assert status == 400
        assert "cannot unmarshal string into Go struct field ExecConfig.Cmd of type []string" in message

    def test_one_that_does_not_run_refuses(self, ask, api, box):
        name = box(start=False)
        full = api.inspect_container(name)["Id"]
        status, message = ask("POST", f"/containers/{name}/exec", {"Cmd": ["true"]}).refusal
        assert status == 409
        assert message.lower() == f"container {full} is not running"

    def test_an_unknown_one_is_not_found(self, ask):
        status, message = ask("GET", "/exec/nothing/json").refusal
        assert (status, message) == (404, "No such exec instance: nothing")

    def test_the_container_s_end_is_its_end_too(self, api, box):
        name = box()
        made = api.exec_create(name, ["sleep", "1000"])["Id"]
        api.exec_start(made, detach=True)
        api.kill(name)
        api.wait(name)
        until(lambda: not api.exec_inspect(made)["Running"])
