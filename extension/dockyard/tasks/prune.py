"""Remove what nothing needs: ``docker container | image | volume | network | builder | system prune``.

The engine's own prune decides while it removes. Here the plan lists every thing with its bytes and why it goes or stays, and the run
removes exactly what the plan lists, one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, Literal

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.errors import BadValue, CannotUndo, EngineRefused, engine_errors
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
from dockyard.tasks.image_trash import keep_image, require_restorable, restore_images, take_image
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.prune_filters import PruneFilters
from dockyard.tasks.prune_rules import Asked, Facts, Thing, decide, reconcile
from dockyard.tasks.trash import KEEP_BYTES, fits, forget_volume, keep_volume, restore_volumes
from dockyard.tasks.volume_content import find
from dockyard.tasks.volume_content import remove as remove_volume
from dockyard.wording import human_size, short_id

__all__ = ["SCOPES", "Prune", "PruneResult", "measure", "prune_from_words"]

Scope = Literal["container", "image", "volume", "network", "builder", "system"]
SCOPES: Mapping[Scope, frozenset[str]] = {
    "container": frozenset(("container",)),
    "image": frozenset(("image",)),
    "volume": frozenset(("volume",)),
    "network": frozenset(("network",)),
    "builder": frozenset(("build cache",)),
    "system": frozenset(("container", "network", "image", "build cache")),
}
WITH_ALL = ("image", "volume", "builder", "system")
SINCE_ANONYMOUS = (1, 42)  # the API version from which on the engine's own prune leaves volumes with a name


@dataclass(frozen=True)
class PruneResult(Result):
    """What a prune did.

    Attributes:
        freed_bytes: By how much less the engine says that it uses.
    """

    freed_bytes: int = 0


@dataclass(frozen=True)
class Prune(Task):
    """Remove what nothing needs (``docker system prune`` and its like).

    Attributes:
        scope: ``container``, ``image``, ``volume``, ``network``, ``builder``, or ``system`` for all of them but volumes.
        all: ``-a``: also images with a name, volumes with a name, or all build cache; ``system -a``: the first and the last.
        volumes: ``--volumes``: with ``system``, also volumes without a name.
        filters: ``--filter`` values, such as ``until=24h`` or ``label!=keep``.
        force: ``-f``, which in a terminal leaves out the question; here the plan stands for it.
        keep: Whether volumes and images are kept on this machine, so that undo can bring them back. It is no part of the line.
        keep_bytes: The most that is kept, in bytes; the plan names what is beyond it and so goes for good.
    """

    verb: ClassVar[str] = "prune"
    scope: Scope = "system"
    all: bool = False
    volumes: bool = False
    filters: tuple[str, ...] = ()
    force: bool = field(default=False, compare=False)
    keep: bool = field(default=True, compare=False)
    keep_bytes: int = field(default=KEEP_BYTES, compare=False)

    @property
    def command(self) -> str:
        """Such as ``docker system prune -a --filter until=24h``."""
        switches = (("-a", self.all), ("--volumes", self.volumes), ("-f", self.force))
        given = [word for word, on in switches if on]
        return line("docker", self.scope, "prune", *given, *(w for text in self.filters for w in ("--filter", text)))

    def plan(self, client: Client) -> Plan:
        """Return everything that there is, with its bytes and why it goes or stays. The engine measures all of it, which can take long.

        Raises:
            BadValue: A filter can't be taken.
        """
        self._asked(client)  # what can't be taken is told before the engine measures
        return self.plan_of(client, measure(client, networks=True))

    def plan_of(self, client: Client, facts: Facts) -> Plan:
        """Return the plan as it was when the engine said this; it is not asked again.

        Args:
            client: The engine.
            facts: As :func:`measure` returns them; with networks, where they are to go too.
        """
        asked, usage = self._asked(client), facts.usage
        things = self.things_of(client, facts)
        lost = self._lost(things, usage)
        changes = tuple(
            Change("remove" if thing.goes else "keep", thing.kind, thing.name, thing.size_bytes, thing.reason)
            for thing in things
        )
        return Plan(changes, tuple(self._warnings(client, asked, things, lost)), _Work(things, frozenset(lost), usage))

    def things_of(self, client: Client, facts: Facts) -> tuple[Thing, ...]:
        """Return everything that a plan would list, with why it goes or stays, as it was when the engine said this."""
        return decide(facts, self._asked(client))

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> PruneResult:
        """Remove what the plan lists and nothing else; what changed since the plan was made is told, and stays.

        Volumes and images are kept first, if they are to be. Until that is done, a cancel leaves everything as it was; then it is heard
        between two things, and what is gone by then stays gone, and can be taken back.

        Raises:
            TooLargeToKeep, DiskWouldFill, TargetUnwritable: There is no room to keep what is to be kept; nothing was removed.
        """
        fresh = self.plan(client)
        now, shown = _work(fresh), _work(plan or fresh)
        todo, warnings = reconcile(shown.things, now.things)
        told = list(warnings)
        kept = Kept.begin(client, self.command)
        removed: list[Thing] = []
        try:
            self._keep(client, kept, todo, now, report, cancel)
            check_cancel(cancel)
            kept.save()  # before anything is removed: if all breaks off here, undo still can bring it back
            for count, thing in enumerate(todo):
                check_cancel(cancel)
                report(Progress(count, len(todo), "steps", thing.name))
                if refused := _remove(client, thing):
                    sentence = translate(N_("{name} was not removed: {message}"))
                    told.append(sentence.format(name=thing.name, message=refused))
                else:
                    removed.append(thing)
        finally:
            _close(kept, removed, todo)
        report(Progress(len(todo), len(todo), "steps", ""))
        freed = _freed_bytes(now.usage, client.get_json("/system/df"), removed)
        changes = tuple(Change("remove", each.kind, each.name, each.size_bytes, each.reason) for each in removed)
        return PruneResult(changes, tuple(told), freed)

    def verify(self, client: Client) -> Evidence:
        """Look whether anything that the last run removed is still, or again, there."""
        marks = [mark for mark in last_kept(client, self.command).marks if mark.kind != "tag"]
        there = [short_id(mark.path) for mark in marks if _is_there(client, mark)]
        if there:
            return Evidence(False, translate(N_("Still there: {names}")).format(names=", ".join(there)))
        says = translate(N_("Removed: {n}. None of them is there any more"))
        return Evidence(True, says.format(n=len(marks)), {"removed": [mark.path for mark in marks]})

    def undo(self, client: Client) -> Result:
        """Bring back the images and volumes that the last run removed, as they were. Containers, networks and build cache do not come back.

        Raises:
            CannotUndo: None were kept, or a name is taken by now; nothing was changed.
        """
        kept = last_kept(client, self.command)
        require_restorable(client, kept)
        volumes, lost_volumes = restore_volumes(client, kept)
        images, lost_images = restore_images(client, kept)
        others = [mark.state for mark in kept.marks if mark.kind not in ("volume", "image", "tag")]
        lost = [*lost_volumes, *(short_id(each) for each in lost_images), *others]
        if not volumes and not images:
            reason = translate(N_("nothing that it removed was kept"))
            raise CannotUndo(command=self.command, reason=reason)
        kept.discard()
        says = translate(N_("Not brought back: {names}")).format(names=", ".join(lost))
        return Result((*(Change("create", "volume", each) for each in volumes), *images), (says,) if lost else ())

    def _asked(self, client: Client) -> Asked:
        kinds = SCOPES[self.scope] | ({"volume"} if self.volumes else set())
        return Asked(
            kinds,
            named_images=self.all and self.scope in ("image", "system"),
            named_volumes=self.all and self.scope == "volume",
            all_cache=self.all and self.scope in ("builder", "system"),
            filters=_filters(self.scope, self.volumes, self.filters),
            whole_cache=client.engine.is_embedded,
        )

    def _lost(self, things: Sequence[Thing], usage: Mapping[str, Any]) -> list[str]:
        """IDs of volumes and images that go for good, since they are not to be kept or are beyond what is."""
        images = {row["Id"]: int(row["Size"]) for row in usage.get("Images") or ()}
        left, lost = self.keep_bytes, list[str]()
        for thing in things:
            if thing.goes and thing.kind in ("volume", "image"):
                size = images.get(thing.id, thing.size_bytes or 0)
                if self.keep and fits(size, left):
                    left -= size
                else:
                    lost.append(thing.id)
        return lost

    def _warnings(self, client: Client, asked: Asked, things: Sequence[Thing], lost: Sequence[str]) -> Iterator[str]:
        going = [thing for thing in things if thing.goes]
        if not_kept := [each.name for each in going if each.kind in ("volume", "image") and each.id in lost]:
            sentence = N_("Larger than what is kept for undo ({limit}): {names} will be gone for good.")
            if not self.keep:
                sentence = N_("Nothing is kept for undo: {names} will be gone for good.")
            yield translate(sentence).format(names=", ".join(not_kept), limit=human_size(self.keep_bytes))
        if others := [each.name for each in going if each.kind in ("container", "network")]:
            yield translate(N_("Undo does not bring back: {names}.")).format(names=", ".join(others))
        named = [
            thing.name for thing in things if thing.kind == "volume" and not thing.goes and not asked.named_volumes
        ]
        version = tuple(int(part) for part in client.engine.api_version.split("."))
        if self.scope in ("volume", "system") and "volume" in asked.kinds and named and version < SINCE_ANONYMOUS:
            yield translate(
                N_("In a terminal, this engine (API {version}) would take volumes with a name too; here they stay.")
            ).format(version=client.engine.api_version)
        if sum(each.kind == "image" for each in going) > 1:
            yield translate(N_("Layers that only these images share are freed too; they are not counted here."))

    def _keep(
        self, client: Client, kept: Kept, todo: Sequence[Thing], work: "_Work", report: Report, cancel: Cancel
    ) -> None:
        doing, left = translate(N_("keeping {name} for undo")), self.keep_bytes
        for thing in todo:
            check_cancel(cancel)
            if thing.kind == "image":
                is_kept = thing.id not in work.lost
                left -= keep_image(client, kept, thing.id, fits=is_kept, report=report, cancel=cancel)
            elif thing.kind == "volume":
                volume = find(client, thing.id)
                if volume is None:
                    continue
                if thing.id in work.lost:
                    forget_volume(kept, volume)
                    continue
                watch = partial(_watch, report, cancel, doing.format(name=thing.name), thing.size_bytes)
                mark = keep_volume(client, kept, volume, max(0, left), watch)
                left -= (kept.folder / mark.kept).stat().st_size if mark.kept else 0
            else:
                kept.marks.append(Mark(thing.id, thing.kind, thing.name))


@dataclass(frozen=True)
class _Work:
    things: tuple[Thing, ...]
    lost: frozenset[str]
    usage: Mapping[str, Any]


def measure(client: Client, *, networks: bool = False) -> Facts:
    """Let the engine measure everything, which can take long, and return what it says.

    Args:
        client: The engine.
        networks: Whether they are asked for too.

    Raises:
        EngineError: It does not answer.
    """
    usage = client.get_json("/system/df")
    images = usage.get("Images") or ()
    if not {row.get("ParentId") or "" for row in images} <= {"", *(row["Id"] for row in images)}:
        images = client.get_json("/images/json", all=1)  # between them are steps of builds, which are listed only here
    return Facts(usage, images, client.get_json("/networks") if networks else (), datetime.now(UTC))


def prune_from_words(scope: Scope, given: tuple[str, ...]) -> Prune:
    """Return the task of ``docker SCOPE prune`` with these words after it.

    Raises:
        BadLine: The words are not as docker takes them, or a filter is not supported; the sentence names it.
    """
    flags = [Flag("force", "f", "switch"), Flag("filter", "", "list")]
    flags += [Flag("all", "a", "switch")] if scope in WITH_ALL else []
    flags += [Flag("volumes", "", "switch")] if scope == "system" else []
    parsed = parse_flags(f"{scope} prune", flags, given)
    parsed.require_words(f"{scope} prune", translate(N_("no word beside its flags")), 0, 0)
    filters, volumes = parsed.lists.get("filter", ()), "volumes" in parsed.switches
    _filters(scope, volumes, filters)
    return Prune(scope, "all" in parsed.switches, volumes, filters, "force" in parsed.switches)


def _filters(scope: str, volumes: bool, given: Sequence[str]) -> PruneFilters:
    found = PruneFilters.parse(given, takes_until=scope != "volume", takes_labels=scope != "builder")
    if found.until and volumes:
        expected = translate(N_("docker does not take it together with --volumes"))
        raise BadValue(flag="--filter", value=f"until={found.until}", expected=expected)
    return found


def _work(plan: Plan) -> _Work:
    assert isinstance(plan.work, _Work)
    return plan.work


def _watch(report: Report, cancel: Cancel, doing: str, total: int | None, written: int) -> None:
    check_cancel(cancel)
    report(Progress(written, max(total, written) if total else None, "bytes", doing))


def _remove(client: Client, thing: Thing) -> str:
    """Remove one thing; return the engine's reason where it does not."""
    try:
        if thing.kind == "volume":
            remove_volume(client, thing.id)
        elif thing.kind == "image":
            take_image(client, thing.id)
        elif thing.kind == "build cache":
            return _remove_cache(client, thing)
        else:
            with engine_errors(client.address):
                remove = client.api.remove_container if thing.kind == "container" else client.api.remove_network
                remove(thing.id)
    except EngineRefused as error:
        if error.facts["status"] not in (403, 404, 409):
            raise
        return str(error.facts["message"])
    return ""


