"""A pod as Binder gives it: a Debian of its own, user 1000, no capabilities, no new privileges, no Docker, no network."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import missing
from dockyard import kit
from dockyard.connection import Client
from pods import HOME, PACKAGES, REPOSITORY, RESTRICTIONS

SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
LAB = "/opt/lab"


@pytest.fixture(scope="session")
def pod_image(docker_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image of a bare Debian with Python and proot."""
    if os.geteuid() or not shutil.which("mmdebstrap"):
        missing("a pod's image can't be made here (root, and Debian: apt-get install mmdebstrap)")
    root = tmp_path_factory.mktemp("pod") / "root"
    # Packages are unpacked but not set up, which would take most of the time and changes nothing of what is used here.
    bootstrap = ["mmdebstrap", "--quiet", "--variant=extract", f"--include={PACKAGES}", SUITE, root, MIRROR]
    done = subprocess.run(bootstrap, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (root / "etc/passwd").write_text(f"root:x:0:0:root:/root:/bin/sh\njovyan:x:1000:1000::{HOME}:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\njovyan:x:1000:\n")
    home = root / HOME.lstrip("/")
    home.mkdir(parents=True)
    os.chown(home, 1000, 1000)
    tag = f"dockyard-pod:{uuid.uuid4().hex[:8]}"
    # A lab that is mounted holds no compiled modules; each is compiled when it is first used.
    environment = f"ENV HOME={HOME} PYTHONPATH={LAB} PYTHONPYCACHEPREFIX={HOME}/.cache/python LANG=C.UTF-8"
    words = ["docker", "-H", docker_address, "import", "-c", environment, "-c", f"WORKDIR {HOME}", "-", tag]
    with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as packing:
        subprocess.run(words, stdin=packing.stdout, check=True, capture_output=True)
    assert packing.returncode == 0
    shutil.rmtree(root)
    yield tag
    subprocess.run(["docker", "-H", docker_address, "rmi", "-f", tag], check=True, capture_output=True)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout's wheel and all it needs, for Debian's Python; nothing of this machine's own environment."""
    folder = readable(tmp_path_factory.mktemp("lab"))
    uv = str(beside if (beside := Path(sys.executable).with_name("uv")).exists() else shutil.which("uv"))
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder / "wheels", REPOSITORY], check=True)
    wheel = next((folder / "wheels").glob("*.whl"))
    target = folder / "packages"
    subprocess.run([uv, "pip", "install", "--quiet", "--python-version", "3.11", "--target", target, wheel], check=True)
    return target


def readable(folder: Path) -> Path:
    """The folder, which a pod's user may now enter."""
    for each in (folder, folder.parent):
        each.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def bundle(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lab's images in one file, since a pod may reach no registry."""
    folder = readable(tmp_path_factory.mktemp("bundle"))
    kit.bundle(client, folder / "lab.tar")
    (folder / "lab.tar").chmod(0o644)
    return folder / "lab.tar"


@pytest.fixture(scope="module", params=[1024, 0], ids=["low-ports-refused", "low-ports-allowed"])
def pod(
    request: pytest.FixtureRequest, docker_address: str, pod_image: str, lab: Path, bundle: Path
) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs programs in a pod; its images are loaded."""
    name = f"pod-{uuid.uuid4().hex[:8]}"
    docker = ["docker", "-H", docker_address]
    sysctl = f"net.ipv4.ip_unprivileged_port_start={request.param}"
    words = [
        "run",
        "-d",
        "--name",
        name,
        *RESTRICTIONS,
        "--sysctl",
        sysctl,
        "-v",
        f"{lab}:{LAB}:ro",
        "-v",
        f"{bundle}:/lab.tar:ro",
        "--init",
        pod_image,
    ]
    subprocess.run([*docker, *words, "sleep", "100000"], check=True, capture_output=True)

    def run(*words: str, given: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*docker, "exec", "-i", name, *words], input=given, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    try:
        run("python3", "-m", "dockyard", "images", "load", "/lab.tar")
        yield run
    finally:
        subprocess.run([*docker, "rm", "-f", "-v", name], check=True, capture_output=True)
