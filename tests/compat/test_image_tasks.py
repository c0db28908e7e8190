"""Commit, save, load, tag and rmi as tasks, on every engine."""

import threading
import uuid

import pytest

from dockyard.errors import (
    ArchiveBroken,
    Cancelled,
    CannotUndo,
    EngineRefused,
    ImageHasNames,
    ImageInUse,
    ImageMissing,
    NoSuchContainer,
    PlanOutdated,
    TargetUnwritable,
)
from dockyard.tasks import Change, Commit, ImageName, Load, Save, Tag, Untag
from dockyard.tasks.image_files import describe_images
from dockyard.tasks.tagged import tagged

pytestmark = pytest.mark.engine


@pytest.fixture
def own(client):
    """A repository of one's own; every image with a name in it is removed afterwards."""
    repository = f"lab-{uuid.uuid4().hex[:8]}"
    yield repository
    for image in client.api.images():
        for name in image["RepoTags"] or ():
            if repository in name:
                client.api.remove_image(name, force=True)


@pytest.fixture
def made(client, container, shell, own):
    """An image with a layer of its own, and the name that it has."""
    name = container()
    shell(name, "echo changed > /etc/page; dd if=/dev/zero of=/big bs=1024 count=300 2>/dev/null")
    done = Commit(name, f"{own}:1", message="own page", changes=("CMD cat /etc/page",)).run(client)
    client.api.remove_container(name, force=True, v=True)
    container.made.remove(name)
    return f"{own}:1", done.image_id


def image_of(client, name):
    return tagged(client, ImageName.parse(name))


class TestCommit:
    def test_a_container_from_it_shows_the_change(self, client, container, shell, own):
        name = container()
        shell(name, "echo changed > /etc/page")
        task = Commit(name, f"{own}:1", message="own page", author="me", changes=("ENV A=b",))
        plan = task.plan(client)
        assert [(change.action, change.kind, change.name) for change in plan.changes] == [
            ("create", "image", f"{own}:1"),
            ("create", "tag", f"{own}:1"),
        ]
        assert "stands still" in plan.warnings[0]
        result = task.run(client, plan=plan)
        about = client.get_json("/images/{}/json", result.image_id)
        assert (about["Author"], about["Comment"]) == ("me", "own page")
        assert "A=b" in about["Config"]["Env"]
        evidence = task.verify(client)
        assert evidence.ok
        assert evidence.facts["layers"] == len(client.get_json("/images/busybox/json")["RootFS"]["Layers"]) + 1
        assert evidence.facts["newest_layer_bytes"] >= len("changed\n")
        other = container(f"{own}:1", "sleep", "1000")
        assert shell(other, "cat /etc/page") == "changed\n"
        with pytest.raises(CannotUndo, match=other):
            task.undo(client)
        client.api.remove_container(other, force=True)
        container.made.remove(other)
        task.undo(client)
        assert client.find_json("/images/{}/json", result.image_id) is None
        assert not task.verify(client).ok

    def test_undo_gives_a_name_back_to_the_image_that_had_it(self, client, container, shell, made):
        name, first = made
        changed = container()
        shell(changed, "touch /second")
        task = Commit(changed, name)
        assert task.plan(client).changes[1].action == "change"
        second = task.run(client).image_id
        assert image_of(client, name) == second != first
        task.undo(client)
        assert image_of(client, name) == first
        assert client.find_json("/images/{}/json", second) is None

    def test_it_may_have_no_name(self, client, container):
        task = Commit(container())
        image_id = task.run(client).image_id
        assert task.verify(client).facts["image_id"] == image_id
        task.undo(client)
        assert client.find_json("/images/{}/json", image_id) is None

    def test_what_is_mounted_is_warned_of(self, client, container):
        name = container(HostConfig={"Tmpfs": {"/mem": ""}, "Mounts": [{"Type": "volume", "Target": "/data"}]})
        assert any("/data" in warning for warning in Commit(name, "x").plan(client).warnings)

    def test_what_can_t_be_is_refused(self, client, container, own):
        with pytest.raises(NoSuchContainer):
            Commit("nothing-here", own).plan(client)
        with pytest.raises(EngineRefused):
            Commit(container(), f"{own}:bad", changes=("NONSENSE x",)).run(client)
        assert image_of(client, f"{own}:bad") == ""


