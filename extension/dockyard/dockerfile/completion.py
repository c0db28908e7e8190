"""What may stand where a Dockerfile is being written."""

import re
from collections.abc import Iterable, Sequence

from dockyard.dockerfile.instructions import FLAGS, INSTRUCTIONS, Dockerfile, names_declared

__all__ = ["completions", "word_at_end"]


def word_at_end(text: str) -> str:
    """The word that is being written where ``text`` ends; what follows ``--from=`` is one."""
    line = text.rpartition("\n")[2]
    if found := re.search(r"--from=(\S*)$", line):
        return found[1]
    return re.split(r"\s", line)[-1]


def completions(text: str, *, images: Sequence[str] = (), files: Sequence[str] = ()) -> tuple[str, ...]:
    """Return what may stand in place of the word that ends ``text``: whole words that begin with it.

    Args:
        text: The Dockerfile up to the cursor.
        images: Names of images, for ``FROM``.
        files: Files and folders of the context, for ``COPY`` and ``ADD``.
    """
    word = word_at_end(text)
    line = text.rpartition("\n")[2]
    before = line[: len(line) - len(word)]
    if not before.strip() or before.split() == ["ONBUILD"]:
        return _beginning(INSTRUCTIONS, word.upper())
    name = before.split()[0].upper()
    if name == "ONBUILD":
        name = before.split()[1].upper()
    given = Dockerfile.parse(text[: len(text) - len(word)])
    stages = [stage.name for stage in given.stages() if stage.name]
    if before.endswith("--from="):
        return _beginning([*stages, *images], word)
    if word.startswith("$"):
        declared = (variable for each in given.instructions for variable in names_declared(each))
        return _beginning((f"${variable}" for variable in declared), word)
    if word.startswith("-"):
        return _beginning(FLAGS.get(name, ()), word)
    if name == "FROM":
        is_after_image = any(not each.startswith("--") for each in before.split()[1:])
        return _beginning(["AS"] if is_after_image else [*stages, *images], word)
    if name in ("COPY", "ADD") and "--from=" not in before:
        return _beginning(files, word.removeprefix("./"))
    return ()


def _beginning(known: Iterable[str], word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in known if each.startswith(word) and each != word))
