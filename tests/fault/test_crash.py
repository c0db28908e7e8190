"""The engine is killed at random moments, again and again: what it acknowledged is there, and nothing is half-made."""

import io
import random
import tarfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import docker
import pytest
import requests

from embedded import until
from registries import tar_of

OPERATIONS = 200
CRASHES = 10
SEED = 20_261_124
GONE = (requests.ConnectionError, requests.Timeout, docker.errors.APIError, OSError)


@dataclass
class Ledger:
    """What the engine acknowledged, and what was asked for when it died: that may be there or not, but whole."""

    containers: dict[str, str] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    volumes: set[str] = field(default_factory=set)
    images: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)


def operate(api: docker.APIClient, ledger: Ledger, chance: random.Random) -> None:
    """One operation by chance, noted when it is acknowledged."""
    kind = chance.choice(
        ["create", "start", "volume", "import", "put", "remove", "unvolume", "untag", "commit", "stop"]
    )
    name = f"crash-{uuid.uuid4().hex[:8]}"
    target = chance.choice(sorted(ledger.containers)) if ledger.containers else ""
    if kind in ("start", "put", "remove", "commit", "stop") and not target:
        kind = "create"
    if kind in ("remove", "stop", "start", "put"):
        ledger.unsure.add(target)
    else:
        ledger.unsure.add(name)
    if kind == "create":
        made = api.create_container("busybox", ["sleep", "10000"], name=name, stop_signal="SIGKILL")
        ledger.containers[name] = made["Id"]
    elif kind == "start":
        api.start(target)
        ledger.running.add(target)
    elif kind == "stop":
        api.stop(target, timeout=1)
        ledger.running.discard(target)
    elif kind == "volume":
        api.create_volume(name)
        ledger.volumes.add(name)
    elif kind == "import":
        api.import_image_from_data(tar_of({"f": name.encode()}), repository=name, tag="1")
        ledger.images[f"{name}:1"] = api.inspect_image(f"{name}:1")["Id"]
    elif kind == "put":
        content = name.encode() * 1000
        api.put_archive(target, "/tmp", tar_of({"given": content}))
        ledger.files[target] = content
    elif kind == "remove":
        api.remove_container(target, force=True)
        ledger.containers.pop(target)
        ledger.running.discard(target)
        ledger.files.pop(target, None)
    elif kind == "unvolume" and ledger.volumes:
        gone = chance.choice(sorted(ledger.volumes))
        ledger.unsure.add(gone)
        api.remove_volume(gone)
        ledger.volumes.discard(gone)
    elif kind == "untag" and ledger.images:
        gone = chance.choice(sorted(ledger.images))
        ledger.unsure.add(gone.partition(":")[0])
        api.remove_image(gone)
        ledger.images.pop(gone)
    elif kind == "commit":
        ledger.images[f"{name}:1"] = api.commit(target, name, "1")["Id"]
    ledger.unsure -= {target, name}


def check(api: docker.APIClient, ledger: Ledger) -> None:
    """All that was acknowledged is there; what is listed can be described; what ran runs."""
    rows = {row["Names"][0].lstrip("/"): row for row in api.containers(all=True)}
    for name, identity in ledger.containers.items():
        if name not in ledger.unsure:
            assert rows[name]["Id"] == identity
    for name, row in rows.items():
        found = api.inspect_container(row["Id"])
        assert found["State"]["Status"] == row["State"]
        assert name in ledger.containers or name in ledger.unsure, f"{name} was never acknowledged"
        if name in ledger.running - ledger.unsure:
            assert row["State"] == "running", f"{name} ran before the crash"
            made = api.exec_create(name, ["echo", "alive"])["Id"]
            assert api.exec_start(made) == b"alive\n"
    volumes = {each["Name"] for each in api.volumes()["Volumes"] or ()}
    assert ledger.volumes - ledger.unsure <= volumes
    assert volumes <= ledger.volumes | ledger.unsure
    for name, identity in ledger.images.items():
        if name.partition(":")[0] not in ledger.unsure:
            assert api.inspect_image(name)["Id"] == identity
    for image in api.images(all=True):
        assert api.history(image["Id"])
        for name in image["RepoTags"] or ():
            assert b"".join(api.get_image(name)), f"{name} is listed but not whole"
    for name, content in ledger.files.items():
        if name not in ledger.unsure:
            stream, _ = api.get_archive(name, "/tmp/given")
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                assert archive.extractfile("given").read() == content


