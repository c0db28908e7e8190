"""Projects beside the real docker-compose: each sees and takes down what the other brought up."""

import os
import shutil
import subprocess
import uuid

import pytest

from conftest import missing
from dockyard.tasks import ComposeDown, ComposeUp

pytestmark = pytest.mark.engine

FILE = """
services:
  web:
    image: httpd
    volumes: [pages:/usr/local/apache2/htdocs]
    depends_on: [db]
  db: {image: busybox, command: sleep 1000, stop_signal: SIGKILL, networks: {default: , back: {aliases: [data]}}}
networks: {back: }
volumes: {pages: }
"""


@pytest.fixture
def compose(engine_address):
    """Runs the real docker-compose, and returns what it printed."""
    program = shutil.which("docker-compose")
    if not program:
        missing("no docker-compose (Debian: apt-get install docker-compose)")

    def run(file, *words):
        answer = subprocess.run(
            [str(program), "-f", file, *words],
            env={**os.environ, "DOCKER_HOST": engine_address},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout + answer.stderr

    return run


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / f"lab{uuid.uuid4().hex[:8]}"
    place.mkdir()
    (place / "compose.yaml").write_text(FILE)
    return place


def things(client):
    return (
        {row["Id"] for row in client.api.containers(all=True)},
        {row["Id"] for row in client.api.networks()},
        {row["Name"] for row in client.api.volumes()["Volumes"] or ()},
    )


def test_the_real_one_sees_ours_and_takes_it_down(client, compose, folder):
    before, file = things(client), str(folder / "compose.yaml")
    ComposeUp(file).run(client)
    listed = compose(file, "ps")
    assert f"{folder.name}-web-1" in listed
    assert f"{folder.name}-db-1" in listed
    assert listed.count(" Up ") == 2
    compose(file, "down", "-v")
    assert things(client) == before


def test_we_take_down_what_the_real_one_brought_up_and_bring_it_back(client, compose, folder):
    before, file = things(client), str(folder / "compose.yaml")
    compose(file, "up", "-d")
    plan = ComposeUp(file).plan(client)
    reasons = {each.reason for each in plan.changes if each.kind == "container"}
    assert reasons == {"docker compose made it, whose settings can't be compared with the file"}
    assert {each.action for each in plan.changes if each.kind in ("network", "volume")} == {"keep"}
    down = ComposeDown(file, volumes=True)
    down.run(client)
    assert things(client) == before
    down.undo(client)
    assert compose(file, "ps").count(" Up ") == 2
    ComposeUp(file).run(client)
    assert {each.action for each in ComposeUp(file).plan(client).changes} == {"keep"}
    down.run(client)
    assert things(client) == before
