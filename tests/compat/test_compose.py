"""Compose projects brought up and taken down, on every engine."""

import socket
import threading
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

import dockyard
from dockyard.errors import (
    Cancelled,
    CannotUndo,
    EngineRefused,
    NameTaken,
    NoComposeFile,
    NoSuchNetwork,
    NoSuchService,
    NoSuchVolume,
    NothingThere,
    NotOfThisProject,
    PlanOutdated,
    PortHeld,
    ServiceFailed,
)
from dockyard.pages import fetch
from dockyard.tasks import ComposeDown, ComposeUp
from dockyard.tasks.inside import run_in
from dockyard.waiting import eventually

pytestmark = pytest.mark.engine

LAB = """
services:
  front:
    image: httpd
    ports: ["127.0.0.1:{port}:80"]
    volumes: [pages:/usr/local/apache2/htdocs]
    depends_on: [back]
  back:
    image: busybox
    command: sleep 1000
    stop_signal: SIGKILL
    environment: {{WHO: "${{WHO:-nobody}}"}}
volumes:
  pages:
"""
SLEEP = "{image: busybox, command: sleep 1000, stop_signal: SIGKILL}"


@pytest.fixture
def project(client, tmp_path):
    """The name of a project, and what writes its file; whatever is of it is removed afterwards."""
    name = f"lab{uuid.uuid4().hex[:8]}"

    def write(text):
        (tmp_path / "compose.yaml").write_text(f"name: {name}\n{text}")
        return str(tmp_path)

    write.name = name
    yield write
    for row in client.api.containers(all=True):
        if row["Labels"].get("com.docker.compose.project") == name or any(name in each for each in row["Names"]):
            client.api.remove_container(row["Id"], force=True, v=True)
    for row in client.api.networks():
        if name in row["Name"]:
            client.api.remove_network(row["Id"])
    for row in client.api.volumes()["Volumes"] or ():
        if name in row["Name"]:
            client.api.remove_volume(row["Name"])
    for row in client.api.images():
        for tag in row["RepoTags"] or ():
            if name in tag:
                client.api.remove_image(tag, force=True)


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def things(client):
    return (
        set(dockyard.containers(client)["id"]),
        set(dockyard.networks(client)["id"]),
        set(dockyard.volumes(client)["name"]),
    )


def named(changes, *actions):
    return [(each.action, each.kind, each.name) for each in changes if not actions or each.action in actions]


def ids(client, project):
    rows = client.api.containers(all=True, filters={"label": f"com.docker.compose.project={project.name}"})
    return {row["Labels"]["com.docker.compose.service"]: row["Id"] for row in rows}


def test_one_file_up_and_down_and_what_there_is_before_and_after(client, project, port):
    before = things(client)
    folder, name = project(LAB.format(port=port)), project.name
    up, down = ComposeUp(folder), ComposeDown(folder, volumes=True)
    plan = up.plan(client)
    assert named(plan.changes) == [
        ("create", "network", f"{name}_default"),
        ("create", "volume", f"{name}_pages"),
        ("create", "container", f"{name}-back-1"),
        ("create", "container", f"{name}-front-1"),
        ("create", "port", f"127.0.0.1:{port}:80"),
    ]
    assert plan.changes[3].reason == "after back"
    assert things(client) == before
    seen = []
    done = up.run(client, plan=plan, report=seen.append)
    assert done.changes == plan.changes
    assert (seen[0].doing, seen[-1].done, seen[-1].total) == (f"making {name}_default", 4, 4)
    assert done.containers == ids(client, project)
    assert {(each.kind, each.name) for each in done.difference if each.action == "create"} == {
        ("network", f"{name}_default"),
        ("volume", f"{name}_pages"),
        ("container", f"{name}-back-1"),
        ("container", f"{name}-front-1"),
    }
    evidence = up.verify(client)
    assert evidence.ok
    assert evidence.says == "back: running; front: running"
    assert b"It works!" in eventually(lambda: fetch(client, f"{name}-front-1"), dockyard.DockyardError).body
    # Each service is reached by its name.
    hosts = run_in(
        client,
        f"{name}-back-1",
        ["sh", "-c", "ping -c1 -W1 front >/dev/null 2>&1; nslookup front 127.0.0.11 2>&1; cat /etc/hosts"],
    )
    assert "front" in str(hosts)
    # Once more: nothing is to be done.
    again = up.plan(client)
    assert {each.action for each in again.changes} == {"keep"}
    assert up.run(client).containers == done.containers
    with pytest.raises(CannotUndo, match="changed nothing"):
        up.undo(client)
    going = down.plan(client)
    assert [each for each in named(going.changes) if each[1] != "port"] == [
        ("remove", "container", f"{name}-front-1"),
        ("remove", "container", f"{name}-back-1"),
        ("remove", "network", f"{name}_default"),
        ("remove", "volume", f"{name}_pages"),
    ]
    down.run(client, plan=going)
    assert things(client) == before
    assert down.verify(client).ok
    assert not up.verify(client).ok
    with pytest.raises(NothingThere, match=name):
        down.plan(client)


