import pytest

from conftest import spelled
from dockyard.engine.errors import (
    ApiError,
    BadParameter,
    Conflict,
    Forbidden,
    NotFound,
    NotSupported,
    ServerError,
)
from dockyard.engine.events import Events
from dockyard.engine.filters import Filters
from dockyard.engine.folders import Folders
from dockyard.engine.networks.networks import Networks

OLD, NEW = (1, 41), (1, 47)
WEB, DB, OTHER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def folders(tmp_path):
    folders = Folders(tmp_path / "data", tmp_path / "run")
    folders.make()
    return folders


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def networks(folders, events):
    return Networks(folders, events)


def join(networks, container, name, **more):
    networks.join(container, name, hostname=container[:12], **{"version": OLD, **more})


def started(networks, container, name, **more):
    join(networks, container, name, **more)
    networks.up(container)


def names(networks, filters):
    return [network["Name"] for network in networks.list(Filters.parse(filters), OLD)]


def hosts(networks, container):
    return {
        name: line.split("\t")[0]
        for line in networks.hosts(container).splitlines()
        for name in reversed(line.split("\t")[1].split())
    }


def test_three_networks_are_always_there_and_stay_the_same(networks, folders):
    assert names(networks, None) == ["bridge", "host", "none"]
    assert networks.inspect("none", OLD)["Driver"] == "null"
    assert networks.inspect("bridge", OLD)["Options"]["com.docker.network.bridge.default_bridge"] == "true"
    assert Networks(folders, Events()).find("bridge").id == networks.find("bridge").id


def test_a_network_has_the_shape_of_dockers(networks):
    made = networks.create({"Name": "shop", "CheckDuplicate": True, "Labels": {"tier": "all"}, "Driver": "bridge"})
    assert made["Warning"] == ""
    shown = networks.inspect("shop", OLD)
    assert shown.pop("Created").endswith("Z")
    subnet = shown["IPAM"]["Config"][0]["Subnet"]
    assert subnet.startswith("127.")
    assert shown == {
        "Name": "shop",
        "Id": made["Id"],
        "Scope": "local",
        "Driver": "bridge",
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Options": {},
            "Config": [{"Subnet": subnet, "Gateway": subnet.replace(".0.0/16", ".0.1")}],
        },
        "Internal": False,
        "Attachable": False,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {},
        "Options": {},
        "Labels": {"tier": "all"},
    }
    assert networks.inspect("shop", NEW)["EnableIPv4"] is True


@pytest.mark.parametrize(
    ("asked", "kind", "sentence"),
    [
        ({}, BadParameter, "invalid name: "),
        ({"Name": "bridge"}, Forbidden, "operation is not permitted on predefined bridge network "),
        ({"Name": "shop"}, Conflict, "network with name shop already exists"),
        ({"Name": "x", "Driver": "nope"}, NotFound, 'plugin "nope" not found'),
        ({"Name": "x", "Driver": "host"}, Forbidden, 'only one instance of "host" network is allowed'),
        (
            {"Name": "x", "Scope": "swarm"},
            Forbidden,
            "cannot create a swarm scoped network when swarm is not active",
        ),
        ({"Name": "x", "Driver": "macvlan"}, NotSupported, "this engine has no macvlan networks"),
        ({"Name": "x", "IPAM": {"Config": [{"Subnet": "10.0.0.0/24"}]}}, NotSupported, "can't be chosen"),
        ({"Name": "x", "Internal": True}, NotSupported, "no internal networks"),
        ({"Name": "x", "EnableIPv6": True}, NotSupported, "IPv6"),
        ({"Name": "x", "ConfigFrom": {"Network": "y"}}, NotSupported, "configuration only"),
        (
            {"Name": "x", "Options": {"com.docker.network.bridge.enable_icc": "false"}},
            NotSupported,
            "enable_icc=false",
        ),
    ],
)
def test_what_cannot_be_made_is_refused(networks, asked, kind, sentence):
    networks.create({"Name": "shop"})
    with pytest.raises(kind) as refused:
        networks.create(asked)
    assert sentence in str(refused.value)
    assert names(networks, '{"type": ["custom"]}') == ["shop"]


