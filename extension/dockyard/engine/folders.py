"""Where the engine keeps what.

::

    DATA/                         XDG_DATA_HOME/dockyard/embedded
        lock  id  engine.json  engine.log
        blobs/sha256/HEX          content: layers, image configurations, manifests
        images/                   which images there are, and their names
        trees/                    layers unpacked, ready to be copied (a cache)
        containers/ID/            container.json  root/  owners.json  log.jsonl  hosts ...
        volumes/NAME/             volume.json  _data/
        networks/                 ID.json
        staging/                  what is being made; emptied at start
        trash/                    what is being removed; emptied at start
    RUNTIME/                      XDG_RUNTIME_DIR/dockyard/HASH, of mode 0700
        docker.sock
        ID/                       a running container's control socket and records
"""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

__all__ = ["Folders"]

PARTS = ("blobs", "images", "trees", "containers", "volumes", "networks", "staging", "trash")


@dataclass(frozen=True)
class Folders:
    """The folders of one engine.

    Attributes:
        data: What outlives a restart of the machine.
        runtime: Sockets and the records of running containers. Short, since a socket's path has at most 107 bytes.
    """

    data: Path
    runtime: Path
    blobs: Path = field(init=False)
    images: Path = field(init=False)
    trees: Path = field(init=False)
    containers: Path = field(init=False)
    volumes: Path = field(init=False)
    networks: Path = field(init=False)
    staging: Path = field(init=False)
    trash: Path = field(init=False)

    @classmethod
    def usual(cls, data: Path | None = None) -> "Folders":
        """Return this user's folders; ``data`` names another data folder, which is another engine."""
        data = (data or Path(platformdirs.user_data_dir("dockyard")) / "embedded").absolute()
        name = hashlib.sha256(os.fsencode(data)).hexdigest()[:8]
        return cls(data, _runtime() / name)

    @property
    def socket(self) -> Path:
        """Where the API is served."""
        return self.runtime / "docker.sock"

    def __post_init__(self) -> None:
        for name in PARTS:
            object.__setattr__(self, name, self.data / name)

    def make(self) -> None:
        """Create what is missing, for this user alone.

        Raises:
            PermissionError: The runtime folder belongs to someone else.
        """
        for path in (self.data, self.runtime):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Below /tmp its name can be guessed: whoever made the folder above first could later put another in its place.
        for path, owners in ((self.runtime.parent, {0, os.geteuid()}), (self.runtime, {os.geteuid()})):
            about = path.lstat()
            if about.st_uid not in owners or not stat.S_ISDIR(about.st_mode):
                raise PermissionError(f"{path} is not this user's folder")
        self.runtime.chmod(0o700)
        for name in PARTS:
            (self.data / name).mkdir(mode=0o700, exist_ok=True)


def _runtime() -> Path:
    """The folder for sockets: as the system names it, else one below the folder for temporary files."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    return Path(named) / "dockyard" if named else Path(tempfile.gettempdir()) / f"dockyard-{os.geteuid()}"
