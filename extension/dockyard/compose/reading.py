"""A Compose file read: the project that it stands for, or what is wrong with it, with line numbers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from dockyard.compose import schema
from dockyard.compose.model import Network, Project, Volume
from dockyard.compose.places import find_file, project_name
from dockyard.compose.services import DEFAULT, Surroundings, service
from dockyard.compose.support import unsupported
from dockyard.compose.tree import Fault, Path, Tree
from dockyard.compose.values import is_true, pairs
from dockyard.compose.variables import BadVariable, fill, read_env_file
from dockyard.dockerfile import Finding
from dockyard.errors import ComposeFileBroken, ProjectNameInvalid, SourceUnreadable
from dockyard.locale import N_, translate

__all__ = ["Reading", "load", "read"]

ENV_FILE = ".env"
# What docker compose reads from the environment or from .env, beside a project's name, and changes what it does.
SETTINGS = ("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_ENV_FILES", "COMPOSE_PATH_SEPARATOR")


@dataclass(frozen=True)
class Reading:
    """What came of a file.

    Attributes:
        file: The file, absolute.
        project: What it stands for; None where something is wrong with it.
        findings: What there is to say about it, by line.
        values: Its values, variables filled in; empty where it is no YAML.
    """

    file: FilePath
    project: Project | None
    findings: tuple[Finding, ...]
    values: Mapping[str, Any]

    def require(self) -> Project:
        """Return the project.

        Raises:
            ComposeFileBroken: Something is wrong with the file; the sentence names the first line at fault.
        """
        if self.project is None:
            first = next(each for each in self.findings if each.level == "error")
            raise ComposeFileBroken(path=str(self.file), finding=str(first), findings=self.findings)
        return self.project

    @property
    def text(self) -> str:
        """The file with its variables filled in and its project named, as ``docker compose config`` writes it out, in the file's own order."""
        name = {"name": self.project.name} if self.project else {}
        rest = {key: _literal(value) for key, value in self.values.items() if key not in ("name", "version")}
        return str(yaml.safe_dump({**name, **rest}, sort_keys=False, allow_unicode=True))


def load(file: str = "", *, name: str = "", env_files: Sequence[str] = (), text: str | None = None) -> Project:
    """Return the project of a file. See :func:`read`.

    Raises:
        NoComposeFile, SourceUnreadable, ProjectNameInvalid: See there.
        ComposeFileBroken: Something is wrong with it; the sentence names the first line at fault.
    """
    return read(file, name=name, env_files=env_files, text=text).require()


def read(file: str = "", *, name: str = "", env_files: Sequence[str] = (), text: str | None = None) -> Reading:
    """Read a Compose file.

    Variables come from ``.env`` beside it, or from ``env_files``; never from this process's environment, so that a file stands for the same
    wherever it is read.

    Args:
        file: Its path, or that of its folder; empty looks in the working folder and above.
        name: The project's name, instead of the file's or the folder's own.
        env_files: Instead of ``.env``.
        text: What to read instead of what the file holds; the file need not be there.

    Raises:
        NoComposeFile: There is none.
        SourceUnreadable: It can't be read, or one of its files of variables can't.
        ProjectNameInvalid: ``name`` can't name a project.
    """
    path = find_file(file) if text is None else FilePath(file).expanduser().absolute()
    if text is None:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnreadable(path=str(path), reason=getattr(error, "strerror", None) or str(error)) from error
    try:
        variables = _variables(path.parent, env_files)
        tree = Tree.parse(text)
    except Fault as fault:
        return Reading(path, None, (Finding(fault.line, "error", fault.says),), {})
    attempt = _Attempt(path, tree, variables, name)
    project = attempt.project()
    findings = sorted(dict.fromkeys(attempt.findings), key=lambda each: each.line)
    return Reading(path, project, tuple(findings), attempt.values)


def _variables(folder: FilePath, env_files: Sequence[str]) -> dict[str, str]:
    files = [FilePath(each).expanduser() for each in env_files] or [folder / ENV_FILE]
    found: dict[str, str] = {}
    for file in files:
        if not env_files and not file.is_file():
            continue
        try:
            found |= {key: value for key, value in read_env_file(file, found).items() if value is not None}
        except BadVariable as error:
            says = translate(N_("The file {path!r} can't be used: {reason}.")).format(path=str(file), reason=error)
            raise Fault((), says) from error
    return found