def test_only_what_differs_is_made_anew_and_undo_brings_the_former_back(client, project, port):
    folder, name = project(LAB.format(port=port)), project.name
    up = ComposeUp(folder)
    first = up.run(client).containers
    Path(folder, ".env").write_text("WHO=learner\n")
    plan = up.plan(client)
    assert named(plan.changes, "create", "change", "remove") == [("change", "container", f"{name}-back-1")]
    reasons = {each.name: each.reason for each in plan.changes}
    assert reasons[f"{name}-back-1"] == "the file has other settings: environment"
    assert reasons[f"{name}-front-1"] == "it runs, and is as the file asks"
    second = up.run(client, plan=plan).containers
    assert second["front"] == first["front"]
    assert second["back"] != first["back"]
    assert "WHO=learner" in client.get_json("/containers/{}/json", second["back"])["Config"]["Env"]
    assert len(client.api.containers(all=True, filters={"name": name})) == 2
    changes = up.undo(client).changes
    assert ("create", "container", f"{name}-back-1") in named(changes)
    found = client.get_json("/containers/{}/json", f"{name}-back-1")
    assert "WHO=nobody" in found["Config"]["Env"]
    assert found["State"]["Running"]
    assert "back" in found["NetworkSettings"]["Networks"][f"{name}_default"]["Aliases"]


def test_undo_removes_what_was_made_and_leaves_a_volume_that_holds_files(client, project, port):
    before = things(client)
    up = ComposeUp(project(LAB.format(port=port)))
    up.run(client)
    changes = up.undo(client).changes
    # The image's own page is in the volume.
    assert named(changes, "keep") == [("keep", "volume", f"{project.name}_pages")]
    assert things(client)[:2] == before[:2]
    client.api.remove_volume(f"{project.name}_pages")
    text = f"services: {{one: {SLEEP[:-1]}, volumes: ['data:/data']}}}}\nvolumes: {{data: }}"
    up = ComposeUp(project(text))
    up.run(client)
    assert ("remove", "volume", f"{project.name}_data") in named(up.undo(client).changes)
    assert things(client) == before


