"""Debian packages downloaded and read without root: ``apt-get`` chooses and verifies them, ``dpkg-deb`` opens them."""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from dockyard.errors import PackagesUnavailable

__all__ = ["fetch", "members"]

SYSTEM_LISTS = Path("/var/lib/apt/lists")


def fetch(name: str, packages: Sequence[str], folder: Path) -> list[Path]:
    """Download packages with everything that they depend on, and return the files.

    The system's package lists serve if there are any; else, or where they are out of date, private ones are fetched. Nothing is
    installed, and the system's state is not touched.

    Args:
        name: The lab image they are for, for errors.
        packages: Names of Debian or Ubuntu packages.
        folder: Where apt may keep its files; reused the next time.

    Raises:
        PackagesUnavailable: There is no apt here, or the packages can't be had.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise PackagesUnavailable(name=name, reason="apt-get: command not found")
    for part in ("state/lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "state/status").touch()  # nothing is installed there, so every dependency is listed
    private = folder / "state/lists"
    failure = ""
    for lists in (SYSTEM_LISTS, private):
        if lists == private and (failure := _apt(folder, lists, "update")):
            continue
        if not any(lists.glob("*_Packages*")):
            continue
        failure = _apt(folder, lists, "install", "--download-only", "--yes", "--no-install-recommends", *packages)
        if not failure:
            return _chosen(folder, lists, packages)
    raise PackagesUnavailable(name=name, reason=failure)


@contextmanager
def members(package: Path) -> Iterator[tarfile.TarFile]:
    """Open the files of one package as a tar stream, in order."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as process:
        stream: IO[bytes] = process.stdout  # type: ignore[assignment]  # a pipe was asked for
        with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20) as archive:
            yield archive
        while stream.read(1 << 16):
            continue  # dpkg-deb would take a closed pipe for a failure
    if process.returncode:
        raise PackagesUnavailable(name=package.name, reason=f"dpkg-deb: exit code {process.returncode}")


def _chosen(folder: Path, lists: Path, packages: Sequence[str]) -> list[Path]:
    """The files that apt chose, dependencies first."""
    words = ["install", "--print-uris", "--yes", "--quiet=2", "--no-install-recommends", *packages]
    # What is downloaded already is not printed, so this asks with an empty archive folder.
    empty = folder / "none"
    (empty / "partial").mkdir(parents=True, exist_ok=True)
    answer = subprocess.run(_command(folder, lists, empty) + words, check=True, capture_output=True, text=True)
    names = [line.split()[1] for line in answer.stdout.splitlines() if line.startswith("'")]
    return [folder / "archives" / each for each in names]


def _apt(folder: Path, lists: Path, *words: str) -> str:
    """Run apt-get; return why it failed, or an empty string."""
    answer = subprocess.run(
        [*_command(folder, lists, folder / "archives"), "--quiet=2", *words],
        check=False,
        capture_output=True,
        text=True,
    )
    if answer.returncode == 0:
        return ""
    lines = [line for line in answer.stderr.splitlines() if line.startswith("E:")] or answer.stderr.splitlines()
    return lines[-1].removeprefix("E: ") if lines else f"exit code {answer.returncode}"


def _command(folder: Path, lists: Path, archives: Path) -> list[str]:
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "state/status",
        "Dir::State::lists": lists,
        "Dir::Cache": folder,
        "Dir::Cache::archives": archives,
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    return ["apt-get", *(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))]
