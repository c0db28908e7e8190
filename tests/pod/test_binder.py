"""What Binder makes of the files in ``binder/``, in a pod as it gives one: the map first, the engine ready, its images there."""

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pods import BINDER, HOME, REPOSITORY, RESTRICTIONS

pytestmark = pytest.mark.engine

PREFIX, PORT, TOKEN = "/srv/venv", 8888, "test-token"
# What repo2docker does: an environment that belongs to the user, the repository as the home folder, postBuild run in it.
DOCKERFILE = f"""
ARG BASE
FROM $BASE
ENV PYTHONPATH= PATH={PREFIX}/bin:$PATH
USER root
RUN python3 -m venv --without-pip {PREFIX} && chown -R 1000:1000 {PREFIX}
COPY --chown=1000:1000 prefix {PREFIX}
COPY --chown=1000:1000 home {HOME}
USER 1000
RUN binder/postBuild
"""
ASK = """
import json, sys, urllib.error, urllib.request
port, path = sys.argv[1:3]
asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "token test-token"})
try:
    with urllib.request.urlopen(asked, timeout=30) as answer:
        print(json.dumps({"url": answer.url, "body": answer.read().decode()}))
except (urllib.error.URLError, ConnectionError) as error:
    print(json.dumps({"error": str(error)}))
"""
# The proxy's page as a notebook's preview asks for it.
SERVE = """
import dockyard
from dockyard.tasks import Port, Run
client = dockyard.connect()
print(sorted(tag for image in client.api.images() for tag in image["RepoTags"]))
Run("httpd", name="apa000web", detach=True, ports=(Port(80, 8090),)).run(client)
"""


@pytest.fixture(scope="module")
def binder_image(docker_address: str, pod_image: str, lab: Path, bundle: Path, tmp_path_factory) -> Iterator[str]:
    """The image that Binder would make, with the lab's images from a bundle, since this build reaches no registry."""
    context = tmp_path_factory.mktemp("binder")
    lay_out(lab, context / "prefix")
    for name in ("binder", "notebooks"):
        shutil.copytree(REPOSITORY / name, context / "home" / name)
    shutil.copy(bundle, context / "home/binder/lab.tar")
    (context / "Dockerfile").write_text(DOCKERFILE)
    tag = f"dockyard-binder:{uuid.uuid4().hex[:8]}"
    words = ["build", "--quiet", "--network", "none", "--build-arg", f"BASE={pod_image}", "--tag", tag, context]
    done = subprocess.run(["docker", "-H", docker_address, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(context)
    yield tag
    subprocess.run(["docker", "-H", docker_address, "rmi", "-f", tag], check=True, capture_output=True)


def lay_out(packages: Path, prefix: Path) -> None:
    """Put packages where pip would have put them in an environment."""
    data = {"share", "etc", "bin"}
    shutil.copytree(
        packages,
        prefix / "lib/python3.11/site-packages",
        ignore=lambda folder, names: data & set(names) if Path(folder) == packages else set(),
    )
    for name in data:
        shutil.copytree(packages / name, prefix / name)
    for program in (prefix / "bin").iterdir():
        first, _, rest = program.read_bytes().partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            program.write_bytes(f"#!{PREFIX}/bin/python3\n".encode() + rest)


@pytest.fixture(scope="module")
def binder_pod(docker_address: str, binder_image: str) -> Iterator[Callable[..., str]]:
    """Runs programs in a pod that was started as Binder starts it."""
    name = f"binder-{uuid.uuid4().hex[:8]}"
    docker = ["docker", "-H", docker_address]
    jupyter = ["jupyter", "lab", "--no-browser", f"--port={PORT}", f"--IdentityProvider.token={TOKEN}"]
    words = ["run", "-d", "--name", name, *RESTRICTIONS, "--init", binder_image, "binder/start", *jupyter]
    subprocess.run([*docker, *words], check=True, capture_output=True)

    def run(*words: str, given: str = "") -> str:
        done = subprocess.run(
            [*docker, "exec", "-i", name, *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        yield run
    finally:
        subprocess.run([*docker, "rm", "-f", "-v", name], check=True, capture_output=True)


def ask(run: Callable[..., str], path: str) -> dict[str, str]:
    """What Jupyter's server answers, once it does."""
    for _ in range(240):
        found: dict[str, str] = json.loads(run("python3", "-", str(PORT), path, given=ASK))
        if "error" not in found:
            return found
        time.sleep(0.5)
    raise AssertionError(found)


def test_binder_is_asked_to_install_this_repository():
    assert (BINDER / "requirements.txt").read_text().split() == ["."]


def test_the_map_of_lessons_opens_first(binder_pod):
    assert ask(binder_pod, "/")["url"].split("?")[0].endswith("/lab/tree/notebooks/en/01_map.ipynb")
    first = json.loads(ask(binder_pod, "/api/contents/notebooks/en/01_map.ipynb")["body"])
    assert first["content"]["cells"]


def test_the_start_script_takes_no_time(binder_pod):
    began = time.monotonic()
    assert binder_pod("binder/start", "echo", "started").strip() == "started"
    assert time.monotonic() - began < 5


def test_the_engine_is_ready_with_the_labs_images_and_its_pages_come_through_the_proxy(binder_pod):
    ask(binder_pod, "/api")
    assert "proot" in binder_pod("dockyard", "engine", "status")
    assert binder_pod("python3", "-", given=SERVE).strip() == str(["busybox:latest", "httpd:latest", "registry:latest"])
    assert "It works!" in ask(binder_pod, "/proxy/8090/")["body"]


def test_every_lesson_passes(binder_pod):
    assert "Every step passed." in binder_pod("dockyard", "tour")
