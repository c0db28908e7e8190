"""An engine of one's own: started when asked, stopped when left, its things kept."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

import dockyard
from conftest import missing
from dockyard.connection.address import reach
from dockyard.connection.bridge import bridge
from dockyard.connection.own import OwnEngine, why_not
from dockyard.connection.places import Place
from dockyard.errors import OwnEngineFailed

pytestmark = pytest.mark.engine


@pytest.fixture
def home():
    if reason := why_not():
        missing(f"no engine can be started here: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="dockyard-own-"))  # a short path, since a socket lies in it
    yield folder
    shutil.rmtree(folder)


def test_it_answers_while_it_is_entered_and_leaves_nothing_running(home):
    with OwnEngine(home) as engine:
        client = reach(Place(engine.address, "test"), home / "ours")
        client.api.create_volume("stays")
        process = int((home / "pid").read_text())
    assert not Path(f"/proc/{process}").exists()
    assert not (home / "docker.sock").exists()
    with OwnEngine(home) as engine:
        client = reach(Place(engine.address, "test"), home / "ours")
        assert list(dockyard.volumes(client)["name"]) == ["stays"]


def in_firewall() -> set[str]:
    return set(subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout.split())


def test_two_side_by_side_each_have_a_network_of_their_own(home, tmp_path_factory):
    with OwnEngine(home / "one") as one, OwnEngine(home / "two") as two:
        ranges, names = [], set()
        for each in (one, two):
            client = reach(Place(each.address, "test"), home / "ours")
            network = client.api.inspect_network("bridge")
            ranges.append(network["IPAM"]["Config"][0]["Subnet"])
            names.add(network["Options"]["com.docker.network.bridge.name"])
        first, second = map(ip_network, ranges)
        assert not first.overlaps(second)
        assert len(names & {each.name for each in Path("/sys/class/net").iterdir()}) == 2
        assert names <= in_firewall()
    assert not names & {each.name for each in Path("/sys/class/net").iterdir()}
    assert not names & in_firewall()


def test_a_network_that_something_else_has_meanwhile_is_told(home, tmp_path, monkeypatch):
    def subnet(engine):
        client = reach(Place(engine.address, "test"), home / "ours")
        return ip_network(client.get_json("/networks/bridge")["IPAM"]["Config"][0]["Subnet"])

    with OwnEngine(home) as engine:
        before = subnet(engine)
    with monkeypatch.context() as patch:
        patch.setattr("dockyard.connection.bridge._free_range", lambda _: before)
        with (
            bridge(tmp_path) as other,
            pytest.raises(OwnEngineFailed, match=f"{before} .* ip link delete {other}"),
        ):
            OwnEngine(home).__enter__()
    assert not (home / "docker.sock").exists()
    with OwnEngine(home) as engine:
        assert subnet(engine) == before


def test_those_that_start_at_the_same_moment_do_not_stumble_over_one_another(book_ports, home):
    # Each sets up the firewall anew, and a lesson that starts a container at that moment beside it would stumble too.
    def live(number):
        with OwnEngine(home / str(number)) as engine:
            return reach(Place(engine.address, "test"), home / "ours").api.ping()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(live, range(8))) == [True] * 8


def test_one_that_cant_start_says_why_and_leaves_no_process(home):
    (home / "pid").write_text(str(os.getpid()))  # as if one ran already
    with pytest.raises(OwnEngineFailed, match="pid"), OwnEngine(home):
        pass


def test_where_none_can_be_started_the_reason_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OwnEngineFailed, match="dockerd"), OwnEngine(tmp_path):
        pass
