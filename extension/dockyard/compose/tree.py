"""A Compose file as YAML: its values, and the line that each of them stands on.

Read by the rules of YAML 1.2, as docker compose does: ``no`` is a word, ``22:22`` is a text, and a key that stands twice is an error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dockyard.locale import N_, translate

__all__ = ["Fault", "Path", "Tree", "spelled"]

Path = tuple[str | int, ...]
MOST_NODES = 50_000  # a file of a few lines can stand for billions, by aliases of aliases


class Fault(Exception):
    """Something is wrong with one place of the file; :mod:`dockyard.compose.reading` makes a finding of it.

    Attributes:
        path: Where, from the top, such as ``("services", "web", "ports", 0)``.
        says: One sentence, in the reader's language.
        line: The line, where it is known already.
    """

    def __init__(self, path: Path, says: str, line: int = 0) -> None:
        super().__init__(says)
        self.path, self.says, self.line = path, says, line


@dataclass
class Tree:
    """A file's values.

    Attributes:
        values: Mappings, lists, texts, numbers, truth values and None.
        lines: The line of each value, from 1; of an entry of a mapping, that of its key.
    """

    values: dict[str, Any]
    lines: dict[Path, int] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Tree":
        """Read a file's text.

        Raises:
            Fault: It is no YAML, or no mapping; or it has what a Compose file can't have.
        """
        try:
            documents = list(yaml.compose_all(text, _Loader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            says = translate(N_("This is no YAML: {problem}")).format(problem=error.problem)
            raise Fault((), says, mark.line + 1 if mark else 1) from error
        except yaml.YAMLError as error:
            raise Fault((), translate(N_("This is no YAML: {problem}")).format(problem=error), 1) from error
        if len(documents) > 1:
            line = documents[1].start_mark.line + 1
            raise Fault((), translate(N_("A second document begins here; a Compose file is one.")), line)
        if not documents or not isinstance(documents[0], yaml.MappingNode):
            raise Fault((), translate(N_("The file must be a mapping that begins with `services:`.")), 1)
        lines: dict[Path, int] = {(): 1}
        return cls(dict(_Reading(lines).mapping(documents[0], ())), lines)

    def line(self, path: Path) -> int:
        """The line of a value, or of what holds it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


def spelled(path: Path) -> str:
    """A place as people write it, such as ``services.web.ports[0]``."""
    shown = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return shown.removeprefix(".")


class _Loader(yaml.SafeLoader):
    """Tells texts from numbers by YAML 1.2's core schema, with YAML 1.1's ``0755`` beside it, as docker compose reads it."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's way: a class has its own


_CORE: tuple[tuple[str, str, list[str]], ...] = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)
for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


class _Reading:
    """Makes values of nodes."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines, self._count = lines, 0
        self._open: list[yaml.Node] = []

    def mapping(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        merged: list[yaml.Node] = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Fault(path, translate(N_("A key must be a word.")), key.start_mark.line + 1)
            if key.value == "<<" and key.style is None:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            if key.value in seen:
                says = translate(N_("{key!r} stands twice in the same mapping.")).format(key=key.value)
                raise Fault((*path, key.value), says, key.start_mark.line + 1)
            seen.add(key.value)
            self._lines[(*path, key.value)] = key.start_mark.line + 1
            yield key.value, self._value(value, (*path, key.value))
        for each in merged:
            if not isinstance(each, yaml.MappingNode):
                raise Fault(path, translate(N_("Only a mapping can be merged by `<<`.")), each.start_mark.line + 1)
            for name, value in self._inside(each, path).items():
                if name not in seen:
                    seen.add(name)
                    yield name, value

    def _inside(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        """A mapping's entries, read while it is open, so that one that holds itself is noticed."""
        if node in self._open:
            raise Fault(path, translate(N_("This holds itself.")), node.start_mark.line + 1)
        self._open.append(node)
        try:
            before = dict(self._lines)
            values = dict(self.mapping(node, path))
            self._lines.update(before)  # what stands here itself keeps its own line
            return values
        finally:
            self._open.pop()

    def _value(self, node: yaml.Node, path: Path) -> Any:
        self._count += 1
        if self._count > MOST_NODES:
            raise Fault(path, translate(N_("The file stands for too much; it has too many aliases.")))
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, path)
        if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise Fault(path, translate(N_("The tag {tag} is not supported here.")).format(tag=node.tag), line)
        if isinstance(node, yaml.MappingNode):
            return self._inside(node, path)
        if node in self._open:
            raise Fault(path, translate(N_("This holds itself.")), line)
        self._open.append(node)
        try:
            return [self._value(each, (*path, place)) for place, each in enumerate(node.value)]
        finally:
            self._open.pop()


def _scalar(node: yaml.ScalarNode, path: Path) -> str | int | float | bool | None:
    text = str(node.value)
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    try:
        if kind == "int":
            return int(text, 8) if re.fullmatch(r"0[0-7]+", text) else int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if kind == "float":
            return float(text)
    except ValueError as error:
        says = translate(N_("{text!r} is no number.")).format(text=text)
        raise Fault(path, says, node.start_mark.line + 1) from error
    says = translate(N_("The tag {tag} is not supported here.")).format(tag=node.tag)
    raise Fault(path, says, node.start_mark.line + 1)
