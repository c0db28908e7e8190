"""Start, stop, restart, kill, pause, unpause, rename and rm as tasks, on every engine."""

import threading
import time
import uuid

import pytest

from dockyard.errors import (
    Cancelled,
    CannotUndo,
    ContainerRuns,
    NameInvalid,
    NameTaken,
    NoSuchContainer,
    PlanOutdated,
    PortHeld,
    WrongState,
)
from dockyard.tasks import (
    Kill,
    Pause,
    RemoveContainer,
    RenameContainer,
    Restart,
    Start,
    Stop,
    Unpause,
)
from dockyard.tasks.remove import KEPT_REPOSITORY

pytestmark = pytest.mark.engine

PUBLISHED = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}


def status(client, name):
    return client.get_json("/containers/{}/json", name)["State"]["Status"]


def told(changes):
    return [(change.action, change.kind) for change in changes]


@pytest.fixture(autouse=True, scope="module")
def images_cleared(client):
    """No image of what a removed container wrote is left over."""
    yield
    for image in client.api.images(KEPT_REPOSITORY):
        for name in image["RepoTags"] or ():
            client.api.remove_image(name, force=True)


class TestStates:
    def test_two_are_stopped_in_one_line_and_started_again(self, client, container):
        web = container("httpd", HostConfig=PUBLISHED, ExposedPorts={"80/tcp": {}})
        box = container()
        port = client.get_json("/containers/{}/json", web)["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        stop, start = Stop((web, box)), Start((web, box))
        plan = stop.plan(client)
        assert told(plan.changes) == [("change", "container"), ("remove", "port"), ("change", "container")]
        assert plan.changes[0].reason == "running → exited"
        assert (plan.changes[1].name, plan.changes[1].reason) == (f"127.0.0.1:{port}:80", "goes silent")
        seen = []
        done = stop.run(client, plan=plan, report=seen.append)
        assert [(each.done, each.total) for each in seen] == [(0, 2), (1, 2), (2, 2)]
        assert (status(client, web), status(client, box)) == ("exited", "exited")
        assert any("httpd" in line for line in done.processes[0].before)
        assert done.processes[0].after == ()
        assert {change.name for change in done.difference if change.kind == "container"} == {web, box}
        assert stop.verify(client).ok
        assert not start.verify(client).ok
        assert told(stop.plan(client).changes) == [("keep", "container")] * 2
        opening = start.plan(client).changes
        assert told(opening) == [("change", "container"), ("create", "port"), ("change", "container")]
        assert "chooses" in opening[1].reason
        stop.undo(client)
        assert (status(client, web), status(client, box)) == ("running", "running")
        Kill((web, box)).run(client)
        done = start.run(client)
        assert any("httpd" in line for line in done.processes[0].after)
        assert done.processes[0].before == ()
        evidence = start.verify(client)
        assert evidence.ok
        assert "httpd" in evidence.says
        Kill((web, box)).run(client)
        with pytest.raises(CannotUndo, match="state of before"):
            start.undo(client)

    def test_a_paused_one_goes_on_where_it_was(self, client, container):
        box = container()
        pid = client.get_json("/containers/{}/json", box)["State"]["Pid"]
        pause = Pause((box,))
        pause.run(client, plan=pause.plan(client))
        assert pause.verify(client).ok
        assert status(client, box) == "paused"
        with pytest.raises(WrongState, match=f"docker unpause {box}"):
            Start((box,)).plan(client)
        with pytest.raises(ContainerRuns, match="paused"):
            RemoveContainer((box,)).plan(client)
        pause.undo(client)
        assert client.get_json("/containers/{}/json", box)["State"]["Pid"] == pid
        pause.run(client)
        unpause = Unpause((box,))
        unpause.run(client)
        assert unpause.verify(client).ok
        unpause.undo(client)
        assert status(client, box) == "paused"
        Unpause((box,)).run(client)
        assert told(unpause.plan(client).changes) == [("keep", "container")]

    def test_kill_and_restart(self, client, container):
        box = container()
        first = client.get_json("/containers/{}/json", box)["State"]["StartedAt"]
        restart = Restart((box,), time_s=0)
        done = restart.run(client, plan=restart.plan(client))
        assert client.get_json("/containers/{}/json", box)["State"]["StartedAt"] > first
        assert any("sleep" in line for line in done.processes[0].after)
        with pytest.raises(CannotUndo, match="over"):
            restart.undo(client)
        kill = Kill((box,))
        kill.run(client)
        evidence = kill.verify(client)
        assert evidence.ok
        assert "exited with code 137" in evidence.says
        with pytest.raises(WrongState, match=f"docker start {box}"):
            Pause((box,)).plan(client)
        with pytest.raises(WrongState, match="exited"):
            kill.plan(client)
        restart.run(client)
        restart.undo(client)
        assert status(client, box) == "exited"

    def test_a_signal_may_be_one_that_ends_nothing(self, client, container):
        box = container("busybox", "sh", "-c", "trap 'echo heard' HUP; while :; do sleep 0.1; done")
        time.sleep(0.5)  # until the shell has set its trap
        kill = Kill((box,), "HUP")
        assert "HUP" in kill.plan(client).changes[0].reason
        kill.run(client)
        end = time.monotonic() + 10
        while b"heard" not in client.api.logs(box):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert status(client, box) == "running"

    @pytest.mark.any_runner
    def test_cancel_is_heard_while_one_is_waited_for(self, client, container):
        deaf = container("busybox", "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", StopSignal="SIGTERM")
        time.sleep(0.5)
        cancel = threading.Event()
        threading.Timer(0.5, cancel.set).start()
        began = time.monotonic()
        task = Stop((deaf,), time_s=3)
        with pytest.raises(Cancelled):
            task.run(client, cancel=cancel)
        assert time.monotonic() - began < 2.5
        client.api.wait(deaf)  # it got its signal, so the engine ends it all the same
        task.undo(client)
        assert status(client, deaf) == "running"

    @pytest.mark.any_runner
    def test_an_old_plan_is_refused(self, client, container):
        box = container(start=False)
        task = Start((box,))
        plan = task.plan(client)
        client.api.start(box)
        with pytest.raises(PlanOutdated, match=box):
            task.run(client, plan=plan)

    @pytest.mark.any_runner
    def test_what_goes_at_its_end_is_told(self, client, container):
        box = container(HostConfig={"AutoRemove": True, "Tmpfs": {"/mem": ""}})
        container.made.remove(box)
        task = Stop((box,))
        plan = task.plan(client)
        assert told(plan.changes) == [("remove", "container"), ("remove", "folder")]
        assert "can't be undone" in plan.warnings[0]
        identity = client.get_json("/containers/{}/json", box)["Id"]
        task.run(client)
        end = time.monotonic() + 10
        while client.find_json("/containers/{}/json", identity):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert task.verify(client).ok
        with pytest.raises(CannotUndo, match="gone"):
            task.undo(client)

    @pytest.mark.any_runner
    def test_a_port_that_is_taken_meanwhile_is_told_with_its_holder(self, client, container):
        first = container(HostConfig=PUBLISHED, ExposedPorts={"80/tcp": {}})
        port = client.get_json("/containers/{}/json", first)["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        bound = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]}}
        second = container(start=False, HostConfig=bound, ExposedPorts={"80/tcp": {}})
        with pytest.raises(PortHeld, match=first):
            Start((second,)).plan(client)

    @pytest.mark.any_runner
    def test_what_is_not_there_is_told(self, client):
        for task in (
            Start(("nothing-here",)),
            RemoveContainer(("nothing-here",)),
            RenameContainer("nothing-here", "x1"),
        ):
            with pytest.raises(NoSuchContainer, match="nothing-here"):
                task.plan(client)


class TestRename:
    def test_it_keeps_its_id_and_goes_back(self, client, container):
        old = container(start=False)
        new = f"{old}-new"
        identity = client.get_json("/containers/{}/json", old)["Id"]
        task = RenameContainer(old, new)
        plan = task.plan(client)
        assert plan.changes[0].reason == f"{old} → {new}"
        task.run(client, plan=plan)
        assert task.verify(client).facts["id"] == identity
        task.undo(client)
        assert client.get_json("/containers/{}/json", old)["Id"] == identity
        assert not task.verify(client).ok

    def test_a_name_that_can_t_be_is_refused(self, client, container):
        one, other = container(start=False), container(start=False)
        with pytest.raises(NameTaken, match=other):
            RenameContainer(one, other).plan(client)
        with pytest.raises(NameInvalid):
            RenameContainer(one, "no/name").plan(client)

    def test_a_third_name_is_left_alone(self, client, container):
        old = container(start=False)
        identity = client.get_json("/containers/{}/json", old)["Id"]
        task = RenameContainer(old, f"{old}-b")
        task.run(client)
        client.api.rename(identity, f"{old}-c")
        with pytest.raises(CannotUndo, match=f"{old}-c"):
            task.undo(client)
        client.api.rename(identity, old)


class TestRemove:
    def test_it_is_made_again_with_all_that_it_had(self, client, container, shell):
        network = f"net-{uuid.uuid4().hex[:6]}"
        volume = f"vol-{uuid.uuid4().hex[:6]}"
        client.api.create_network(network)
        client.api.create_volume(volume)
        name = container(
            Env=["A=b c"],
            Labels={"l": "m"},
            Volumes={"/unnamed": {}},
            HostConfig={"Binds": [f"{volume}:/named"], "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}},
            NetworkingConfig={"EndpointsConfig": {network: {"Aliases": ["other"]}}},
        )
        try:
            shell(name, "echo own > /etc/page; rm /etc/group; echo v > /named/f; echo u > /unnamed/f")
            before = client.get_json("/containers/{}/json", name)
            with pytest.raises(ContainerRuns, match="docker stop"):
                RemoveContainer((name,)).plan(client)
            task = RemoveContainer((name,), force=True, keep=True)
            plan = task.plan(client)
            kinds = told(plan.changes)
            assert kinds[:2] == [("remove", "container"), ("create", "image")]
            assert sorted(kinds[2:]) == [("keep", "volume")] * 2
            assert plan.changes[0].size_bytes >= len("own\n")
            assert not plan.warnings
            task.run(client, plan=plan)
            assert task.verify(client).ok
            assert client.find_json("/containers/{}/json", name) is None
            undone = task.undo(client)
            assert told(undone.changes) == [("create", "container"), ("keep", "image"), ("change", "container")]
            after = client.get_json("/containers/{}/json", name)
            assert after["State"]["Running"]
            for key in ("Env", "Labels", "Cmd", "Hostname", "StopSignal"):
                assert after["Config"][key] == before["Config"][key]
            assert after["HostConfig"]["RestartPolicy"] == before["HostConfig"]["RestartPolicy"]
            assert set(after["NetworkSettings"]["Networks"]) == {network}
            assert "other" in after["NetworkSettings"]["Networks"][network]["Aliases"]
            read = "cat /etc/page /named/f /unnamed/f; test ! -e /etc/group"
            assert shell(name, read) == "own\nv\nu\n"
            volumes = {mount["Destination"]: mount["Name"] for mount in before["Mounts"]}
            assert {mount["Destination"]: mount["Name"] for mount in after["Mounts"]} == volumes
        finally:
            client.api.remove_container(name, force=True, v=True)
            container.made.remove(name)
            client.api.remove_network(network)
            for left in (volume, *(mount["Name"] for mount in before["Mounts"])):
                if client.find_json("/volumes/{}", left):
                    client.api.remove_volume(left)

    @pytest.mark.any_runner
    def test_what_wrote_nothing_needs_no_image(self, client, container):
        name = container(start=False)
        task = RemoveContainer((name,), keep=True)
        assert told(task.plan(client).changes) == [("remove", "container")]
        task.run(client)
        container.made.remove(name)
        other = container(start=False)
        client.api.rename(other, name)
        with pytest.raises(NameTaken, match=name):
            task.undo(client)
        client.api.rename(name, other)
        task.undo(client)
        container.made.append(name)
        found = client.get_json("/containers/{}/json", name)
        assert (found["Config"]["Image"], found["State"]["Running"]) == ("busybox", False)

    def test_unnamed_volumes_go_with_v_alone(self, client, container):
        name = container(start=False, Volumes={"/data": {}})
        (volume,) = [mount["Name"] for mount in client.get_json("/containers/{}/json", name)["Mounts"]]
        assert told(RemoveContainer((name,)).plan(client).changes) == [("remove", "container"), ("keep", "volume")]
        task = RemoveContainer((name,), volumes=True)
        plan = task.plan(client)
        assert told(plan.changes) == [("remove", "container"), ("remove", "volume")]
        assert plan.changes[1].name == volume
        assert "can't be undone" in plan.warnings[0]
        done = task.run(client, plan=plan)
        container.made.remove(name)
        assert {(change.action, change.kind) for change in done.difference} == {
            ("remove", "container"),
            ("remove", "volume"),
        }
        with pytest.raises(CannotUndo, match="keep=True"):
            task.undo(client)

    @pytest.mark.any_runner
    def test_an_image_that_is_gone_is_told(self, client, container, shell):
        name = container()
        shell(name, "touch /x")
        task = RemoveContainer((name,), force=True, keep=True)
        task.run(client)
        container.made.remove(name)
        for image in client.api.images(KEPT_REPOSITORY):
            client.api.remove_image(image["RepoTags"][0])
        with pytest.raises(CannotUndo, match=KEPT_REPOSITORY):
            task.undo(client)