class _Attempt:
    """One reading of one file."""

    def __init__(self, path: FilePath, tree: Tree, variables: dict[str, str], name: str) -> None:
        self._path, self._tree, self._variables, self._name = path, tree, variables, name
        self.findings: list[Finding] = []
        self._unset: dict[str, int] = {}
        self.values: dict[str, Any] = tree.values

    def project(self) -> Project | None:
        """The project; None where something is wrong."""
        if found := [each for each in SETTINGS if each in self._variables]:
            self._say(0, "error", N_("{name} in {file} is not supported here."), name=found[0], file=ENV_FILE)
        self.values = self._filled(self._tree.values, ())
        self._note(schema.faults(self.values))
        if not self._is_good:
            return None
        self._note(unsupported(self.values))
        if "version" in self.values:
            line = self._tree.line(("version",))
            self._say(line, "hint", N_("`version` is out of use and changes nothing; leave it out."))
        if not self.values.get("services"):
            self._say(1, "error", N_("The file has no services."))
        if not self._is_good:
            return None
        project = self._made()
        for name, line in self._unset.items():
            self._say(
                line,
                "warning",
                N_("{name} is not set in {file}; nothing stands in its place."),
                name=name,
                file=ENV_FILE,
            )
        return project if self._is_good else None

    def _made(self) -> Project | None:
        try:
            name = project_name(self._name, self._variables, str(self.values.get("name") or ""), self._path.parent)
        except ProjectNameInvalid as error:
            if self._name:
                raise
            self._say(self._tree.line(("name",)), "error", "{says}", says=error)
            return None
        around = Surroundings(
            name,
            self._path.parent,
            {**self._variables, "COMPOSE_PROJECT_NAME": name},
            frozenset(self.values.get("networks") or {}),
            frozenset(self.values.get("volumes") or {}),
            frozenset(self.values["services"]),
        )
        services = tuple(service(key, given, around) for key, given in self.values["services"].items())
        self._note(around.faults)
        self._note(_named_twice(services))
        for path, variable in around.unset:
            self._say(
                self._tree.line(path),
                "hint",
                N_("{name} has no value here nor in {file}, so it is left out."),
                name=variable,
                file=ENV_FILE,
            )
        networks = self._networks(name, any(key == DEFAULT for each in services for key, _ in each.networks))
        project = Project(name, self._path, services, tuple(networks), tuple(self._volumes(name)))
        if self._is_good and (circle := _circle(project)):
            line = self._tree.line(("services", circle[0], "depends_on"))
            self._say(line, "error", N_("These services wait for each other: {names}."), names=" → ".join(circle))
        return project

    def _networks(self, project: str, with_default: bool) -> Iterator[Network]:
        written = self.values.get("networks") or {}
        for key in [*([DEFAULT] if with_default and DEFAULT not in written else []), *written]:
            given = written.get(key) or {}
            path: Path = ("networks", key)
            yield Network(
                key,
                self._engine_name(project, key, given, path),
                self._truth(given, "external", path),
                str(given.get("driver", "")),
                *self._settings(given),
                self._truth(given, "internal", path),
                self._truth(given, "attachable", path),
            )

    def _volumes(self, project: str) -> Iterator[Volume]:
        for key, each in (self.values.get("volumes") or {}).items():
            given, path = each or {}, ("volumes", key)
            yield Volume(
                key,
                self._engine_name(project, key, given, path),
                self._truth(given, "external", path),
                str(given.get("driver", "")),
                *self._settings(given),
            )

    def _engine_name(self, project: str, key: str, given: Mapping[str, Any], path: Path) -> str:
        return str(given.get("name") or (key if self._truth(given, "external", path) else f"{project}_{key}"))

    def _settings(self, given: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Options and labels."""
        options, labels = (pairs(given.get(key)) for key in ("driver_opts", "labels"))
        return tuple(f"{key}={value or ''}" for key, value in options.items()), tuple(
            f"{key}={value or ''}" for key, value in labels.items()
        )

    def _truth(self, given: Mapping[str, Any], key: str, path: Path) -> bool:
        try:
            return is_true(given.get(key, False), (*path, key))
        except Fault as fault:
            self._note([fault])
            return False

    def _filled(self, value: Any, path: Path) -> Any:
        """A value with its variables filled in; keys stay as they are."""
        if isinstance(value, dict):
            return {key: self._filled(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each, (*path, place)) for place, each in enumerate(value)]
        if not isinstance(value, str) or "$" not in value:
            return value
        unset: set[str] = set()
        try:
            return fill(value, self._variables, unset)
        except BadVariable as error:
            self._note([Fault(path, translate(N_("{text!r}: {reason}.")).format(text=value, reason=error))])
            return value
        finally:
            for name in sorted(unset - {"COMPOSE_PROJECT_NAME"}):
                self._unset.setdefault(name, self._tree.line(path))

    @property
    def _is_good(self) -> bool:
        return all(each.level != "error" for each in self.findings)

    def _note(self, faults: "Iterator[Fault] | Sequence[Fault]") -> None:
        self.findings += [Finding(each.line or self._tree.line(each.path), "error", each.says) for each in faults]

    def _say(self, line: int, level: Any, sentence: str, **facts: object) -> None:
        self.findings.append(Finding(line, level, translate(sentence).format(**facts)))


def _literal(value: Any) -> Any:
    """Values in which a dollar sign is one that is meant."""
    if isinstance(value, dict):
        return {key: _literal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_literal(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value


def _named_twice(services: Sequence[Any]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for each in services:
        if other := seen.get(each.container_name):
            says = translate(N_("The services {first!r} and {second!r} have a container of the same name."))
            path = ("services", each.name, "container_name")
            yield Fault(path, says.format(first=other, second=each.name))
        seen[each.container_name] = each.name


def _circle(project: Project) -> list[str]:
    """Services that wait for each other, the first one named again at the end; empty where there are none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for each in project.service(name).depends_on:
            if found := walk(each.service, [*way, name]):
                return found
        done.add(name)
        return []

    for each in project.services:
        if found := walk(each.name, []):
            return found
    return []
