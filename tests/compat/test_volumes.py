"""Volumes made, removed and brought back, copied, renamed and looked into, on every engine."""

import threading

import pytest

from dockyard.errors import (
    BadValue,
    Cancelled,
    CannotUndo,
    EngineRefused,
    NoSuchPath,
    NoSuchVolume,
    NotADirectory,
    PlanOutdated,
    TooLargeToKeep,
    VolumeExists,
    VolumeInUse,
    VolumeNameInvalid,
    VolumeNotMounted,
    WouldReplace,
)
from dockyard.lines import undo
from dockyard.tasks import (
    VolumeClone,
    VolumeCreate,
    VolumeGet,
    VolumePut,
    VolumeRemove,
    VolumeRename,
    content_sha256,
    verify_volume,
)
from dockyard.tasks.browse import browse
from registries import tar_of
from volumes import fill, listing, tree

pytestmark = [pytest.mark.engine, pytest.mark.any_runner]


@pytest.fixture
def volume(client):
    """Makes volumes with a tree or one file in them; removes them, and whatever else is called so, afterwards."""
    names = []

    def make(name, archive=b"", labels=None):
        names.append(name)
        fill(client, name, archive or tree(), labels)
        return name

    def empty(name, labels=None):
        names.append(name)
        client.api.create_volume(name, labels=labels)
        return name

    make.names, make.empty = names, empty
    yield make
    for name in names:
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name)


def test_a_volume_is_made_and_taken_back(client, volume):
    volume.names.append("made-1")
    task = VolumeCreate("made-1", labels=("course=docker", "empty="))
    assert [(each.action, each.name) for each in task.plan(client).changes] == [("create", "made-1")]
    task.run(client)
    assert client.get_json("/volumes/made-1")["Labels"] == {"course": "docker", "empty": ""}
    assert task.verify(client).facts["mountpoint"] in task.verify(client).says
    assert [each.action for each in task.plan(client).changes] == ["keep"]
    assert task.plan(client).warnings == ()
    assert "does not change them" in VolumeCreate("made-1", labels=("a=b",)).plan(client).warnings[0]
    task.undo(client)
    assert not task.verify(client).ok
    with pytest.raises(CannotUndo, match="no run of it"):
        task.undo(client)


def test_a_volume_without_a_name_gets_one(client):
    task = VolumeCreate()
    result = task.run(client)
    assert len(result.changes[0].name) == 64
    assert task.verify(client).ok
    assert task.undo(client).changes[0].name == result.changes[0].name


def test_what_cant_be_made_is_refused(client, volume):
    volume.empty("made-2")
    with pytest.raises(VolumeNameInvalid, match="'a/b' can't name a volume"):
        VolumeCreate("a/b").plan(client)
    with pytest.raises(BadValue, match="exists with the driver local"):
        VolumeCreate("made-2", driver="other").plan(client)
    with pytest.raises(EngineRefused, match="bogus"):
        VolumeCreate("made-3", options=("bogus=1",)).run(client)


def test_a_volume_that_was_filled_since_is_not_taken_back(client, volume):
    task = VolumeCreate("made-4")
    task.run(client)
    volume("made-4", tar_of({"v/mine": b"mine"}))
    with pytest.raises(CannotUndo, match="holds files by now"):
        task.undo(client)
    assert "mine" in listing(client, "made-4")


def test_a_removed_volume_comes_back_as_it_was(client, volume):
    volume("gone-1", labels={"course": "docker"})
    volume.empty("gone-2")
    before = listing(client, "gone-1")
    task = VolumeRemove(("gone-1", "gone-2"))
    plan = task.plan(client)
    assert [(each.action, each.name) for each in plan.changes] == [("remove", "gone-1"), ("remove", "gone-2")]
    assert plan.changes[0].size_bytes >= 7
    assert plan.warnings == ()
    task.run(client, plan=plan)
    assert task.verify(client).ok
    assert [each.name for each in task.undo(client).changes] == ["gone-1", "gone-2"]
    assert client.get_json("/volumes/gone-1")["Labels"] == {"course": "docker"}
    assert listing(client, "gone-1") == before
    assert list(listing(client, "gone-2")) == [""]


