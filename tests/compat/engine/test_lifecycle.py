"""Containers started, stopped, killed, paused, restarted and waited for."""

import threading
import time

import pytest

from embedded import until

pytestmark = pytest.mark.engine

TRAP = "trap 'echo told; exit 7' TERM; echo ready; while :; do sleep 0.1; done"
DEAF = "trap '' TERM; echo ready; while :; do sleep 0.1; done"


def state(api, name):
    return api.inspect_container(name)["State"]


def ready(api, name):
    until(lambda: b"ready" in api.logs(name))
    return name


def test_a_start_is_answered_and_a_second_one_changes_nothing(ask, box):
    name = box(start=False)
    assert ask("POST", f"/containers/{name}/start").status == 204
    assert ask("POST", f"/containers/{name}/start").status == 304


def test_an_ended_one_starts_again_and_keeps_its_files(api, box):
    name = box("sh", "-c", "echo line >> /file; cat /file")
    api.wait(name)
    first = state(api, name)["StartedAt"]
    api.start(name)
    api.wait(name)
    assert api.logs(name) == b"line\nline\nline\n"
    assert state(api, name)["StartedAt"] > first


def test_a_stop_asks_with_the_stop_signal_first(api, box):
    name = ready(api, box("sh", "-c", TRAP, StopSignal="SIGTERM"))
    api.stop(name, timeout=20)
    assert api.logs(name).endswith(b"told\n")
    assert state(api, name)["ExitCode"] == 7


def test_a_stop_kills_what_does_not_listen(api, box):
    name = ready(api, box("sh", "-c", DEAF, StopSignal="SIGTERM"))
    began = time.monotonic()
    api.stop(name, timeout=1)
    assert 0.9 < time.monotonic() - began < 10
    assert state(api, name)["ExitCode"] == 137


def test_a_stop_uses_the_signal_that_the_container_names(api, box):
    name = ready(
        api, box("sh", "-c", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done", StopSignal="SIGUSR1")
    )
    api.stop(name, timeout=20)
    assert state(api, name)["ExitCode"] == 9


def test_a_stop_of_a_stopped_one_changes_nothing(ask, box, api):
    name = box("true")
    api.wait(name)
    assert ask("POST", f"/containers/{name}/stop").status == 304


def test_a_restart_is_a_stop_and_a_start(api, box):
    name = box()
    before = state(api, name)
    api.restart(name, timeout=5)
    after = state(api, name)
    assert after["Running"]
    assert after["Pid"] != before["Pid"]
    assert after["StartedAt"] > before["StartedAt"]
    assert api.inspect_container(name)["RestartCount"] == 0


def test_a_restart_starts_a_stopped_one(api, box):
    name = box(start=False)
    api.restart(name, timeout=5)
    assert state(api, name)["Running"]


@pytest.mark.parametrize(
    ("signal", "code"), [("SIGKILL", 137), ("KILL", 137), ("9", 137), ("SIGTERM", 7), ("TERM", 7), ("15", 7)]
)
def test_a_kill_sends_the_signal_by_name_or_number(api, box, signal, code):
    name = ready(api, box("sh", "-c", TRAP))
    api.kill(name, signal)
    assert api.wait(name, timeout=20)["StatusCode"] == code


def test_a_signal_that_is_handled_leaves_it_running(api, box):
    name = ready(api, box("sh", "-c", "trap 'echo got' USR1; echo ready; while :; do sleep 0.1; done"))
    api.kill(name, "SIGUSR1")
    until(lambda: b"got" in api.logs(name))
    assert state(api, name)["Running"]


def test_a_kill_of_one_that_does_not_run_is_refused(ask, box, api):
    name = box(start=False)
    full = api.inspect_container(name)["Id"]
    status, message = ask("POST", f"/containers/{name}/kill").refusal
    assert status == 409
    assert message.lower() in (
        f"cannot kill container: {name}: container {full} is not running",
        f"container {full} is not running",
    )


def test_a_signal_that_is_none_is_refused(ask, box):
    status, message = ask("POST", f"/containers/{box()}/kill?signal=SIGNONSENSE").refusal
    assert status == 400
    assert message.lower() == "invalid signal: signonsense"


def test_a_paused_one_stands_still(api, box):
    name = box("sh", "-c", "while :; do echo tick; sleep 0.1; done")
    until(lambda: b"tick" in api.logs(name))
    api.pause(name)
    time.sleep(0.3)
    before = api.logs(name)
    time.sleep(0.6)
    assert api.logs(name) == before
    assert state(api, name)["Status"] == "paused"
    api.unpause(name)
    until(lambda: api.logs(name) != before)
    assert state(api, name)["Status"] == "running"


def test_what_a_paused_one_refuses(ask, api, box):
    name = box()
    full = api.inspect_container(name)["Id"]
    api.pause(name)
    try:
        status, message = ask("POST", f"/containers/{name}/pause").refusal
        assert status == 409
        assert message.lower() in (f"container {name} is already paused", f"container {full} is already paused")
        status, message = ask("POST", f"/containers/{name}/exec", {"Cmd": ["true"]}).refusal
        assert status == 409
        assert message == f"Container {name} is paused, unpause the container before exec"
        assert ask("POST", f"/containers/{name}/start").refusal == (
            409,
            "cannot start a paused container, try unpause instead",
        )
    finally:
        api.unpause(name)


def test_an_unpause_of_one_that_is_not_paused_is_refused(ask, box, api):
    name = box()
    full = api.inspect_container(name)["Id"]
    status, message = ask("POST", f"/containers/{name}/unpause").refusal
    assert status in (409, 500)
    assert message in (f"Container {full} is not paused", f"Container {name} is not paused")


def test_a_pause_of_one_that_does_not_run_is_refused(ask, box, api):
    name = box(start=False)
    full = api.inspect_container(name)["Id"]
    status, message = ask("POST", f"/containers/{name}/pause").refusal
    assert status == 409
    assert message.lower() in (f"container {full} is not running", f"container {name} is not running")


@pytest.mark.parametrize("condition", ["", "not-running", "next-exit", "removed"])
def test_a_wait_ends_when_its_condition_holds(api, box, condition):
    name = box("sh", "-c", "sleep 0.5; exit 5", HostConfig={"AutoRemove": condition == "removed"})
    answer = api.wait(name, timeout=30, **({"condition": condition} if condition else {}))
    assert answer["StatusCode"] == 5
    assert not answer.get("Error")


def test_a_wait_for_the_next_exit_can_begin_before_the_start(api, box):
    name = box("sh", "-c", "exit 6", start=False)
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(api.wait(name, timeout=30, condition="next-exit")))
    waiter.start()
    time.sleep(0.3)
    assert not answers
    api.start(name)
    waiter.join(20)
    assert answers[0]["StatusCode"] == 6


