"""Tables of disk, ports, events and stats agree with what the engine's own command line says."""

import json
import threading
import time
from datetime import UTC, datetime

import pandas as pd
import pytest

import dockyard
from dockyard import charts
from dockyard.connection.stats import UsageStream
from dockyard.errors import ImageMissing
from dockyard.meter import Meter
from embedded import until

pytestmark = pytest.mark.engine


WRITE = """
head -c 300000 /dev/urandom > /written; truncate -s 70000000 /sparse
head -c 50000 /dev/urandom > /v/w; truncate -s 90000000 /v/sparse
"""


@pytest.fixture
def state(client, container):
    """Shared layers, a dangling image, volumes with and without a name or a user, sparse files, a container that wrote and one that runs."""
    for name in ("test-usage-used", "test-usage-left"):
        client.api.create_volume(name)
    binds = ["test-usage-used:/named"]
    writer = container("busybox", "sh", "-c", WRITE, Volumes={"/v": {}}, HostConfig={"Binds": binds})
    client.api.wait(writer)
    named = client.api.commit(writer, "test-usage", "1")["Id"]
    dangling = client.api.commit(writer)["Id"]
    unnamed = client.api.create_volume()["Name"]
    ports = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
    runner = container("test-usage:1", "sleep", "1000", ExposedPorts={"80/tcp": {}}, HostConfig={"PortBindings": ports})
    yield {"writer": writer, "runner": runner, "named": named, "dangling": dangling, "unnamed": unnamed}
    for name in (runner, writer):
        client.api.remove_container(name, force=True, v=True)
        container.made.remove(name)
    for image in ("test-usage:1", dangling):
        client.api.remove_image(image, force=True)
    for volume in ("test-usage-used", "test-usage-left", unnamed):
        client.api.remove_volume(volume)


def written(size):
    """A size as the command line writes it: in some columns with three digits, in others with four."""
    power = next((power for power in range(4) if size < 1000 ** (power + 1)), 4)
    value, unit = size / 1000**power, ("B", "kB", "MB", "GB", "TB")[power]
    return {f"{value:.3g}{unit}", f"{value:.4g}{unit}"}


def totals(docker_cli):
    """What ``docker system df`` says of each kind: size and what is reclaimable."""
    lines = (json.loads(line) for line in docker_cli("system", "df", "--format", "{{json .}}").splitlines())
    return {line["Type"]: (line["Size"], line["Reclaimable"].partition(" (")[0]) for line in lines}


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
        assert disk.loc[volume["Name"], "users"] == int(volume["Links"])
    counts = disk["kind"].value_counts()
    for kind, key in (("image", "Images"), ("container", "Containers"), ("volume", "Volumes")):
        assert counts[kind] == len({each.get("ID", each.get("Name")) for each in said[key]})


def test_sums_agree_with_the_command_line(client, state, docker_cli):
    disk, said = dockyard.disk(client), totals(docker_cli)
    images = disk[disk["kind"] == "image"]
    assert said["Images"][0] in written(disk.attrs["layers_bytes"])
    used = int(images[images["users"] > 0]["unique_bytes"].sum())
    assert said["Images"][1] in written(disk.attrs["layers_bytes"] - used)
    for kind, key in (("container", "Containers"), ("volume", "Local Volumes")):
        rows = disk[disk["kind"] == kind]
        assert said[key][0] in written(rows["size_bytes"].sum())
        assert said[key][1] in written(rows["reclaimable_bytes"].sum())


@pytest.mark.parametrize("chart", [charts.disk_treemap, charts.disk_sunburst])
def test_the_picture_has_the_bytes_of_the_table_and_of_the_command_line(chart, client, state, docker_cli):
    disk, said = dockyard.disk(client), totals(docker_cli)
    (trace,) = chart(disk, most=3).data
    sizes = dict(zip(trace.ids, trace.values, strict=True))
    assert said["Images"][0] in written(sizes["image"])
    assert said["Containers"][0] in written(sizes["container"])
    assert said["Local Volumes"][0] in written(sizes["volume"])
    hatched = sum(size for size, shape in zip(trace.values, trace.marker.pattern.shape, strict=True) if shape)
    assert hatched == disk["reclaimable_bytes"].sum()


