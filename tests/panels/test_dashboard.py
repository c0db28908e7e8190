"""The dashboard: what it shows of an engine, and that it asks no more than it needs."""

import json
import threading
import time
import uuid

import pytest

from dockyard import live, panels
from dockyard.connection import Client
from embedded import until
from grids import heard, looked_at

pytestmark = pytest.mark.engine


@pytest.fixture
def board(client, shown):
    return shown(panels.dashboard(client=client))


@pytest.fixture
def asked(client, monkeypatch):
    """The paths that the engine is asked for."""
    paths = []
    ask = Client.get_json

    def note(self, path, *given, **more):
        paths.append(path)
        return ask(self, path, *given, **more)

    monkeypatch.setattr(Client, "get_json", note)
    return paths


@pytest.fixture
def wanted(client, monkeypatch):
    """The filters with which containers are listed."""
    filters = []
    ask = Client.get_json

    def note(self, path, *given, **more):
        if path == "/containers/json":
            filters.append(json.loads(more.get("filters", "null")))
        return ask(self, path, *given, **more)

    monkeypatch.setattr(Client, "get_json", note)
    return filters


def turn_to(board, name):
    board.tabs.selected_index = list(board.grids).index(name)
    return board.grids[name]


def named(grid, name):
    (found,) = (row for row in grid.rows.values() if row["name"] == name)
    return found


def test_containers_show_their_state_and_how_they_ended(board, container, client):
    grid = board.grids["containers"]
    looked_at(grid)
    runs, failed, ready = container(), container("busybox", "false"), container(start=False)
    until(lambda: {runs, failed, ready} <= {row["name"] for row in grid.rows.values()})
    until(lambda: named(grid, failed)["state"] == "○ exited (1)")
    assert named(grid, runs)["state"] == "● running"
    assert named(grid, ready)["state"] == "○ created"
    assert named(grid, runs)["image"] == "busybox"
    client.api.pause(runs)
    until(lambda: named(grid, runs)["state"] == "◐ paused")


def test_users_and_what_no_one_uses_are_shown(board, container, client):
    mark = uuid.uuid4().hex[:8]
    client.api.create_network(f"net-{mark}")
    client.api.create_volume(f"idle-{mark}")
    client.api.tag("busybox", f"kept-{mark}")
    one = container(start=False, HostConfig={"Binds": [f"vol-{mark}:/data", "/tmp:/folder"]})
    client.api.commit(one, f"idle-{mark}")
    try:
        volumes = turn_to(board, "volumes")
        assert volumes.rows[f"vol-{mark}"]["used_by"] == one
        assert volumes.rows[f"idle-{mark}"]["used_by"] == "unused"
        images = turn_to(board, "images")
        assert one in named(images, f"kept-{mark}:latest")["used_by"]
        assert named(images, f"idle-{mark}:latest")["used_by"] == "unused"
        networks = turn_to(board, "networks")
        assert named(networks, f"net-{mark}")["used_by"] == "unused"
        assert one in named(networks, "bridge")["used_by"]
        assert named(networks, "none")["used_by"] == ""
    finally:
        client.api.remove_container(one, v=True)
        container.made.remove(one)
        client.api.remove_volume(f"vol-{mark}")
        client.api.remove_volume(f"idle-{mark}")
        client.api.remove_network(f"net-{mark}")
        client.api.remove_image(f"kept-{mark}")
        client.api.remove_image(f"idle-{mark}")


def test_an_image_without_a_name_is_marked(board, container, client):
    one = container()
    made = client.api.commit(one)["Id"]
    images = turn_to(board, "images")
    assert images.rows[f"{made} "]["name"] == "dangling"
    client.api.remove_image(made)


