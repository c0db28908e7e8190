"""``docker commit`` and ``docker diff``: what a container changed, shown or made into an image."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from dockyard.engine.containers.container import Container
from dockyard.engine.containers.differences import Differences
from dockyard.engine.errors import NotFound
from dockyard.engine.events import Events
from dockyard.engine.images import making
from dockyard.engine.images.image import Image
from dockyard.engine.images.images import Images
from dockyard.engine.images.layers import everything, write_layer
from dockyard.engine.images.reference import Reference

__all__ = ["Committer"]

Edit = Callable[[Mapping[str, Any], Sequence[str]], dict[str, Any]]


class Committer:
    """Makes images of containers."""

    def __init__(self, events: Events, images: Images, differences: Differences, edit: Edit) -> None:
        """Take what is needed.

        Args:
            events: Told of each commit.
            images: Where images go.
            differences: What containers changed.
            edit: Returns a configuration changed by lines of a Dockerfile.
        """
        self._events, self._images, self._differences, self._edit = events, images, differences, edit

    def changes(self, container: Container) -> list[dict[str, Any]]:
        """Answer ``GET /containers/ID/changes``: ``[{"Path": "/etc/motd", "Kind": 0}]``."""
        return [{"Path": f"/{each.path}", "Kind": int(each.kind)} for each in self._differences.of(container)]

    def commit(
        self,
        container: Container,
        *,
        name: str = "",
        tag: str = "",
        comment: str = "",
        author: str = "",
        changes: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
        pause: bool = True,
    ) -> Image:
        """Make an image of a container.

        Args:
            container: Which.
            name: The image's; empty for none.
            tag: Of that name; ``latest`` where it is empty.
            comment: What its maker says of it.
            author: Its maker.
            changes: Lines of a Dockerfile that set its configuration, such as ``CMD ["httpd"]``.
            config: Fields of its configuration that go before the container's.
            pause: Whether the container stands still meanwhile.

        Raises:
            BadParameter: The name or a line can't be taken.
        """
        names = [_reference(name, tag)] if name else []
        run_config = self._edit(
            {**container.config, **{key: value for key, value in (config or {}).items() if value}}, changes
        )
        try:
            parent: Image | None = self._images.get(container.image_id)
        except NotFound:
            parent = None  # its image is gone, so that all its files are new
        with self._images.blobs.making():
            with _standing_still(container) if pause else nullcontext():
                owners = container.opened_up()
                found = self._differences.of(container, owners) if parent else everything(container.root)
                layer = write_layer(self._images.blobs, container.root, found, owners) if found else None
            image = making.child(
                self._images,
                parent,
                layer,
                run_config,
                created_by=" ".join(container.config["Cmd"] or ()),
                comment=comment,
                author=author,
                container=container.id,
                container_config=container.config,
                names=names,
            )
        attributes = container.attributes(comment=comment, imageID=image.id, imageRef=names[0].full if names else "")
        self._events.publish("container", "commit", container.id, attributes)
        return image


@contextmanager
def _standing_still(container: Container) -> Iterator[None]:
    """Keep a container that runs from writing meanwhile."""
    with container.lock:
        running = container.running if container.state.status == "running" else None
        if running is None:
            yield
            return
        running.pause()
        try:
            yield
        finally:
            running.unpause()


def _reference(name: str, tag: str) -> Reference:
    reference = Reference.parse(name)
    return reference.with_tag(tag) if tag else reference
