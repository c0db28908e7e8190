"""Lessons begun anew: nothing goes that was not shown and agreed to; what another needs stays; files are put aside."""

import uuid
from dataclasses import replace

import pytest

from dockyard.errors import PlanOutdated
from dockyard.lessons import LESSONS, Bench, Reset
from dockyard.lessons.progress import done_steps, passed_steps, remember
from dockyard.lessons.view import LessonView
from dockyard.tasks import Evidence

pytestmark = pytest.mark.engine


def lesson(key):
    return next(each for each in LESSONS if each.key == key)


@pytest.fixture
def bench(client, tmp_path):
    """A bench of its own; whatever its lessons made is removed at the end."""
    (tmp_path / "work").mkdir()
    made = Bench(replace(client, data_dir=tmp_path / "data"), tmp_path / "work", mark=f"-{uuid.uuid4().hex[:6]}")
    yield made
    Reset(made, LESSONS).agree()


def test_nothing_goes_before_it_is_agreed_to(bench, docker_cli):
    docker_cli("create", "--name", bench.name("apa000ex19"), "httpd")
    (bench.folder / "index.html").write_text("x")
    (bench.folder / "own.txt").write_text("kept")
    remember(bench.client.data_dir, "copy", "write", Evidence(True, "seen"))
    view = LessonView(lesson("copy"), bench)
    shown = view.reset()
    assert f"would be removed: container {bench.name('apa000ex19')}" in repr(shown)
    assert "index.html" in shown._repr_html_()
    assert "Nothing was removed yet" in repr(shown)
    assert docker_cli("inspect", "-f", "{{.Name}}", bench.name("apa000ex19"))

    shown.agree()
    assert "refused" in docker_cli("inspect", bench.name("apa000ex19"), check=False)
    assert [path.name for path in bench.folder.iterdir()] == ["own.txt"]
    aside = [path for path in (bench.client.data_dir / "put-aside").rglob("*") if path.is_file()]
    assert [path.read_text() for path in aside] == ["x"]
    assert passed_steps(bench.client.data_dir, "copy") == {"write"}
    assert done_steps(bench.client.data_dir, "copy") == set()
    assert "There is nothing to remove." in repr(view.reset())


def test_what_came_after_the_plan_does_not_go(bench, docker_cli):
    docker_cli("create", "--name", bench.name("apa000ex20"), "httpd")
    shown = Reset(bench, [lesson("mounts")])
    docker_cli("create", "--name", bench.name("apa000tmp"), "busybox")
    with pytest.raises(PlanOutdated, match="apa000tmp"):
        shown.agree()
    assert docker_cli("inspect", "-f", "{{.Name}}", bench.name("apa000ex20"), bench.name("apa000tmp"))


def test_a_volume_that_another_container_has_stays_and_one_without_users_comes_back(bench, docker_cli, container):
    volume, user = bench.name("apa000vol1"), bench.name("apa000ex21")
    docker_cli("run", "--name", user, "-d", "-v", f"{volume}:/usr/local/apache2/htdocs", "-v", "/unnamed", "httpd")
    other = container("busybox", HostConfig={"Binds": [f"{volume}:/data"]})
    shown = Reset(bench, [lesson("backup")])
    stays = next(change for change in shown.plan.changes if change.name == volume)
    assert (stays.action, other in stays.reason) == ("keep", True)
    unnamed = [change for change in shown.plan.changes if change.kind == "volume" and change.name != volume]
    assert [change.action for change in unnamed] == ["remove"]
    shown.agree()
    names = docker_cli("volume", "ls", "-q").split()
    assert volume in names
    assert unnamed[0].name not in names

    bench.client.api.remove_container(other, force=True)
    container.made.remove(other)
    Reset(bench, [lesson("backup")]).agree()
    assert volume not in docker_cli("volume", "ls", "-q").split()


def test_images_go_with_their_last_name_and_stay_while_a_container_needs_them(bench, docker_cli):
    maker, committed = bench.name("apa000ex22"), bench.name("ex22_original1")
    docker_cli("run", "--name", maker, "busybox", "sh", "-c", "echo mine > /mine.txt")
    docker_cli("commit", maker, committed)
    docker_cli("create", "--name", "test-stranger", committed, "true")
    try:
        shown = Reset(bench, [lesson("images")])
        assert [(each.action, each.kind) for each in shown.plan.changes] == [("remove", "container"), ("keep", "tag")]
        assert "test-stranger" in shown.plan.changes[1].reason
    finally:
        docker_cli("rm", "test-stranger")
    docker_cli("create", "--name", bench.name("apa000ex22b"), committed, "true")
    shown = Reset(bench, [lesson("images")])
    assert [each.action for each in shown.plan.changes] == ["remove", "remove", "remove"]
    shown.agree()
    assert "refused" in docker_cli("image", "inspect", committed, check=False)
    assert docker_cli("image", "inspect", "-f", "{{.Id}}", "busybox")


def test_all_lessons_at_once(bench, docker_cli):
    for name in ("apa000ex19", "apa000ex20", "apa000ex23", "apa000registry"):
        docker_cli("create", "--name", bench.name(name), "busybox")
    (bench.folder / "apa_folder").mkdir()  # three lessons use it
    shown = Reset(bench, LESSONS)
    assert [each.kind for each in shown.plan.changes] == ["container"] * 4 + ["folder"]
    shown.agree()
    assert Reset(bench, LESSONS).plan.changes == ()


def test_a_lesson_begun_anew_can_be_walked_again(bench):
    """Its checks rest on what is done this time: the container of the first time is no longer "the one before"."""
    view = LessonView(lesson("volumes"), bench)
    steps = {step.key: step for step in view.lesson.steps}
    for _ in range(2):
        for key in ("create", "use"):
            steps[key].do(bench)
            assert view.check(key).evidence.ok
        assert not view.check("recreate").evidence.ok
        steps["recreate"].do(bench)
        assert view.check("recreate").evidence.ok
        view.reset().agree()
    again = view.check("use")
    assert again.passed
    assert "Passed before" in again.says
    assert again.hint
    shown = view._repr_html_()
    assert shown.count("(passed before)") == 3
    assert "<b>Create the volume apa000vol1, and see where the engine keeps it</b> ◂ go on here" in shown


def test_the_next_day_a_lesson_says_what_has_stopped(bench, docker_cli):
    docker_cli("create", "--name", bench.name("apa000ex19"), "httpd")
    shown = LessonView(lesson("copy"), bench)._repr_html_()
    assert f"docker start {bench.name('apa000ex19')}" in shown
    docker_cli("start", bench.name("apa000ex19"))
    assert "docker start" not in LessonView(lesson("copy"), bench)._repr_html_()
