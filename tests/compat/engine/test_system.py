"""Ping, version, info, disk use, events and log-in."""

import threading
import time

import docker
import pytest

from conftest import spelled
from embedded import until

pytestmark = [pytest.mark.engine, pytest.mark.any_runner]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_ping_tells_the_version_and_the_system(ask, method):
    answer = ask(method, "/_ping", version="")
    assert (answer.status, answer.body) == (200, "OK" if method == "GET" else "")
    assert answer.headers["ostype"] == "linux"
    major, minor = map(int, answer.headers["api-version"].split("."))
    assert (major, minor) >= (1, 41)
    assert "no-cache" in answer.headers["cache-control"]


def test_a_ping_works_with_a_version_too(ask):
    assert ask("GET", "/_ping").status == 200


def test_version_has_what_clients_read(ask):
    version = ask("GET", "/version").body
    assert version["Os"] == "linux"
    assert version["Arch"] in ("amd64", "arm64")
    assert version["Version"]
    assert version["KernelVersion"]
    assert any(part["Name"] == "Engine" for part in version["Components"])
    assert tuple(map(int, version["MinAPIVersion"].split("."))) <= (1, 41)


def test_an_api_version_of_the_future_is_refused_with_the_newest_there_is(ask):
    status, message = ask("GET", "/info", version="v9.99").refusal
    newest = ask("GET", "/version", version="").body["ApiVersion"]
    assert status == 400
    assert message == f"client version 9.99 is too new. Maximum supported API version is {newest}"


def test_an_unknown_page_is_not_found(ask):
    assert ask("GET", "/nothing-here").refusal == (404, "page not found")


def test_info_counts_containers_and_images(ask, api, box):
    before = ask("GET", "/info").body
    box()
    box(start=False)
    after = ask("GET", "/info").body
    assert after["ContainersRunning"] - before["ContainersRunning"] == 1
    assert after["Containers"] - before["Containers"] == 2
    assert after["Images"] >= 3
    assert (after["OSType"], after["Architecture"]) == ("linux", before["Architecture"])
    assert after["ID"] == before["ID"]
    assert after["NCPU"] > 0
    assert after["MemTotal"] > 0
    assert after["DockerRootDir"]
    assert after["Plugins"]["Volume"] == ["local"]


def test_disk_use_lists_images_containers_and_volumes(api, box, volume):
    name = volume()
    made = box("sh", "-c", "head -c 100000 /dev/zero > /v/data; head -c 50000 /dev/zero > /own; sleep 1000",
               HostConfig={"Binds": [f"{name}:/v"]})  # fmt: skip
    time.sleep(0.5)
    used = api.df()
    shown = next(each for each in used["Containers"] if each["Names"] == [f"/{made}"])
    assert shown["SizeRw"] >= 50000
    assert shown["SizeRootFs"] > shown["SizeRw"]
    kept = next(each for each in used["Volumes"] if each["Name"] == name)
    assert kept["UsageData"]["Size"] >= 100000
    assert kept["UsageData"]["RefCount"] == 1
    busybox = next(each for each in used["Images"] if "busybox:latest" in (each["RepoTags"] or []))
    assert busybox["Containers"] >= 1
    assert used["LayersSize"] > 0


def test_events_of_a_life_come_in_order(api, box):
    since = time.time()
    name = box("true", HostConfig={})
    api.wait(name)
    api.remove_container(name)
    events = list(api.events(since=since - 1, until=time.time() + 1, decode=True, filters={"container": [name]}))
    actions = [event["Action"] for event in events if event["Type"] == "container"]
    assert actions == ["create", "start", "die", "destroy"]
    died = events[[event["Action"] for event in events].index("die")]
    assert died["Actor"]["Attributes"]["exitCode"] == "0"
    assert died["Actor"]["Attributes"]["image"] == "busybox"
    assert died["Actor"]["Attributes"]["name"] == name
    assert died["status"] == "die"
    assert died["id"] == died["Actor"]["ID"]
    assert died["from"] == "busybox"
    assert died["scope"] == "local"
    assert died["timeNano"] // 10**9 == died["time"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"event": ["start"]}, {"start"}),
        ({"event": ["create", "destroy"]}, {"create", "destroy"}),
        ({"type": ["volume"]}, set()),
        ({"label": ["ev=1"]}, {"create", "start", "die", "destroy"}),
        ({"label": ["ev=2"]}, set()),
        ({"image": ["busybox"], "event": ["die"]}, {"die"}),
    ],
    ids=spelled,
)
def test_events_are_filtered(api, box, filters, expected):
    since = time.time()
    name = box("true", Labels={"ev": "1"})
    api.wait(name)
    api.remove_container(name)
    events = api.events(since=since, until=time.time() + 1, decode=True, filters={**filters, "container": [name]})
    assert {event["Action"] for event in events} == expected


def test_events_are_followed_as_they_happen(api, volume):
    stream = api.events(decode=True, filters={"type": ["volume"]})
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(event for _, event in zip(range(2), stream, strict=False)))
    reader.start()
    time.sleep(0.3)
    name = volume()
    api.remove_volume(name)
    reader.join(20)
    stream.close()
    assert [event["Action"] for event in seen] == ["create", "destroy"]
    assert {event["Actor"]["ID"] for event in seen} == {name}


def test_events_of_images_and_networks_are_told(api, image, network):
    since = time.time()
    reference = image()
    api.tag("busybox", *reference.split(":"))
    api.remove_image(reference)
    made = network()
    api.remove_network(made)
    events = list(api.events(since=since, until=time.time() + 1, decode=True, filters={"type": ["image", "network"]}))
    assert ("image", "tag") in [(event["Type"], event["Action"]) for event in events]
    assert ("image", "untag") in [(event["Type"], event["Action"]) for event in events]
    of_network = [event["Action"] for event in events if event["Actor"]["Attributes"].get("name") == made]
    assert of_network == ["create", "destroy"]


def test_an_exec_is_told_in_the_events(api, box, execute):
    name = box()
    since = time.time()
    execute(name, "exit 4")
    events = list(api.events(since=since, until=time.time() + 1, decode=True, filters={"container": [name]}))
    actions = [event["Action"] for event in events]
    assert any(action.startswith("exec_create: sh -c exit 4") for action in actions)
    assert any(action.startswith("exec_start: sh -c exit 4") for action in actions)
    assert "exec_die" in actions


def test_logging_in_with_a_right_password_is_answered(ask, locked_registry):
    body = {"username": "usagi", "password": "carrot", "serveraddress": locked_registry}
    answer = until(lambda: (found := ask("POST", "/auth", body)).status == 200 and found)
    assert answer.body["Status"] == "Login Succeeded"


def test_logging_in_with_a_wrong_password_is_refused(ask, locked_registry):
    body = {"username": "usagi", "password": "radish", "serveraddress": locked_registry}
    status, message = ask("POST", "/auth", body).refusal
    assert status in (401, 500)
    assert "401 Unauthorized" in message or "unauthorized" in message


@pytest.mark.parametrize("path", ["/swarm", "/services", "/nodes"])
def test_a_swarm_is_told_not_to_be_there(ask, path):
    status, message = ask("GET", path).refusal
    assert status == 503
    assert message.startswith("This node is not a swarm manager.")


def test_the_client_s_own_errors_are_docker_py_s(api):
    with pytest.raises(docker.errors.NotFound, match="No such container: nobody"):
        api.inspect_container("nobody")