def test_down_keeps_volumes_unless_told_and_undo_brings_all_back(client, project, port):
    folder, name = project(LAB.format(port=port)), project.name
    up = ComposeUp(folder)
    up.run(client)
    run_in(client, f"{name}-front-1", ["sh", "-c", "echo mine > /usr/local/apache2/htdocs/mine"])
    down = ComposeDown(folder)
    plan = down.plan(client)
    assert [each.reason for each in plan.changes if each.kind == "volume"] == ["volumes stay; -v removes them"]
    down.run(client, plan=plan)
    evidence = down.verify(client)
    assert evidence.ok
    assert f"{name}_pages" in evidence.says
    down.undo(client)
    assert up.verify(client).ok
    assert {each.action for each in up.plan(client).changes} == {"keep"}
    down = ComposeDown(folder, volumes=True)
    down.run(client)
    assert client.find_json("/volumes/{}", f"{name}_pages") is None
    changes = down.undo(client).changes
    assert named(changes, "create") == [
        ("create", "volume", f"{name}_pages"),
        ("create", "network", f"{name}_default"),
        ("create", "container", f"{name}-back-1"),
        ("create", "container", f"{name}-front-1"),
    ]
    assert up.verify(client).ok
    assert "mine" in str(run_in(client, f"{name}-front-1", ["cat", "/usr/local/apache2/htdocs/mine"]))


def test_a_run_that_fails_leaves_everything_as_it_was(client, project, port):
    folder = project(LAB.format(port=port))
    ComposeUp(folder).run(client)
    before, was = things(client), ids(client, project)
    text = (
        LAB.format(port=port)
        .replace("sleep 1000", "no-such-program")
        .replace("volumes:\n  pages:", "volumes:\n  pages:\n  more:")
    )
    project(text.replace("[pages:/usr", "[more:/more, pages:/usr"))
    with pytest.raises(EngineRefused):
        ComposeUp(folder).run(client)
    assert things(client) == before
    project(LAB.format(port=port))
    assert ids(client, project) == was
    assert ComposeUp(folder).verify(client).ok


def test_a_run_that_is_cancelled_leaves_nothing(client, project):
    before = things(client)
    text = f"services:\n  a: {SLEEP[:-1]}, healthcheck: {{test: 'false', interval: 1h}}}}\n  b: {SLEEP[:-1]}, depends_on: {{a: {{condition: service_healthy}}}}}}\nnetworks: {{default: }}"
    cancel = threading.Event()

    def report(progress):
        if progress.doing == "waiting for a":
            cancel.set()

    with pytest.raises(Cancelled):
        ComposeUp(project(text)).run(client, report=report, cancel=cancel)
    assert things(client) == before


def test_services_wait_for_each_other(client, project):
    text = f"""
services:
  last:
    {{image: busybox, command: sleep 1000, stop_signal: SIGKILL, volumes: ['data:/d'], depends_on: {{once: {{condition: service_completed_successfully}}, well: {{condition: service_healthy}}}}}}
  once: {{image: busybox, command: sh -c 'sleep 1; echo done > /d/once', volumes: ['data:/d']}}
  well: {SLEEP[:-1]}, volumes: ['data:/d'], healthcheck: {{test: test -f /d/once, interval: 1s}}}}
volumes: {{data: }}
"""
    up = ComposeUp(project(text))
    done = up.run(client)
    started = {key: client.get_json("/containers/{}/json", each)["State"] for key, each in done.containers.items()}
    assert started["once"]["FinishedAt"] < started["last"]["StartedAt"]
    assert started["well"]["Health"]["Status"] == "healthy"
    assert up.verify(client).says == "once: exited with code 0; well: running (healthy); last: running"
    # One that is to end is run again, as docker compose does.
    assert named(up.plan(client).changes, "change") == [("change", "container", f"{project.name}-once-1")]


@pytest.mark.parametrize(
    ("service", "condition", "says"),
    [
        ("command: sh -c 'echo so; exit 3'", "service_completed_successfully", "ended with exit code 3.*so"),
        ("command: sh -c 'echo so; exit 0', healthcheck: {test: 'true', interval: 60s}", "service_healthy", "ended with exit code 0"),
        ("command: sleep 1000", "service_healthy", "has no health check"),
        ("command: sleep 1000, healthcheck: {test: 'false', interval: 500ms, retries: 1}", "service_healthy", "is unhealthy"),
    ],
)  # fmt: skip
def test_what_another_one_waits_for_in_vain_is_told(client, project, service, condition, says):
    before = things(client)
    text = f"services:\n  a: {{image: busybox, stop_signal: SIGKILL, {service}}}\n  b: {{image: busybox, depends_on: {{a: {{condition: {condition}}}}}}}"
    with pytest.raises(ServiceFailed, match=f"'b' waits for 'a', which {says}"):
        ComposeUp(project(text)).run(client)
    assert things(client) == before


