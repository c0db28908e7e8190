"""Builds images: from a context and what the client asks to an image with its names."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from dockyard.engine.build.construction import Construction, Pull
from dockyard.engine.build.context import Context, read_context, read_dockerfile
from dockyard.engine.build.dockerfile import Dockerfile, Instruction, Stage, parse, parse_trigger
from dockyard.engine.build.errors import BuildCancelled, DockerfileError
from dockyard.engine.build.ledger import Ledger
from dockyard.engine.build.options import BuildOptions, require_own_platform
from dockyard.engine.build.output import Output, Report
from dockyard.engine.build.remote import clone, download, is_git, is_url
from dockyard.engine.build.stage_tree import Unpacker
from dockyard.engine.build.state import StageState
from dockyard.engine.build.steps import STEPS, label
from dockyard.engine.build.tree import FileTree
from dockyard.engine.build.unpack import is_archive
from dockyard.engine.build.variables import BuildArguments
from dockyard.engine.build.words import expand
from dockyard.engine.build.workbench import Workbench
from dockyard.engine.durable import discard
from dockyard.engine.errors import ApiError, BadParameter, ServerError
from dockyard.engine.folders import Folders
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.registry.platforms import Platform
from dockyard.tarstream import Reader

__all__ = ["Builder"]

SCRATCH = "scratch"


@dataclass(frozen=True)
class Builder:
    """Builds for one engine; any number of builds at once.

    Attributes:
        folders: Where files go while a build runs.
        images: Where images come from and go to.
        unpacker: The engine's trees.
        workbench: Runs commands.
        pull: Gets images that are not here.
    """

    folders: Folders
    images: Images
    unpacker: Unpacker
    workbench: Workbench
    pull: Pull

    @property
    def caches(self) -> Path:
        """Where cache mounts are kept between builds."""
        return self.folders.data / "build-caches"

    def build(self, context: Reader, options: BuildOptions, report: Report, cancelled: Callable[[], bool]) -> Image:
        """Build an image.

        Args:
            context: A tar stream, compressed or not; not read where the options name another.
            options: What the client asks for.
            report: Told each record of the answer.
            cancelled: Asked between steps and while commands run; True ends the build.

        Raises:
            DockerfileError: The Dockerfile can't be followed; nothing was reported yet.
            CommandFailed: A command did; it has the exit code.
            BuildCancelled: ``cancelled`` said so.
            ApiError: Whatever else went wrong.
        """
        output = Output(report, quiet=options.quiet)
        folder = self.folders.staging / f"build-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700)
        try:
            with self.images.blobs.making():
                image = self._built(context, options, output, cancelled, folder)
        except ApiError:
            output.failed()
            raise
        finally:
            discard(folder, self.folders.trash)
        output.done(image.id)
        return image

    def _built(
        self, reader: Reader, options: BuildOptions, output: Output, cancelled: Callable[[], bool], folder: Path
    ) -> Image:
        context = self._context(reader, options, output, cancelled, folder)
        dockerfile = parse(context.dockerfile)
        if options.target:
            dockerfile = dockerfile.up_to(options.target)
        if dockerfile.warnings:
            output.warning("".join(f"{each}\n" for each in dockerfile.warnings))
        construction = Construction(
            options=options,
            context=context,
            output=output,
            images=self.images,
            blobs=self.images.blobs,
            ledger=Ledger(self.images, use_cache=options.use_cache),
            unpacker=self.unpacker,
            workbench=self.workbench,
            pull=self.pull,
            cancelled=cancelled,
            folder=folder,
            caches=self.caches,
        )
        building = _Building(construction, dockerfile)
        image = building.stages()
        if warning := building.arguments.warning:
            output.text(warning)
        if image is None:
            raise BadParameter("No image was generated. Is your Dockerfile empty?")
        output.text(f"Successfully built {image.short_id}\n")
        for name in options.names:
            image = self.images.tag(image, name)
            output.text(f"Successfully tagged {name.familiar}\n")
        return image

    def _context(
        self, reader: Reader, options: BuildOptions, output: Output, cancelled: Callable[[], bool], folder: Path
    ) -> Context:
        files = folder / "context"
        files.mkdir(mode=0o700)
        if not options.remote:
            return read_context(reader, files, options.dockerfile)
        if is_git(options.remote):
            tree = FileTree(clone(options.remote, files))
            return Context(tree, read_dockerfile(tree, options.dockerfile))
        if not is_url(options.remote):
            raise BadParameter(f"remote context: {options.remote} is neither an http(s) URL nor a git repository")
        try:
            fetched = download(options.remote, folder / "remote", output, cancelled)
        except ServerError as error:
            raise ServerError(f"error downloading remote context {options.remote}: {error}") from error
        with FileIO(fetched.path) as file:
            archive = is_archive(file)
            file.seek(0)
            if archive:
                return read_context(file, files, options.dockerfile)
        (files / "Dockerfile").write_bytes(fetched.path.read_bytes())
        tree = FileTree(files)
        return Context(tree, read_dockerfile(tree, "Dockerfile"))


class _Building:
    """The stages of one build, one after another."""

    def __init__(self, construction: Construction, dockerfile: Dockerfile) -> None:
        here = Platform.here()
        parts = {"PLATFORM": str(here), "OS": here.os, "ARCH": here.architecture, "VARIANT": here.variant}
        platform = {f"{side}{name}": value for side in ("BUILD", "TARGET") for name, value in parts.items()}
        self.arguments = BuildArguments(construction.options.arguments, platform)
        self._build, self._dockerfile = construction, dockerfile
        self._labels = sorted(construction.options.labels.items())
        self._count = len(dockerfile.instructions) + len(self._labels)
        self._number = 0

    def stages(self) -> Image | None:
        """Build all stages and return the last one's image."""
        escape = self._dockerfile.escape
        for instruction in self._dockerfile.globals:
            self._announce(instruction.original)
            for word in instruction.arguments:
                name, equals, value = word.partition("=")
                default = expand(value, self.arguments.globals, escape) if equals else None
                self.arguments.declare_global(name, default)
        image = None
        for number, stage in enumerate(self._dockerfile.stages):
            state = StageState(number, stage.name, self.arguments, escape)
            self._stage(stage, state, last=number == len(self._dockerfile.stages) - 1)
            image = state.image
        return image

    def _stage(self, stage: Stage, state: StageState, *, last: bool) -> None:
        self.arguments.begin_stage()
        if stage.name and self._build.stage(stage.name):
            raise BadParameter("a stage name already used")
        self._announce(stage.source.original)
        self._begin(stage.source, state)
        self._conclude(state)
        for instruction in stage.instructions:
            self._announce(instruction.original)
            STEPS[instruction.keyword](self._build, state, instruction)
            self._conclude(state)
        for name, value in self._labels if last else ():
            self._announce(f"LABEL {name}={value}")
            label(self._build, state, [(name, value)])
            self._conclude(state)
        if state.image:
            self._build.output.image(state.image.id)
        self._build.finished.append(state)

    def _begin(self, source: Instruction, state: StageState) -> None:
        """Carry out FROM, and what the base image wants done where it is built on."""
        variables = self.arguments.globals
        written = source.arguments[0]
        name = expand(written, variables, state.escape)
        _require_platform(expand(source.flag("platform"), variables, state.escape))
        if not name:
            raise BadParameter(f"base name ({written}) should not be blank")
        before = None if name.isdecimal() else self._build.stage(name)
        if before or name == SCRATCH:
            state.begin(before.image if before else None)
        else:
            state.begin(self._build.image(name))
        triggers, state.config["OnBuild"] = state.config["OnBuild"] or (), None
        if triggers:
            self._build.output.text(f"# Executing {len(triggers)} build trigger{'s' if len(triggers) > 1 else ''}\n")
        for text in triggers:
            try:
                instruction = parse_trigger(text)
            except DockerfileError as error:
                raise BadParameter(error.message) from error
            STEPS[instruction.keyword](self._build, state, instruction)
            state.follow()

    def _announce(self, text: str) -> None:
        if self._build.cancelled():
            raise BuildCancelled
        self._number += 1
        self._build.output.step(self._number, self._count, text)

    def _conclude(self, state: StageState) -> None:
        state.follow()
        self._build.output.text(f" ---> {state.short_id}\n")


def _require_platform(text: str) -> None:
    try:
        require_own_platform(text)
    except BadParameter as error:
        raise BadParameter(f"failed to parse platform {text}: {error}") from error
