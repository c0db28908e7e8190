"""Volumes reached through the engine alone: a container that holds them and is never started, so that nothing runs and no image is needed.

What :mod:`dockyard.connection.archive` does with a container's path, it does with a volume's through this.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dockyard.connection import Client
from dockyard.errors import NoSuchVolume, engine_errors
from dockyard.tasks.pack import TRAILER

__all__ = ["HOLDER_LABEL", "holding"]

HOLDER_LABEL = "dockyard.holder"


@contextmanager
def holding(client: Client, volumes: Mapping[str, str]) -> Iterator[str]:
    """Hold volumes for the time of a block.

    Args:
        client: The engine.
        volumes: Each volume's name and the absolute path at which it is to be reached.

    Yields:
        The container's ID.

    Raises:
        NoSuchVolume: One of them does not exist; nothing was made.
    """
    for name in volumes:
        if client.find_json("/volumes/{}", name) is None:
            raise NoSuchVolume(name=name)
    image = f"dockyard-holder:{uuid.uuid4().hex[:12]}"
    with engine_errors(client.address):
        client.api.import_image_from_data(TRAILER, *image.split(":"))
        try:
            mounts = [
                {"Type": "volume", "Source": name, "Target": path, "VolumeOptions": {"NoCopy": True}}
                for name, path in volumes.items()
            ]
            body = {
                "Image": image,
                "Cmd": ["-"],
                "Labels": {HOLDER_LABEL: "1"},
                "NetworkDisabled": True,
                "HostConfig": {"Mounts": mounts},
            }
            made = client.api.create_container_from_config(body)  # type: ignore[no-untyped-call]  # docker-py types little
            container = str(made["Id"])
        except BaseException:
            client.api.remove_image(image)
            raise
    try:
        yield container
    finally:
        with engine_errors(client.address):
            client.api.remove_container(container, force=True)
            client.api.remove_image(image)
