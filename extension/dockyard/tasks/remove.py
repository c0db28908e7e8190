"""Remove containers: ``docker rm``. What one wrote can be kept, so that it can be made again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import CannotUndo, ContainerRuns, EngineRefused, ImageMissing, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Progress,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.container import UNNAMED_VOLUME, name_in, require_container
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.life_task import bring_to, closing
from dockyard.tasks.remake import remake
from dockyard.tasks.rename import require_free
from dockyard.tasks.snapshot import name_of
from dockyard.wording import short_id

__all__ = ["KEPT_REPOSITORY", "RemoveContainer", "remove_from_words"]

FLAGS = (Flag("force", "f", "switch"), Flag("volumes", "v", "switch"))
KEPT_REPOSITORY = "dockyard-kept"  # images of what removed containers had written


@dataclass(frozen=True)
class RemoveContainer(Task):
    """Remove containers, with what they wrote outside of mounts (``docker rm``).

    Attributes:
        containers: Names or IDs.
        force: ``-f``: kill one that runs.
        volumes: ``-v``: remove its unnamed volumes too.
        keep: Keep its configuration, and what it wrote as an image ``dockyard-kept:ID``, so that it can be made again; no part of docker's line.
    """

    verb: ClassVar[str] = "rm"
    containers: tuple[str, ...]
    force: bool = False
    volumes: bool = False
    keep: bool = field(default=False, compare=False)

    @property
    def command(self) -> str:
        """Such as ``docker rm -f -v apa000ex20 apa000ex21``."""
        switches = [*(["-f"] if self.force else []), *(["-v"] if self.volumes else [])]
        return line("docker", "rm", *switches, *self.containers)

    def plan(self, client: Client) -> Plan:
        """Return each container with the bytes that it wrote and are lost, its ports, and which volumes go and which stay.

        Raises:
            NoSuchContainer: There is no such container.
            ContainerRuns: It runs, and ``force`` is not given.
        """
        changes: list[Change] = []
        warnings: list[str] = []
        doomed: dict[str, dict[str, Any]] = {}
        for name in self.containers:
            found = require_container(client, name, size=True)
            if found["Id"] in doomed:
                continue
            doomed[found["Id"]] = found
            status = found["State"]["Status"]
            if (found["State"]["Running"] or found["State"]["Paused"]) and not self.force:
                raise ContainerRuns(name=name_in(found), status=status)
            changes += self._changes(found)
            warnings += self._warnings(found)
        changes += self._volumes(client, doomed)
        return Plan(tuple(changes), tuple(warnings), work=tuple(doomed.values()))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> Result:
        """Remove, one after the other. See :meth:`Task.run`; cancel is heard between them, and what is gone by then stays gone.

        Raises:
            EngineRefused: The engine said no, such as to an image of what a container wrote; that container is still there.
        """
        fresh = self.plan(client)
        # A container that runs may write between the plan and the run.
        _without_sizes(fresh).require_same(plan and _without_sizes(plan))
        doomed = fresh.work if isinstance(fresh.work, tuple) else ()
        with Kept.of(client, self.command, in_steps=True) as kept:
            for count, found in enumerate(doomed):
                check_cancel(cancel)
                report(Progress(count, len(doomed), "steps", f"{self.verb} {name_in(found)}"))
                mark = self._kept(client, kept, found)
                try:
                    with engine_errors(client.address):
                        client.api.remove_container(found["Id"], v=self.volumes, force=self.force)
                except BaseException:
                    _drop_image(client, mark)
                    raise
                kept.marks.append(mark)
        report(Progress(len(doomed), len(doomed), "steps"))
        return Result(fresh.changes, fresh.warnings)

    def verify(self, client: Client) -> Evidence:
        """Look whether none of them is there."""
        there = [name for name in self.containers if client.find_json("/containers/{}/json", name) is not None]
        if there:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=", ".join(there)))
        return Evidence(True, translate(N_("No longer there: {names}")).format(names=", ".join(self.containers)))

    def undo(self, client: Client) -> Result:
        """Make the containers again: name, configuration, networks, mounts and the files that they wrote; those that ran run again.

        Each gets another ID. A volume that went with ``-v`` comes back without its files, and what lay in memory does not come back.

        Raises:
            CannotUndo: They were not kept, or the image that keeps one is gone.
            NameTaken, ImageMissing: Another container has the name by now, or the image that it was made from is gone.
        """
        kept = last_kept(client, self.command)
        records = [(mark, _record(kept, mark)) for mark in kept.marks]
        for mark, record in records:
            if record is None:
                reason = translate(
                    N_("it was not kept; RemoveContainer(..., keep=True) keeps what is needed to make it again")
                )
                raise CannotUndo(command=self.command, reason=reason)
            self._check(client, mark, record)
        changes: list[Change] = []
        for mark, record in records:
            assert record is not None
            made = remake(client, record, mark.state or record["Image"])
            changes.append(Change("create", "container", name_in(record), reason=short_id(made)))
            if mark.state:
                reason = translate(N_("the container is made from it now"))
                changes.append(Change("keep", "image", mark.state, reason=reason))
            changes += bring_to(client, made, record["State"]["Status"])
        kept.discard()
        return Result(tuple(changes))

    def _check(self, client: Client, mark: Mark, record: Mapping[str, Any]) -> None:
        require_free(client, name_in(record))
        if client.find_json("/images/{}/json", mark.state or record["Image"]) is None:
            if not mark.state:
                raise ImageMissing(name=record["Config"]["Image"])
            reason = translate(N_("the image {name}, which kept what it wrote, is gone")).format(name=mark.state)
            raise CannotUndo(command=self.command, reason=reason)

    def _changes(self, found: Mapping[str, Any]) -> Iterator[Change]:
        written = int(found.get("SizeRw") or 0)
        lost = N_("what it wrote is kept in {image}") if self.keep else N_("what it wrote is lost with it")
        reason = translate(lost).format(image=_image_name(found)) if written else ""
        yield Change("remove", "container", name_in(found), written, reason)
        if found["State"]["Running"]:
            yield from closing(found)
        if written and self.keep:
            reason = translate(N_("what {name} wrote, so that it can be made again")).format(name=name_in(found))
            yield Change("create", "image", _image_name(found), written, reason)

    def _volumes(self, client: Client, doomed: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
        """What becomes of each volume."""
        users: dict[str, list[str]] = {}
        for row in client.get_json("/containers/json", all=1):
            for mount in row["Mounts"] if row["Id"] not in doomed else ():
                users.setdefault(str(mount.get("Name") or ""), []).append(name_of(row))
        for name in sorted(
            {mount["Name"] for found in doomed.values() for mount in found["Mounts"] if mount["Type"] == "volume"}
        ):
            if name in users:
                reason = translate(N_("{containers} uses it too")).format(containers=", ".join(users[name]))
                yield Change("keep", "volume", name, reason=reason)
            elif not UNNAMED_VOLUME.fullmatch(name):
                yield Change("keep", "volume", name, reason=translate(N_("a volume with a name stays")))
            elif self.volumes:
                yield Change("remove", "volume", name, reason=translate(N_("unnamed; it goes with its container (-v)")))
            else:
                reason = translate(N_("unnamed; it stays without -v, and docker volume prune removes it later"))
                yield Change("keep", "volume", name, reason=reason)

    def _warnings(self, found: Mapping[str, Any]) -> Iterator[str]:
        name = name_in(found)
        if not self.keep:
            yield translate(N_("{name} is not kept, so this can't be undone (keep=True keeps it).")).format(name=name)
        elif self.volumes and any(UNNAMED_VOLUME.fullmatch(str(each.get("Name") or "")) for each in found["Mounts"]):
            yield translate(
                N_("The unnamed volumes of {name} go with -v; undo does not bring their files back.")
            ).format(name=name)

    def _kept(self, client: Client, kept: Kept, found: Mapping[str, Any]) -> Mark:
        """Keep what is needed to make a container again, if it is to be kept; the mark's state is the image, if there is one."""
        if not self.keep:
            return Mark(found["Id"], "container")
        file = kept.new_file()
        file.write_text(json.dumps(found), "utf-8")
        image = ""
        if int(found.get("SizeRw") or 0) or client.get_json("/containers/{}/changes", found["Id"]):
            image = _image_name(found)
            repository, _, tag = image.partition(":")
            with engine_errors(client.address):
                client.api.commit(found["Id"], repository, tag, message=self.command)
        return Mark(found["Id"], "container", image, file.name)


