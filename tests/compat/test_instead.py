"""An image run with a shell instead of its software, on every engine."""

import threading
import uuid

import pytest

import dockyard
from dockyard.errors import Cancelled, NoShell, StillRunning
from dockyard.tables import journal
from dockyard.tasks import instead
from dockyard.tasks.instead import shell_instead

pytestmark = pytest.mark.engine


@pytest.fixture
def nothing_left(client):
    """What is tried leaves nothing: no container, no line in the journal."""

    def things():
        return set(dockyard.containers(client)["name"]), len(journal(client))

    before = things()
    yield
    assert things() == before


@pytest.fixture
def built(client):
    """Makes an image of busybox with another configuration; removes it afterwards."""
    made = []

    def make(*changes):
        made.append(f"instead-{uuid.uuid4().hex[:8]}:latest")
        container = client.api.create_container("busybox", ["true"])["Id"]
        if any("CMD" in each for each in changes):  # the program alone, without a shell's name
            archive = b"".join(client.api.get_archive(container, "/bin/busybox")[0])
            client.api.import_image_from_data(archive, *made[-1].split(":"), changes=list(changes))
        else:
            client.api.commit(container, *made[-1].split(":"), changes=list(changes))
        client.api.remove_container(container)
        return made[-1]

    yield make
    for name in made:
        client.api.remove_image(name)


def programs(stage):
    return {line.partition(" ")[0].rpartition("/")[2] for line in stage.processes}


def test_bash_runs_instead_of_apache_and_apache_after_starting_again(client, nothing_left):
    told = []
    stages = shell_instead(client, "httpd", tell=told.append)
    assert told == list(stages)
    assert all(stage.ok for stage in stages)
    assert [programs(stage) for stage in stages] == [{"httpd"}, {"bash"}, set(), {"bash"}, {"httpd"}]
    assert [stage.status for stage in stages] == ["running", "running", "exited", "running", "running"]
    own, shell = stages[0].container, stages[1].container
    assert [line for stage in stages for line in stage.lines] == [
        f"docker run --name {own} -d httpd",
        f"docker run --name {shell} -d -i -t httpd /bin/bash",
        f"docker attach {shell}",
        "→ exit",
        f"docker start {shell}",
        f"docker stop -t 1 {own}",
        f"docker start {own}",
    ]


def test_a_container_is_looked_at_and_left_alone(client, container, nothing_left):
    name = container("busybox", "sleep", "1234")
    started = client.get_json("/containers/{}/json", name)["State"]["StartedAt"]
    first, own, shell, *_ = shell_instead(client, name)
    assert (first.lines, first.container) == ((f"docker top {name}",), name)
    assert programs(first) == {"sleep"}
    assert (own.ok, own.processes) == (False, ())
    assert "ended already" in own.says
    assert programs(shell) == {"sh"}
    assert client.get_json("/containers/{}/json", name)["State"]["StartedAt"] == started
    client.api.remove_container(name, force=True)
    container.made.remove(name)


def test_an_entrypoint_that_is_in_the_way_is_replaced(client, built, nothing_left):
    image = built('ENTRYPOINT ["echo"]')
    stages = shell_instead(client, image)
    assert [stage.ok for stage in stages] == [False, False, True, True, True]
    assert "entrypoint" in stages[1].says
    assert "--entrypoint /bin/sh" in stages[2].lines[0]
    assert programs(stages[2]) == {"sh"}


def test_an_image_without_a_shell_is_told(client, built, nothing_left):
    image = built('CMD ["/busybox", "sleep", "1000"]')
    with pytest.raises(NoShell):
        shell_instead(client, image)


def test_a_cancel_and_a_shell_that_stays_leave_nothing(client, nothing_left, monkeypatch):
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        shell_instead(client, "busybox", tell=lambda _: cancel.set(), cancel=cancel)
    monkeypatch.setattr(instead, "EXIT_S", 0.5)
    with pytest.raises(StillRunning, match="did not end"):
        shell_instead(client, "busybox", "/bin/cat")
