"""What a container says an address is, and what the host makes of it."""

import errno
import socket
import struct

import pytest

from dockyard.engine.run.addresses import Home, Purpose, here, is_anywhere, rewrite
from dockyard.engine.run.spec import Network, mapped_port

HOME = Home.at("127.0.5.2", low_ports=False, network="own")


def address(text: str, port: int) -> bytes:
    if ":" in text:
        return struct.pack("=H", socket.AF_INET6) + struct.pack(
            "!HI16sI", port, 7, socket.inet_pton(socket.AF_INET6, text), 0
        )
    return struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", port, socket.inet_aton(text))


@pytest.mark.parametrize(
    ("purpose", "said", "meant"),
    [
        ("bind", ("0.0.0.0", 80), ("127.0.5.2", 20080)),
        ("bind", ("0.0.0.0", 8080), ("127.0.5.2", 8080)),
        ("bind", ("0.0.0.0", 0), None),
        ("bind", ("127.0.0.1", 0), ("127.0.5.2", 0)),
        ("bind", ("127.0.0.53", 53), ("127.0.5.2", 20053)),
        ("bind", ("192.0.2.1", 80), None),
        ("bind", ("::", 80), ("::ffff:127.0.5.2", 20080)),
        ("bind", ("::1", 80), ("::ffff:127.0.5.2", 20080)),
        ("bind", ("::", 0), None),
        ("bind", ("2001:db8::1", 80), None),
        ("connect", ("127.0.0.1", 80), ("127.0.5.2", 20080)),
        ("connect", ("0.0.0.0", 80), ("127.0.5.2", 20080)),
        ("connect", ("127.0.5.3", 80), ("127.0.5.3", 20080)),
        ("connect", ("127.0.5.3", 3306), ("127.0.5.3", 3306)),
        ("connect", ("192.0.2.1", 80), None),
        ("connect", ("::1", 80), ("::ffff:127.0.5.2", 20080)),
        ("connect", ("::ffff:127.0.5.3", 80), ("::ffff:127.0.5.3", 20080)),
        ("connect", ("2001:db8::1", 80), None),
    ],
)
def test_an_address_means_the_containers_own(
    purpose: Purpose, said: tuple[str, int], meant: tuple[str, int] | None
) -> None:
    assert rewrite(purpose, address(*said), HOME) == (meant and address(*meant))


@pytest.mark.parametrize("purpose", ["bind", "connect"])
@pytest.mark.parametrize("said", [("0.0.0.0", 80), ("127.0.0.1", 53), ("::1", 443), ("::", 8080), ("127.0.5.3", 80)])
def test_what_was_changed_is_changed_no_further(purpose: Purpose, said: tuple[str, int]) -> None:
    once = rewrite(purpose, address(*said), HOME)
    assert isinstance(once, bytes)
    assert rewrite(purpose, once, HOME) == once


def test_low_ports_stay_where_they_may_be_bound() -> None:
    home = HOME._replace(low_ports=True)
    assert rewrite("bind", address("0.0.0.0", 80), home) == address("127.0.5.2", 80)
    assert [mapped_port(port, low_ports=False) for port in (0, 1, 1023, 1024)] == [0, 20001, 21023, 1024]


@pytest.mark.parametrize(
    ("purpose", "said", "answer"),
    [
        ("connect", ("192.0.2.1", 80), errno.ENETUNREACH),
        ("connect", ("2001:db8::1", 80), errno.ENETUNREACH),
        ("connect", ("127.0.5.3", 80), errno.ENETUNREACH),
        ("connect", ("127.0.0.1", 80), address("127.0.5.2", 20080)),
        ("bind", ("0.0.0.0", 0), address("127.0.5.2", 0)),
        ("bind", ("192.0.2.1", 80), errno.EADDRNOTAVAIL),
    ],
)
def test_without_a_network_there_is_only_oneself(purpose: Purpose, said: tuple[str, int], answer: bytes | int) -> None:
    network: Network = "none"
    assert rewrite(purpose, address(*said), HOME._replace(network=network)) == answer


def test_other_families_and_cut_addresses_stay() -> None:
    assert rewrite("connect", struct.pack("=H", socket.AF_UNIX) + b"/run/x\0", HOME) is None
    assert rewrite("bind", address("0.0.0.0", 80)[:6], HOME) is None
    assert rewrite("bind", address("::", 80)[:20], HOME) is None
    assert rewrite("bind", b"", HOME) is None


def test_a_socket_for_ipv6_alone_is_bound_out_of_the_way() -> None:
    assert here(address("::", 80)) == address("::1", 0)
    assert here(address("2001:db8::1", 80)) is None


def test_anywhere_is_told_from_somewhere() -> None:
    assert is_anywhere(address("0.0.0.0", 80))
    assert is_anywhere(address("::", 80))
    assert not is_anywhere(address("127.0.0.1", 80))
    assert not is_anywhere(address("::1", 80))