def remove_from_words(given: tuple[str, ...]) -> RemoveContainer:
    """Return the task of ``docker rm`` with these words after ``rm``.

    Raises:
        BadLine: The words are not as ``docker rm`` takes them.
    """
    parsed = parse_flags("rm", FLAGS, given)
    parsed.require_words("rm", translate(N_("a container")), 1)
    return RemoveContainer(parsed.words, "force" in parsed.switches, "volumes" in parsed.switches)


def _without_sizes(plan: Plan) -> Plan:
    return replace(plan, changes=tuple(replace(change, size_bytes=None) for change in plan.changes))


def _image_name(found: Mapping[str, Any]) -> str:
    return f"{KEPT_REPOSITORY}:{short_id(found['Id'])}"


def _record(kept: Kept, mark: Mark) -> dict[str, Any] | None:
    """What the engine said of a container before it was removed."""
    if not mark.kept:
        return None
    found: dict[str, Any] = json.loads((kept.folder / mark.kept).read_text("utf-8"))
    return found


def _drop_image(client: Client, mark: Mark) -> None:
    """Remove the image of a container that was not removed after all."""
    if mark.state:
        try:
            with engine_errors(client.address):
                client.api.remove_image(mark.state)
        except EngineRefused as error:
            if error.facts["status"] != 404:
                raise
