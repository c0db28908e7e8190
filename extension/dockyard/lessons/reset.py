"""Lessons begun anew: what they made is looked up and shown, and removed only when that was agreed to."""

import html
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dockyard.errors import engine_errors
from dockyard.lessons.lesson import Bench, Lesson
from dockyard.lessons.progress import begin_anew
from dockyard.locale import N_, translate
from dockyard.tasks import Change, Plan, Progress, RemoveContainer, Result, Untag, VolumeRemove
from dockyard.tasks.base import NEVER, Cancel, Report, check_cancel, ignore
from dockyard.tasks.names import ImageName
from dockyard.tasks.tagged import names_of, tagged, users_of
from dockyard.tasks.volume_content import find, sizes_bytes
from dockyard.tasks.volume_users import users_by_volume
from dockyard.wording import human_size

__all__ = ["Reset"]


class Reset:
    """Lessons to be begun anew.

    Args:
        bench: Where they were done.
        lessons: Which.

    Attributes:
        lessons: Which.
        plan: What goes and what stays, looked up when this was made.
    """

    def __init__(self, bench: Bench, lessons: Iterable[Lesson]) -> None:
        self._bench = bench
        self.lessons = tuple(lessons)
        self.plan = self._look()

    def agree(self, *, report: Report = ignore, cancel: Cancel = NEVER) -> Result:
        """Remove exactly what the plan lists, and begin the lessons anew. What was passed stays passed.

        Args:
            report: Told of each kind of thing that goes.
            cancel: Heard between them; what is gone by then stays gone.

        Raises:
            PlanOutdated: Something came or went since the plan was made; nothing was removed.
            EngineRefused: The engine keeps something; what went before is gone.
        """
        fresh = self._look()
        _names(fresh).require_same(_names(self.plan))
        client = self._bench.client
        going: dict[str, list[str]] = {}
        for change in fresh.changes:
            if change.action == "remove":
                going.setdefault(change.kind, []).append(change.name)
        own = {self._bench.name(name) for lesson in self.lessons for name in lesson.made(self._bench).volumes}
        steps: list[tuple[list[str], Callable[[tuple[str, ...]], object]]] = [
            (going.get("container", []), lambda names: RemoveContainer(names, force=True, volumes=True).run(client)),
            # Volumes without a name went with their containers.
            ([name for name in going.get("volume", []) if name in own], lambda names: VolumeRemove(names).run(client)),
            (going.get("network", []), self._remove_networks),
            (going.get("tag", []), lambda names: Untag(names, keep=False).run(client)),
            ([*going.get("file", []), *going.get("folder", [])], self._put_aside),
        ]
        for done, (names, remove) in enumerate(steps):
            check_cancel(cancel)
            report(Progress(done, len(steps), "steps", ", ".join(names)))
            if names:
                remove(tuple(names))
        for lesson in self.lessons:
            begin_anew(client.data_dir, lesson.key)
        report(Progress(len(steps), len(steps), "steps"))
        return Result(fresh.changes)

    def __repr__(self) -> str:
        return "\n".join([*self.lines(), self._how()])

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines())
        return f"<ul>{rows}</ul><div>{html.escape(self._how())}</div>"

    def lines(self) -> Iterator[str]:
        """The plan in words, a line for each thing."""
        words = {"remove": translate(N_("would be removed")), "keep": translate(N_("stays"))}
        for change in self.plan.changes:
            size = f", {human_size(change.size_bytes)}" if change.size_bytes else ""
            reason = f" ({change.reason})" if change.reason else ""
            yield f"{words[change.action]}: {translate(change.kind)} {change.name}{size}{reason}"
        if not self.plan.changes:
            yield translate(N_("There is nothing to remove."))

    def _how(self) -> str:
        keys = ", ".join(repr(lesson.key) for lesson in self.lessons)
        return translate(
            N_(
                "Nothing was removed yet. dockyard.panels.reset({lessons}) has a button for it; in Python, agree() does it."
            )
        ).format(lessons=keys)

    # ------------------------------------------------------------ what there is

    def _look(self) -> Plan:
        bench = self._bench
        made = [lesson.made(bench) for lesson in self.lessons]
        rows = {row["Names"][0].removeprefix("/"): row for row in bench.client.get_json("/containers/json", all=1)}
        wanted = _unique(bench.name(name) for each in made for name in each.containers)
        doomed = tuple(name for name in wanted if name in rows)
        volumes = _unique(bench.name(name) for each in made for name in each.volumes)
        changes = [
            *self._containers(doomed, volumes),
            *self._volumes(volumes, doomed),
            *self._networks(_unique(bench.name(name) for each in made for name in each.networks), doomed),
            *self._images(_unique(bench.name(name) for each in made for name in each.images), doomed),
            *self._files(_unique(name for each in made for name in each.files)),
        ]
        gone_for_good = any(change.action == "remove" and change.kind in ("container", "tag") for change in changes)
        warning = N_(
            "Containers and images go for good. Volumes can be brought back from the journal; files are put aside."
        )
        return Plan(tuple(changes), (translate(warning),) if gone_for_good else ())

    def _containers(self, doomed: tuple[str, ...], own_volumes: tuple[str, ...]) -> Iterator[Change]:
        if not doomed:
            return
        for change in RemoveContainer(doomed, force=True, volumes=True).plan(self._bench.client).changes:
            if change.kind == "container" or (change.kind == "volume" and change.name not in own_volumes):
                yield change

    def _volumes(self, volumes: tuple[str, ...], doomed: tuple[str, ...]) -> Iterator[Change]:
        there = [name for name in volumes if find(self._bench.client, name)]
        sizes = sizes_bytes(self._bench.client) if there else {}
        holders = users_by_volume(self._bench.client)
        for name in there:
            others = [each for each in holders.get(name, ()) if each.rpartition(" (")[0] not in doomed]
            if others:
                reason = translate(N_("{containers} uses it")).format(containers=", ".join(others))
                yield Change("keep", "volume", name, sizes.get(name), reason)
            else:
                yield Change("remove", "volume", name, sizes.get(name))

    def _networks(self, networks: tuple[str, ...], doomed: tuple[str, ...]) -> Iterator[Change]:
        for name in networks:
            found: dict[str, Any] | None = self._bench.client.find_json("/networks/{}", name)
            if found is None:
                continue
            others = [each["Name"] for each in (found.get("Containers") or {}).values() if each["Name"] not in doomed]
            if others:
                reason = translate(N_("{containers} uses it")).format(containers=", ".join(others))
                yield Change("keep", "network", name, reason=reason)
            else:
                yield Change("remove", "network", name)

    def _images(self, images: tuple[str, ...], doomed: tuple[str, ...]) -> Iterator[Change]:
        client = self._bench.client
        names = [ImageName.parse(name) for name in images]
        for name in names:
            image_id = tagged(client, name)
            if not image_id:
                continue
            image = client.get_json("/images/{}/json", image_id)
            going = {each.familiar for each in names} | {
                f"{each.familiar_repository}:latest" for each in names if not each.tag
            }
            left = [each for each in names_of(image) if "@" not in each and each not in going]
            others = [user for user, _ in users_of(client, image_id) if user not in doomed]
            if others and not left:
                reason = translate(N_("{containers} uses it")).format(containers=", ".join(others))
                yield Change("keep", "tag", name.familiar, reason=reason)
            else:
                kept = translate(N_("the image stays: it is still called {names}")).format(names=", ".join(left))
                gone = translate(N_("the image goes with its last name"))
                yield Change("remove", "tag", name.familiar, reason=kept if left else gone)

    def _files(self, names: tuple[str, ...]) -> Iterator[Change]:
        reason = translate(N_("put aside in {folder}, not deleted")).format(folder=self._shelf)
        for name in names:
            path = self._bench.folder / name
            if os.path.lexists(path):
                yield Change(
                    "remove", "folder" if path.is_dir() and not path.is_symlink() else "file", str(path), reason=reason
                )

    # ------------------------------------------------------------ what goes

    def _remove_networks(self, names: tuple[str, ...]) -> None:
        for name in names:
            with engine_errors(self._bench.client.address):
                self._bench.client.api.remove_network(name)

    def _put_aside(self, paths: tuple[str, ...]) -> None:
        """Move files out of the learner's folder, who may have written something of their own into them."""
        self._shelf.mkdir(parents=True, exist_ok=True)
        aside = tempfile.mkdtemp(prefix="-".join([*[lesson.key for lesson in self.lessons][:1], ""]), dir=self._shelf)
        for path in paths:
            shutil.move(path, aside)

    @property
    def _shelf(self) -> Path:
        return self._bench.client.data_dir / "put-aside"


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _names(plan: Plan) -> Plan:
    """What goes and stays, by name alone: a container that runs may write between the plan and its end."""
    return replace(plan, changes=tuple(replace(change, size_bytes=None, reason="") for change in plan.changes))
