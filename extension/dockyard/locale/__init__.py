"""The words Dockyard shows, in the reader's language.

Messages are written in English where they are used, wrapped in :func:`_` (shown now) or :func:`N_`
(a template that is shown later). Their translations are gettext catalogues, ``LANGUAGE.po``, in this folder.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "N_", "_", "language", "speaking", "translate"]

LANGUAGES = ("en", "ko")

_chosen: str | None = None
_spoken: ContextVar[str] = ContextVar("dockyard_language", default="")


def language(code: str | None = None) -> str:
    """Return the language in use; with ``code``, choose it first.

    Until one is chosen it follows the usual variables (``LANGUAGE``, ``LC_ALL``, ``LC_MESSAGES``, ``LANG``), else English.

    Args:
        code: ``"en"`` or ``"ko"``.

    Raises:
        ValueError: There is no catalogue for ``code``.
    """
    global _chosen  # noqa: PLW0603  # one language a process, as gettext has it
    if code is not None:
        if code not in LANGUAGES:
            raise ValueError(f"No language {code!r}; there are {', '.join(LANGUAGES)}.")
        _chosen = code
    return _spoken.get() or _chosen or _from_environment()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak one language inside the block, whatever others in this process read: a server answers each reader in theirs.

    Args:
        code: Such as ``"ko"`` or ``"ko_KR"``; one that there is no catalogue for changes nothing.
    """
    token = _spoken.set(code[:2].lower() if code[:2].lower() in LANGUAGES else _spoken.get())
    try:
        yield
    finally:
        _spoken.reset(token)


def translate(message: str) -> str:
    """Return ``message`` in the language in use, or as it is where no translation exists."""
    code = language()
    return message if code == "en" else _catalogue(code).get(message, message)


_ = translate


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark ``message`` for translation and return it as it is."""
    return message


def _from_environment() -> str:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            code = value[:2].lower()
            return code if code in LANGUAGES else "en"
    return "en"


@cache
def _catalogue(code: str) -> dict[str, str]:
    from babel.messages.pofile import read_po  # only readers of another language pay for it

    with (Path(__file__).parent / f"{code}.po").open("rb") as file:
        return {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}