def test_published_ports_are_shown(board, container):
    one = container(
        HostConfig={"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}, ExposedPorts={"80/tcp": {}}
    )
    ports = turn_to(board, "ports")
    found = named(ports, one)
    assert found["host_ip"] == "127.0.0.1"
    assert found["inner"] == "80/tcp"
    assert int(found["host_port"]) > 1024


def test_only_the_list_on_screen_is_asked_for_and_sizes_only_on_demand(board, asked, container, client):
    grids = board.grids
    for grid in grids.values():
        looked_at(grid)
    one = container(start=False)
    until(lambda: any(row["name"] == one for row in grids["containers"].rows.values()))
    assert set(asked) == {"/containers/json"}
    turn_to(board, "volumes")
    assert set(asked) == {"/containers/json", "/volumes"}
    asked.clear()
    board.measure_button.click()
    board.work.wait()
    assert asked.count("/system/df") == 1
    assert "could be freed" in board.work.outcome.value
    assert grids["volumes"].as_of > 0
    assert [column["title"] for column in grids["volumes"].columns][-1] == "Size"
    containers = turn_to(board, "containers")
    assert named(containers, one)["measured_bytes"] == "0B"
    other = container(start=False)
    until(lambda: any(row["name"] == other for row in grids["containers"].rows.values()))
    assert named(containers, other)["measured_bytes"] == ""  # it was not there when sizes were measured
    assert asked.count("/system/df") == 1


def test_a_change_sends_one_row(board, container, client):
    one, other = container(start=False), container(start=False)
    grid = board.grids["containers"]
    looked_at(grid)
    until(lambda: {one, other} <= {row["name"] for row in grid.rows.values()})
    sent = heard(grid)
    client.api.rename(one, f"{one}-new")
    until(lambda: sent)
    client.api.rename(f"{one}-new", one)
    until(lambda: len(sent) >= 2)
    assert [[row[1] for row in message["put"]] for message in sent] == [[f"{one}-new"], [one]]
    assert not any(message["drop"] for message in sent)


def test_only_what_changed_is_asked_for(board, container, client, wanted):
    one, other = container(start=False), container()
    grid = board.grids["containers"]
    looked_at(grid)
    until(lambda: {one, other} <= {row["name"] for row in grid.rows.values()})
    time.sleep(1)  # what the fixture did is told
    wanted.clear()
    client.api.rename(one, f"{one}-new")
    until(lambda: any(row["name"] == f"{one}-new" for row in grid.rows.values()))
    identity = client.get_json("/containers/{}/json", f"{one}-new")["Id"]
    assert wanted == [{"id": [identity]}]
    # What changes while another list is on screen is there when this one is again.
    networks = turn_to(board, "networks")
    client.api.kill(other)
    client.api.rename(f"{one}-new", one)
    until(lambda: one in named(networks, "bridge")["used_by"].split(", "))
    turn_to(board, "containers")
    assert named(grid, one)["state"] == "○ created"
    until(lambda: named(grid, other)["state"] == "○ exited (137)")
    assert None not in wanted


def test_an_engine_that_is_gone_is_said_and_the_rows_stay(board, container, monkeypatch):
    one = container(start=False)
    board._follower.refresh()
    grid = board.grids["containers"]
    board._follower._heard(live.News(frozenset(), is_connected=False))
    assert "does not answer" in grid.says
    assert named(grid, one)
    board._follower._heard(live.News(live.KINDS))
    assert grid.says == ""


def test_one_stream_serves_all_grids_and_none_is_left(client):
    def ours():
        return sorted(each.name for each in threading.enumerate() if each.name.startswith("dockyard"))

    before = ours()
    boards = [panels.dashboard(client=client), panels.dashboard(client=client), panels.containers(client=client)]
    assert ours() == before  # no cell shows them yet
    grids = [boards[0].grids["containers"], boards[1].grids["images"], boards[2].list]
    for grid in grids:
        looked_at(grid)
    assert ours() == sorted([*before, "dockyard-events", "dockyard-watch"])
    for each in boards:
        each.close()
    until(lambda: ours() == before)
