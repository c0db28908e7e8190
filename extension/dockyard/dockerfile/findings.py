"""What is wrong, or could be better, in a Dockerfile: one sentence a finding, with its line.

Rules of one's own, since hadolint, the well-kept linter, is a program of 12 MB under the GPL that speaks English alone and knows no context.
"""

import difflib
import fnmatch
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from dockyard.dockerfile.instructions import FLAGS, INSTRUCTIONS, Dockerfile, Instruction, Stage, names_declared
from dockyard.dockerfile.variables import PREDEFINED, variables_in
from dockyard.locale import N_, translate

__all__ = ["Finding", "check"]

Level = Literal["error", "warning", "hint"]

ARCHIVE = re.compile(r"\.(tar|tgz|tbz2|txz|tar\.(gz|bz2|xz))$")
SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key)")
PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(?:tcp|udp|sctp))?", re.IGNORECASE)
# Where the builder fills variables in ("Environment replacement"), beside FROM.
FILLED_IN = {"ADD", "COPY", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}


@dataclass(frozen=True)
class Finding:
    """One finding.

    Attributes:
        line: Where, from 1; 0 where it is about the whole.
        level: ``error``: the build will fail; ``warning``: it hardly does what is meant; ``hint``: it could be better.
        says: One sentence, in the reader's language.
    """

    line: int
    level: Level
    says: str

    def __str__(self) -> str:
        return translate(N_("Line {line}: {says}")).format(line=self.line, says=self.says) if self.line else self.says


def check(
    text: str,
    *,
    files: Collection[str] | None = None,
    build_args: Mapping[str, str] | None = None,
    target: str = "",
) -> tuple[Finding, ...]:
    """Return what there is to say about a Dockerfile, by line.

    Args:
        text: The Dockerfile.
        files: The files and folders of the context, relative to it; without them, no missing sources are found.
        build_args: Values given to the build.
        target: The stage to be built; empty for the last.
    """
    given = Dockerfile.parse(text)
    found = [*_whole(given, target), *(one for each in given.instructions for one in _alone(each))]
    found += [*_variables(given), *_unused(given, build_args or {})]
    stages = given.stages(build_args)
    for place, stage in enumerate(stages):
        found += [*_base(stage, stages[:place]), *_only_last(stage)]
    if stages:
        found += _final_user(stages[-1])
    if files is not None:
        found += [one for each in given.instructions for one in _sources(each, files)]
    return tuple(sorted(found, key=lambda one: one.line))


def _say(line: int, level: Level, sentence: str, **facts: object) -> Finding:
    return Finding(line, level, translate(sentence).format(**facts))


# ---------------------------------------------------------------- one instruction by itself


def _alone(each: Instruction) -> Iterator[Finding]:
    if each.name == "MAINTAINER":
        yield _say(each.line, "warning", N_("MAINTAINER is out of use; write LABEL maintainer=... instead."))
        return
    if each.name not in INSTRUCTIONS:
        yield _unknown(each.line, each.name)
        return
    if not each.text:
        yield _say(each.line, "error", N_("{name} needs something after it."), name=each.name)
        return
    if each.has_heredoc:
        yield _say(
            each.line,
            "warning",
            N_("Lines between << and their end mark are for BuildKit; join them with && and \\ instead."),
        )
    if each.text.startswith("[") and each.json_form is None and each.name != "RUN":
        yield _say(
            each.line,
            "warning",
            N_("This looks like the JSON form and is none, which takes double quotes, and commas between the words."),
        )
    if each.name in _RULES:
        yield from _RULES[each.name](each)


def _unknown(line: int, name: str) -> Finding:
    if near := difflib.get_close_matches(name, INSTRUCTIONS, n=1):
        return _say(line, "error", N_("There is no instruction {name}; did you mean {near}?"), name=name, near=near[0])
    return _say(line, "error", N_("There is no instruction {name}."), name=name)


def _program(each: Instruction) -> Iterator[Finding]:
    if not each.text.startswith("["):
        sentence = N_(
            '{name} in shell form runs below a shell, which passes no signals on; write {name} ["program", "argument"].'
        )
        yield _say(each.line, "hint", sentence, name=each.name)


def _run(each: Instruction) -> Iterator[Finding]:
    yield from _apt(each.line, each.text)
    if re.fullmatch(r"cd\s+\S+", each.text):
        yield _say(each.line, "warning", N_("`cd` lasts only until the end of its own RUN; use WORKDIR."))
    if re.match(r"sudo\b", each.text):
        yield _say(each.line, "hint", N_("A build runs as root unless USER says otherwise; leave sudo off."))
    yield from _flags(each)


