"""Clients that go away in the middle, and many at once."""

import io
import os
import socket
import tarfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest

from embedded import until

CLIENTS = 50


@pytest.fixture
def big(api):
    """A container with 64 MiB in one file and a long log, and an image of the same size."""
    name = f"big-{uuid.uuid4().hex[:8]}"
    api.start(
        api.create_container(
            "busybox",
            ["sh", "-c", "head -c 67108864 /dev/urandom > /big; touch /done; while :; do seq 1 2000; sleep 0.02; done"],
            name=name,
            stop_signal="SIGKILL",
        )
    )

    def done():
        try:
            return b"".join(api.get_archive(name, "/done")[0])
        except docker.errors.NotFound:
            return b""

    until(done)
    api.commit(name, name, "1")
    yield name
    api.remove_container(name, force=True)
    api.remove_image(f"{name}:1")


def open_files(engine) -> int:
    return len(os.listdir(f"/proc/{engine.process.pid}/fd"))


def threads(engine) -> int:
    return len(os.listdir(f"/proc/{engine.process.pid}/task"))


@pytest.mark.parametrize(
    "path",
    [
        "/images/{name}:1/get",
        "/containers/{name}/archive?path=/big",
        "/containers/{name}/export",
        "/containers/{name}/logs?stdout=1&follow=1",
        "/containers/{name}/stats",
        "/events",
    ],
)
def test_a_client_that_hangs_up_in_the_middle_costs_nothing(engine, api, big, path):
    before = open_files(engine), threads(engine)
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(engine.address.removeprefix("unix://"))
            client.sendall(f"GET /v1.41{path.format(name=big)} HTTP/1.1\r\nHost: docker\r\n\r\n".encode())
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    until(lambda: open_files(engine) <= before[0] + 2 and threads(engine) <= before[1] + 2)
    assert api.inspect_container(big)["State"]["Running"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/containers/{name}/archive?path=/tmp"),
        ("POST", "/images/load"),
        ("POST", "/images/create?fromSrc=-&repo=half&tag=1"),
        ("POST", "/build?t=half:2"),
    ],
)
def test_a_client_that_stops_giving_in_the_middle_leaves_nothing(engine, api, big, method, path):
    images = {each["Id"] for each in api.images(all=True)}
    before = open_files(engine)
    info = tarfile.TarInfo("half")
    info.size = 10_000_000
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(engine.address.removeprefix("unix://"))
        head = f"{method} /v1.41{path.format(name=big)} HTTP/1.1\r\nHost: docker\r\nContent-Length: 10002048\r\nContent-Type: application/x-tar\r\n\r\n"
        client.sendall(head.encode() + info.tobuf() + bytes(3_000_000))
        time.sleep(0.2)
    until(lambda: open_files(engine) <= before + 2)
    assert {each["Id"] for each in api.images(all=True)} == images
    until(lambda: not list(engine.home.glob("data/dockyard/embedded/staging/*")))
    assert api.ping()


def test_fifty_clients_at_once(engine):
    """Each makes, starts, asks, and removes a container of its own; no one is refused, and nobody gets another's answer."""

    def live(number: int) -> str:
        client = docker.APIClient(base_url=engine.address, version="1.41", timeout=120)
        try:
            name = f"crowd-{number}-{uuid.uuid4().hex[:6]}"
            made = client.create_container("busybox", ["echo", name], name=name)
            client.start(made)
            assert client.wait(made)["StatusCode"] == 0
            said = client.logs(made).decode().strip()
            assert client.inspect_container(name)["Id"] == made["Id"]
            assert name in {each["Names"][0].lstrip("/") for each in client.containers(all=True)}
            client.remove_container(made)
            assert said == name
            return name
        finally:
            client.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        names = list(pool.map(live, range(CLIENTS)))
    assert len(set(names)) == CLIENTS


def test_fifty_followers_of_one_log(engine, api):
    name = f"told-{uuid.uuid4().hex[:6]}"
    api.create_container("busybox", ["sh", "-c", "sleep 1; for n in $(seq 1 100); do echo $n; done"], name=name)
    seen: list[bytes] = []

    def follow() -> None:
        client = docker.APIClient(base_url=engine.address, version="1.41", timeout=60)
        try:
            seen.append(b"".join(client.logs(name, stream=True, follow=True)))
        finally:
            client.close()

    api.start(name)
    followers = [threading.Thread(target=follow) for _ in range(CLIENTS)]
    for each in followers:
        each.start()
    for each in followers:
        each.join(60)
    api.remove_container(name, force=True)
    assert seen == [b"".join(b"%d\n" % n for n in range(1, 101))] * CLIENTS


def test_a_request_that_is_no_http_is_refused_and_others_are_served(engine, api):
    for data in (
        b"\x16\x03\x01\x02\x00nonsense" * 50,
        b"GET /" + b"x" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000,
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(engine.address.removeprefix("unix://"))
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(1000)
            except (BrokenPipeError, ConnectionResetError):
                continue
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert api.ping()


def test_a_body_that_is_no_archive_but_huge_names_is_refused(engine, api, big):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x/" * 3000 + "end"))
    with pytest.raises(docker.errors.APIError):
        api.put_archive(big, "/tmp", target.getvalue())
    assert api.ping()