def test_holes_in_sparse_files_are_counted_as_the_engine_counts_them(client, state, docker_cli):
    """The engine walks files by their length or by their blocks; the table says what it says."""
    disk = dockyard.disk(client).set_index("name")
    (line,) = docker_cli("ps", "-a", "-s", "--filter", f"name={state['writer']}", "--format", "{{.Size}}").splitlines()
    assert line.partition(" (")[0] in written(disk.loc[state["writer"], "size_bytes"])
    assert disk.loc[state["writer"], "size_bytes"] >= 300_000


def test_disk_knows_what_could_be_freed(client, state):
    disk = dockyard.disk(client).set_index("id")
    images = disk[disk["kind"] == "image"]
    assert images.loc[state["named"], ["state", "prune", "reclaimable_bytes"]].tolist() == ["in use", "", 0]
    dangling = images.loc[state["dangling"]]
    assert dangling[["state", "prune"]].tolist() == ["dangling", "docker image prune"]
    assert dangling["reclaimable_bytes"] == dangling["unique_bytes"]
    containers = disk[disk["kind"] == "container"].set_index("name")
    assert containers.loc[state["writer"], ["state", "prune"]].tolist() == ["exited", "docker container prune"]
    assert containers.loc[state["writer"], "reclaimable_bytes"] >= 300_000
    assert containers.loc[state["runner"], ["state", "prune", "reclaimable_bytes"]].tolist() == ["running", "", 0]
    prunes = disk.loc[["test-usage-used", "test-usage-left", state["unnamed"]], "prune"].tolist()
    assert prunes == ["", "docker volume prune -a", "docker volume prune"]
    assert disk["size_bytes"].dtype == "int64"
    assert disk["created"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_the_prune_that_a_thing_names_takes_it_and_no_lesser_one_does(client, state):
    disk = dockyard.disk(client)
    for kind, lines in disk[disk["kind"] != "build cache"].groupby("kind", observed=True):
        scope = f"docker {kind} prune"
        for command in (scope, f"{scope} -a") if kind != "container" else (scope,):
            plan = dockyard.parse(command).plan(client)
            going = sorted(each.size_bytes for each in plan.changes if each.action == "remove")
            taken = lines[lines["prune"].isin((scope, command))]
            assert going == sorted(taken["reclaimable_bytes"])


def test_a_measurement_is_kept_for_the_picture_over_time(client, state):
    before = len(dockyard.disk_samples(client))
    disk = dockyard.disk(client)
    samples = dockyard.disk_samples(client)
    assert len(samples) == before + 1
    last = samples.iloc[-1]
    assert last["at"] == pd.Timestamp(disk.attrs["at"])
    assert last["images_bytes"] == disk.attrs["layers_bytes"]
    assert last["volumes_bytes"] == disk[disk["kind"] == "volume"]["size_bytes"].sum()
    assert last["reclaimable_bytes"] == disk["reclaimable_bytes"].sum()


def test_layers_are_listed_once_with_all_images_that_have_them(client, state):
    layers = dockyard.shared_layers(client=client)
    sizes = dockyard.images(client).drop_duplicates("id").set_index("id")["size_bytes"]
    assert layers["id"].is_unique
    own = layers[layers["images"].map(lambda names: "test-usage:1" in names)].sort_values("depth")
    assert own["size_bytes"].sum() == sizes[state["named"]]
    assert list(own["parent"]) == ["", *own["id"].iloc[:-1]]
    assert {"busybox:latest", "test-usage:1"} <= set(own["images"].iloc[0])
    some = dockyard.shared_layers(["busybox", "test-usage:1"], client)
    assert set(some["id"]) == set(own["id"])
    assert set(some["images"].iloc[0]) == {"busybox", "test-usage:1"}
    with pytest.raises(ImageMissing):
        dockyard.shared_layers(["no-such-image"], client)


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


def test_use_is_told_every_second(client, state):
    stream = UsageStream(client, state["runner"])
    told = iter(stream)
    first, second = next(told), next(told)
    stream.close()
    assert list(told) == []
    assert first.name == second.name == state["runner"]
    assert first.memory_bytes > 0
    assert 0.5 < (second.at - first.at).total_seconds() < 10
    assert second.cpu_percent < 50


def test_a_meter_follows_containers_as_they_come_and_go(client, container, state):
    meter = Meter(client)

    def names():
        return {each.name for each in meter.readings.values()}

    until(lambda: state["runner"] in names())
    late = container()
    until(lambda: late in names())
    client.api.kill(late)
    until(lambda: late not in names())
    assert state["runner"] in names()
    assert state["writer"] not in names()
    meter.close()
    assert not meter.readings
    assert not [each for each in threading.enumerate() if each.name == "dockyard-usage"]
