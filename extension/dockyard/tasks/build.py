"""Make an image by a Dockerfile: ``docker build``."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dockyard.command import Flag, line, parse_flags
from dockyard.connection import Client
from dockyard.connection.building import BuildCall
from dockyard.dockerfile import Dockerfile, Finding, check
from dockyard.errors import BadValue, CannotUndo, DockerfileNotGiven, EngineRefused, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import (
    NEVER,
    Cancel,
    Change,
    Evidence,
    Plan,
    Report,
    Result,
    Task,
    check_cancel,
    ignore,
)
from dockyard.tasks.build_log import BuildLog, BuildProgress
from dockyard.tasks.context import Context
from dockyard.tasks.kept import Kept, Mark, last_kept
from dockyard.tasks.names import ImageName
from dockyard.tasks.output import until_cancelled
from dockyard.tasks.tagged import (
    image_mark,
    left_nameless,
    new_name,
    require_image,
    require_takeable,
    tag_change,
    tag_mark,
    tagged,
    take_back,
)
from dockyard.tasks.written import file_state, give_back, write_kept
from dockyard.wording import human_size, short_id

__all__ = ["FLAGS", "INPUT", "Build", "BuildPlan", "BuildProgress", "BuildResult", "Layer", "build_from_words"]

FLAGS = (
    Flag("tag", "t", "list"),
    Flag("file", "f"),
    Flag("build-arg", "", "list"),
    Flag("no-cache", "", "switch"),
    Flag("target"),
    Flag("pull", "", "switch"),
)
ELSEWHERE = re.compile(r"(https?|git|ssh)://|git@|github\.com/")  # contexts that an engine would fetch itself
INPUT = "-"  # in place of a folder or a file: what comes in by the standard input


@dataclass(frozen=True)
class BuildPlan(Plan):
    """What a build will do.

    Attributes:
        context: What is sent to the engine.
        findings: What there is to say about the Dockerfile; errors and warnings among them are in ``warnings`` too.
    """

    context: Context = field(default_factory=lambda: Context.of_text(""), compare=False, repr=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Layer:
    """What one step of an image's making brought.

    Attributes:
        created_by: The step, as ``docker history`` shows it.
        size_bytes: 0 for one that brought no files.
    """

    created_by: str
    size_bytes: int


@dataclass(frozen=True)
class BuildResult(Result):
    """What a build made.

    Attributes:
        image_id: The image's full ID.
        layers: How the image was made, the newest first, its base's steps included.
        log: What the engine said; the last MiB.
        cached: How many steps were there from before.
    """

    image_id: str = ""
    layers: tuple[Layer, ...] = field(default=(), repr=False)
    log: str = field(default="", repr=False)
    cached: int = 0


@dataclass(frozen=True)
class Build(Task):
    """Make an image by a Dockerfile, with the engine's classic builder (``docker build``).

    Attributes:
        folder: The context: what ``COPY`` and ``ADD`` can take from. ``-`` for none; then ``text`` is the Dockerfile.
        names: ``-t``: what the image will be called, such as ``ex22_original2``.
        file: ``-f``: the Dockerfile, from the working folder; empty for ``Dockerfile`` in the context, ``-`` for ``text``.
        build_args: ``--build-arg``, each ``KEY=value``.
        no_cache: ``--no-cache``: do every step anew.
        target: ``--target``: the stage to build; empty for the last.
        pull: ``--pull``: ask the registry for the base even where the engine has it.
        text: The Dockerfile itself. With a ``file``, it is written there first.
    """

    verb: ClassVar[str] = "build"
    folder: str
    names: tuple[str, ...] = ()
    file: str = ""
    build_args: tuple[str, ...] = ()
    no_cache: bool = False
    target: str = ""
    pull: bool = False
    text: str | None = None

    def __post_init__(self) -> None:
        # One way to say that the Dockerfile comes by itself, so that a task equals the one its own line is parsed to.
        if self.folder == INPUT and self.file == INPUT:
            object.__setattr__(self, "file", "")
        elif self.folder != INPUT and not self.file and self.text is not None:
            object.__setattr__(self, "file", INPUT)

    @property
    def command(self) -> str:
        """Such as ``docker build -t ex22_original2 apa_folder``."""
        end = ["--"] if self.folder.startswith("-") and self.folder != INPUT else []
        return line("docker", "build", *self._flag_words(), *end, self.folder)

    def plan(self, client: Client) -> BuildPlan:
        """Return the image, its names and what has them now, and the images it is built on.

        The warnings begin with how much is sent to the engine, if anything is. Registries are not asked yet.

        Raises:
            NoContext, NoDockerfile, DockerfileNotGiven, ImageNameInvalid, BadValue: It can't be built.
        """
        names = [new_name(name) for name in self.names]
        context = self._context()
        findings = check(context.text, files=context.names, build_args=self._args, target=self.target)
        what = ", ".join(name.familiar for name in names) or translate(N_("(without a name)"))
        changes = [*self._file_change(), *self._base_changes(client, context.text), Change("create", "image", what)]
        changes += [tag_change(client, name, "") for name in names]
        warnings = [
            *([context.about] if context.entries else []),
            *(str(each) for each in findings if each.level != "hint"),
        ]
        warnings += [each for name in names for each in left_nameless(client, name)]
        return BuildPlan(tuple(changes), tuple(warnings), context=context, findings=findings)

    def run(
        self, client: Client, *, plan: Plan | None = None, report: Report = ignore, cancel: Cancel = NEVER
    ) -> BuildResult:
        """Build. See :meth:`Task.run`; progress comes as :class:`BuildProgress`.

        Raises:
            BuildFailed: An instruction could not be carried out; the sentence names its line.
            EngineRefused: The engine does not begin to build.
        """
        fresh = self.plan(client)
        fresh.require_same(plan)
        check_cancel(cancel)
        names = [new_name(name) for name in self.names]
        before = {name: tagged(client, name) for name in names}
        there = {str(each["Id"]) for each in client.get_json("/images/json", all=1)}
        with Kept.of(client, self.command) as kept:
            context = fresh.context
            if self._is_written:
                assert self.text is not None
                write_kept(Path(self.file), self.text, kept)
            try:
                if self._is_written:
                    context = Context.read(self.folder, self.file)
                log = self._build(client, context, report, cancel)
                image_id = str(require_image(client, log.image_id)["Id"])
            except BaseException:
                give_back(kept)
                raise
            kept.marks += [tag_mark(name, image_id, was) for name, was in before.items() if was != image_id]
            kept.marks.append(Mark(image_id, "known") if image_id in there else image_mark(image_id))
        changes = tuple(_as_it_was(each, image_id, before, is_new=image_id not in there) for each in fresh.changes)
        return BuildResult(changes, (), image_id, _layers(client, image_id), log.text, log.cached)

    def verify(self, client: Client) -> Evidence:
        """Look whether the image is there, with its layers."""
        wanted = self.names[0] if self.names else last_kept(client, self.command).marks[-1].path
        found = client.find_json("/images/{}/json", wanted)
        if found is None:
            return Evidence(False, translate(N_("There is no image {name}.")).format(name=wanted))
        layers = len(found["RootFS"].get("Layers") or ())
        says = translate(N_("{name} is the image {id} with {n} layers, {size} in all")).format(
            name=wanted, id=short_id(found["Id"]), n=layers, size=human_size(int(found["Size"]))
        )
        facts = {"image_id": found["Id"], "layers": layers, "size_bytes": int(found["Size"]), "tags": found["RepoTags"]}
        return Evidence(True, says, facts)

    def undo(self, client: Client) -> Result:
        """Give the names back to the images that had them, remove the image if it was new, and bring a written-over file back."""
        kept = last_kept(client, self.command)
        for mark in kept.marks:
            if mark.kind == "file" and file_state(Path(mark.path)) != mark.state:
                reason = translate(N_("{path!r} has changed since")).format(path=mark.path)
                raise CannotUndo(command=self.command, reason=reason)
        require_takeable(client, kept)
        files = give_back(kept)
        return Result((*files, *take_back(client, kept).changes))

    @property
    def _args(self) -> dict[str, str]:
        return dict(pair.partition("=")[::2] for pair in self.build_args)

    @property
    def _is_written(self) -> bool:
        """Whether the text goes into a file before the build."""
        return self.text is not None and self.file not in ("", INPUT)

    def _context(self) -> Context:
        if self.folder == INPUT and self.file:
            raise BadValue(flag="-f", value=self.file, expected=translate(N_("without a folder there are no files")))
        if ELSEWHERE.match(self.folder):
            expected = translate(N_("a folder on this machine; fetch or clone it first"))
            raise BadValue(flag="docker build", value=self.folder, expected=expected)
        if INPUT not in (self.folder, self.file):
            return Context.read(self.folder, self.file, self.text)
        if self.text is None:
            raise DockerfileNotGiven(command=self.command)
        if self.folder == INPUT:
            return Context.of_text(self.text)
        return Context.read(self.folder, text=self.text)

    def _file_change(self) -> Iterator[Change]:
        if self._is_written:
            yield Change("change" if Path(self.file).exists() else "create", "file", self.file)

    def _base_changes(self, client: Client, text: str) -> Iterator[Change]:
        for base in Dockerfile.parse(text).bases(self._args, self.target):
            found = client.find_json("/images/{}/json", base)
            if found is None:
                reason = translate(N_("the engine does not have it; it will be pulled"))
                yield Change("create", "image", base, reason=reason)
            elif self.pull:
                reason = translate(N_("the engine has it, and asks its registry for a newer one"))
                yield Change("keep", "image", base, reason=reason)
            else:
                reason = translate(N_("the image to build on; the engine has it: {id}"))
                yield Change("keep", "image", base, reason=reason.format(id=short_id(found["Id"])))

    def _build(self, client: Client, context: Context, report: Report, cancel: Cancel) -> BuildLog:
        log = BuildLog(Dockerfile.parse(context.text), report)
        doing, total = translate(N_("sending the context")), context.stream_bytes

        def watch(sent_bytes: int) -> None:
            check_cancel(cancel)
            report(BuildProgress(sent_bytes, total, "bytes", doing))

        call = BuildCall(client, self._params(context), _log_ins(client))
        try:
            call.send(context.parts(), total, watch)
            log.take_all(until_cancelled(iter(call), cancel))
        except EngineRefused as error:
            raise log.failure(str(error.facts["message"])) from error
        finally:
            call.close()
        return log

    def _params(self, context: Context) -> dict[str, str | list[str]]:
        """The parameters of ``POST /build`` (Docker Engine API, "Build an image")."""
        return {
            "t": [new_name(name).familiar for name in self.names],
            "dockerfile": context.dockerfile,
            "rm": "1",
            "forcerm": "1",
            "nocache": str(int(self.no_cache)),
            "pull": str(int(self.pull)),
            "buildargs": json.dumps(self._args),
            **({"target": self.target} if self.target else {}),
        }

    def _flag_words(self) -> Iterator[str]:
        for name in self.names:
            yield from ("-t", name)
        yield from ("-f", self.file) if self.file else ()
        for pair in self.build_args:
            yield from ("--build-arg", pair)
        yield from ("--no-cache",) if self.no_cache else ()
        yield from ("--target", self.target) if self.target else ()
        yield from ("--pull",) if self.pull else ()


def build_from_words(given: tuple[str, ...], text: str | None = None) -> Build:
    """Return the task of ``docker build`` with these words after ``build``.

    Args:
        given: The words.
        text: The Dockerfile, where it comes by itself.

    Raises:
        BadLine: The words are not as ``docker build`` takes them.
    """
    parsed = parse_flags("build", FLAGS, given)
    (folder,) = parsed.require_words("build", translate(N_("a folder")), 1, 1)
    if not folder:
        raise BadValue(flag="docker build", value="", expected=translate(N_("a folder; '.' is the working folder")))
    for pair in parsed.lists.get("build-arg", ()):
        if "=" not in pair:
            expected = translate(N_("write KEY=value; no value is taken from elsewhere"))
            raise BadValue(flag="--build-arg", value=pair, expected=expected)
    return Build(
        folder,
        parsed.lists.get("tag", ()),
        parsed.values.get("file", ""),
        parsed.lists.get("build-arg", ()),
        "no-cache" in parsed.switches,
        parsed.values.get("target", ""),
        "pull" in parsed.switches,
        text,
    )


def _log_ins(client: Client) -> str:
    """What docker's configuration has of log-ins, for the header ``X-Registry-Config``: the base may come of any registry."""
    import docker.auth

    with engine_errors(client.address):
        known = docker.auth.load_config().get_all_credentials()  # type: ignore[no-untyped-call]
    if docker.auth.INDEX_NAME in known:  # the engine looks for Docker Hub's by its old address
        known.setdefault(docker.auth.INDEX_URL, known[docker.auth.INDEX_NAME])
    return str(docker.auth.encode_header(known).decode()) if known else ""


def _layers(client: Client, image_id: str) -> tuple[Layer, ...]:
    rows = client.get_json("/images/{}/history", image_id)
    return tuple(Layer(str(row["CreatedBy"]), int(row["Size"])) for row in rows)


def _as_it_was(change: Change, image_id: str, before: dict[ImageName, str], *, is_new: bool) -> Change:
    """A planned change as it turned out: where every step was there already, the image and its name stay."""
    if change.kind == "image" and change.action == "create" and not change.reason:
        reason = "" if is_new else translate(N_("every step was there from before"))
        return Change("create" if is_new else "keep", "image", change.name, reason=reason)
    if change.kind == "tag" and before.get(ImageName.parse(change.name)) == image_id:
        return Change("keep", "tag", change.name, reason=translate(N_("it names this image already")))
    return change
