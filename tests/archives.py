"""Archives of images, made member by member, as engines and strangers send them."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from typing import Any

Member = tuple[tarfile.TarInfo, bytes]


class Bytes(io.BytesIO):
    """A stream that can only be read on, like a socket."""

    def seek(self, *_: Any) -> int:
        raise AssertionError("a stream can't seek")


def member(
    name: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644, **more: Any
) -> Member:
    """A member of a tar stream; ``more`` are fields of its header."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode, info.mtime = kind, len(content), link, mode, 1_700_000_000
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def folder(name: str, **more: Any) -> Member:
    """A folder."""
    return member(name, kind=tarfile.DIRTYPE, **{"mode": 0o755, **more})


def tar(*members: Member) -> bytes:
    """A tar stream with its end mark."""
    made = io.BytesIO()
    for info, content in members:
        made.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        made.write(content + b"\0" * (-len(content) % 512))
    return made.getvalue() + b"\0" * 1024


def digest(data: bytes) -> str:
    """Its SHA-256."""
    return hashlib.sha256(data).hexdigest()


def configuration(layers: Sequence[bytes], steps: Sequence[str] = ()) -> bytes:
    """An image's configuration; steps that begin with ``-`` brought no layer."""
    history = [
        {"created": "2026-01-02T03:04:05.123456789Z", "created_by": each.removeprefix("-")}
        | ({"empty_layer": True} if each.startswith("-") else {})
        for each in steps
    ]
    diff_ids = [f"sha256:{digest(each)}" for each in layers]
    return json.dumps({"rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}).encode()


def docker_archive(*layers: bytes, steps: Sequence[str] = ()) -> bytes:
    """As Docker before version 25 saves an image: the configuration after some layers, the manifest last, a layer it has already as a link."""
    config = configuration(layers, steps)
    members, names, known = [], [], {}
    for number, layer in enumerate(layers):
        name = f"{number:064x}"
        members += [folder(f"{name}/"), member(f"{name}/VERSION", b"1.0"), member(f"{name}/json", b"{}")]
        if layer in known:
            members.append(member(f"{name}/layer.tar", kind=tarfile.SYMTYPE, link=f"../{known[layer]}/layer.tar"))
        else:
            members.append(member(f"{name}/layer.tar", layer))
        known.setdefault(layer, name)
        names.append(f"{name}/layer.tar")
    manifest = [{"Config": f"{digest(config)}.json", "RepoTags": ["x:1"], "Layers": names}]
    members += [
        member(f"{digest(config)}.json", config),
        member("manifest.json", json.dumps(manifest).encode()),
        member("repositories", b"{}"),
    ]
    return tar(*members)


def oci_archive(*layers: bytes, steps: Sequence[str] = (), docker: bool = False, nested: bool = False) -> bytes:
    """As newer engines save it: blobs in the order of their digests, every second layer compressed."""
    config = configuration(layers, steps)
    packed = [gzip.compress(each) if number % 2 else each for number, each in enumerate(layers)]
    described = [{"digest": f"sha256:{digest(each)}", "size": len(each)} for each in packed]
    manifest = json.dumps({"config": {"digest": f"sha256:{digest(config)}"}, "layers": described}).encode()
    missing = json.dumps(
        {"config": {"digest": f"sha256:{'0' * 64}"}, "layers": [{"digest": f"sha256:{'1' * 64}"}]}
    ).encode()
    blobs = [*packed, config, manifest, missing]
    entries = [{"digest": f"sha256:{digest(each)}"} for each in (missing, manifest)]
    if nested:
        inner = json.dumps({"manifests": entries}).encode()
        blobs.append(inner)
        entries = [{"digest": f"sha256:{digest(inner)}"}]
    found = {digest(each): each for each in blobs}
    members = [folder("blobs/"), folder("blobs/sha256/")]
    members += [member(f"blobs/sha256/{name}", found[name]) for name in sorted(found)]
    members += [
        member("index.json", json.dumps({"manifests": entries}).encode()),
        member("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
    ]
    if docker:
        entry = {
            "Config": f"blobs/sha256/{digest(config)}",
            "Layers": [f"blobs/sha256/{digest(each)}" for each in packed],
        }
        members.append(member("manifest.json", json.dumps([entry]).encode()))
    return tar(*members)