def test_a_service_is_made_as_the_file_says(client, project, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "page").write_text("page")
    text = """
services:
  all:
    image: busybox
    container_name: {name}-own
    entrypoint: [sh, -c]
    command: ["sleep 1000"]
    environment: {{A: b}}
    expose: ["81"]
    volumes: [./here:/here:ro, /unnamed, {{type: bind, source: ./page, target: /page, bind: {{create_host_path: false}}}}]
    tmpfs: /run
    networks: {{back: {{aliases: [www]}}, front: }}
    restart: on-failure:2
    labels: {{a: b}}
    user: "0"
    working_dir: /tmp
    hostname: here
    healthcheck: {{test: [CMD, "true"], interval: 9s}}
    stop_signal: SIGKILL
    stop_grace_period: 3s
    stdin_open: true
    tty: true
    init: true
    read_only: true
    extra_hosts: [other:1.2.3.4]
networks: {{back: , front: {{labels: {{l: m}}}}}}
"""
    up = ComposeUp(project(text.format(name=project.name)))
    done = up.run(client)
    found = client.get_json("/containers/{}/json", done.containers["all"])
    config, host = found["Config"], found["HostConfig"]
    assert found["Name"] == f"/{project.name}-own"
    assert (config["Entrypoint"], config["Cmd"]) == (["sh", "-c"], ["sleep 1000"])
    assert "A=b" in config["Env"]
    assert "81/tcp" in config["ExposedPorts"]
    assert (config["User"], config["WorkingDir"], config["Hostname"]) == ("0", "/tmp", "here")
    assert config["Healthcheck"]["Test"] == ["CMD", "true"]
    assert (config["StopSignal"], config["StopTimeout"], config["OpenStdin"], config["Tty"]) == (
        "SIGKILL",
        3,
        True,
        True,
    )
    assert (host["Init"], host["ReadonlyRootfs"], host["ExtraHosts"]) == (True, True, ["other:1.2.3.4"])
    assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 2}
    assert {each["Destination"]: each["Type"] for each in found["Mounts"]} == {
        "/here": "bind",
        "/page": "bind",
        "/unnamed": "volume",
    }
    assert "/run" in host["Tmpfs"]
    networks = found["NetworkSettings"]["Networks"]
    assert set(networks) == {f"{project.name}_back", f"{project.name}_front"}
    assert {"all", "www"} <= set(networks[f"{project.name}_back"]["Aliases"])
    assert client.get_json("/networks/{}", f"{project.name}_front")["Labels"]["l"] == "m"
    labels = config["Labels"]
    assert labels["a"] == "b"
    assert labels["com.docker.compose.project"] == project.name
    assert labels["com.docker.compose.service"] == "all"
    assert labels["com.docker.compose.project.config_files"] == str(tmp_path / "compose.yaml")
    # An unnamed volume goes on with the container that is made anew.
    volume = next(each["Name"] for each in found["Mounts"] if each["Type"] == "volume")
    anew = ComposeUp(str(tmp_path), force_recreate=True).run(client).containers["all"]
    assert anew != found["Id"]
    assert volume in {each.get("Name") for each in client.get_json("/containers/{}/json", anew)["Mounts"]}
    ComposeDown(str(tmp_path), volumes=True).run(client)


