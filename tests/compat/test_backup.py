"""Volumes backed up and restored on every engine, and beside the real tar and busybox's."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time
import uuid
import zlib
from pathlib import Path

import pytest

from dockyard.connection.archive import download, upload
from dockyard.errors import (
    BackupBroken,
    Cancelled,
    CannotUndo,
    EngineRefused,
    HostileArchive,
    NoSuchPath,
    NoSuchVolume,
    ParentMissing,
    TargetUnwritable,
    VolumeHeld,
    VolumeNotEmpty,
    WouldVanish,
)
from dockyard.tasks import Backup, Restore, parse
from dockyard.tasks.holder import holding
from dockyard.tasks.volume_manifest import end_line, manifest_of
from volumes import everything

pytestmark = pytest.mark.engine

FILE, FOLDER, LINK, HARD, PIPE = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
XATTR = "SCHILY.xattr.security.capability"  # the one that Docker sends
CAPABILITIES = b"\x01\0\0\x02\x80\x04".ljust(20, b"\0").decode(errors="surrogateescape")
LONG = "/".join(["하나둘셋" * 4] * 4)
# name, kind, content or link, mode, owner
MEMBERS = (
    (".", FOLDER, "", 0o751, 33),
    ("./empty", FOLDER, "", 0o700, 0),
    ("./index.html", FILE, b"<h1>hello</h1>", 0o640, 33),
    ("./한글 이름.txt", FILE, "안녕".encode(), 0o600, 0),
    ("./run.sh", FILE, b"#!/bin/sh\n", 0o755, 1000),
    ("./may-bind", FILE, b"program", 0o755, 0, {XATTR: CAPABILITIES}),
    ("./pipe", PIPE, "", 0o620, 33),
    ("./sparse", FILE, bytes(3 << 20) + b"end", 0o644, 0),
    ("./nothing", FILE, b"", 0o644, 0),
    ("./leads", LINK, "../outside", 0o777, 0),
    ("./z-hard", HARD, "./index.html", 0o640, 33),
    *((f"./{'/'.join(LONG.split('/')[: n + 1])}", FOLDER, "", 0o755, 0) for n in range(4)),
    (f"./{LONG}/{'가' * 60}", FILE, b"deep", 0o644, 0),
)


def packed(members):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, what, mode, owner, *more in members:
            info = tarfile.TarInfo(name)
            info.pax_headers = more[0] if more else {}
            info.type, info.mode, info.uid, info.gid, info.mtime = kind, mode, owner, owner, 1_600_000_000
            if kind == FILE:
                info.size = len(what)
                archive.addfile(info, io.BytesIO(what))
            else:
                info.linkname = what
                archive.addfile(info)
    return made.getvalue()


def look(client, volume):
    """Every member of a volume as the engine sends it."""
    found = {}
    with holding(client, {volume: "/v"}) as held, download(client, held, "/v/.") as (_, reader):
        data = io.BytesIO()
        buffer = memoryview(bytearray(1 << 20))
        while count := reader.readinto(buffer):
            data.write(buffer[:count])
    data.seek(0)
    with tarfile.open(fileobj=data) as archive:
        for info in archive:
            content = archive.extractfile(info).read() if info.isreg() or info.islnk() else b""
            name = info.name.removeprefix("v").strip("./")
            found[name] = (
                "hard link or file" if info.isreg() or info.islnk() else info.type,
                info.linkname * info.issym(),
                content,
                info.mode,
                info.uid,
                int(info.mtime),
                info.pax_headers.get(XATTR),
                (info.devmajor, info.devminor),
            )
    return found


def fill(client, volume, members):
    data = packed(
        [(f"v/{name}", kind, f"v/{what}" if kind == HARD else what, *more) for name, kind, what, *more in members]
    )
    with holding(client, {volume: "/v"}) as held:
        upload(client, held, "/", [data], len(data))


@pytest.fixture
def volume(client):
    made = []

    def make(*members, create=True):
        made.append(f"backup-{uuid.uuid4().hex[:8]}")
        if create:
            client.api.create_volume(made[-1], labels={"of": "test"})
        if members:
            fill(client, made[-1], members)
        return made[-1]

    yield make
    for name in made:
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name, force=True)


def test_all_kinds_of_members_come_back_as_they_were(client, volume, tmp_path):
    first, second, before = volume(*MEMBERS), volume(create=False), everything(client)
    backup = Backup(first, str(tmp_path / "b.tar.gz"))
    plan = backup.plan(client)
    assert [change.name for change in plan.changes] == [backup.target, str(manifest_of(Path(backup.target)))]
    reports = []
    result = backup.run(client, plan=plan, report=reports.append)
    assert sorted(os.listdir(tmp_path)) == ["b.tar.gz", "b.tar.gz.manifest.json"]
    assert result.changes[0].size_bytes == os.path.getsize(backup.target)
    assert reports[-1].done == (3 << 20) + 3 + 14 + 6 + 10 + 4 + 7
    assert backup.verify(client).ok
    restore = Restore(backup.target, second)
    restore.run(client, plan=restore.plan(client))
    evidence = restore.verify(client)
    assert evidence.ok, evidence.says
    there = look(client, second)
    assert there == look(client, first)
    assert (there["may-bind"][6], there["pipe"][0]) == (CAPABILITIES, PIPE)
    assert (there[""][3] & 0o777, *there[""][4:6]) == (0o751, 33, 1_600_000_000)
    assert everything(client) == before
    listed = json.loads(manifest_of(Path(backup.target)).read_text())["members"]
    assert {each["name"].rpartition("/")[2] for each in listed} >= {"", "한글 이름.txt", "z-hard", "가" * 60}

    restore.undo(client)
    assert client.find_json("/volumes/{}", second) is None
    backup.undo(client)
    assert os.listdir(tmp_path) == []


def test_the_real_tar_opens_a_backup_and_a_backup_of_the_real_tar_is_restored(client, volume, tmp_path):
    first = volume(*MEMBERS)
    archive, folder = tmp_path / "b.tar.gz", tmp_path / "out"
    Backup(first, str(archive)).run(client)
    folder.mkdir()
    subprocess.run(["tar", "xzpf", archive, "-C", folder], check=True)
    assert (folder / "한글 이름.txt").read_text() == "안녕"
    assert (folder / LONG / ("가" * 60)).read_bytes() == b"deep"
    assert (folder / "z-hard").samefile(folder / "index.html")
    assert os.readlink(folder / "leads") == "../outside"
    with (folder / "holes").open("wb") as file:
        file.seek(8 << 20)
        file.write(b"end")
    for flags, name in (("czSf", "t.tar.gz"), ("cf", "named.anything")):
        subprocess.run(["tar", flags, tmp_path / name, "-C", folder, "."], check=True)
        made = volume(create=False)
        restore = Restore(str(tmp_path / name), made)
        restore.run(client)
        assert restore.verify(client).ok
        there = look(client, made)
        assert there["holes"][2] == bytes(8 << 20) + b"end"
        assert there["한글 이름.txt"][2] == "안녕".encode()
        assert there["z-hard"][2] == b"<h1>hello</h1>"


def test_the_chapter_s_own_command_and_the_tasks_read_each_other(client, docker_cli, volume, tmp_path):
    first, theirs, ours = volume(*MEMBERS), volume(), volume(create=False)
    wanted = {name: each[:3] for name, each in look(client, first).items()}
    line = Backup(first, str(tmp_path / "theirs.tar.gz")).command
    assert isinstance(parse(line), Backup)
    docker_cli(*line.replace("'", "").split(" ")[1:])
    Restore(str(tmp_path / "theirs.tar.gz"), ours).run(client)
    assert {name: each[:3] for name, each in look(client, ours).items()} == wanted
    Backup(first, str(tmp_path / "ours.tar.gz")).run(client)
    docker_cli(*Restore(str(tmp_path / "ours.tar.gz"), theirs).command.replace("'", "").split(" ")[1:])
    assert {name: each[:3] for name, each in look(client, theirs).items()} == wanted


def test_a_broken_or_hostile_archive_changes_nothing(client, volume, tmp_path):
    first, archive = volume(*MEMBERS), tmp_path / "b.tar.gz"
    Backup(first, str(archive)).run(client)
    whole, before = archive.read_bytes(), look(client, first)
    manifest_of(archive).unlink()
    new = volume(create=False)
    for content in (whole[:-4], whole[:900] + b"\xff\x00\xff" + whole[903:]):
        archive.write_bytes(content)
        for task in (Restore(str(archive), new), Restore(str(archive), first, replace=True)):
            with pytest.raises((BackupBroken, HostileArchive)):
                task.run(client)
    archive.write_bytes(packed([("./h", HARD, "/etc/passwd", 0o644, 0)]))
    with pytest.raises(HostileArchive):
        Restore(str(archive), new).run(client)
    assert client.find_json("/volumes/{}", new) is None
    assert look(client, first) == before


def test_what_the_engine_refuses_is_told_before_a_long_archive_is_read_and_before_what_is_wrong_with_it(
    client, volume, container, tmp_path
):
    name = volume((".", FOLDER, "", 0o755, 0), ("./a", FILE, os.urandom(24 << 20), 0o644, 0))
    backup = Backup(name, str(tmp_path / "b.tar.gz"))
    backup.run(client)
    container(start=False, HostConfig={"Binds": [f"{name}:/data"]})
    pieces = []

    def slowly(progress):
        pieces.append(progress)
        time.sleep(0.1)

    with pytest.raises(VolumeHeld):
        Restore(backup.target, name, replace=True).run(client, report=slowly)
    assert len(pieces) < 20
    (tmp_path / "broken.tar.gz").write_bytes(b"\x1f\x8bnothing")
    with pytest.raises(VolumeHeld):
        Restore(str(tmp_path / "broken.tar.gz"), name, replace=True).run(client)


def test_a_manifest_that_vouches_for_a_hostile_archive_does_not_bring_it_in(client, volume, tmp_path):
    old, archive = volume((".", FOLDER, "", 0o755, 0), ("./old", FILE, b"old", 0o600, 7)), tmp_path / "b.tar.gz"
    Backup(old, str(archive)).run(client)
    hostile = packed(
        [("./good", FILE, b"x", 0o644, 0), ("./out", LINK, "/etc", 0o777, 0), ("./out/x", FILE, b"x", 0o644, 0)]
    )
    manifest = manifest_of(archive)
    ends = [end_line(len(content), zlib.crc32(content)) for content in (archive.read_bytes(), hostile)]
    archive.write_bytes(hostile)
    manifest.write_text(manifest.read_text().replace(*ends))
    there, new = look(client, old), volume(create=False)
    for task in (Restore(str(archive), new), Restore(str(archive), old, replace=True)):
        with pytest.raises(HostileArchive):
            task.run(client)
    assert client.find_json("/volumes/{}", new) is None
    assert look(client, old) == there


def test_content_that_is_there_is_replaced_only_when_asked_and_undo_brings_it_back(client, volume, tmp_path):
    first, second = volume(*MEMBERS), volume((".", FOLDER, "", 0o755, 0), ("./old", FILE, b"old", 0o600, 7))
    Backup(first, str(tmp_path / "b.tar.gz")).run(client)
    with pytest.raises(VolumeNotEmpty):
        Restore(str(tmp_path / "b.tar.gz"), second).plan(client)
    restore = Restore(str(tmp_path / "b.tar.gz"), second, replace=True)
    assert restore.plan(client).changes[0].action == "change"
    restore.run(client)
    assert look(client, second) == look(client, first)
    fill(client, second, [("./later", FILE, b"x", 0o644, 0)])
    assert "1 of" in restore.verify(client).says
    with pytest.raises(CannotUndo, match="changed since"):
        restore.undo(client)
    empty = volume()
    again = Restore(str(tmp_path / "b.tar.gz"), empty)
    again.run(client)
    again.undo(client)
    assert list(look(client, empty)) == [""]
    restore.run(client)
    restore.undo(client)
    assert look(client, second)["later"][2] == b"x"
    assert client.get_json("/volumes/{}", second)["Labels"] == {"of": "test"}


def test_a_cancel_leaves_nothing_on_either_side(client, volume, tmp_path):
    noise = os.urandom(24 << 20)
    first = volume((".", FOLDER, "", 0o755, 0), ("./a", FILE, noise, 0o644, 0), ("./b", FILE, noise, 0o644, 0))
    before, stop, threads = everything(client), threading.Event(), threading.active_count()

    def halt(progress, after=4 << 20):
        if progress.done > after:
            stop.set()

    with pytest.raises(Cancelled):
        Backup(first, str(tmp_path / "b.tar.gz")).run(client, report=halt, cancel=stop)
    assert os.listdir(tmp_path) == []
    stop.clear()
    backup = Backup(first, str(tmp_path / "b.tar.gz"))
    backup.run(client)
    new = volume(create=False)
    size = os.path.getsize(backup.target)
    with pytest.raises(Cancelled):
        Restore(backup.target, new).run(client, report=lambda each: halt(each, size + (8 << 20)), cancel=stop)
    assert client.find_json("/volumes/{}", new) is None
    stop.clear()
    old = volume((".", FOLDER, "", 0o755, 0), ("./old", FILE, b"old", 0o600, 7))
    there = look(client, old)
    with pytest.raises(Cancelled):
        Restore(backup.target, old, replace=True).run(
            client, report=lambda each: halt(each, size + (8 << 20)), cancel=stop
        )
    assert look(client, old) == there
    assert everything(client) == before
    assert threading.active_count() == threads


def test_a_disk_with_less_room_than_the_volume_s_size_is_told(client, volume, tmp_path, monkeypatch):
    task = Backup(volume(*MEMBERS), str(tmp_path / "b.tar.gz"))
    assert task.plan(client).warnings == ()
    room = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room._replace(free=1 << 20))
    assert ["1.05MB is free" in each for each in task.plan(client).warnings] == [True]


def test_containers_that_use_the_volume_are_told_and_stopped_only_when_asked(client, volume, container, tmp_path):
    first = volume(*MEMBERS)
    mounts = {"HostConfig": {"Binds": [f"{first}:/data"]}}
    running = container("busybox", "sleep", "1000", **mounts)
    resting = container("busybox", "sleep", "1000", start=False, **mounts)
    task = Backup(first, str(tmp_path / "b.tar.gz"))
    assert running in task.plan(client).warnings[0]
    started = client.get_json("/containers/{}/json", running)["State"]["StartedAt"]
    task.run(client)
    assert client.get_json("/containers/{}/json", running)["State"]["StartedAt"] == started
    task = Backup(first, str(tmp_path / "b.tar.gz"), stop=True)
    plan = task.plan(client)
    assert plan.changes[-1].name == running
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        task.run(client, plan=plan, cancel=stop)
    state = client.get_json("/containers/{}/json", running)["State"]
    assert state["Running"]
    assert state["StartedAt"] != started
    task.run(client)
    assert client.get_json("/containers/{}/json", running)["State"]["Running"]
    assert not client.get_json("/containers/{}/json", resting)["State"]["Running"]
    with pytest.raises(VolumeHeld, match=running):
        Restore(task.target, first, replace=True).plan(client)


def test_a_container_that_would_vanish_is_not_stopped(client, volume, tmp_path):
    first = volume(*MEMBERS)
    body = {
        "Image": "busybox",
        "Cmd": ["sleep", "1000"],
        "StopSignal": "SIGKILL",
        "HostConfig": {"Binds": [f"{first}:/data"], "AutoRemove": True},
    }
    made = client.api.create_container_from_config(body)["Id"]
    try:
        client.api.start(made)
        with pytest.raises(WouldVanish):
            Backup(first, str(tmp_path / "b.tar.gz"), stop=True).run(client)
        assert client.get_json("/containers/{}/json", made)["State"]["Running"]
    finally:
        client.api.remove_container(made, force=True)


def test_a_full_disk_leaves_nothing_and_what_was_there_stays(client, volume, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    first = volume((".", FOLDER, "", 0o755, 0), ("./a", FILE, os.urandom(8 << 20), 0o644, 0))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        (folder / "b.tar.gz").write_bytes(b"before")
        with pytest.raises(TargetUnwritable, match="No space left"):
            Backup(first, str(folder / "b.tar.gz")).run(client)
        assert os.listdir(folder) == ["b.tar.gz"]
        assert (folder / "b.tar.gz").read_bytes() == b"before"
    finally:
        subprocess.run(["umount", folder], check=True)


def test_what_is_not_there_is_told(client, volume, tmp_path):
    with pytest.raises(NoSuchVolume):
        Backup("nothing-here", str(tmp_path / "b.tar.gz")).plan(client)
    with pytest.raises(NoSuchPath):
        Restore(str(tmp_path / "b.tar.gz"), "new").plan(client)
    made = volume()
    with pytest.raises(TargetUnwritable, match="folder"):
        Backup(made, str(tmp_path)).plan(client)
    with pytest.raises(ParentMissing):
        Backup(made, str(tmp_path / "missing" / "b.tar.gz")).plan(client)


def test_an_older_archive_is_replaced_and_comes_back(client, volume, tmp_path):
    first = volume(*MEMBERS)
    task = Backup(first, str(tmp_path / "b.tar.gz"))
    (tmp_path / "b.tar.gz").write_bytes(b"older")
    assert task.plan(client).changes[0].action == "change"
    task.run(client)
    task.undo(client)
    assert (tmp_path / "b.tar.gz").read_bytes() == b"older"
    task.run(client)
    time.sleep(0.01)
    (tmp_path / "b.tar.gz").write_bytes(b"newer")
    with pytest.raises(CannotUndo):
        task.undo(client)


def test_a_device_is_restored_or_nothing_is(client, volume, tmp_path):
    archive, new = tmp_path / "b.tar", volume(create=False)
    data = tarfile.TarInfo("./null")
    data.type, data.devmajor, data.devminor, data.mode = tarfile.CHRTYPE, 1, 3, 0o666
    archive.write_bytes(data.tobuf() + bytes(10240))
    task = Restore(str(archive), new)
    try:
        task.run(client)
    except EngineRefused as error:
        assert "makes no devices" in str(error)  # noqa: PT017  # of the embedded engine alone
        assert client.find_json("/volumes/{}", new) is None
    else:
        assert (look(client, new)["null"][0], look(client, new)["null"][7]) == (tarfile.CHRTYPE, (1, 3))
        Backup(new, str(tmp_path / "c.tar.gz")).run(client)
        with tarfile.open(tmp_path / "c.tar.gz") as made:
            assert made.getmember("./null").ischr()


def test_a_name_that_no_volume_can_have_is_told_by_the_engine(client, volume, tmp_path):
    task = Backup(volume(*MEMBERS), str(tmp_path / "b.tar.gz"))
    task.run(client)
    with pytest.raises(EngineRefused):
        Restore(task.target, "-").run(client)