def test_a_network_is_found_by_name_and_by_the_beginning_of_its_id(networks):
    made = networks.create({"Name": "shop"})["Id"]
    assert networks.find("shop").id == networks.find(made).id == networks.find(made[:12]).id == made
    with pytest.raises(NotFound, match=r"^network nope not found$"):
        networks.find("nope")
    networks.create({"Name": made[:12]})
    assert networks.find(made[:12]).name == made[:12]


def test_networks_in_use_and_predefined_ones_stay(networks):
    made = networks.create({"Name": "shop"})["Id"]
    started(networks, WEB, "web", mode="shop")
    with pytest.raises(Forbidden) as refused:
        networks.remove("shop")
    assert str(refused.value) == f"error while removing network: network shop id {made} has active endpoints"
    with pytest.raises(Forbidden, match="bridge is a pre-defined network and cannot be removed"):
        networks.remove("bridge")
    networks.down(WEB)
    networks.remove("shop")
    with pytest.raises(NotFound, match="network shop not found"):
        networks.up(WEB)


def test_a_prune_takes_the_unused(networks):
    for name in ("used", "unused", "labelled"):
        networks.create({"Name": name, "Labels": {"keep": ""} if name == "labelled" else {}})
    started(networks, WEB, "web", mode="used")
    assert networks.prune(Filters.parse('{"until": ["1h"]}')) == {"NetworksDeleted": None}
    assert networks.prune(Filters.parse('{"label!": ["keep"]}')) == {"NetworksDeleted": ["unused"]}
    assert networks.prune(Filters()) == {"NetworksDeleted": ["labelled"]}


def test_lists_are_filtered(networks):
    made = networks.create({"Name": "shop", "Labels": {"tier": "all"}})["Id"]
    assert names(networks, '{"name": ["o"]}') == ["host", "none", "shop"]
    assert names(networks, f'{{"id": ["{made[:20]}"]}}') == ["shop"]
    assert names(networks, '{"driver": ["null"]}') == ["none"]
    assert names(networks, '{"label": ["tier=all"]}') == ["shop"]
    assert names(networks, '{"dangling": ["true"]}') == ["shop"]
    assert names(networks, '{"scope": ["swarm"]}') == []
    with pytest.raises(BadParameter, match="invalid filter: 'type'='odd'"):
        names(networks, '{"type": ["odd"]}')


def test_a_container_keeps_its_address_and_shows_it_while_it_runs(networks, folders):
    networks.create({"Name": "shop"})
    join(networks, WEB, "web", mode="shop", endpoints={"shop": {"Aliases": ["www"]}})
    before = networks.settings(WEB, OLD)["shop"]
    assert (before["IPAddress"], before["EndpointID"], before["Aliases"]) == ("", "", ["www", WEB[:12]])
    reach, address = networks.up(WEB)
    assert reach == "own"
    shown = networks.settings(WEB, OLD)["shop"]
    assert shown["IPAddress"] == address == networks.address(WEB)
    assert shown["IPPrefixLen"] == 16
    assert shown["NetworkID"] == networks.find("shop").id
    assert "DNSNames" not in shown
    new = networks.settings(WEB, NEW)["shop"]
    assert new["Aliases"] == ["www"]
    assert new["DNSNames"] == ["web", "www", WEB[:12]]
    assert networks.inspect("shop", OLD)["Containers"][WEB]["IPv4Address"] == f"{address}/16"
    again = Networks(folders, Events())
    assert again.inspect("shop", OLD)["Containers"] == {}
    assert again.up(WEB, tell=False) == ("own", address)
    join(again, DB, "db")
    assert again.address(DB) != address


def test_on_the_hosts_network_and_on_none_there_is_no_address(networks):
    join(networks, WEB, "web", mode="host")
    assert networks.up(WEB) == ("host", "")
    join(networks, DB, "db", mode="none")
    assert networks.up(DB) == ("none", "")
    assert networks.settings(DB, OLD)["none"]["IPAddress"] == ""
    assert networks.inspect("host", OLD)["Containers"][WEB]["IPv4Address"] == ""
    assert "localhost" in networks.hosts(DB)


def test_a_container_can_share_anothers_network(networks):
    join(networks, WEB, "web", mode=f"container:{DB}")
    with pytest.raises(Conflict, match=f"cannot join network of a non running container: {DB}"):
        networks.up(WEB)
    join(networks, DB, "db")
    with pytest.raises(Conflict):
        networks.up(WEB)
    networks.up(DB)
    assert networks.up(WEB) == ("own", networks.address(DB))
    assert networks.hosts(WEB) == networks.hosts(DB)
    assert networks.settings(WEB, OLD) == {}


