"""The journal as something to run again: a shell script, a notebook, a Compose file.

Runs that failed, that were stopped or that were taken back are left out.
"""

import ast
import itertools
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import yaml

from dockyard.errors import DockyardError, NothingToExport, TargetUnwritable
from dockyard.tasks import Build, Mount, Port, Prune, Run, parse
from dockyard.tasks.record import Entry

__all__ = ["as_compose", "as_notebook", "as_notebook_text", "as_script", "that_stand", "write_new"]

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOT_A_SERVICE_NAME = re.compile(r"[^a-zA-Z0-9._-]")


def as_script(entries: Iterable[Entry]) -> str:
    """Return a shell script of the docker lines, in order; it stops at the first one that fails."""
    lines, folder = ["#!/bin/sh", "set -e"], None
    for entry in that_stand(entries):
        if entry.folder != folder:
            folder = entry.folder
            lines.append(f"cd {shlex.quote(folder)}")
        lines.append(_line(entry))
    return "\n".join(lines) + "\n"


def as_notebook(entries: Iterable[Entry]) -> "NotebookNode":
    """Return a notebook with a cell a run, as Python of this package; ``nbformat.write`` puts it in a file."""
    import nbformat  # loads a validator, which the other two do not need

    cells = []
    for entry in that_stand(entries):
        cells += [nbformat.v4.new_markdown_cell(f"```sh\n{entry.command}\n```"), nbformat.v4.new_code_cell(entry.code)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def as_notebook_text(entries: Iterable[Entry]) -> str:
    """Return the same notebook as the text of its file."""
    import nbformat

    return str(nbformat.writes(as_notebook(entries)))


def as_compose(entries: Iterable[Entry]) -> str:
    """Return a Compose file with the containers that were started in the background.

    Named volumes and networks in it are ``external``: they are the ones that are there. A relative folder stands as the absolute one it was.

    Raises:
        NothingToExport: No such container was started.
    """
    runs = [task for entry in that_stand(entries) if isinstance(task := _task(entry), Run) and task.detach]
    if not runs:
        raise NothingToExport()
    volumes = {mount.source for run in runs for mount in run.mounts if mount.kind == "volume" and mount.source}
    networks = {run.network for run in runs if _is_own_network(run.network)}
    file: dict[str, Any] = {"services": {name: _service(run) for name, run in _names(runs)}}
    for key, names in (("volumes", volumes), ("networks", networks)):
        if names:
            file[key] = {name: {"external": True} for name in sorted(names)}
    return str(yaml.safe_dump(file, sort_keys=False, allow_unicode=True))


def write_new(folder: Path, name: str, text: str) -> Path:
    """Write a text into a new file, and return the file's path.

    Args:
        folder: Where.
        name: Such as ``compose.yaml``; where it is taken, ``compose-2.yaml`` and so on: nothing is overwritten.
        text: What is to be in it.

    Raises:
        TargetUnwritable: Nothing can be written there.
    """
    stem, suffix = Path(name).stem, Path(name).suffix
    numbers = itertools.count(2)
    path = folder / name
    while True:
        try:
            with path.open("x", encoding="utf-8") as file:
                _fill(file, text)
        except FileExistsError:
            path = folder / f"{stem}-{next(numbers)}{suffix}"
        except OSError as error:
            raise TargetUnwritable(path=str(path), reason=error.strerror or str(error)) from error
        else:
            return path


def _fill(file: TextIO, text: str) -> None:
    """Write a text into a new file, which a shell may run where it is a script; nothing half-written stays."""
    try:
        file.write(text)
        file.flush()
        if text.startswith("#!"):
            Path(file.name).chmod(0o755)
    except OSError:
        Path(file.name).unlink()
        raise


def _line(entry: Entry) -> str:
    """An entry's line; a Dockerfile that was typed is put below it as its input."""
    task = _task(entry)
    if isinstance(task, Prune):
        return replace(task, force=True).command  # no one answers docker's question in a script
    if not isinstance(task, Build) or "-" not in (task.folder, task.file):
        return entry.command
    keywords = (each for each in ast.walk(ast.parse(entry.code)) if isinstance(each, ast.keyword))
    text = next(str(ast.literal_eval(each.value)) for each in keywords if each.arg == "text")
    mark = "DOCKERFILE"
    while mark in text.split("\n"):
        mark += "_"
    return f"{entry.command} <<'{mark}'\n{text}\n{mark}"


def that_stand(entries: Iterable[Entry]) -> list[Entry]:
    """Return the runs that ended well and were not taken back."""
    return [entry for entry in entries if entry.outcome == "done" and entry.undone_at is None]


def _task(entry: Entry) -> object:
    """The task that an entry's line stands for; None where the line is an explanation of something Docker has no command for."""
    try:
        return parse(entry.command)
    except DockyardError:
        return None


def _names(runs: Sequence[Run]) -> Iterable[tuple[str, Run]]:
    """A service a name: the last run with a container's name is the one that stands."""
    named: dict[str, Run] = {}
    for count, run in enumerate(runs, 1):
        image = run.image.rpartition("/")[2].partition("@")[0].partition(":")[0]
        named[NOT_A_SERVICE_NAME.sub("-", run.name or f"{image}-{count}")] = run
    return named.items()


def _service(run: Run) -> dict[str, Any]:
    """A service of the Compose specification ("Services top-level elements")."""
    host_mode = run.network if run.network and not _is_own_network(run.network) else ""
    wanted: dict[str, Any] = {
        "image": run.image,
        "container_name": run.name,
        "command": [_literal(word) for word in run.words],
        "entrypoint": [_literal(run.entrypoint)] if run.entrypoint else None,
        "ports": [_port(port) for port in run.ports],
        "volumes": [_mount(mount) for mount in run.mounts if mount.form != "--tmpfs"],
        "tmpfs": [mount.text for mount in run.mounts if mount.form == "--tmpfs"],
        "environment": [_literal(pair) for pair in run.env],
        "labels": [_literal(pair) for pair in run.labels],
        "working_dir": run.workdir,
        "user": run.user,
        "hostname": run.hostname,
        "restart": run.restart,
        "network_mode": host_mode,
        "networks": [run.network] if run.network and not host_mode else None,
        "stdin_open": run.interactive,
        "tty": run.tty,
    }
    return {key: value for key, value in wanted.items() if value}


def _literal(text: str) -> str:
    """Compose fills variables in; a dollar sign that is meant is doubled."""
    return text.replace("$", "$$")


def _is_own_network(name: str) -> bool:
    return bool(name) and name not in ("default", "bridge", "host", "none") and not name.startswith("container:")


def _port(port: Port) -> dict[str, Any]:
    found: dict[str, Any] = {"target": port.container_port, "protocol": port.protocol}
    if port.host_port is not None:
        found["published"] = str(port.host_port)
    if port.host_ip:
        found["host_ip"] = port.host_ip
    return found


def _mount(mount: Mount) -> dict[str, Any]:
    found: dict[str, Any] = {"type": mount.kind, "target": mount.target}
    if mount.source:
        found["source"] = _literal(mount.path if mount.kind == "bind" else mount.source)
    if mount.read_only:
        found["read_only"] = True
    if mount.kind == "bind":
        found["bind"] = {"create_host_path": mount.form == "-v"}
    api = mount.to_api()
    if "nocopy" in mount.options or api.get("VolumeOptions", {}).get("NoCopy"):
        found["volume"] = {"nocopy": True}
    memory = api.get("TmpfsOptions", {})
    if memory:
        keys = (("size", "SizeBytes"), ("mode", "Mode"))
        found["tmpfs"] = {key: memory[theirs] for key, theirs in keys if theirs in memory}
    return found