def test_an_image_is_built_and_built_anew(client, project, tmp_path):
    (tmp_path / "Dockerfile").write_text(
        'FROM busybox\nARG WHO\nENV WHO=$WHO\nCMD ["sleep", "1000"]\nSTOPSIGNAL SIGKILL\n'
    )
    text = "services: {{made: {{build: {{context: ., args: {{WHO: {who}}}}}}}}}"
    up = ComposeUp(project(text.format(who="one")))
    plan = up.plan(client)
    assert named(plan.changes)[1] == ("create", "image", f"{project.name}-made")
    first = up.run(client, plan=plan).containers["made"]
    anew = ComposeUp(str(tmp_path), build=True)
    assert named(anew.plan(client).changes, "change") == [("change", "container", f"{project.name}-made-1")]
    same = anew.run(client)
    assert same.containers["made"] == first
    assert named(same.changes, "keep")[-1] == ("keep", "container", f"{project.name}-made-1")
    project(text.format(who="two"))
    assert up.plan(client).changes[-1].action == "keep"  # without --build, the image that is there does
    other = anew.run(client).containers["made"]
    assert "WHO=two" in client.get_json("/containers/{}/json", other)["Config"]["Env"]


def test_services_can_be_chosen_and_those_that_are_not_in_the_file_go_when_asked(client, project):
    text = f"services:\n  a: {SLEEP}\n  b: {SLEEP[:-1]}, depends_on: [a]}}\n  c: {SLEEP}\n"
    folder = project(text)
    assert set(ComposeUp(folder, services=("b",)).run(client).containers) == {"a", "b"}
    with pytest.raises(NoSuchService, match=r"'z'.*a, b, c"):
        ComposeUp(folder, services=("z",)).plan(client)
    project(f"services:\n  a: {SLEEP}\n")
    plan = ComposeUp(folder).plan(client)
    assert [each.reason for each in plan.changes if each.name.endswith("-b-1")] == [
        "its service is not in the file; --remove-orphans removes it"
    ]
    down = ComposeDown(folder).plan(client)
    assert ("keep", "network", f"{project.name}_default") in named(down.changes)
    ComposeUp(folder, remove_orphans=True).run(client)
    assert set(ids(client, project)) == {"a"}
    ComposeUp(folder, remove_orphans=True).undo(client)
    assert set(ids(client, project)) == {"a", "b"}
    ComposeDown(folder, remove_orphans=True).run(client)
    assert ids(client, project) == {}


def test_a_name_is_enough_to_take_a_project_down(client, project, tmp_path, monkeypatch):
    ComposeUp(project(f"services: {{a: {SLEEP}}}")).run(client)
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "compose.yaml").unlink()
    monkeypatch.chdir(empty)
    with pytest.raises(NoComposeFile):
        ComposeDown().plan(client)
    down = ComposeDown(project=project.name)
    down.run(client)
    assert down.verify(client).ok
    assert ids(client, project) == {}


def test_what_the_file_calls_external_is_used_and_stays(client, project):
    text = f"services: {{a: {SLEEP[:-1]}, networks: [net], volumes: ['vol:/v']}}}}\nnetworks: {{net: {{external: true, name: {project.name}-net}}}}\nvolumes: {{vol: {{external: true, name: {project.name}-vol}}}}"
    up = ComposeUp(project(text))
    with pytest.raises(NoSuchNetwork, match=f"docker network create {project.name}-net"):
        up.plan(client)
    client.api.create_network(f"{project.name}-net")
    with pytest.raises(NoSuchVolume):
        up.plan(client)
    client.api.create_volume(f"{project.name}-vol")
    up.run(client)
    down = ComposeDown(up.file, volumes=True)
    plan = down.plan(client)
    assert named(plan.changes, "keep") == [
        ("keep", "network", f"{project.name}-net"),
        ("keep", "volume", f"{project.name}-vol"),
    ]
    down.run(client)
    assert client.find_json("/volumes/{}", f"{project.name}-vol")


def test_what_an_engine_is_too_old_for_is_told(client, project):
    health = "healthcheck: {test: 'true', start_interval: 1s}"
    warnings = ComposeUp(project(f"services: {{a: {SLEEP[:-1]}, {health}}}}}")).plan(client).warnings
    is_old = tuple(map(int, client.api.api_version.split("."))) < (1, 44)
    assert any("`start_interval` of a" in each for each in warnings) == is_old