def test_containers_of_a_network_of_ones_own_know_each_other_by_name(networks):
    networks.create({"Name": "shop"})
    started(networks, WEB, "web", mode="shop", endpoints={"shop": {"Aliases": ["www"], "Links": ["db:store"]}})
    started(networks, DB, "db", mode="shop")
    started(networks, OTHER, "other")
    seen = hosts(networks, WEB)
    for name in ("db", "store", DB[:12]):
        assert seen[name] == networks.address(DB)
    for name in ("web", "www", WEB[:12]):
        assert seen[name] == networks.address(WEB)
    assert seen["localhost"] == "127.0.0.1"
    assert "other" not in seen
    assert "store" not in hosts(networks, DB)
    assert "web" not in hosts(networks, OTHER)
    networks.down(DB)
    assert "db" not in hosts(networks, WEB)


def test_on_the_default_bridge_only_links_and_extra_hosts_are_known(networks):
    started(networks, DB, "db")
    join(networks, WEB, "web", links=["db:store"], extra_hosts=["x:1.2.3.4", "machine:host-gateway"], domain="lab")
    networks.up(WEB)
    seen = hosts(networks, WEB)
    assert seen["store"] == seen["db"] == seen[DB[:12]] == networks.address(DB)
    assert seen["x"] == "1.2.3.4"
    assert seen["machine"].endswith(".0.1")
    assert seen[f"{WEB[:12]}.lab"] == networks.address(WEB)
    assert "web" not in hosts(networks, DB)
    networks.rename(DB, "database")
    assert hosts(networks, WEB)["store"] == networks.address(DB)


@pytest.mark.parametrize(
    ("more", "kind", "sentence"),
    [
        ({"links": ["nope:db"]}, BadParameter, "could not get container for nope: No such container: nope"),
        ({"links": ["a:b:c"]}, BadParameter, "bad format for links: a:b:c"),
        ({"extra_hosts": ["x"]}, BadParameter, 'bad format for add-host: "x"'),
        ({"extra_hosts": ["x:y"]}, BadParameter, 'invalid IP address in add-host: "y"'),
        (
            {"endpoints": {"bridge": {}, "shop": {}}},
            BadParameter,
            "Container cannot be connected to network endpoints: bridge, shop",
        ),
        (
            {"endpoints": {"bridge": {"Aliases": ["x"]}}},
            BadParameter,
            "network-scoped alias is supported only for containers in user defined networks",
        ),
        (
            {"endpoints": {"shop": {"IPAMConfig": {"IPv4Address": "10.0.0.2"}}}},
            BadParameter,
            "user specified IP address is supported only when connecting to networks with user configured subnets",
        ),
        ({"endpoints": {"shop": {"MacAddress": "02:00:00:00:00:01"}}}, NotSupported, "can't be chosen"),
    ],
)
def test_what_a_container_cannot_have_is_refused(networks, more, kind, sentence):
    networks.create({"Name": "shop"})
    with pytest.raises(kind) as refused:
        join(networks, WEB, "web", **more)
    assert sentence in str(refused.value)
    networks.leave_all_but([])
    join(networks, WEB, "web")


def test_new_clients_make_containers_in_several_networks(networks):
    networks.create({"Name": "shop"})
    networks.create({"Name": "back"})
    join(networks, WEB, "web", mode="shop", endpoints={"shop": {}, "back": {}}, version=NEW)
    assert set(networks.settings(WEB, NEW)) == {"shop", "back"}


def test_a_link_to_one_that_does_not_run_stops_the_start(networks):
    join(networks, DB, "db")
    join(networks, WEB, "web", links=["db:store"])
    with pytest.raises(Conflict, match=r"^Cannot link to a non running container: /db AS /web/store$"):
        networks.up(WEB)