def _flags(each: Instruction) -> Iterator[Finding]:
    for flag in each.flags:
        name, sign, _ = flag.partition("=")
        if f"{name}{sign}" not in FLAGS.get(each.name, ()):
            sentence = N_("{flag} is for BuildKit; Docker's classic builder refuses it.")
            yield _say(each.line, "warning", sentence, flag=name)


def _apt(line: int, text: str) -> Iterator[Finding]:
    installs = re.search(r"\bapt(?:-get)?\s+((?:-\S+\s+)*)(?:install|(?:dist-)?upgrade)\b([^&|;]*)", text)
    updates = re.search(r"\bapt(-get)?\s+(-\S+\s+)*update\b", text)
    if updates and not installs:
        sentence = N_("`apt-get update` by itself becomes a layer that grows old; join it with the install by &&.")
        yield _say(line, "warning", sentence)
    if not installs:
        return
    if not re.search(r"(^|\s)(-[a-zA-Z]*y[a-zA-Z]*|--yes|--assume-yes)(\s|$)", f"{installs[1]} {installs[2]}"):
        yield _say(line, "warning", N_("`apt-get install` without -y asks, and no one is there to answer."))
    if "/var/lib/apt/lists" not in text:
        sentence = N_("The package lists stay in the layer; end with && rm -rf /var/lib/apt/lists/*.")
        yield _say(line, "hint", sentence)


def _copy(each: Instruction) -> Iterator[Finding]:
    yield from _flags(each)
    if len(each.words) < 2:
        if not each.has_heredoc:
            yield _say(each.line, "error", N_("{name} needs a source and a target."), name=each.name)
        return
    *sources, target = each.words
    if len(sources) > 1 and not target.endswith("/") and "$" not in target:
        sentence = N_("With several sources the target must be a folder, written with a '/' at its end.")
        yield _say(each.line, "error", sentence)
    for source in sources:
        if source.split("/")[0] == ".." and not each.flag("from"):
            sentence = N_("{source} lies outside the context, which is all that a build sees.")
            yield _say(each.line, "error", sentence, source=source)
    if each.name == "ADD" and not any(ARCHIVE.search(one) or "://" in one or "$" in one for one in sources):
        yield _say(each.line, "hint", N_("COPY does the same here without surprises; ADD is for archives and URLs."))


def _expose(each: Instruction) -> Iterator[Finding]:
    for word in each.words:
        found = PORT.fullmatch(word)
        ports = [int(port) for port in found.groups() if port] if found else []
        if "$" not in word and (not ports or not all(0 < port < 65536 for port in ports) or ports != sorted(ports)):
            sentence = N_("{word} is no port: write a number from 1 to 65535, such as 80 or 80/tcp.")
            yield _say(each.line, "error", sentence, word=word)


def _pairs(each: Instruction) -> Iterator[Finding]:
    if "=" not in each.text.split()[0]:
        sentence = N_("{name} in the old form takes all the rest as one value; write {name} KEY=value.")
        yield _say(each.line, "warning", sentence, name=each.name)


def _env(each: Instruction) -> Iterator[Finding]:
    yield from _pairs(each)
    yield from _secret(each)


def _secret(each: Instruction) -> Iterator[Finding]:
    for name in names_declared(each):
        if SECRET.search(name):
            sentence = N_("Whoever has the image can read {name}, by `docker history` or `docker inspect`.")
            yield _say(each.line, "warning", sentence, name=name)


def _shell(each: Instruction) -> Iterator[Finding]:
    if not each.text.startswith("["):
        yield _say(each.line, "error", N_("SHELL takes the JSON form only."))


def _workdir(each: Instruction) -> Iterator[Finding]:
    if not each.text.startswith(("/", "$", '"/')):
        yield _say(each.line, "hint", N_("A relative WORKDIR depends on the one before; begin it with '/'."))


def _healthcheck(each: Instruction) -> Iterator[Finding]:
    if each.text.split()[0].upper() not in ("CMD", "NONE"):
        yield _say(each.line, "error", N_("HEALTHCHECK is followed by CMD and a command, or by NONE."))


def _onbuild(each: Instruction) -> Iterator[Finding]:
    name = each.text.split()[0].upper()
    if name in ("FROM", "ONBUILD", "MAINTAINER"):
        yield _say(each.line, "error", N_("{name} can't stand after ONBUILD."), name=name)
    elif name not in INSTRUCTIONS:
        yield _unknown(each.line, name)


