"""What tests of builds share: an engine's stores with a small image in them, a workbench that needs no runner, contexts as tar streams."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from conftest import missing
from dockyard.engine.build.builder import Builder
from dockyard.engine.build.options import BuildOptions
from dockyard.engine.build.workbench import Job, ProgramOutput
from dockyard.engine.errors import NotFound, ServerError
from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.http.request import Query
from dockyard.engine.images.blobs import Blobs
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.layers import everything, write_layer
from dockyard.engine.images.making import child
from dockyard.engine.images.owners import Owners
from dockyard.engine.images.reference import Reference
from dockyard.engine.images.trees import Trees

APPLETS = [
    "sh",
    "cat",
    "echo",
    "ls",
    "mkdir",
    "touch",
    "rm",
    "mv",
    "ln",
    "cp",
    "chmod",
    "chown",
    "id",
    "env",
    "pwd",
    "true",
    "false",
    "test",
    "sleep",
    "find",
    "sort",
    "wc",
    "stat",
    "head",
    "sed",
]

Files = Mapping[str, bytes | str | tarfile.TarInfo | None]


def tar(files: Files) -> bytes:
    """A tar stream of files (bytes, text), folders (None) and headers."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.mtime, info.mode = 1_700_000_000, 0o644
            data = content.encode() if isinstance(content, str) else content or b""
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def header(kind: bytes, *, link: str = "", mode: int = 0o755, uid: int = 0, gid: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname, info.mode, info.uid, info.gid = kind, link, mode, uid, gid
    return info


class ChrootBench:
    """Runs commands in a namespace of mounts, by chroot; for root."""

    own_paths: Collection[str] = ("dev", "proc", "sys", "etc/hosts", "etc/resolv.conf", "etc/hostname")

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def run(self, job: Job, output: ProgramOutput, cancelled: Callable[[], bool]) -> int:
        self.jobs.append(job)
        process = job.process
        if job.network not in ("default", "none", "host"):
            raise NotFound(f"network {job.network} not found")
        lines = ["set -e"]
        for mount in job.mounts:
            target = f"{job.root}{mount.target}"
            if mount.kind == "tmpfs":
                lines.append(f"mount -t tmpfs none '{target}'")
                continue
            lines.append(f"mount --bind '{mount.source}' '{target}'")
            if mount.read_only:
                lines.append(f"mount -o remount,ro,bind '{target}'")
        groups = ",".join(map(str, process.groups)) or str(process.gid)
        lines.append(
            f"mkdir -p '{job.root}{process.cwd}'; exec chroot --userspec={process.uid}:{process.gid} --groups={groups}"
            f" '{job.root}' /bin/env -i /bin/sh -c 'cd \"$0\" && exec \"$@\"' '{process.cwd}' /bin/env \"$@\""
        )
        first = process.argv[0]
        if "/" in first and not os.path.lexists(f"{job.root}{first}"):
            raise ServerError(
                f'unable to start container process: exec: "{first}": stat {first}: no such file or directory'
            )
        if "/" not in first and not any(
            os.path.lexists(f"{job.root}/{folder}/{first}") for folder in ("bin", "usr/bin")
        ):
            raise ServerError(f'unable to start container process: exec: "{first}": executable file not found in $PATH')
        child_process = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", "\n".join(lines), "sh", *process.env, *process.argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        readers = [
            threading.Thread(target=_pump, args=(stream, name, output))
            for stream, name in ((child_process.stdout, "stdout"), (child_process.stderr, "stderr"))
        ]
        for reader in readers:
            reader.start()
        while True:
            try:
                code = child_process.wait(0.05)
                break
            except subprocess.TimeoutExpired:
                if cancelled():
                    os.killpg(child_process.pid, 9)
        for reader in readers:
            reader.join()
        for stream in (child_process.stdout, child_process.stderr):
            assert stream
            stream.close()
        return code if code >= 0 else 128 - code


def _pump(stream: Any, name: Any, output: ProgramOutput) -> None:
    while data := stream.read1(65536):
        output(name, data)


@dataclass
class Yard:
    """An engine's stores and its builder.

    Attributes:
        pulled: What was asked of registries.
    """

    folders: Folders
    images: Images
    trees: Trees
    bench: ChrootBench
    pulled: list[str] = field(default_factory=list)
    cancelled: Callable[[], bool] = lambda: False

    @classmethod
    def make(cls, data: Path, runtime: Path) -> "Yard":
        folders = Folders(data, runtime)
        folders.make()
        blobs = Blobs(folders.blobs, folders.staging)
        yard = cls(folders, Images(folders, blobs, Events()), Trees(folders, blobs), ChrootBench())
        yard.add_busybox()
        return yard

    @property
    def builder(self) -> Builder:
        return Builder(self.folders, self.images, self.trees, self.bench, self._pull)

    def build(self, files: Files | str, **query: Any) -> "Built":
        """Build as a client would ask for it; what is not text in the query is sent as JSON."""
        records: list[Mapping[str, Any]] = []
        return Built(records, self, self.attempt(files, records, **query))

    def attempt(self, files: Files | str | bytes, records: list[Mapping[str, Any]], **query: Any) -> Image:
        """As :meth:`build`, with what was said in ``records`` also where the build fails."""
        words = {key: value if isinstance(value, str | list) else json.dumps(value) for key, value in query.items()}
        options = BuildOptions.from_query(Query(urlencode(words, doseq=True)))
        context = files if isinstance(files, bytes) else tar({"Dockerfile": files} if isinstance(files, str) else files)
        return self.builder.build(io.BytesIO(context), options, records.append, self.cancelled)

    def add_busybox(self) -> Image:
        """An image of the machine's busybox, as small as one can be."""
        program = shutil.which("busybox")
        if not program:
            missing("no busybox: the package busybox-static is not installed")
        root = self.folders.staging / "busybox"
        for folder in ("bin", "tmp", "etc", "root", "usr/bin", "var"):
            (root / folder).mkdir(parents=True)
        (root / "root").chmod(0o700)
        (root / "tmp").chmod(0o1777)
        shutil.copy(str(program), root / "bin/busybox")
        for applet in APPLETS:
            os.link(root / "bin/busybox", root / "bin" / applet)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/var:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\nweb:x:34:\nstaff:x:50:web\n")
        layer = write_layer(self.images.blobs, root, everything(root), Owners())
        shutil.rmtree(root)
        config = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]}
        return child(self.images, None, layer, config, created_by="busybox", names=[Reference.parse("busybox")])

    def _pull(self, reference: Reference, report: Callable[[Mapping[str, Any]], None]) -> Image:
        self.pulled.append(reference.familiar)
        report({"status": f"Pulling from {reference.path}", "id": reference.tag})
        if reference.familiar == "busybox:latest":
            return self.images.resolve("busybox")
        raise NotFound(
            f"pull access denied for {reference.name}, repository does not exist or may require 'docker login'"
        )


@dataclass
class Built:
    """What a build said and made."""

    records: list[Mapping[str, Any]]
    yard: Yard
    image: Image

    @property
    def text(self) -> str:
        return "".join(str(record.get("stream", "")) for record in self.records)

    @property
    def config(self) -> dict[str, Any]:
        return dict(self.yard.images.inspect(self.image.id)["Config"])

    @property
    def history(self) -> list[str]:
        return [each["CreatedBy"] for each in self.yard.images.history(self.image.id)]

    @property
    def root(self) -> Path:
        """The image's files."""
        return self.yard.trees.base(self.image).path