def test_connecting_and_disconnecting_while_it_runs(networks, events):
    networks.create({"Name": "shop"})
    written = {}
    networks.on_hosts = lambda container, content: written.update({container: content})
    started(networks, DB, "db", mode="shop")
    started(networks, WEB, "web")
    networks.connect("shop", WEB, {"Aliases": ["www"]})
    assert "db" in written[WEB]
    assert "www" in written[DB]
    assert networks.settings(WEB, OLD)["shop"]["IPAddress"] == networks.address(WEB)
    with pytest.raises(Forbidden, match="endpoint with name web already exists in network shop"):
        networks.connect("shop", WEB, None)
    networks.disconnect("shop", WEB)
    assert "www" not in written[DB]
    with pytest.raises(ServerError, match=f"container {WEB} is not connected to network shop"):
        networks.disconnect("shop", WEB)
    told = [
        (event["Action"], event["Actor"]["Attributes"].get("container"))
        for event in events.stream("1", "0s", Filters.parse('{"network": ["shop"]}'), lambda: False)
    ]
    assert told == [("create", None), ("connect", DB), ("connect", WEB), ("disconnect", WEB)]


def test_connecting_one_that_does_not_run_counts_from_its_start(networks):
    networks.create({"Name": "shop"})
    join(networks, WEB, "web")
    networks.connect("shop", WEB, {"Aliases": ["www"]})
    networks.connect("shop", WEB, {"Aliases": ["web2"]})
    networks.up(WEB)
    assert networks.settings(WEB, NEW)["shop"]["Aliases"] == ["web2"]


def test_the_hosts_network_and_none_mix_with_nothing(networks):
    networks.create({"Name": "shop"})
    started(networks, WEB, "web")
    started(networks, DB, "db", mode="none")
    started(networks, OTHER, "other", mode="host")
    cases: list[tuple[str, str, str]] = [
        ("host", WEB, "container cannot be disconnected from host network or connected to host network"),
        ("shop", OTHER, "container cannot be disconnected from host network or connected to host network"),
        ("none", WEB, "container cannot be connected to multiple networks with one of the networks in private"),
        ("shop", DB, "container cannot be connected to multiple networks with one of the networks in private"),
    ]
    for network, container, sentence in cases:
        with pytest.raises(ApiError, match=sentence):
            networks.connect(network, container, None)
    networks.disconnect("none", DB)
    with pytest.raises(NotSupported, match="can't get one while it runs"):
        networks.connect("shop", DB, None)
    networks.down(DB)
    networks.connect("shop", DB, None)
    assert networks.up(DB)[0] == "own"


def test_one_that_is_removed_leaves_nothing(networks, folders):
    started(networks, WEB, "web")
    address = networks.address(WEB)
    networks.leave(WEB)
    assert list((folders.networks / "members").iterdir()) == []
    assert networks.inspect("bridge", OLD)["Containers"] == {}
    assert networks.settings(WEB, OLD) == {}
    assert address not in {member.address for member in networks._roster}


def test_damaged_records_keep_nobody_else_out(networks, folders, events):
    kept, lost = (networks.create({"Name": name})["Id"] for name in ("kept", "lost"))
    join(networks, WEB, "web")
    join(networks, DB, "db")
    (folders.networks / f"{lost}.json").write_text("{")
    (folders.networks / "members" / f"{DB}.json").write_text('{"id": 5}')
    again = Networks(folders, events)
    assert again.find("kept").id == kept
    assert {each["Name"] for each in again.list(Filters(), OLD)} == {"bridge", "host", "kept", "none"}
    again.up(WEB)
    with pytest.raises(NotFound, match=f"No such container: {DB}"):
        again.up(DB)


@pytest.mark.parametrize(
    "settings",
    [
        "x",
        {"Aliases": "web"},
        {"Aliases": [5]},
        {"Aliases": ["www\n127.0.0.1 pypi.org"]},
        {"Aliases": [""]},
        {"Links": [None]},
        {"IPAMConfig": "x"},
    ],
    ids=spelled,
)
def test_settings_of_the_wrong_kind_are_refused_and_spoil_no_hosts_file(networks, settings):
    networks.create({"Name": "lab"})
    started(networks, WEB, "web", mode="lab")
    join(networks, DB, "db")
    before = networks.hosts(WEB)
    with pytest.raises(BadParameter):
        networks.connect("lab", DB, settings)
    with pytest.raises(BadParameter):
        join(networks, OTHER, "other", mode="lab", endpoints={"lab": settings})
    assert networks.hosts(WEB) == before


def test_networks_that_are_no_map_are_refused(networks):
    with pytest.raises(BadParameter):
        join(networks, WEB, "web", endpoints=["lab"])
    with pytest.raises(BadParameter, match="bad format for add-host"):
        join(networks, WEB, "web", extra_hosts=["a b:10.0.0.1"])