_RULES: dict[str, Callable[[Instruction], Iterator[Finding]]] = {
    "ADD": _copy,
    "ARG": _secret,
    "CMD": _program,
    "COPY": _copy,
    "ENTRYPOINT": _program,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _pairs,
    "ONBUILD": _onbuild,
    "RUN": _run,
    "SHELL": _shell,
    "WORKDIR": _workdir,
}


# ---------------------------------------------------------------- what only the whole shows


def _whole(given: Dockerfile, target: str) -> Iterator[Finding]:
    names = [each.name for each in given.instructions]
    if "FROM" not in names:
        yield _say(0, "error", N_("There is no FROM: a Dockerfile begins with the image to build on."))
        return
    for each in given.instructions[: names.index("FROM")]:
        if each.name != "ARG" and each.name in INSTRUCTIONS:
            yield _say(each.line, "error", N_("Only ARG may stand before the first FROM, not {name}."), name=each.name)
    if given.stages_until(target) is None:
        yield _say(0, "error", N_("There is no stage {target} to build."), target=target)


def _base(stage: Stage, earlier: tuple[Stage, ...]) -> Iterator[Finding]:
    if not stage.base:
        yield _say(stage.line, "error", N_("FROM names no image here: its variable is empty."))
        return
    name = stage.base.rpartition("/")[2]
    if stage.base == "scratch" or "@" in name or stage.base.lower() in {each.name.lower() for each in earlier}:
        return
    if ":" not in name or name.endswith(":latest"):
        sentence = N_("{name} without a fixed tag is another image next year; name a version, such as httpd:2.4.")
        yield _say(stage.line, "hint", sentence, name=stage.base)


def _only_last(stage: Stage) -> Iterator[Finding]:
    for name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
        lines = [each.line for each in stage.instructions if each.name == name]
        for line in lines[:-1]:
            sentence = N_("Only the last {name} of a stage counts, which is on line {last}.")
            yield _say(line, "warning", sentence, name=name, last=lines[-1])


def _final_user(stage: Stage) -> Iterator[Finding]:
    users = [each for each in stage.instructions if each.name == "USER" and each.text]
    if users and users[-1].text.partition(":")[0] in ("root", "0"):
        yield _say(users[-1].line, "hint", N_("The container's program will run as root; end with a USER of its own."))


def _variables(given: Dockerfile) -> Iterator[Finding]:
    outer: set[str] = set()
    known: set[str] = outer
    of_stage: dict[str, set[str]] = {}
    for each in given.instructions:
        if each.name == "FROM":
            words = [*each.text.split(), "", "", ""]
            known = set(PREDEFINED) | {"PATH"} | of_stage.get(words[0].lower(), set())
            of_stage[words[2].lower()] = known
        text = re.sub(r"'[^']*'", "", each.text) if each.name in FILLED_IN else ""
        for name, has_other in variables_in(text):
            if name in known or has_other:
                continue
            if name in outer:
                sentence = N_("{name} stands before FROM and is empty here; write ARG {name} once more in this stage.")
                yield _say(each.line, "warning", sentence, name=name)
            else:
                sentence = N_("No ARG or ENV above sets {name}; unless the base image does, it is empty.")
                yield _say(each.line, "hint", sentence, name=name)
        known.update(names_declared(each))


def _unused(given: Dockerfile, build_args: Mapping[str, str]) -> Iterator[Finding]:
    declared = {name for each in given.instructions if each.name == "ARG" for name in names_declared(each)}
    for name in build_args:
        if name not in declared | PREDEFINED:
            yield _say(0, "warning", N_("No ARG takes the build argument {name}."), name=name)


def _sources(each: Instruction, files: Collection[str]) -> Iterator[Finding]:
    if each.name not in ("ADD", "COPY") or each.flag("from") or each.has_heredoc:
        return
    for source in each.words[:-1]:
        if any(sign in source for sign in ("$", "://", '"')) or source.split("/")[0] == "..":
            continue
        if not _is_there(str(PurePosixPath(source.lstrip("/"))), files):
            sentence = N_("{source} is not in the context: it is not there, or .dockerignore leaves it out.")
            yield _say(each.line, "error", sentence, source=source)


def _is_there(path: str, files: Collection[str]) -> bool:
    if any(sign in path for sign in "*?["):
        return any(fnmatch.fnmatchcase(name, path) for name in files)
    return path == "." or path in files or any(name.startswith(f"{path}/") for name in files)
