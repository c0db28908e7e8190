"""Tables of disk, ports, events and stats agree with what the engine's own command line says."""

import json
import time
from datetime import UTC, datetime

import pandas as pd
import pytest

import dockyard

pytestmark = pytest.mark.engine


@pytest.fixture
def state(client, container):
    """Shared layers, a dangling image, a volume without a name, a container that wrote and one that runs."""
    writer = container(
        "busybox",
        "sh",
        "-c",
        "head -c 300000 /dev/urandom > /written; head -c 50000 /dev/urandom > /v/w",
        Volumes={"/v": {}},
    )
    client.api.wait(writer)
    named = client.api.commit(writer, "test-usage", "1")["Id"]
    dangling = client.api.commit(writer)["Id"]
    runner = container(
        "test-usage:1",
        "sleep",
        "1000",
        ExposedPorts={"80/tcp": {}},
        HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    )
    yield {"writer": writer, "runner": runner, "named": named, "dangling": dangling}
    for name in (runner, writer):
        client.api.remove_container(name, force=True, v=True)
        container.made.remove(name)
    for image in ("test-usage:1", dangling):
        client.api.remove_image(image, force=True)


def written(size):
    """A size as the command line writes it: in some columns with three digits, in others with four."""
    power = 0 if size < 1000 else 1 if size < 1000**2 else 2
    value, unit = size / 1000**power, ("B", "kB", "MB")[power]
    return {f"{value:.3g}{unit}", f"{value:.4g}{unit}"}


def test_disk_agrees_with_the_command_line(client, state, docker_cli):
    disk = dockyard.disk(client).set_index("name")
    said = json.loads(docker_cli("system", "df", "-v", "--format", "{{json .}}"))
    for image in said["Images"]:
        row = disk[disk["id"].str.startswith(f"sha256:{image['ID'].removeprefix('sha256:')[:12]}")].iloc[0]
        for column, key in (("size_bytes", "Size"), ("shared_bytes", "SharedSize"), ("unique_bytes", "UniqueSize")):
            assert image[key] in written(row[column])
        assert row["users"] == int(image["Containers"])
    for each in said["Containers"]:
        assert each["Size"].partition(" (")[0] in written(disk.loc[each["Names"], "size_bytes"])
    for volume in said["Volumes"]:
        assert volume["Size"] in written(disk.loc[volume["Name"], "size_bytes"])
    total, *_ = (json.loads(line) for line in docker_cli("system", "df", "--format", "{{json .}}").splitlines())
    assert total["Size"] in written(dockyard.disk(client).attrs["layers_bytes"])


def test_disk_knows_what_could_be_freed(client, state):
    disk = dockyard.disk(client).set_index("id")
    images = disk[disk["kind"] == "image"]
    assert images.loc[state["named"], "reclaimable_bytes"] == 0
    assert images.loc[state["dangling"], "reclaimable_bytes"] == images.loc[state["dangling"], "unique_bytes"]
    containers = disk[disk["kind"] == "container"].set_index("name")
    assert containers.loc[state["writer"], "reclaimable_bytes"] >= 300_000
    assert containers.loc[state["runner"], "reclaimable_bytes"] == 0
    assert disk["size_bytes"].dtype == "int64"
    assert disk["created"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_ports(client, state):
    row = dockyard.ports(client).set_index("name").loc[state["runner"]]
    assert (row["host_ip"], row["container_port"], row["protocol"]) == ("127.0.0.1", 80, "tcp")
    assert row["host_port"] > 0


def test_events_since_a_moment(client, container):
    before = datetime.now(UTC)
    time.sleep(0.01)
    name = container()
    told = dockyard.events(client, since=before, filters={"type": "container"})
    assert list(told["action"]) == ["create", "start"]
    assert set(told["name"]) == {name}
    assert told["at"].is_monotonic_increasing
    assert dockyard.events(client, since=before, until=before).empty


def test_stats_of_what_runs(client, state):
    row = dockyard.stats(client).set_index("name").loc[state["runner"]]
    assert row["memory_bytes"] > 0
    assert row["processes"] >= 1
    assert state["writer"] not in set(dockyard.stats(client)["name"])