def _remove_cache(client: Client, thing: Thing) -> str:
    """Remove one record of the build cache; the embedded engine's goes as a whole, with the first of them."""
    if client.engine.is_embedded:
        with engine_errors(client.address):
            client.api.prune_builds()
        return ""
    with engine_errors(client.address):
        # The types of docker-py know two filters; the API has BuildKit's as well.
        answer = client.api.prune_builds(filters={"id": [thing.id]}, all=True)  # type: ignore[arg-type]
    return "" if answer.get("CachesDeleted") else translate(N_("the engine keeps it, since other build cache needs it"))


def _close(kept: Kept, removed: Sequence[Thing], todo: Sequence[Thing]) -> None:
    """Let the record tell of what is gone and of nothing else."""
    stays = {thing.id for thing in todo} - {thing.id for thing in removed}
    kept.marks = [
        mark for mark in kept.marks if (mark.state.split(" ")[1] if mark.kind == "tag" else mark.path) not in stays
    ]
    if todo and not removed:
        kept.discard()
    else:
        kept.save()


def _is_there(client: Client, mark: Mark) -> bool:
    if mark.kind == "build cache":
        return False  # a new build makes it again
    paths = {"container": "/containers/{}/json", "image": "/images/{}/json", "network": "/networks/{}"}
    return client.find_json(paths.get(mark.kind, "/volumes/{}"), mark.path) is not None


def _freed_bytes(before: Mapping[str, Any], after: Mapping[str, Any], removed: Sequence[Thing]) -> int:
    """By how much less the engine uses: of images all layers together, of the rest the things that were removed."""
    freed = 0
    if any(thing.kind == "image" for thing in removed):
        freed += max(0, int(before.get("LayersSize") or 0) - int(after.get("LayersSize") or 0))
    gone = {(thing.kind, thing.id) for thing in removed}
    sizes, left = _sizes(before), _sizes(after)
    return freed + sum(max(0, size - left.get(key, 0)) for key, size in sizes.items() if key in gone)


def _sizes(usage: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    found = {("container", row["Id"]): int(row.get("SizeRw") or 0) for row in usage.get("Containers") or ()}
    for row in usage.get("Volumes") or ():
        found["volume", row["Name"]] = max(0, int((row.get("UsageData") or {}).get("Size", 0)))
    for row in usage.get("BuildCache") or ():
        found["build cache", row["ID"]] = 0 if row["Shared"] else int(row["Size"])
    return found
