"""What a build fetches over the network: files for ADD, and contexts that are named by their address."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dockyard.engine.build.errors import BuildCancelled
from dockyard.engine.build.output import Output
from dockyard.engine.build.tree import FileTree
from dockyard.engine.errors import BadParameter, NotSupported, ServerError

__all__ = ["Download", "clone", "download", "is_git", "is_url"]

PIECE_BYTES = 1 << 20
TIMEOUT_S = 60


@dataclass(frozen=True)
class Download:
    """A file that was fetched.

    Attributes:
        path: Where it is.
        name: What it is called; empty where nothing says.
        changed_ns: When the server says that it was changed; 0 where it does not.
        digest: ``sha256:...`` of its content.
    """

    path: Path
    name: str
    changed_ns: int
    digest: str


def is_url(text: str) -> bool:
    """Return whether something is fetched by HTTP."""
    return text.startswith(("http://", "https://"))


def is_git(text: str) -> bool:
    """Return whether an address is one of a git repository, as Docker tells."""
    return text.startswith(("git://", "git@", "github.com/")) or (
        is_url(text) and re.search(r"\.git(?:#.+)?$", text) is not None
    )


def download(url: str, target: Path, output: Output, cancelled: Callable[[], bool]) -> Download:
    """Fetch a file.

    Args:
        url: Where from.
        target: Where to put it.
        output: Told how far it is.
        cancelled: Asked between pieces.

    Raises:
        ServerError: It is not to be had.
        BuildCancelled: Nobody waits for it any more.
    """
    import requests  # here since importing it takes longer than the engine may need to start

    digest, done = sha256(), 0
    try:
        with requests.get(url, stream=True, timeout=TIMEOUT_S) as answer, target.open("xb") as file:
            if answer.status_code >= 400:
                raise ServerError(f"failed to GET {url} with status {answer.status_code} {answer.reason}")
            told = answer.headers.get("Content-Length", "")
            total = int(told) if told.isascii() and told.isdecimal() and len(told) < 20 else 0
            for piece in answer.iter_content(PIECE_BYTES):
                if cancelled():
                    raise BuildCancelled
                file.write(piece)
                digest.update(piece)
                done += len(piece)
                progress = {"current": done, "total": total or done}
                output.send({"status": "Downloading", "progressDetail": progress})
            output.text("\n")
            name = _name(urlsplit(url).path, answer.headers.get("Content-Disposition", ""))
            changed_ns = _moment_ns(answer.headers.get("Last-Modified", ""))
    except requests.RequestException as error:
        raise ServerError(f'Get "{url}": {_reason(error)}') from error
    return Download(target, name, changed_ns, f"sha256:{digest.hexdigest()}")


def clone(address: str, folder: Path) -> Path:
    """Fetch a git repository and return its folder, or the one in it that the address names.

    Args:
        address: ``URL#REF:FOLDER``, the last two as wanted.
        folder: An empty folder to put it in.

    Raises:
        NotSupported: There is no ``git`` on this machine.
        ServerError: It is not to be had.
        BadParameter: The address makes no sense.
    """
    program = shutil.which("git")
    if program is None:
        raise NotSupported("a context from a git repository needs the program git, which this machine does not have")
    url, _, fragment = address.partition("#")
    ref, _, subfolder = fragment.partition(":")
    if url.startswith("github.com/"):
        url = f"https://{url}"
    if url.startswith("-") or ref.startswith("-"):
        raise BadParameter(f"invalid git address: {address}")
    git = [program, "-C", str(folder)]
    _git([*git, "init", "-q"])
    try:
        _git([*git, "fetch", "-q", "--depth", "1", "--", url, ref or "HEAD"])
    except ServerError as error:
        if "shallow" not in str(error):  # a plain web server has whole histories only
            raise
        _git([*git, "fetch", "-q", "--", url, ref or "HEAD"])
    _git([*git, "checkout", "-q", "FETCH_HEAD"])
    tree = FileTree(folder)
    found = tree.entry(tree.key(subfolder))
    if found is None or not found.is_folder:
        raise BadParameter(f"error setting git checkout folder: {subfolder}: no such folder")
    return tree.path(found.key)


def _git(words: list[str]) -> None:
    asks_nothing = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=asks_nothing
    )
    if done.returncode:
        raise ServerError(f"error fetching: {done.stderr.strip() or done.stdout.strip()}")


def _name(path: str, disposition: str) -> str:
    if path and not path.endswith("/"):
        return Path(unquote(path)).name
    message = Message()
    message["Content-Disposition"] = disposition
    return Path(message.get_filename("") or "").name


def _moment_ns(text: str) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 10**9
    except (TypeError, ValueError):
        return 0


def _reason(error: Exception) -> str:
    """The innermost reason, without the objects that requests puts around it."""
    reason: BaseException = error
    while (inner := reason.__cause__ or reason.__context__) is not None:
        reason = inner
    return (reason.strerror or str(reason)) if isinstance(reason, OSError) else str(reason)
