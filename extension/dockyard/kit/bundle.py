"""The lab images as one file, for a classroom without a network."""

import os
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dockyard.connection import Client
from dockyard.errors import BundleBroken, TargetUnwritable, engine_errors

__all__ = ["load_bundle", "save_bundle"]

PIECE_BYTES = 1 << 20


def save_bundle(client: Client, references: Sequence[str], target: Path) -> int:
    """Write images of the engine into one archive, as ``docker save`` does, and return its size in bytes.

    The file is there whole or not at all.

    Raises:
        EngineRefused: The engine does not have one of them.
        TargetUnwritable: The file can't be made.
    """
    try:
        opened = tempfile.NamedTemporaryFile(dir=target.resolve().parent, prefix=f".{target.name}-", delete=False)  # noqa: SIM115  # used below
    except OSError as error:
        raise TargetUnwritable(path=str(target), reason=error.strerror) from error
    with opened as draft:
        path = Path(draft.name)
        try:
            with engine_errors(client.address):
                answer = client.api.get(
                    client.url("/images/get"),
                    params={"names": list(references)},
                    stream=True,
                    timeout=client.api.timeout,
                )
                answer.raise_for_status()
                for piece in answer.iter_content(PIECE_BYTES):
                    draft.write(piece)
            draft.flush()
            os.fsync(draft.fileno())
            _check(path, target)
            path.replace(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return target.stat().st_size


def load_bundle(client: Client, source: Path) -> list[str]:
    """Load an archive of images into the engine, as ``docker load`` does, and return what it says it loaded.

    Raises:
        BundleBroken: The file is not such an archive, or is damaged.
        EngineRefused: The engine said no.
    """
    _check(source, source)
    loaded = []
    with source.open("rb") as file, engine_errors(client.address):
        for event in client.api.load_image(file):  # type: ignore[no-untyped-call]
            if "error" in event:
                raise BundleBroken(path=str(source), reason=event["error"])
            if text := event.get("stream", "").strip():
                loaded.append(text)
    return loaded


def _check(path: Path, shown: Path) -> None:
    """Read the archive's directory to its end: a file cut short is noticed before the engine sees it."""
    try:
        with tarfile.open(path) as archive:
            names = archive.getnames()
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BundleBroken(path=str(shown), reason=str(error)) from error
    if "manifest.json" not in names and "index.json" not in names:
        raise BundleBroken(path=str(shown), reason="manifest.json")