def test_what_undo_will_not_bring_back_is_told(client, project):
    folder = project(f"services: {{a: {SLEEP[:-1]}, volumes: ['data:/data']}}}}\nvolumes: {{data: }}")
    ComposeUp(folder).run(client)
    down = ComposeDown(folder, volumes=True, keep=False)
    assert any(f"{project.name}_data will be gone for good" in each for each in down.plan(client).warnings)
    assert not ComposeDown(folder, volumes=True).plan(client).warnings
    down.run(client)
    with pytest.raises(CannotUndo):
        down.undo(client)


def test_what_belongs_to_others_is_left_alone(client, project, container, port):
    folder = project(f"services: {{a: {SLEEP}}}")
    client.api.create_network(f"{project.name}_default")
    with pytest.raises(NotOfThisProject, match=f"network '{project.name}_default'"):
        ComposeUp(folder).plan(client)
    client.api.remove_network(f"{project.name}_default")
    taken = container()
    project(f"services: {{a: {SLEEP[:-1]}, container_name: {taken}}}}}")
    with pytest.raises(NameTaken, match=taken):
        ComposeUp(folder).plan(client)
    project(f"services: {{a: {SLEEP[:-1]}, ports: ['127.0.0.1:{port}:80']}}}}")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortHeld, match=str(port)):
        ComposeUp(folder).plan(client)


def test_a_plan_that_is_out_of_date_is_not_carried_out(client, project):
    folder = project(f"services: {{a: {SLEEP}}}")
    plan = ComposeUp(folder).plan(client)
    project(f"services: {{b: {SLEEP}}}")
    with pytest.raises(PlanOutdated):
        ComposeUp(folder).run(client, plan=plan)
    assert ids(client, project) == {}


def test_a_text_is_written_first_and_given_back(client, project, tmp_path):
    file = tmp_path / "compose.yaml"
    project(f"services: {{a: {SLEEP}}}")
    former = file.read_text()
    up = ComposeUp(str(file), text=former.replace("{a:", "{b:"))
    assert named(up.plan(client).changes)[0] == ("change", "file", str(file))
    up.run(client)
    assert "{b:" in file.read_text()
    up.undo(client)
    assert file.read_text() == former
    with pytest.raises(EngineRefused):
        ComposeUp(str(file), text=former.replace("sleep 1000", "no-such-program")).run(client)
    assert file.read_text() == former


def test_a_container_that_ended_is_started_again(client, project):
    up = ComposeUp(project(f"services: {{a: {SLEEP}}}"))
    made = up.run(client).containers["a"]
    client.api.kill(made)
    eventually(lambda: _require_ended(client, made), LookupError)
    assert not up.verify(client).ok
    assert up.plan(client).changes[-1].reason == "exited → running"
    assert up.run(client).containers["a"] == made
    assert up.verify(client).ok
    up.undo(client)
    assert not client.get_json("/containers/{}/json", made)["State"]["Running"]


def _require_ended(client, container_id):
    if client.get_json("/containers/{}/json", container_id)["State"]["Running"]:
        raise LookupError


def test_lines_that_look(client, project):
    folder = project(f"services: {{a: {SLEEP[:-1]}, environment: {{A: '${{X:-y}}'}}}}}}")
    line = f"docker compose -f {folder}"
    assert "A: y" in dockyard.do(f"{line} config", client)
    dockyard.do(f"{line} up -d", client)
    table = dockyard.do(f"{line} ps", client)
    assert list(table["name"]) == [f"{project.name}-a-1"]
    with suppress(dockyard.DockyardError):
        client.api.kill(table["id"][0])
    assert dockyard.do(f"{line} ps -a -q", client).split() == list(table["id"])
    dockyard.do(f"{line} down", client)
    assert len(dockyard.do(f"{line} ps -a", client)) == 0