def test_a_wait_for_one_that_does_not_run_ends_at_once(api, box):
    name = box("sh", "-c", "exit 5")
    api.wait(name)
    assert api.wait(name, timeout=5)["StatusCode"] == 5
    assert api.wait(box(start=False), timeout=5)["StatusCode"] == 0


@pytest.mark.parametrize("code", [0, 1, 77, 255])
def test_exit_codes_are_told(run, code):
    assert run("sh", "-c", f"exit {code}").code == code


def test_a_death_by_signal_is_128_and_the_signal(run):
    # The first process of a container ignores signals that it sends itself, unless an init stands before it.
    assert run("sh", "-c", "kill -TERM $$", HostConfig={"Init": True}).code == 143


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["no-such-program"], 127, 'exec: "no-such-program": executable file not found in $PATH'),
        (["/no/such/program"], 127, "no such file or directory"),
        (["/etc"], 126, "permission denied"),
        (["/etc/passwd"], 126, "permission denied"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_a_program_that_cant_be_started_is_told(ask, api, box, words, code, sentence):
    name = box(*words, start=False)
    status, message = ask("POST", f"/containers/{name}/start").refusal
    assert status == 400
    assert sentence in message
    found = state(api, name)
    assert (found["Status"], found["ExitCode"]) == ("created", code)
    assert sentence in found["Error"]


@pytest.mark.parametrize("policy", ["always", "unless-stopped", "on-failure"])
def test_a_policy_starts_it_again(api, box, policy):
    name = box("sh", "-c", "sleep 0.2; exit 1", HostConfig={"RestartPolicy": {"Name": policy}})
    until(lambda: api.inspect_container(name)["RestartCount"] >= 1)
    api.stop(name, timeout=1)
    assert state(api, name)["Status"] == "exited"


def test_on_failure_gives_up_after_its_tries(api, box):
    name = box(
        "sh", "-c", "echo try; exit 1", HostConfig={"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1}}
    )
    until(lambda: state(api, name)["Status"] == "exited" and api.logs(name) == b"try\ntry\n")
    assert api.inspect_container(name)["RestartCount"] == 1


def test_on_failure_leaves_a_success_alone(api, box):
    name = box("true", HostConfig={"RestartPolicy": {"Name": "on-failure"}})
    api.wait(name)
    time.sleep(0.5)
    assert api.inspect_container(name)["RestartCount"] == 0
    assert state(api, name)["Status"] == "exited"


def test_a_policy_that_removes_too_is_refused(ask):
    body = {"Image": "busybox", "HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}}
    status, message = ask("POST", "/containers/create", body).refusal
    assert status == 400
    assert "can't create 'AutoRemove' container with restart policy" in message


def test_the_orphans_of_the_first_process_end_with_it(api, box):
    name = box("sh", "-c", "(sleep 1000 &) ; (sleep 1001 &) ; sleep 0.2")
    api.wait(name, timeout=20)
    found = state(api, name)
    assert (found["Status"], found["ExitCode"]) == ("exited", 0)


def test_what_runs_in_it_is_listed(api, box):
    name = box("sh", "-c", "sleep 998 & sleep 999; true")
    until(lambda: "sleep 999" in str(api.top(name)))
    found = api.top(name)
    assert {"UID", "PID", "PPID", "CMD"} <= set(found["Titles"])
    commands = [row[-1] for row in found["Processes"]]
    assert any("sleep 998" in each for each in commands)
    assert len(commands) == 3
    assert len({row[found["Titles"].index("PID")] for row in found["Processes"]}) == 3


def test_ps_arguments_choose_the_columns(api, box):
    found = api.top(box(), ps_args="-o pid,comm")
    assert found["Titles"] == ["PID", "COMMAND"]
    assert len(found["Processes"]) == 1


def test_the_processes_of_one_that_does_not_run_are_refused(ask, api, box):
    name = box(start=False)
    full = api.inspect_container(name)["Id"]
    status, message = ask("GET", f"/containers/{name}/top").refusal
    assert status == 409
    assert message.lower() == f"container {full} is not running"


def test_figures_are_told_once(api, box):
    name = box("sh", "-c", "while :; do :; done", HostConfig={})
    found = api.stats(name, stream=False)
    assert found["name"] == f"/{name}"
    assert found["id"] == api.inspect_container(name)["Id"]
    assert found["cpu_stats"]["cpu_usage"]["total_usage"] > 0
    assert found["memory_stats"].get("usage", 1) > 0
    assert found["pids_stats"].get("current", 1) >= 1
    assert found["read"] > found["preread"]


def test_figures_are_streamed(api, box):
    stream = api.stats(box(), decode=True)
    first, second = next(stream), next(stream)
    stream.close()
    assert second["read"] > first["read"]


def test_nobody_is_no_container_whatever_is_asked(ask):
    for method, path in (
        ("GET", "json"), ("POST", "start"), ("POST", "stop"), ("POST", "kill"), ("POST", "pause"), ("POST", "restart"),
        ("POST", "wait"), ("GET", "top"), ("GET", "logs?stdout=1"), ("GET", "changes"), ("GET", "export"),
        ("POST", "attach?stdout=1"), ("POST", "rename?name=other-name"), ("GET", "stats?stream=0"), ("GET", "archive?path=/"),
    ):  # fmt: skip
        answer = ask(method, f"/containers/nobody/{path}")
        # To an attach Docker answers as plain text.
        said = answer.body["message"] if isinstance(answer.body, dict) else answer.body.strip()
        assert (answer.status, said.endswith("No such container: nobody")) == (404, True), path


def test_a_wait_ends_with_a_run_that_another_follows(api, box):
    name = box("sh", "-c", "sleep 0.5; exit 3", HostConfig={"RestartPolicy": {"Name": "always"}})
    assert api.wait(name, timeout=20)["StatusCode"] == 3


def test_a_wait_ends_with_a_restart(api, box):
    name, codes = box(), []
    waiter = threading.Thread(target=lambda: codes.append(api.wait(name, timeout=20)["StatusCode"]))
    waiter.start()
    time.sleep(0.5)
    api.restart(name, timeout=0)
    waiter.join()
    assert codes == [137]


def test_one_that_is_removed_at_its_end_outlives_a_restart(api, box):
    name = box(HostConfig={"AutoRemove": True})
    api.restart(name, timeout=0)
    found = api.inspect_container(name)
    assert found["State"]["Running"]
    assert found["HostConfig"]["AutoRemove"]
    api.stop(name)
    until(lambda: not api.containers(all=True, filters={"name": name}))


def test_one_that_does_not_run_is_not_healthy(api, box):
    name = box(Healthcheck={"Test": ["CMD", "true"], "Interval": 1_000_000_000})
    until(lambda: state(api, name)["Health"]["Status"] == "healthy")
    api.stop(name)
    assert state(api, name)["Health"]["Status"] == "unhealthy"


def test_a_health_check_that_prints_without_end_takes_too_long(api, box):
    second = 1_000_000_000
    name = box(Healthcheck={"Test": ["CMD", "yes"], "Interval": second, "Timeout": second, "Retries": 1})
    until(lambda: state(api, name)["Health"]["Status"] == "unhealthy")
    assert state(api, name)["Health"]["Log"][0]["Output"].startswith("Health check exceeded timeout (1s)")