class TestTag:
    def test_both_names_stand_for_one_image(self, client, made, own):
        name, image_id = made
        task = Tag(name, f"localhost:5000/{own}:13")
        assert task.plan(client).changes == (Change("create", "tag", f"localhost:5000/{own}:13"),)
        task.run(client)
        evidence = task.verify(client)
        assert evidence.ok
        assert set(evidence.facts["names"]) == {name, f"localhost:5000/{own}:13"}
        assert task.plan(client).changes[0].action == "keep"
        assert evidence.facts["image_id"] == image_id
        task.undo(client)
        assert image_of(client, f"localhost:5000/{own}:13") == ""
        assert image_of(client, name) == image_id

    def test_a_name_that_moves_is_told_and_goes_back(self, client, made):
        name, image_id = made
        task = Tag("busybox", name)
        plan = task.plan(client)
        assert plan.changes[0].action == "change"
        assert "moves here from" in plan.changes[0].reason
        assert "no name left" in plan.warnings[0]
        task.run(client, plan=plan)
        assert image_of(client, name) == image_of(client, "busybox")
        task.undo(client)
        assert image_of(client, name) == image_id

    def test_an_old_plan_is_refused(self, client, made, own):
        name, _ = made
        task = Tag(name, f"{own}:2")
        plan = task.plan(client)
        Tag("busybox", f"{own}:2").run(client)
        with pytest.raises(PlanOutdated, match=f"{own}:2"):
            task.run(client, plan=plan)

    def test_the_only_name_is_not_taken_off_by_undo(self, client, made, own):
        name, image_id = made
        task = Tag(name, f"{own}:2")
        task.run(client)
        Untag((name,)).run(client)
        with pytest.raises(CannotUndo, match="only name"):
            task.undo(client)
        assert image_of(client, f"{own}:2") == image_id

    def test_what_is_not_there_can_t_be_named(self, client, own):
        with pytest.raises(ImageMissing, match="nothing-here"):
            Tag("nothing-here", own).plan(client)


class TestUntag:
    def test_the_first_name_is_untagged_and_the_last_deletes(self, client, made, own):
        name, image_id = made
        Tag(name, f"localhost:5000/{own}:13").run(client)
        first, last = Untag((f"localhost:5000/{own}:13",)), Untag((name,))
        plan = first.plan(client)
        assert [(each.action, each.kind) for each in plan.changes] == [("remove", "tag"), ("keep", "image")]
        assert name in plan.changes[1].reason
        done = first.run(client, plan=plan)
        assert (done.untagged, done.deleted) == ((f"localhost:5000/{own}:13",), ())
        plan = last.plan(client)
        assert [(each.action, each.kind) for each in plan.changes] == [("remove", "tag"), ("remove", "image")]
        done = last.run(client, plan=plan)
        assert done.untagged == (name,)
        assert image_id in done.deleted
        assert last.verify(client).ok
        last.undo(client)
        assert image_of(client, name) == image_id
        first.undo(client)
        assert image_of(client, f"localhost:5000/{own}:13") == image_id

    def test_several_names_in_one_line(self, client, made, own):
        name, image_id = made
        Tag(name, f"{own}:2").run(client)
        task = Untag((name, f"{own}:2"))
        assert [each.action for each in task.plan(client).changes] == ["remove", "keep", "remove", "remove"]
        task.run(client)
        assert client.find_json("/images/{}/json", image_id) is None
        task.undo(client)
        assert image_of(client, name) == image_of(client, f"{own}:2") == image_id

    def test_by_its_id(self, client, made, own):
        name, image_id = made
        Tag(name, f"other-{own}:1").run(client)
        with pytest.raises(ImageHasNames, match=f"other-{own}:1"):
            Untag((image_id,)).plan(client)
        done = Untag((image_id,), force=True).run(client)
        assert set(done.untagged) == {name, f"other-{own}:1"}
        Untag((image_id,), force=True).undo(client)
        assert image_of(client, name) == image_of(client, f"other-{own}:1") == image_id

    def test_what_is_in_use_is_refused_beforehand_with_the_containers(self, client, container, made):
        name, image_id = made
        user = container(name, "sleep", "1000")
        with pytest.raises(ImageInUse, match=user):
            Untag((name,)).plan(client)
        with pytest.raises(ImageInUse, match=user):
            Untag((image_id,), force=True).plan(client)
        forced = Untag((name,), force=True)
        assert [each.action for each in forced.plan(client).changes] == ["remove", "keep"]
        assert forced.run(client).deleted == ()
        forced.undo(client)
        assert image_of(client, name) == image_id

    def test_force_deletes_what_a_stopped_container_was_made_from(self, client, container, made):
        name, image_id = made
        container(name, "true", start=False)
        task = Untag((name,), force=True)
        assert [each.action for each in task.plan(client).changes] == ["remove", "remove"]
        assert image_id in task.run(client).deleted
        task.undo(client)
        assert image_of(client, name) == image_id

    def test_what_was_not_kept_can_t_come_back(self, client, made):
        name, _ = made
        task = Untag((name,), keep=False)
        assert "can't be undone" in task.plan(client).warnings[0]
        task.run(client)
        with pytest.raises(CannotUndo, match="not kept"):
            task.undo(client)

    def test_a_name_that_is_taken_by_now_is_left_alone(self, client, made):
        name, _ = made
        task = Untag((name,))
        task.run(client)
        client.api.tag("busybox", *name.split(":"))
        with pytest.raises(CannotUndo, match="another image"):
            task.undo(client)

    def test_what_is_not_there_is_told(self, client):
        with pytest.raises(ImageMissing, match="nothing-here"):
            Untag(("nothing-here",)).plan(client)


