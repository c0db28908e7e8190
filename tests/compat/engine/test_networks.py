"""Networks, names, and published ports."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import quote

import docker
import pytest
import requests

from conftest import spelled
from embedded import until

pytestmark = pytest.mark.engine


def page(port, path="/"):
    """What a published port serves, as soon as it does."""

    def ask():
        try:
            return requests.get(f"http://127.0.0.1:{port}{path}", timeout=5)
        except requests.ConnectionError:
            return None

    return until(lambda: (found := ask()) is not None and found)


def published(port="", inside="80/tcp"):
    """A port of the container on a port of this machine: a free one, unless one is chosen."""
    bindings = {inside: [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    return {"ExposedPorts": {inside: {}}, "HostConfig": {"PortBindings": bindings}}


@pytest.mark.any_runner
class TestResource:
    def test_the_three_are_there(self, api):
        found = {each["Name"]: each["Driver"] for each in api.networks()}
        assert {"bridge": "bridge", "host": "host", "none": "null"}.items() <= found.items()

    def test_one_is_made_described_and_removed(self, api, network):
        name = network(driver="bridge", labels={"n": "1"})
        found = api.inspect_network(name)
        assert (found["Name"], found["Driver"], found["Labels"], found["Scope"]) == (
            name,
            "bridge",
            {"n": "1"},
            "local",
        )
        assert len(found["Id"]) == 64
        assert found["Containers"] == {}
        assert found["IPAM"]["Config"][0]["Subnet"]
        api.remove_network(name)
        with pytest.raises(docker.errors.NotFound, match=f"network {name} not found"):
            api.inspect_network(name)

    def test_by_id_and_its_beginning(self, api, network):
        name = network()
        full = api.inspect_network(name)["Id"]
        assert api.inspect_network(full)["Name"] == api.inspect_network(full[:12])["Name"] == name

    def test_a_name_that_is_taken_is_refused_if_asked_for(self, ask, network):
        name = network()
        status, message = ask("POST", "/networks/create", {"Name": name, "CheckDuplicate": True}).refusal
        assert (status, message) == (409, f"network with name {name} already exists")

    @pytest.mark.parametrize("name", ["bridge", "host", "none"])
    def test_the_three_stay(self, ask, name):
        status, message = ask("DELETE", f"/networks/{name}").refusal
        assert (status, message) == (403, f"{name} is a pre-defined network and cannot be removed")

    def test_what_is_not_there_is_told(self, ask):
        for method in ("GET", "DELETE"):
            assert ask(method, "/networks/nothing").refusal == (404, "network nothing not found")

    @pytest.mark.parametrize(
        ("filters", "which"),
        [
            ({"name": "net-filter-o"}, {"one"}),
            ({"label": "nf"}, {"one", "two"}),
            ({"label": "nf=2"}, {"two"}),
            ({"driver": "host"}, set()),
            ({"type": "custom", "label": "nf"}, {"one", "two"}),
            ({"type": "builtin", "label": "nf"}, set()),
            ({"scope": "local", "label": "nf=1"}, {"one"}),
        ],
        ids=spelled,
    )
    def test_filters(self, api, network, box, filters, which):
        made = {
            "one": network("net-filter-one", labels={"nf": "1"}),
            "two": network("net-filter-two", labels={"nf": "2"}),
        }
        box(HostConfig={"NetworkMode": made["two"]})
        found = {each["Name"] for each in api.networks(filters=filters)} - {"bridge", "host", "none"}
        assert found == {made[each] for each in which}

    def test_an_unknown_filter_is_refused(self, ask):
        status, message = ask("GET", "/networks?filters=" + quote('{"nonsense":["1"]}')).refusal
        assert (status, message.lower()) == (400, "invalid filter 'nonsense'")

    def test_one_in_use_is_not_removed(self, ask, api, network, box):
        name = network()
        box(HostConfig={"NetworkMode": name})
        full = api.inspect_network(name)["Id"]
        status, message = ask("DELETE", f"/networks/{name}").refusal
        assert status == 403
        assert message == f"error while removing network: network {name} id {full} has active endpoints"

    def test_prune_takes_what_nobody_uses(self, api, network, box):
        idle, used = network(labels={"np": "1"}), network(labels={"np": "1"})
        box(HostConfig={"NetworkMode": used})
        assert api.prune_networks({"label": ["np"]})["NetworksDeleted"] == [idle]

    def test_who_is_in_it_is_told(self, api, network, box):
        name = network()
        made = box(HostConfig={"NetworkMode": name})
        full = api.inspect_container(made)["Id"]
        members = api.inspect_network(name)["Containers"]
        assert members[full]["Name"] == made
        settings = api.inspect_container(made)["NetworkSettings"]["Networks"][name]
        assert settings["NetworkID"] == api.inspect_network(name)["Id"]
        assert members[full]["IPv4Address"].split("/")[0] == settings["IPAddress"]

    def test_connect_and_disconnect(self, api, network, box):
        name, made = network(), box()
        api.connect_container_to_network(made, name, aliases=["alias"])
        found = api.inspect_container(made)["NetworkSettings"]["Networks"]
        assert set(found) == {"bridge", name}
        assert "alias" in found[name]["Aliases"]
        api.disconnect_container_from_network(made, name)
        assert set(api.inspect_container(made)["NetworkSettings"]["Networks"]) == {"bridge"}

    def test_connecting_twice_is_refused(self, ask, api, network, box):
        name, made = network(), box()
        api.connect_container_to_network(made, name)
        status, message = ask("POST", f"/networks/{name}/connect", {"Container": made}).refusal
        assert status == 403
        assert message == f"endpoint with name {made} already exists in network {name}"

    def test_disconnecting_who_is_not_in_it_is_refused(self, ask, api, network, box):
        name, made = network(), box()
        full = api.inspect_container(made)["Id"]
        status, message = ask("POST", f"/networks/{name}/disconnect", {"Container": made}).refusal
        assert status in (403, 404, 500)
        assert message == f"container {full} is not connected to network {name}" or "is not connected to" in message

    def test_a_network_that_is_not_there_is_told_at_the_start(self, ask, box):
        made = box(start=False, HostConfig={"NetworkMode": "no-such-net"})
        assert ask("POST", f"/containers/{made}/start").refusal == (404, "network no-such-net not found")


SERVE = "mkdir -p /w && echo page of $1 > /w/index.html && exec httpd -f -p 80 -h /w"


class TestNames:
    def test_containers_find_each_other_by_name_and_alias(self, network, box, execute):
        net = network()
        server = box(
            "sh", "-c", SERVE, "_", "server", HostConfig={"NetworkMode": net}, networks={net: {"Aliases": ["www"]}}
        )
        asker = box(HostConfig={"NetworkMode": net})
        for name in (server, "www"):
            seen = until(lambda name=name: execute(asker, f"wget -q -O - http://{name}/ 2>/dev/null"))
            assert seen == "page of server\n"

    def test_one_that_comes_later_is_found_too(self, network, box, execute):
        net = network()
        asker = box(HostConfig={"NetworkMode": net})
        server = box("sh", "-c", SERVE, "_", "late", HostConfig={"NetworkMode": net})
        assert until(lambda: execute(asker, f"wget -q -O - http://{server}/ 2>/dev/null")) == "page of late\n"

    def test_a_short_id_is_a_name(self, api, network, box, execute):
        net = network()
        server = box("sh", "-c", SERVE, "_", "id", HostConfig={"NetworkMode": net})
        asker = box(HostConfig={"NetworkMode": net})
        short = api.inspect_container(server)["Id"][:12]
        assert until(lambda: execute(asker, f"wget -q -O - http://{short}/ 2>/dev/null")) == "page of id\n"

    def test_its_own_name_leads_to_itself(self, box, execute):
        name = box("sh", "-c", SERVE, "_", "own", Hostname="here")
        assert until(lambda: execute(name, "wget -q -O - http://here/ 2>/dev/null")) == "page of own\n"
        assert execute(name, "hostname") == "here\n"

    def test_by_address_too(self, api, box, execute):
        server = box("sh", "-c", SERVE, "_", "address")
        address = api.inspect_container(server)["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
        asker = box()
        assert until(lambda: execute(asker, f"wget -q -O - http://{address}/ 2>/dev/null")) == "page of address\n"

    def test_hosts_that_were_given_are_known(self, box, execute):
        name = box(HostConfig={"ExtraHosts": ["elsewhere:10.9.8.7"]})
        assert "10.9.8.7\telsewhere" in execute(name, "cat /etc/hosts")

    def test_two_listen_on_the_same_port_each_for_itself(self, box, execute):
        one, other = box("sh", "-c", SERVE, "_", "one"), box("sh", "-c", SERVE, "_", "other")
        for name, said in ((one, "one"), (other, "other")):
            assert (
                until(lambda name=name: execute(name, "wget -q -O - http://127.0.0.1/ 2>/dev/null"))
                == f"page of {said}\n"
            )


class TestPorts:
    def test_a_published_port_serves_the_page(self, api, box):
        name = box(image="httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}}, StopSignal="SIGKILL")
        port = api.port(name, 80)[0]["HostPort"]
        answer = page(port)
        assert (answer.status_code, "It works!" in answer.text) == (200, True)
        bindings = api.inspect_container(name)["NetworkSettings"]["Ports"]["80/tcp"]
        assert {"HostIp": "0.0.0.0", "HostPort": port} in bindings

    def test_two_of_the_same_inside_have_their_own_outside(self, api, box):
        ports = [
            api.port(box("sh", "-c", SERVE, "_", each, **published()), 80)[0]["HostPort"]
            for each in ("one", "other")
        ]  # fmt: skip
        assert [page(port).text for port in ports] == ["page of one\n", "page of other\n"]

    def test_all_exposed_ones_are_published_if_asked_for(self, api, box):
        name = box("sh", "-c", SERVE, "_", "all", ExposedPorts={"80/tcp": {}}, HostConfig={"PublishAllPorts": True})
        assert page(api.port(name, 80)[0]["HostPort"]).text == "page of all\n"

    def test_a_chosen_port_is_taken_again_after_a_restart(self, api, box):
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        name = box("sh", "-c", SERVE, "_", "x", **published(port))
        assert page(port).text == "page of x\n"
        api.restart(name, timeout=1)
        assert page(port).text == "page of x\n"
        api.stop(name, timeout=1)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/", timeout=5)

    def test_a_port_that_is_taken_is_told(self, ask, api, box):
        one = box("sh", "-c", SERVE, "_", "x", **published())
        port = api.port(one, 80)[0]["HostPort"]
        other = box(start=False, **published(port))
        status, message = ask("POST", f"/containers/{other}/start").refusal
        assert status == 500
        assert f"Bind for 127.0.0.1:{port} failed: port is already allocated" in message
        assert api.inspect_container(other)["State"]["Status"] == "created"

    def test_much_goes_through_in_both_directions(self, api, box):
        line = "while :; do nc -l -p 7 -e cat; done"
        name = box("sh", "-c", line, **published(inside="7/tcp"))
        port, data = int(api.port(name, 7)[0]["HostPort"]), bytes(range(256)) * 4000

        def echoed():
            with socket.create_connection(("127.0.0.1", port), 10) as peer, ThreadPoolExecutor() as pool:
                pool.submit(lambda: (peer.sendall(data), peer.shutdown(socket.SHUT_WR)))
                seen = b""
                with suppress(ConnectionError):  # nothing listens inside as yet
                    while piece := peer.recv(65536):
                        seen += piece
                return seen

        assert until(echoed) == data

    def test_no_network_at_all(self, api, box):
        name = box(HostConfig={"NetworkMode": "none"})
        found = api.inspect_container(name)["NetworkSettings"]["Networks"]
        assert set(found) == {"none"}

    def test_the_host_s_network(self, box):
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        box(
            "sh",
            "-c",
            f"mkdir /w; echo host > /w/index.html; exec httpd -f -p 127.0.0.1:{port} -h /w",
            HostConfig={"NetworkMode": "host"},
        )
        assert page(port).text == "host\n"
