"""Where a Compose file is looked for, and what its project is called (Compose specification, "Compose file", "Version and name")."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from dockyard.errors import NoComposeFile, ProjectNameInvalid

__all__ = ["FILES", "find_file", "project_name", "require_name"]

FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def find_file(given: str = "") -> Path:
    """Return the absolute path of a file; of a folder, or without one given, the file that lies in it or above it.

    Raises:
        NoComposeFile: There is none.
    """
    start = Path(os.path.abspath(os.path.expanduser(given or ".")))
    if not start.is_dir():
        if not start.is_file():
            raise NoComposeFile(path=given)
        return start
    for folder in (start,) if given else (start, *start.parents):
        for name in FILES:
            if (folder / name).is_file():
                return folder / name
    raise NoComposeFile(path=os.path.join(given, FILES[0]))


def project_name(given: str, variables: Mapping[str, str], written: str, folder: Path) -> str:
    """Return a project's name: as given (``-p``), else ``COMPOSE_PROJECT_NAME``, else as written in the file, else the folder's.

    Raises:
        ProjectNameInvalid: It can't name a project; a folder's name is made to.
    """
    if name := given or variables.get("COMPOSE_PROJECT_NAME", "") or written:
        return require_name(name)
    return require_name(re.sub(r"[^a-z0-9_-]", "", folder.name.lower()).lstrip("_-"))


def require_name(name: str) -> str:
    """Return a project's name.

    Raises:
        ProjectNameInvalid: It can't be one.
    """
    if not NAME.fullmatch(name):
        raise ProjectNameInvalid(name=name)
    return name
