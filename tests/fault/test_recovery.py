"""The engine is killed between two steps; the next one goes on from what is true."""

import json
import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from dockyard.engine.run.running import Running
from embedded import Embedded, until

Make = Callable[..., str]


@pytest.fixture
def make(api: docker.APIClient) -> Iterator[Make]:
    """Makes containers and removes them afterwards."""
    names: list[str] = []

    def go(*words: str, start: bool = True, **host: Any) -> str:
        name = f"recovered-{uuid.uuid4().hex[:8]}"
        body = {"Image": "busybox", "Cmd": list(words or ("sleep", "1000")), "HostConfig": host}
        api.create_container_from_config(body, name)
        names.append(name)
        if start:
            api.start(name)
        return name

    yield go
    for name in names:
        try:
            api.remove_container(name, force=True, v=True)
        except docker.errors.NotFound:
            continue


def state(api: docker.APIClient, name: str) -> dict[str, Any]:
    found: dict[str, Any] = api.inspect_container(name)["State"]
    return found


def watched(engine: Embedded, identity: str) -> Running:
    """The hold on a container that runs without its engine."""
    found = Running.find(next(engine.home.glob(f"run/dockyard/*/{identity[:16]}")))
    assert found is not None
    return found


def test_what_stood_still_for_a_commit_goes_on(engine, api, make):
    name = make()
    identity = api.inspect_container(name)["Id"]
    engine.kill()
    watched(engine, identity).pause()
    engine.start()
    assert state(api, name)["Status"] == "running"
    assert api.exec_start(api.exec_create(name, ["echo", "alive"])["Id"]) == b"alive\n"


def test_what_is_paused_stays_paused(engine, api, make):
    name = make()
    api.pause(name)
    engine.kill()
    engine.start()
    assert state(api, name)["Status"] == "paused"
    api.unpause(name)
    assert api.exec_start(api.exec_create(name, ["echo", "alive"])["Id"]) == b"alive\n"


def test_an_unpause_that_was_not_written_down_holds(engine, api, make):
    name = make()
    api.pause(name)
    identity = api.inspect_container(name)["Id"]
    engine.kill()
    watched(engine, identity).unpause()
    engine.start()
    assert state(api, name)["Status"] == "running"


def test_a_start_that_was_not_written_down_is_found_with_its_ports(engine, api, make):
    name = make(PortBindings={"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]})
    before = api.inspect_container(name)
    engine.kill()
    record = next(engine.home.glob(f"data/**/containers/{before['Id']}/container.json"))
    change(record, status="created", pid=0)
    engine.start()
    after = api.inspect_container(name)
    assert after["State"]["Status"] == "running"
    assert after["State"]["Pid"] == before["State"]["Pid"]
    assert after["NetworkSettings"]["Ports"] == before["NetworkSettings"]["Ports"]


def test_one_that_is_removed_at_its_end_does_not_outlast_it(engine, api, make):
    name = make(AutoRemove=True)
    identity = api.inspect_container(name)["Id"]
    engine.kill()
    watched(engine, identity).kill_all()
    record = next(engine.home.glob(f"data/**/containers/{identity}/container.json"))
    until(lambda: not (next(engine.home.glob(f"run/dockyard/*/{identity[:16]}")) / "control").exists())
    change(record, status="exited", pid=0)
    engine.start()
    assert name not in [each["Names"][0].lstrip("/") for each in api.containers(all=True)]


def test_a_stop_that_the_engine_did_not_see_through_was_a_stop(engine, api, make):
    name = make(
        "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done", RestartPolicy={"Name": "unless-stopped"}
    )
    until(lambda: b"ready" in api.logs(name))
    asked = threading.Thread(target=stop, args=(engine.address, name))
    asked.start()
    until(lambda: stopped_by_user(engine, api.inspect_container(name)["Id"]))
    pid = state(api, name)["Pid"]
    engine.kill()
    asked.join()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists())
    engine.start()
    assert state(api, name)["Status"] == "exited"


def stop(address: str, name: str) -> None:
    client = docker.APIClient(base_url=address, version="1.41", timeout=60)
    with pytest.raises(OSError):  # noqa: PT011  # the engine goes away, in whatever words
        client.stop(name, timeout=50)
    client.close()


def stopped_by_user(engine: Embedded, identity: str) -> bool:
    record = next(engine.home.glob(f"data/**/containers/{identity}/container.json"))
    return bool(json.loads(record.read_bytes())["state"]["stopped_by_user"])


def change(record: Path, **state: Any) -> None:
    """Make a container's record what it was a moment ago."""
    kept = json.loads(record.read_bytes())
    kept["state"] |= state
    record.write_text(json.dumps(kept))
