"""The journal as a script, a notebook, a Compose file."""

import resource
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import nbformat
import pytest
import yaml

from dockyard.compose import read
from dockyard.errors import NothingToExport, TargetUnwritable
from dockyard.exports import as_compose, as_notebook, as_script, write_new
from dockyard.tasks import Build, parse
from dockyard.tasks.compose_project import docker_run
from dockyard.tasks.record import Entry

WEB = "docker run --name web -d -p 127.0.0.1:8080:80 -v vol:/data:ro --mount type=bind,source=/tmp,target=/t --tmpfs /run -e 'A=$x y' --network net --restart always httpd sleep 5"


def entry(command, folder="/work", **more):
    return Entry(
        datetime(2026, 1, 2, tzinfo=UTC),
        "id",
        "unix:///s",
        folder,
        command,
        f"print({command!r})",
        **{"outcome": "done", "error": "", "duration_s": 1.0, **more},
    )


def test_a_script_runs_what_stands_where_it_was_run(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$PWD|$*" >> "$LOG"\n')
    (tmp_path / "docker").chmod(0o755)
    script = as_script(
        [
            entry("docker run 'a b'", str(tmp_path / "a b")),
            entry("docker failed", outcome="failed"),
            entry("docker undone", undone_at=datetime.now(UTC)),
            entry("docker cp x y:/z", str(tmp_path)),
        ]
    )
    log = tmp_path / "log"
    subprocess.run(["sh", "-c", script], check=True, env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LOG": str(log)})
    assert log.read_text().splitlines() == [f"{tmp_path}/a b|run a b", f"{tmp_path}|cp x y:/z"]


def test_a_script_holds_the_dockerfiles_that_were_typed(tmp_path):
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$*"; cat\n')
    (tmp_path / "docker").chmod(0o755)
    task = Build("-", ("a",), text="FROM b\nDOCKERFILE\nRUN echo $HOME")
    typed = replace(entry(task.command, str(tmp_path)), code=task.code)
    done = subprocess.run(
        ["sh", "-c", as_script([typed])], check=True, capture_output=True, text=True, env={"PATH": f"{tmp_path}:/bin"}
    )
    assert done.stdout == f"build -t a -\n{task.text}\n"


def test_a_script_asks_nothing():
    assert "docker system prune -a -f\n" in as_script([entry("docker system prune -a")])


def test_a_notebook_has_a_cell_a_run():
    made = as_notebook([entry("docker run httpd"), entry("docker failed", outcome="failed")])
    nbformat.validate(made)
    assert [cell.source for cell in made.cells if cell.cell_type == "code"] == ["print('docker run httpd')"]


def test_a_compose_file_has_the_containers_in_the_background():
    made = yaml.safe_load(as_compose([entry(WEB), entry("docker run --rm busybox true"), entry("docker cp a b:/c")]))
    assert made == {
        "services": {
            "web": {
                "image": "httpd",
                "container_name": "web",
                "command": ["sleep", "5"],
                "ports": [{"target": 80, "protocol": "tcp", "published": "8080", "host_ip": "127.0.0.1"}],
                "volumes": [
                    {"type": "volume", "target": "/data", "source": "vol", "read_only": True},
                    {"type": "bind", "target": "/t", "source": "/tmp", "bind": {"create_host_path": False}},
                ],
                "tmpfs": ["/run"],
                "environment": ["A=$$x y"],
                "networks": ["net"],
                "restart": "always",
            }
        },
        "volumes": {"vol": {"external": True}},
        "networks": {"net": {"external": True}},
    }


def test_a_compose_file_is_read_as_what_was_run():
    """Each run as the docker line that its service comes nearest to; only the mounts are written in other words there."""
    lines = [
        WEB,
        "docker run -dit -v /a:/b:ro -v /unnamed --tmpfs /run:size=1m -w /w -u 1:2 -h here --entrypoint sh -l 'a=$b' busybox -c 'echo $$'",
        "docker run -d --name two --network host --restart on-failure:3 -p 53:53/udp -p 80 httpd",
        "docker run -d --network default --mount type=tmpfs,target=/m,tmpfs-size=64m,tmpfs-mode=1777 httpd:2.4",
    ]
    project = read("/nowhere/compose.yaml", text=as_compose([entry(line) for line in lines])).require()
    assert [each.name for each in project.services] == ["web", "busybox-2", "two", "httpd-4"]
    for line, service in zip(lines, project.services, strict=True):
        ran, made = parse(line), docker_run(project, service)
        for key in (
            "image",
            "words",
            "detach",
            "ports",
            "env",
            "interactive",
            "tty",
            "workdir",
            "user",
            "network",
            "restart",
            "labels",
            "hostname",
        ):
            assert getattr(made, key) == (getattr(ran, key) or getattr(made, key)), key
        ours, theirs = ran.to_api()["HostConfig"], made.to_api()["HostConfig"]
        assert (theirs["PortBindings"], theirs["Tmpfs"].keys()) == (
            ours["PortBindings"],
            {**ours["Tmpfs"], **{each["Target"]: "" for each in ours["Mounts"] if each["Type"] == "tmpfs"}}.keys(),
        )
        assert service.entrypoint == ((ran.entrypoint,) if ran.entrypoint else None)
        assert [
            (each.target, each.source, each.kind, each.read_only) for each in made.mounts if each.kind != "tmpfs"
        ] == [(each.target, each.source, each.kind, each.read_only) for each in ran.mounts if each.kind != "tmpfs"]
    assert project.services[3].mounts[0].options == ("size=67108864", "mode=1777")
    assert {each.name: each.is_external for each in (*project.volumes, *project.networks)} == {
        "vol": True,
        "net": True,
        "nowhere_default": False,
    }


def test_without_such_containers_the_reason_is_told():
    with pytest.raises(NothingToExport, match="docker run -d"):
        as_compose([entry("docker run --rm busybox true")])


def test_a_file_is_written_beside_those_that_are_there(tmp_path):
    (tmp_path / "compose.yaml").write_text("mine")
    (tmp_path / "compose-2.yaml").symlink_to("nowhere")
    assert write_new(tmp_path, "compose.yaml", "services: {}\n") == tmp_path / "compose-3.yaml"
    assert (tmp_path / "compose.yaml").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    script = write_new(tmp_path, "journal.sh", "#!/bin/sh\necho ran\n")
    assert subprocess.run([script], check=True, capture_output=True, text=True).stdout == "ran\n"


def test_what_cant_be_written_is_told_and_leaves_nothing(tmp_path):
    with pytest.raises(TargetUnwritable, match="missing/journal"):
        write_new(tmp_path / "missing", "journal.sh", "")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        with pytest.raises(TargetUnwritable, match="File too large"):
            write_new(tmp_path, "journal.sh", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list(tmp_path.iterdir()) == []