def test_a_volume_in_use_is_not_removed(client, volume, container):
    volume.empty("used-1")
    name = container(start=False, HostConfig={"Binds": ["used-1:/v"]})
    with pytest.raises(VolumeInUse, match=rf"in use by {name} \(created\)"):
        VolumeRemove(("used-1",), force=True).run(client)
    with pytest.raises(NoSuchVolume, match="'never'"):
        VolumeRemove(("never",)).plan(client)
    forced = VolumeRemove(("never",), force=True)
    assert [each.action for each in forced.run(client).changes + forced.plan(client).changes] == ["keep"]


def test_what_is_not_kept_is_said_before_and_after(client, volume):
    volume("big-1", tar_of({"v/zeros": bytes(100_000)}))
    task = VolumeRemove(("big-1",), keep_bytes=50_000)
    assert "Larger than what is kept for undo (50kB): big-1" in task.plan(client).warnings[0]
    task.run(client)
    with pytest.raises(CannotUndo, match="big-1 was removed for good"):
        task.undo(client)
    volume.empty("big-1")
    off = VolumeRemove(("big-1",), keep=False)
    assert "Nothing is kept for undo" in off.plan(client).warnings[0]
    off.run(client)
    with pytest.raises(CannotUndo, match="was removed for good"):
        off.undo(client)


def test_what_turns_out_too_large_is_not_removed(client, volume):
    volume("big-2", tar_of({"v/zeros": bytes(1000)}))  # its stream has headers, too
    with pytest.raises(TooLargeToKeep, match="'big-2'"):
        VolumeRemove(("big-2",), keep_bytes=1001).run(client)
    assert "zeros" in listing(client, "big-2")


def test_a_cancel_leaves_every_volume(client, volume):
    volume("stay-1")
    stop = threading.Event()
    stop.set()
    for task in (VolumeRemove(("stay-1",)), VolumeClone("stay-1", "stay-2"), VolumeRename("stay-1", "stay-2")):
        with pytest.raises(Cancelled):
            task.run(client, cancel=stop)
    assert client.find_json("/volumes/stay-2") is None
    assert "soft" in listing(client, "stay-1")


def test_another_volume_of_the_name_is_not_touched_by_an_undo(client, volume):
    volume("again-1")
    task = VolumeRemove(("again-1",))
    task.run(client)
    volume("again-1", tar_of({"v/new": b"new"}), labels={"other": "1"})
    with pytest.raises(CannotUndo, match="there is another volume 'again-1' now"):
        task.undo(client)
    assert "new" in listing(client, "again-1")


def test_a_plan_that_is_outdated_removes_nothing(client, volume):
    volume.empty("plan-1")
    task = VolumeRemove(("plan-1",))
    plan = task.plan(client)
    volume("plan-1", tar_of({"v/more": b"more"}))
    with pytest.raises(PlanOutdated, match="plan-1"):
        task.run(client, plan=plan)
    assert client.find_json("/volumes/plan-1")


def test_a_volume_that_a_container_takes_meanwhile_stays(client, volume, container):
    def take(progress):
        if not taken:
            taken.append(container(start=False, HostConfig={"Binds": ["race-1:/v"]}))

    taken = []
    volume("race-1")
    volume("race-2")
    before = listing(client, "race-2")
    task = VolumeRemove(("race-1", "race-2"))
    result = task.run(client, report=take)
    assert [each.name for each in result.changes] == ["race-2"]
    assert "race-1 was not removed" in result.warnings[0]
    assert not task.verify(client).ok
    assert [each.name for each in task.undo(client).changes] == ["race-2"]
    assert listing(client, "race-2") == before
    taken.clear()
    volume("race-1")
    client.api.remove_container(container.made.pop(), force=True)
    with pytest.raises(VolumeInUse, match="race-1"):
        VolumeRemove(("race-1",)).run(client, report=take)
    with pytest.raises(CannotUndo, match="no run of it"):
        VolumeRemove(("race-1",)).undo(client)


