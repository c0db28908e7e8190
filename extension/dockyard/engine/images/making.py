"""Images made here: of a container's changes (``docker commit``), and of a root file system's archive (``docker import``)."""

import json
import platform
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from dockyard.engine.clock import now
from dockyard.engine.images.archive import ARCHITECTURES
from dockyard.engine.images.image import LAYER_PLAIN, Image, Layer
from dockyard.engine.images.images import Images
from dockyard.engine.images.layers import changes, write_layer
from dockyard.engine.images.owners import Owners
from dockyard.engine.images.reference import Reference
from dockyard.engine.images.staged import measure
from dockyard.engine.images.streams import Tee, plain
from dockyard.engine.images.trees import Tree
from dockyard.tarstream import Reader

__all__ = ["child", "commit", "import_image"]


def child(
    images: Images,
    parent: Image | None,
    layer: Layer | None,
    run_config: Mapping[str, Any],
    *,
    created_by: str,
    comment: str = "",
    author: str = "",
    container: str = "",
    container_config: Mapping[str, Any] | None = None,
    names: Sequence[Reference] = (),
) -> Image:
    """Make an image of another one and a layer on top of it.

    Args:
        images: Where it goes.
        parent: What it stands on; None for an image of that layer alone.
        layer: What is new; None where only the configuration is.
        run_config: What its containers run with.
        created_by: The command that made it, as ``docker history`` shows it.
        comment: What its maker says of it.
        author: Its maker.
        container: ID of the container that it was made in.
        container_config: What that container ran with.
        names: What it is called.
    """
    base: dict[str, Any] = dict(parent.config) if parent else {}
    created = now()
    step = {"created": created, "author": author, "created_by": created_by, "comment": comment}
    config = {
        "architecture": base.get("architecture") or ARCHITECTURES.get(platform.machine(), platform.machine()),
        **({"variant": base["variant"]} if base.get("variant") else {}),
        "author": author,
        "comment": comment,
        "config": run_config,
        "container": container,
        "container_config": container_config or run_config,
        "created": created,
        "history": [
            *(base.get("history") or []),
            {key: value for key, value in step.items() if value} | ({} if layer else {"empty_layer": True}),
        ],
        "os": base.get("os") or "linux",
        "rootfs": {
            "type": "layers",
            "diff_ids": [*(parent.diff_ids if parent else ()), *([layer.diff_id] if layer else [])],
        },
    }
    kept = {key: value for key, value in config.items() if value not in ("", None)}
    layers = [*(parent.layers if parent else ()), *([layer] if layer else [])]
    return images.add(_encode(kept), layers, parent=parent.id if parent else "", names=names)


def commit(
    images: Images,
    parent: Image | None,
    root: Path,
    base: Tree,
    owners: Owners,
    since_ns: int,
    run_config: Mapping[str, Any],
    *,
    created_by: str,
    skip: Collection[str] = (),
    comment: str = "",
    author: str = "",
    container: str = "",
    container_config: Mapping[str, Any] | None = None,
    names: Sequence[Reference] = (),
) -> Image:
    """Make an image of what a container changed in its files.

    Args:
        images: Where it goes.
        parent: The container's image; None where it is gone.
        root: The container's files.
        base: Its image's files.
        owners: Of the container's files.
        since_ns: From :meth:`Trees.copy`.
        run_config: What the image's containers run with.
        created_by: As :func:`child` takes it, and so are all that follow.
        skip: Where something is mounted.
        comment: See :func:`child`.
        author: See :func:`child`.
        container: See :func:`child`.
        container_config: See :func:`child`.
        names: See :func:`child`.
    """
    found = changes(root, base.path, owners, base.owners, since_ns, skip)
    layer = write_layer(images.blobs, root, found, owners) if found else None
    return child(
        images,
        parent,
        layer,
        run_config,
        created_by=created_by,
        comment=comment,
        author=author,
        container=container,
        container_config=container_config,
        names=names,
    )


def import_image(
    images: Images,
    reader: Reader,
    run_config: Mapping[str, Any],
    *,
    message: str = "Imported from -",
    names: Sequence[Reference] = (),
    architecture: str = "",
) -> Image:
    """Make an image of one layer: the archive of a root file system.

    Args:
        images: Where it goes.
        reader: The archive, compressed or not.
        run_config: What its containers run with.
        message: The image's comment.
        names: What it is called.
        architecture: Of its programs; of this machine where it is empty.

    Raises:
        BadParameter: It is no archive, or holds what could reach outside.
    """
    with images.blobs.making():
        with images.blobs.writer() as writer:
            diff_id, unpacked_bytes = measure(Tee(plain(reader).readinto, writer.write))
            layer = Layer(writer.commit(), diff_id, LAYER_PLAIN, writer.size_bytes, unpacked_bytes)
        created = now()
        config = {
            "architecture": architecture or ARCHITECTURES.get(platform.machine(), platform.machine()),
            "comment": message,
            "config": run_config,
            "created": created,
            "history": [{"created": created, "comment": message}],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id]},
        }
        image = images.add(_encode(config), [layer], names=names)
    images.tell("import", image, image.id, image.id)
    return image


def _encode(config: Mapping[str, Any]) -> bytes:
    return json.dumps(config, separators=(",", ":"), ensure_ascii=False).encode()