class TestSaveAndLoad:
    def test_an_image_goes_and_comes_back_the_same(self, client, made, tmp_path):
        name, image_id = made
        target = tmp_path / "x.tar"
        save, load = Save(str(target), (name,)), Load(str(target))
        seen = []
        save.run(client, plan=save.plan(client), report=seen.append)
        assert seen[-1].done == target.stat().st_size > 300_000
        assert save.verify(client).ok
        assert target.stat().st_mode & 0o777 == 0o600
        assert not list(tmp_path.glob(".x*"))
        Untag((name,)).run(client)
        plan = load.plan(client)
        assert [(each.action, each.kind) for each in plan.changes] == [("create", "image"), ("create", "tag")]
        seen.clear()
        assert load.run(client, plan=plan, report=seen.append).loaded == (name,)
        assert seen[-1].done == seen[-1].total == target.stat().st_size
        assert image_of(client, name) == image_id
        assert load.verify(client).ok
        assert {each.action for each in load.plan(client).changes} == {"keep"}
        load.undo(client)
        assert client.find_json("/images/{}/json", image_id) is None
        assert not load.verify(client).ok

    def test_a_name_that_a_load_moves_is_told_and_goes_back(self, client, made, tmp_path):
        name, image_id = made
        load = Load(str(tmp_path / "x.tar"))
        Save(load.source, (name,)).run(client)
        Untag((name,)).run(client)
        client.api.tag("busybox", *name.split(":"))
        plan = load.plan(client)
        assert (plan.changes[1].action, plan.changes[1].name) == ("change", name)
        load.run(client, plan=plan)
        assert image_of(client, name) == image_id
        load.undo(client)
        assert image_of(client, name) == image_of(client, "busybox")
        assert client.find_json("/images/{}/json", image_id) is None

    def test_what_docker_saves_loads_here_and_the_reverse(self, client, docker_cli, made, tmp_path):
        name, image_id = made
        docker_cli("save", "-o", str(tmp_path / "theirs.tar"), name)
        Untag((name,)).run(client)
        Load(str(tmp_path / "theirs.tar")).run(client)
        assert image_of(client, name) == image_id
        Save(str(tmp_path / "ours.tar"), (name,)).run(client)
        Untag((name,)).run(client)
        assert name in docker_cli("load", "-i", str(tmp_path / "ours.tar"))
        assert image_of(client, name) == image_id

    def test_undo_of_a_save(self, client, made, tmp_path):
        target = tmp_path / "x.tar"
        target.write_text("mine")
        task = Save(str(target), (made[0],))
        assert task.plan(client).changes[0].action == "change"
        task.run(client)
        task.undo(client)
        assert target.read_text() == "mine"
        target.unlink()
        task.run(client)
        target.write_text("changed since")
        with pytest.raises(CannotUndo, match="changed since"):
            task.undo(client)

    def test_a_save_that_is_stopped_leaves_the_file_as_it_was(self, client, made, tmp_path):
        target = tmp_path / "x.tar"
        target.write_text("mine")
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            Save(str(target), (made[0],)).run(client, report=lambda _: cancel.set(), cancel=cancel)
        assert [each.name for each in tmp_path.iterdir()] == ["x.tar"]
        assert target.read_text() == "mine"

    def test_where_nothing_can_be_written(self, client, tmp_path):
        for path in (tmp_path, tmp_path / "no" / "x.tar"):
            with pytest.raises(TargetUnwritable):
                Save(str(path), ("busybox",)).plan(client)
        with pytest.raises(ImageMissing):
            Save(str(tmp_path / "x.tar"), ("nothing-here",)).plan(client)

    def test_a_damaged_archive_changes_nothing(self, client, made, tmp_path):
        name, _ = made
        whole = tmp_path / "x.tar"
        Save(str(whole), (name,)).run(client)
        Untag((name,)).run(client)
        whole.write_bytes(whole.read_bytes()[:100_000])
        with pytest.raises(ArchiveBroken):
            Load(str(whole)).run(client)
        assert image_of(client, name) == ""

    def test_what_the_stream_says_went_wrong_is_raised(self, client, made, tmp_path):
        """A layer whose bytes are not those that the configuration names."""
        name, _ = made
        whole = tmp_path / "x.tar"
        Save(str(whole), (name,)).run(client)
        Untag((name,)).run(client)
        content = whole.read_bytes()
        assert b"changed\n" in content
        whole.write_bytes(content.replace(b"changed\n", b"CHANGED\n"))
        assert describe_images(whole)
        with pytest.raises((ArchiveBroken, EngineRefused)):
            Load(str(whole)).run(client)
        assert image_of(client, name) == ""

    def test_a_load_that_is_stopped_brings_nothing(self, client, made, tmp_path):
        name, _ = made
        Save(str(tmp_path / "x.tar"), (name,)).run(client)
        Untag((name,)).run(client)
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            Load(str(tmp_path / "x.tar")).run(client, report=lambda _: cancel.set(), cancel=cancel)
        assert image_of(client, name) == ""