def settle(api: docker.APIClient, ledger: Ledger) -> None:
    """Take what is there for what is acknowledged, where that was open."""
    rows = {row["Names"][0].lstrip("/"): row for row in api.containers(all=True)}
    ledger.containers = {name: row["Id"] for name, row in rows.items()}
    ledger.running = {name for name, row in rows.items() if row["State"] == "running"}
    ledger.files = {
        name: content for name, content in ledger.files.items() if name in rows and name not in ledger.unsure
    }
    ledger.volumes = {each["Name"] for each in api.volumes()["Volumes"] or ()}
    ledger.images = {
        name: each["Id"] for each in api.images() for name in each["RepoTags"] or () if name.startswith("crash-")
    }
    ledger.unsure.clear()


def test_what_was_acknowledged_survives_any_crash(engine):
    chance, ledger, done = random.Random(SEED), Ledger(), 0
    while done < OPERATIONS:
        api = docker.APIClient(base_url=engine.address, version="1.41", timeout=30)
        killer = threading.Timer(chance.uniform(0.05, 1), engine.process.kill)
        killer.start()
        try:
            for _ in range(OPERATIONS // CRASHES):
                done += 1
                operate(api, ledger, chance)
        except GONE:
            until(lambda: engine.process.poll() is not None)  # an error for any other reason is one
        finally:
            killer.cancel()
            api.close()
        engine.kill()
        engine.start()
        api = docker.APIClient(base_url=engine.address, version="1.41", timeout=30)
        try:
            check(api, ledger)
            settle(api, ledger)
        finally:
            api.close()


def test_a_container_s_end_is_known_though_no_engine_saw_it(engine, api):
    name = f"ends-{uuid.uuid4().hex[:8]}"
    api.start(api.create_container("busybox", ["sh", "-c", "sleep 1; echo last; exit 9"], name=name))
    engine.kill()
    time.sleep(2)
    engine.start()
    state = api.inspect_container(name)["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 9)
    assert api.logs(name) == b"last\n"
    assert api.wait(name, timeout=5)["StatusCode"] == 9
    api.remove_container(name)


def test_a_log_goes_on_while_there_is_no_engine(engine, api):
    name = f"talks-{uuid.uuid4().hex[:8]}"
    line = "for n in $(seq 1 15); do echo $n; sleep 0.1; done; sleep 1000"
    api.start(api.create_container("busybox", ["sh", "-c", line], name=name, stop_signal="SIGKILL"))
    engine.kill()
    time.sleep(2)
    engine.start()
    assert api.logs(name).split() == [str(n).encode() for n in range(1, 16)]
    api.remove_container(name, force=True)


def test_what_was_being_made_leaves_nothing_behind(engine, api):
    """A crash in the middle of a load: no image, and no bytes of it after the next start."""
    data = tar_of({"big": random.Random(1).randbytes(40_000_000)})
    half = len(data) // 2
    killed = threading.Event()

    def parts() -> Iterator[bytes]:
        yield data[:half]
        killed.wait(30)
        yield data[half:]

    def give() -> None:
        with pytest.raises(GONE):
            api.import_image_from_data(parts(), "half", "1")

    thread = threading.Thread(target=give)
    thread.start()
    staging = engine.home / "data/dockyard/embedded/staging"
    until(lambda: any(each.stat().st_size for each in staging.rglob("*") if each.is_file()))
    engine.kill()
    killed.set()
    thread.join(30)
    engine.start()
    assert not [each for each in api.images() if "half:1" in (each["RepoTags"] or ())]
    assert not list(engine.home.glob("data/dockyard/embedded/staging/*"))
    assert not list(engine.home.glob("data/dockyard/embedded/trash/*"))