def test_a_clone_is_the_same_and_is_taken_back(client, volume):
    volume("from-1", labels={"course": "docker"})
    volume.names.append("to-1")
    task = VolumeClone("from-1", "to-1")
    seen = []
    task.run(client, report=seen.append)
    assert seen[-1].done > 0
    assert listing(client, "to-1") == listing(client, "from-1")
    assert client.get_json("/volumes/to-1")["Labels"] == {"course": "docker"}
    assert task.verify(client).ok
    with pytest.raises(VolumeExists):
        task.plan(client)
    task.undo(client)
    assert client.find_json("/volumes/to-1") is None


def test_an_empty_volume_is_filled_and_emptied_again(client, volume):
    volume("from-2")
    volume.empty("to-2", labels={"mine": "1"})
    task = VolumeClone("from-2", "to-2")
    assert [each.action for each in task.run(client).changes] == ["change"]
    assert listing(client, "to-2") == listing(client, "from-2")
    task.undo(client)
    assert list(listing(client, "to-2")) == [""]
    assert client.get_json("/volumes/to-2")["Labels"] == {"mine": "1"}


def test_a_clone_that_was_changed_is_not_removed(client, volume, container):
    volume("from-3")
    task = VolumeClone("from-3", "to-3")
    task.run(client)
    volume("to-3", tar_of({"v/more": b"more"}))
    with pytest.raises(CannotUndo, match="may hold what exists nowhere else"):
        task.undo(client)
    running = container(HostConfig={"Binds": ["from-3:/v", "to-3:/w"]})
    with pytest.raises(VolumeInUse, match=running):
        VolumeClone("from-3", "to-3").plan(client)
    assert "Stop it first" in VolumeClone("from-3", "to-9").plan(client).warnings[0]


def test_the_chapter_s_own_line_does_what_a_clone_does(client, volume, docker_cli):
    volume("from-4")
    volume.empty("to-4")
    docker_cli(*VolumeClone("from-4", "to-4").command.split()[1:])
    assert VolumeClone("from-4", "to-4").verify(client).ok


def test_a_volume_is_renamed_and_named_back(client, volume):
    volume("old-1", labels={"a": "b"})
    volume.names.append("new-1")
    before = listing(client, "old-1")
    task = VolumeRename("old-1", "new-1")
    assert [(each.action, each.name) for each in task.run(client).changes] == [("create", "new-1"), ("remove", "old-1")]
    assert task.verify(client).ok
    assert listing(client, "new-1") == before
    assert client.get_json("/volumes/new-1")["Labels"] == {"a": "b"}
    undo(client=client)  # by its line in the journal
    assert listing(client, "old-1") == before
    assert client.find_json("/volumes/new-1") is None


def test_a_volume_in_use_keeps_its_name(client, volume, container):
    volume.empty("old-2")
    volume.empty("new-2")
    with pytest.raises(VolumeExists, match="'new-2'"):
        VolumeRename("old-2", "new-2").plan(client)
    name = container(start=False, HostConfig={"Binds": ["old-2:/v"]})
    with pytest.raises(VolumeInUse, match=name):
        VolumeRename("old-2", "new-3").plan(client)


