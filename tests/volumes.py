"""Volumes with something in them, filled and looked at through the engine alone."""

import io
import tarfile

from dockyard.connection.archive import download, upload
from dockyard.tarstream import TarStream, changed_ns
from dockyard.tasks.holder import holding

ROOT = "v"
OLD = 981173106  # 2001-02-03 04:05:06 UTC


def fill(client, name, archive, labels=None):
    """Make the volume where there is none, and extract an archive whose names begin with ``v``."""
    client.api.create_volume(name, labels=labels)
    with holding(client, {name: f"/{ROOT}"}) as held:
        upload(client, held, "/", [archive], len(archive))


def everything(client):
    """The IDs of all containers and images, to see that nothing was left behind."""
    return {each["Id"] for each in client.api.containers(all=True)} | {
        each["Id"] for each in client.api.images(all=True)
    }


def tree():
    """An archive with what a volume may hold: modes, owners, times, links, hard links, names of every kind."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, mode, owner, data in (
            ("", tarfile.DIRTYPE, 0o1777, (7, 8), b""),
            ("/deep", tarfile.DIRTYPE, 0o750, (0, 0), b""),
            ("/deep/er", tarfile.DIRTYPE, 0o755, (0, 0), b""),
            ("/deep/er/x", tarfile.REGTYPE, 0o4755, (33, 44), b"x"),
            ("/a b.txt", tarfile.REGTYPE, 0o644, (0, 0), b"hello\n"),
            ("/hard", tarfile.LNKTYPE, 0o644, (0, 0), f"{ROOT}/a b.txt"),
            ("/soft", tarfile.SYMTYPE, 0o777, (0, 0), "deep/er/x"),
            ("/\u00fc\u4e2d", tarfile.REGTYPE, 0o600, (0, 0), b""),
        ):
            info = tarfile.TarInfo(f"{ROOT}{name}")
            info.type, info.mode, info.mtime, (info.uid, info.gid) = kind, mode, OLD, owner
            if isinstance(data, str):
                info.linkname = data
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if info.size else None)
    return content.getvalue()


def listing(client, name):
    """Everything that the engine's stream says of a volume's files."""
    with holding(client, {name: f"/{ROOT}"}) as held, download(client, held, f"/{ROOT}") as (_, reader):
        stream, buffer, found = TarStream(reader), memoryview(bytearray(1 << 16)), {}
        for member in stream:
            content = b""
            while count := stream.read_into(buffer):
                content += bytes(buffer[:count])
            info = member.info
            found[member.name] = (member.kind, info.mode, info.uid, info.gid, member.link, content, changed_ns(info))
    return found
