"""Volumes reached through the engine alone: a container that holds them and is never started, so that nothing runs and no image is needed.

What :mod:`dockyard.connection.archive` does with a container's path, it does with a volume's through this.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from dockyard.connection import Client
from dockyard.errors import NoSuchVolume, engine_errors
from dockyard.tasks.pack import TRAILER
from dockyard.tasks.pull import has_image

__all__ = ["HOLDER_LABEL", "holding", "one_image"]

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
    mounts = [
        {"Type": "volume", "Source": name, "Target": path, "VolumeOptions": {"NoCopy": True}}
        for name, path in volumes.items()
    ]
    with _image(client) as image:
        body = {
            "Image": image,
            "Cmd": ["-"],
            "Labels": {HOLDER_LABEL: "1"},
            "NetworkDisabled": True,
            "HostConfig": {"Mounts": mounts},
        }
        with engine_errors(client.address):
            made = client.api.create_container_from_config(body)  # type: ignore[no-untyped-call]  # docker-py types little
        container = str(made["Id"])
        try:
            yield container
        finally:
            with engine_errors(client.address):
                client.api.remove_container(container, force=True)


@contextmanager
def one_image(client: Client) -> Iterator[None]:
    """Let all that is held in a block have one image, which is made when it is first needed.

    Docker starts a program of its own to unpack an image, be it empty: that is most of what holding a volume takes.
    """
    with ExitStack() as stack:
        token = _lent.set(_Lent(client, stack))
        try:
            yield
        finally:
            _lent.reset(token)


class _Lent:
    """The image that a block's holders have, once it is made."""

    def __init__(self, client: Client, stack: ExitStack) -> None:
        self.client, self._stack = client, stack
        self._name = ""

    def image(self) -> str:
        if not self._name or not has_image(self.client, self._name):
            self._name = self._stack.enter_context(_made(self.client))
        return self._name


_lent: ContextVar[_Lent | None] = ContextVar("lent", default=None)


@contextmanager
def _image(client: Client) -> Iterator[str]:
    lent = _lent.get()
    if lent and lent.client is client:
        yield lent.image()
    else:
        with _made(client) as name:
            yield name


@contextmanager
def _made(client: Client) -> Iterator[str]:
    """An image that has nothing in it."""
    name = f"dockyard-holder:{uuid.uuid4().hex[:12]}"
    with engine_errors(client.address):
        client.api.import_image_from_data(TRAILER, *name.split(":"))
    try:
        yield name
    finally:
        if has_image(client, name):  # nobody has pruned it
            with engine_errors(client.address):
                client.api.remove_image(name)