def test_a_volume_is_looked_into(client, volume):
    volume("look-1")
    found = browse(client, "look-1")
    assert [(each.name, each.kind, each.size_bytes) for each in found] == [
        ("deep", "folder", 1),
        ("a b.txt", "file", 6) if found[1].kind == "file" else ("a b.txt", "hard link", 0),
        ("hard", "hard link", 0) if found[1].kind == "file" else ("hard", "file", 6),
        ("soft", "link", 0),
        ("\u00fc\u4e2d", "file", 0),
    ]
    assert found[0].mode == 0o750
    assert (found[0].changed.year, found[3].link) == (2001, "deep/er/x")
    assert [each.name for each in browse(client, "look-1", "deep/er")] == ["x"]
    assert [each.name for each in browse(client, "look-1", "../../deep")] == ["er"]
    with pytest.raises(NoSuchPath, match="in the volume"):
        browse(client, "look-1", "/nowhere")
    with pytest.raises(NotADirectory, match="a b"):
        browse(client, "look-1", "/a b.txt")


def test_files_go_into_a_volume_and_come_out(client, volume, tmp_path):
    volume.empty("put-1")
    page, out = tmp_path / "page.html", tmp_path / "out.html"
    page.write_text("<p>")
    put = VolumePut(str(page), "put-1")
    plan = put.plan(client)
    assert [(each.action, each.name) for each in plan.changes] == [("create", "/page.html")]
    assert put.run(client, plan=plan).changes == plan.changes
    assert put.verify(client).ok
    page.write_text("<b>")
    assert not put.verify(client).ok
    with pytest.raises(WouldReplace, match=r"'/page\.html' exists already"):
        put.run(client)
    over = VolumePut(str(page), "put-1", "/page.html", replace=True)
    assert "can't be brought back" in over.plan(client).warnings[0]
    over.run(client)
    with pytest.raises(CannotUndo, match="rm -r"):
        undo(client=client)
    out.write_text("mine")
    get = VolumeGet("put-1", "/page.html", str(out))
    assert [each.action for each in get.plan(client).changes] == ["change"]
    get.run(client)
    assert out.read_text() == "<b>"
    assert get.verify(client).ok
    undo(client=client)
    assert out.read_text() == "mine"
    VolumeGet("put-1", "/.", str(tmp_path / "all")).run(client)
    assert (tmp_path / "all" / "page.html").read_text() == "<b>"
    with pytest.raises(NoSuchVolume):
        VolumePut(str(page), "put-9").plan(client)


def test_the_line_with_busybox_does_what_a_put_does(client, volume, docker_cli, tmp_path):
    volume.empty("put-2")
    (tmp_path / "page.html").write_text("<p>")
    put = VolumePut(str(tmp_path / "page.html"), "put-2")
    docker_cli(*put.command.split()[1:])
    assert put.verify(client).ok


def test_a_volume_outlives_its_container(client, volume, container, shell):
    volume("proof-1")
    alone = verify_volume(client, "proof-1")
    assert alone.ok
    assert (len(alone.facts["seen"]), alone.facts["files"]) == (3, 7)
    assert client.find_json("/containers/{}/json", alone.facts["removed"]) is None
    assert alone.facts["sha256"] == content_sha256(client, "proof-1")
    mine = container(HostConfig={"Binds": ["proof-1:/v"]})
    shell(mine, "echo more > /v/more")
    through_mine = verify_volume(client, "proof-1", container=mine)
    assert through_mine.ok
    assert next(iter(through_mine.facts["seen"])) == mine
    assert through_mine.facts["sha256"] != alone.facts["sha256"]
    client.api.remove_container(mine, force=True)
    container.made.remove(mine)
    assert verify_volume(client, "proof-1", expected=through_mine.facts["sha256"]).ok
    changed = verify_volume(client, "proof-1", expected=alone.facts["sha256"])
    assert not changed.ok
    assert alone.facts["sha256"][:12] in changed.says


def test_a_proof_through_a_container_without_the_volume_is_refused(client, volume, container):
    volume.empty("proof-2")
    other = container(start=False)
    with pytest.raises(VolumeNotMounted, match=f"{other}' does not have the volume 'proof-2'"):
        verify_volume(client, "proof-2", container=other)
    with pytest.raises(NoSuchVolume):
        verify_volume(client, "proof-3")
