import ipaddress
from pathlib import Path

import pytest

from dockyard.engine.errors import ServerError
from dockyard.engine.networks.addresses import Pool, mac_address


def test_every_container_gets_a_loopback_address_of_its_own():
    pool = Pool(Path("/data"), 1000)
    taken = [pool.take() for _ in range(1000)]
    assert len(set(taken)) == 1000
    assert all(ipaddress.ip_address(each) in ipaddress.ip_network(pool.subnet) for each in taken)
    assert all(ipaddress.ip_address(each).is_loopback for each in taken)
    assert not {each.rpartition(".")[2] for each in taken} & {"0", "1", "255"}
    assert pool.gateway not in taken


def test_two_users_and_two_engines_keep_apart():
    assert Pool(Path("/data"), 1000).subnet != Pool(Path("/data"), 1001).subnet
    assert Pool(Path("/data"), 1000).take() != Pool(Path("/other"), 1000).take()
    assert Pool(Path("/data"), 0).subnet != "127.0.0.0/16"


def test_what_is_kept_is_not_given_twice_and_what_is_free_is_given_again():
    first = Pool(Path("/data"), 1000).take()
    pool = Pool(Path("/data"), 1000)
    pool.keep(first)
    assert pool.take() != first
    while len(pool._taken) < 256 * 253:
        pool.take()
    with pytest.raises(ServerError, match="no available IPv4 addresses"):
        pool.take()
    pool.free(first)
    assert pool.take() == first


def test_a_hardware_address_follows_from_the_address():
    assert mac_address("172.17.0.2") == "02:42:ac:11:00:02"
    assert mac_address("") == ""
