"""Copies: plans, undo, cancel, and what they refuse. Where they land is held against the real command in tests/compat."""

import os
import subprocess
import threading
from dataclasses import replace

import pytest

import dockyard
from dockyard.errors import (
    BadValue,
    Cancelled,
    CannotUndo,
    DockyardError,
    KindClash,
    LeftBehind,
    NoSuchContainer,
    NoSuchPath,
    ParentMissing,
    PlanOutdated,
    SourceUnreadable,
    TargetUnwritable,
    UnknownFlag,
    WrongCount,
)
from dockyard.tasks import Change, CopyBetween, CopyIn, CopyOut

MIB = 1 << 20


class After:
    """Asks to stop once so many bytes have been reported."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._event = limit_bytes, threading.Event()

    def report(self, progress):
        if progress.done >= self._limit:
            self._event.set()

    def is_set(self):
        return self._event.is_set()


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("docker cp index.html web:/srv/", CopyIn("index.html", "web", "/srv/")),
        ("docker cp -aL ./a:b web:/srv", CopyIn("./a:b", "web", "/srv", follow_link=True, archive=True)),
        ("docker cp web:/srv/x .", CopyOut("web", "/srv/x", ".")),
        ("docker container cp web:/srv/x '내 폴더'", CopyOut("web", "/srv/x", "내 폴더")),
        ("docker cp a:/x b:/y", CopyBetween("a", "/x", "b", "/y")),
        ("docker cp -L a:/x - | docker cp -L - b:/y", CopyBetween("a", "/x", "b", "/y", follow_link=True)),
    ],
)
def test_a_line_becomes_its_task_and_back(line, task):
    assert dockyard.parse(line) == task
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize("name", ["a:b", "-x", "한글:x", "x y"])
def test_a_local_name_is_never_taken_for_a_containers(name):
    task = CopyIn(name, "web", "/srv")
    assert dockyard.parse(task.command) == task


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("docker cp a b", WrongCount),
        ("docker cp a", WrongCount),
        ("docker cp - web:/srv", BadValue),
        ("docker cp --nope a web:/b", UnknownFlag),
    ],
)
def test_lines_that_are_no_copy_are_refused(line, error):
    with pytest.raises(error):
        dockyard.parse(line)


def test_the_code_of_a_task_makes_the_same_task():
    task = CopyIn("a", "web", "/b", archive=True)
    code = task.code.replace(".run(dockyard.current())", "")
    scope: dict[str, object] = {}
    exec(code.rpartition("\n")[0], scope)
    assert eval(code.rpartition("\n")[2], scope) == task


# ---------------------------------------------------------------- into a container


@pytest.mark.engine
class TestIn:
    def test_the_plan_names_what_is_new_and_what_is_replaced(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir -p /t/d && echo old > /t/d/a")
        (tmp_path / "d").mkdir()
        (tmp_path / "d/a").write_text("new!")
        (tmp_path / "d/b").write_text("b")
        plan = CopyIn(str(tmp_path / "d"), name, "/t").plan(client)
        assert plan.changes == (Change("change", "file", "/t/d/a", 4), Change("create", "file", "/t/d/b", 1))
        assert plan.size_bytes == 5
        assert shell(name, "cat /t/d/a") == "old\n"

    def test_undo_brings_back_bytes_owner_mode_and_time(self, client, container, shell, tmp_path):
        name = container()
        shell(
            name,
            "mkdir /t && echo old > /t/f && chown 5:6 /t/f && chmod 604 /t/f && touch -d '2001-02-03 04:05:06' /t/f",
        )
        before = shell(name, "stat -c '%u %g %a %Y' /t/f; cat /t/f")
        (tmp_path / "f").write_text("new")
        task = CopyIn(str(tmp_path / "f"), name, "/t/")
        task.run(client)
        assert shell(name, "cat /t/f") == "new"
        task.undo(client)
        assert shell(name, "stat -c '%u %g %a %Y' /t/f; cat /t/f") == before

    def test_undo_works_after_the_kernel_has_gone(self, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "f").write_text("new")
        CopyIn(str(tmp_path / "f"), name, "/tmp/f").run(client)
        again = dockyard.connect(client.address)
        CopyIn(str(tmp_path / "f"), name, "/tmp/f").undo(again)
        assert "f" not in shell(name, "ls /tmp").split()

    def test_undo_is_refused_when_the_file_has_changed_since(self, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "f").write_text("new")
        task = CopyIn(str(tmp_path / "f"), name, "/tmp/f")
        task.run(client)
        shell(name, "echo mine > /tmp/f")
        with pytest.raises(CannotUndo, match="has changed since"):
            task.undo(client)
        assert shell(name, "cat /tmp/f") == "mine\n"

    @pytest.mark.parametrize("what", ["no rm", "paused"])
    def test_an_undo_that_fails_can_be_tried_again(self, what, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir /t && echo old > /t/a")
        (tmp_path / "a").write_text("new")
        (tmp_path / "b").write_text("b")
        task = CopyIn(f"{tmp_path}/.", name, "/t")
        task.run(client)
        shell(name, "mv /bin/rm /bin/mr") if what == "no rm" else client.api.pause(name)
        with pytest.raises(CannotUndo):
            task.undo(client)
        client.api.unpause(name) if what == "paused" else shell(name, "mv /bin/mr /bin/rm")
        assert shell(name, "cat /t/a") == "new"
        task.undo(client)
        assert shell(name, "ls /t; cat /t/a") == "a\nold\n"

    def test_many_replaced_files_come_back_too(self, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "d").mkdir()
        for number in range(30):
            (tmp_path / "d" / f"{number}").write_text("new")
        shell(
            name,
            "mkdir /tmp/d && cd /tmp/d && for i in $(seq 0 28); do echo old $i > $i; done && ln 3 hard && rm 4 && ln 3 4 && chmod 700 /tmp/d",
        )
        look = "cd /tmp/d && for i in *; do echo $i $(cat $i); done; stat -c %a ."
        before = shell(name, look)
        task = CopyIn(str(tmp_path / "d"), name, "/tmp")
        task.run(client)
        assert shell(name, "cat /tmp/d/0 /tmp/d/29") == "newnew"
        task.undo(client)
        assert shell(name, look) == before

    def test_undo_leaves_what_others_put_into_a_new_folder(self, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "d").mkdir()
        (tmp_path / "d/f").write_text("x")
        task = CopyIn(str(tmp_path / "d"), name, "/tmp")
        task.run(client)
        shell(name, "echo theirs > /tmp/d/other")
        task.undo(client)
        assert shell(name, "ls /tmp/d") == "other\n"

    def test_undo_without_a_run_says_so(self, client, container):
        with pytest.raises(CannotUndo, match="no run of it"):
            CopyIn("/etc/hostname", container(), "/never").undo(client)

    def test_cancel_leaves_nothing_and_brings_back_what_was_there(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir /t && echo old > /t/big")
        (tmp_path / "big").write_bytes(os.urandom(64 * MIB))
        (tmp_path / "new").write_bytes(os.urandom(64 * MIB))
        for source, target in (("big", "/t/big"), ("new", "/t/new")):
            stop = After(8 * MIB)
            with pytest.raises(Cancelled):
                CopyIn(str(tmp_path / source), name, target).run(client, report=stop.report, cancel=stop)
        assert shell(name, "ls /t; cat /t/big") == "big\nold\n"

    def test_cancel_in_a_stopped_container_says_what_is_left_for_a_later_undo(self, client, container, shell, tmp_path):
        name = container(start=False)
        (tmp_path / "big").write_bytes(os.urandom(64 * MIB))
        stop = After(8 * MIB)
        task = CopyIn(str(tmp_path / "big"), name, "/tmp/big")
        with pytest.raises(LeftBehind, match="/tmp/big"):
            task.run(client, report=stop.report, cancel=stop)
        client.api.start(name)
        task.undo(client)
        assert shell(name, "ls /tmp") == ""

    def test_a_stopped_container_takes_files_and_gets_old_ones_back(self, client, container, tmp_path):
        name = container("httpd", "true", start=False)
        page = "/usr/local/apache2/htdocs/index.html"
        (tmp_path / "index.html").write_text("mine")
        task = CopyIn(str(tmp_path / "index.html"), name, page)
        task.run(client)
        assert task.verify(client).ok
        task.undo(client)
        CopyOut(name, page, str(tmp_path / "back.html")).run(client)
        assert "It works!" in (tmp_path / "back.html").read_text()

    def test_archive_gives_files_to_the_containers_user(self, client, container, shell, tmp_path):
        name = container("httpd", "sleep", "1000", User="www-data")
        (tmp_path / "f").write_text("x")
        CopyIn(str(tmp_path / "f"), name, "/tmp/f", archive=True).run(client)
        CopyIn(str(tmp_path / "f"), name, "/tmp/g").run(client)
        assert shell(name, "stat -c %u:%g /tmp/f /tmp/g") == f"33:33\n{os.getuid()}:{os.getgid()}\n"

    @pytest.mark.parametrize("what", ["file", "new neighbour", "target"])
    def test_a_plan_is_carried_out_to_the_letter(self, what, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "d").mkdir()
        (tmp_path / "d/f").write_text("x")
        task = CopyIn(str(tmp_path / "d"), name, "/tmp")
        plan = task.plan(client)
        if what == "new neighbour":
            (tmp_path / "d/g").write_text("appeared")
            task.run(client, plan=plan)
            assert shell(name, "ls /tmp/d") == "f\n"
            return
        (tmp_path / "d/f").write_text("longer") if what == "file" else shell(
            name, "mkdir /tmp/d && echo theirs > /tmp/d/f"
        )
        with pytest.raises(PlanOutdated):
            task.run(client, plan=plan)
        assert shell(name, "cat /tmp/d/f 2>/dev/null || echo nothing") == (
            "nothing\n" if what == "file" else "theirs\n"
        )

    def test_each_way_to_fail_names_the_thing(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir /tmp/f")
        (tmp_path / "f").write_text("x")
        source = str(tmp_path / "f")
        for task, error, named in [
            (CopyIn(source, "no-such", "/tmp"), NoSuchContainer, "'no-such'"),
            (CopyIn(str(tmp_path / "nope"), name, "/tmp"), NoSuchPath, "nope"),
            (CopyIn(source, name, "/no/such/"), ParentMissing, "'/no/such/'"),
            (CopyIn(source, name, "/no/such"), ParentMissing, "'/no'"),
            (CopyIn(source, name, "/tmp"), KindClash, "'/tmp/f'"),
        ]:
            with pytest.raises(error, match=named):
                task.run(client)

    def test_a_file_that_may_not_be_read_is_named_before_anything_is_sent(
        self, client, container, tmp_path, monkeypatch
    ):
        (tmp_path / "f").write_text("x")
        monkeypatch.setattr("os.access", lambda *_: False)  # what a file of another user answers; tests may run as root
        with pytest.raises(SourceUnreadable, match="Permission denied"):
            CopyIn(str(tmp_path / "f"), container(), "/tmp").plan(client)

    def test_progress_counts_to_the_end(self, client, container, tmp_path):
        (tmp_path / "f").write_bytes(b"x" * (9 * MIB))
        seen = []
        CopyIn(str(tmp_path / "f"), container(), "/tmp").run(client, report=seen.append)
        counts = [each.done for each in seen]
        assert counts == sorted(counts)
        assert counts[-1] == seen[-1].total > 9 * MIB
        assert len(counts) >= 3

    def test_the_folder_of_kept_files_is_the_owners_alone_and_bounded(self, client, container, tmp_path, monkeypatch):
        monkeypatch.setattr("dockyard.tasks.kept.LARGEST_TOTAL_BYTES", 3 * MIB)
        own = replace(client, data_dir=tmp_path / "data")
        name = container()
        for _ in range(4):
            (tmp_path / "f").write_bytes(os.urandom(2 * MIB))
            CopyIn(str(tmp_path / "f"), name, "/tmp/f").run(own)
        records = list((tmp_path / "data/kept").iterdir())
        assert (tmp_path / "data/kept").stat().st_mode & 0o777 == 0o700
        assert sum(file.stat().st_size for record in records for file in record.iterdir()) < 3 * MIB


# ---------------------------------------------------------------- out of a container


@pytest.mark.engine
class TestOut:
    def test_mode_time_and_bytes_are_kept(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "echo hello > /tmp/f && chmod 604 /tmp/f && touch -d '2001-02-03 04:05:06' /tmp/f")
        CopyOut(name, "/tmp/f", str(tmp_path)).run(client)
        status = (tmp_path / "f").stat()
        assert (status.st_mode & 0o777, int(status.st_mtime)) == (0o604, 981173106)
        assert (tmp_path / "f").read_text() == "hello\n"

    def test_undo_brings_replaced_files_back_and_removes_new_ones(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir -p /tmp/d/inner && echo new > /tmp/d/a && echo b > /tmp/d/inner/b")
        (tmp_path / "d").mkdir(mode=0o700)
        (tmp_path / "d/a").write_text("old")
        task = CopyOut(name, "/tmp/d", str(tmp_path))
        assert [change.action for change in task.plan(client).changes] == ["change", "create", "create"]
        task.run(client)
        assert (tmp_path / "d/inner/b").read_text() == "b\n"
        assert (tmp_path / "d").stat().st_mode & 0o777 == 0o755
        task.undo(client)
        assert (tmp_path / "d").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "d/a").read_text() == "old"
        assert os.listdir(tmp_path / "d") == ["a"]

    def test_undo_is_refused_when_the_file_has_changed_since(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "echo new > /tmp/f")
        task = CopyOut(name, "/tmp/f", str(tmp_path / "f"))
        task.run(client)
        (tmp_path / "f").write_text("mine, and longer")
        with pytest.raises(CannotUndo, match="has changed since"):
            task.undo(client)
        assert (tmp_path / "f").read_text() == "mine, and longer"

    def test_cancel_leaves_nothing(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "head -c 64m /dev/urandom > /tmp/big")
        (tmp_path / "big").write_text("old")
        stop = After(8 * MIB)
        with pytest.raises(Cancelled):
            CopyOut(name, "/tmp/big", str(tmp_path)).run(client, report=stop.report, cancel=stop)
        assert os.listdir(tmp_path) == ["big"]
        assert (tmp_path / "big").read_text() == "old"

    def test_a_plan_is_carried_out_to_the_letter(self, client, container, shell, tmp_path):
        name = container()
        shell(name, "mkdir /tmp/d && echo a > /tmp/d/a")
        task = CopyOut(name, "/tmp/d", str(tmp_path))
        plan = task.plan(client)
        shell(name, "echo appeared > /tmp/d/b")
        task.run(client, plan=plan)
        assert os.listdir(tmp_path / "d") == ["a"]
        plan = task.plan(client)
        shell(name, "echo longer >> /tmp/d/a")
        with pytest.raises(PlanOutdated):
            task.run(client, plan=plan)

    def test_the_whole_root_can_be_copied(self, client, container, tmp_path):
        name = container(start=False)
        CopyOut(name, "/", str(tmp_path / "root")).run(client)
        assert (tmp_path / "root/bin/busybox").stat().st_size > MIB
        assert not list(tmp_path.glob(".dockyard-*"))

    def test_a_containers_links_never_lead_a_copy_outside(self, client, container, shell, tmp_path):
        name = container()
        (tmp_path / "outside").mkdir()
        (tmp_path / "here").mkdir()
        shell(name, f"mkdir /tmp/d && ln -s {tmp_path}/outside /tmp/d/link && ln -s ../../.. /tmp/d/up")
        result = CopyOut(name, "/tmp/d", str(tmp_path / "here")).run(client)
        assert len(result.warnings) == 2
        # The link that the first copy brought is there now; a folder of its name does not go through it.
        shell(name, "rm /tmp/d/link && mkdir /tmp/d/link && echo evil > /tmp/d/link/file")
        with pytest.raises(KindClash):
            CopyOut(name, "/tmp/d", str(tmp_path / "here")).run(client)
        assert not list((tmp_path / "outside").iterdir())

    def test_a_folder_that_may_not_be_written_is_named(self, client, container, tmp_path, monkeypatch):
        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(
            "tempfile.TemporaryDirectory", refuse
        )  # what another user's folder answers; tests may run as root
        with pytest.raises(TargetUnwritable, match=tmp_path.name):
            CopyOut(container(), "/etc/passwd", str(tmp_path)).run(client)

    def test_each_way_to_fail_names_the_thing(self, client, container, tmp_path):
        name = container()
        for task, error, named in [
            (CopyOut("no-such", "/etc/passwd", str(tmp_path)), NoSuchContainer, "'no-such'"),
            (CopyOut(name, "/no/such", str(tmp_path)), NoSuchPath, "'/no/such'"),
            (CopyOut(name, "/etc/passwd", f"{tmp_path}/no/such"), ParentMissing, "no"),
        ]:
            with pytest.raises(error, match=named):
                task.run(client)


# ---------------------------------------------------------------- from one to another


@pytest.mark.engine
class TestBetween:
    def test_a_tree_arrives_whole_under_its_new_name(self, client, container, shell):
        one, two = container(), container()
        shell(
            one,
            "mkdir -p '/tmp/d/한글' && echo a > '/tmp/d/한글/a' && ln '/tmp/d/한글/a' /tmp/d/hard && ln -s hard /tmp/d/soft && chown -R 7:8 /tmp/d",
        )
        task = CopyBetween(one, "/tmp/d", two, "/tmp/renamed")
        assert len(task.plan(client).changes) == 5
        task.run(client)
        assert task.verify(client).ok
        look = "cd %s && find . | sort && stat -c '%%u %%h' hard && readlink soft && cat hard"
        assert shell(two, look % "/tmp/renamed") == shell(one, look % "/tmp/d")
        task.undo(client)
        assert shell(two, "ls /tmp") == ""

    def test_stopped_containers_serve_on_both_sides(self, client, container, tmp_path):
        one, two = container("httpd", start=False), container(start=False)
        CopyBetween(one, "/usr/local/apache2/htdocs/index.html", two, "/tmp/").run(client)
        CopyOut(two, "/tmp/index.html", str(tmp_path)).run(client)
        assert "It works!" in (tmp_path / "index.html").read_text()

    def test_a_container_can_be_copied_to_itself(self, client, container, shell):
        one = container()
        shell(one, "head -c 30m /dev/urandom > /tmp/big")
        CopyBetween(one, "/tmp/big", one, "/tmp/again").run(client)
        shell(one, "cmp /tmp/big /tmp/again")

    def test_what_was_there_comes_back(self, client, container, shell):
        one, two = container(), container()
        shell(one, "echo new > /tmp/f")
        shell(two, "echo old > /tmp/f")
        task = CopyBetween(one, "/tmp/f", two, "/tmp")
        task.run(client)
        assert shell(two, "cat /tmp/f") == "new\n"
        task.undo(client)
        assert shell(two, "cat /tmp/f") == "old\n"

    def test_the_pipe_it_stands_for_does_the_same(self, client, container, shell, engine_address, docker_cli):
        assert docker_cli("version")
        one, two, three = container(), container(), container()
        shell(one, "mkdir /tmp/d && echo a > /tmp/d/a")
        CopyBetween(one, "/tmp/d", two, "/tmp").run(client)
        subprocess.run(
            ["sh", "-c", CopyBetween(one, "/tmp/d", three, "/tmp").command],
            check=True,
            env={**os.environ, "DOCKER_HOST": engine_address},
        )
        assert shell(two, "find /tmp") == shell(three, "find /tmp")


def test_no_error_of_a_copy_is_without_a_sentence():
    def all_of(kind):
        return [kind, *(each for sub in kind.__subclasses__() for each in all_of(sub))]

    assert all(each.sentence for each in all_of(DockyardError) if not each.__subclasses__())
