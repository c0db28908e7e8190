"""Which image a name stands for on an engine, and names and images taken back after a run."""

from collections.abc import Sequence
from typing import Any

from dockyard.connection import Client
from dockyard.errors import CannotUndo, ImageMissing, ImageNameInvalid, engine_errors
from dockyard.locale import N_, translate
from dockyard.tasks.base import Change, Result
from dockyard.tasks.kept import Kept, Mark
from dockyard.tasks.names import ImageName
from dockyard.tasks.snapshot import name_of
from dockyard.wording import short_id

__all__ = [
    "digests_of",
    "image_mark",
    "images_now",
    "left_nameless",
    "names_of",
    "new_name",
    "require_image",
    "require_takeable",
    "tag_change",
    "tag_mark",
    "tagged",
    "take_back",
    "users_of",
]


def new_name(text: str) -> ImageName:
    """Return a name that an image can be given, which has a tag and no digest.

    Raises:
        ImageNameInvalid: It can't be one.
    """
    name = ImageName.parse(text)
    if name.digest:
        raise ImageNameInvalid(
            name=text, reason=translate(N_("a digest can't be chosen; leave '@' and what follows off"))
        )
    return name


def require_image(client: Client, name: str) -> dict[str, Any]:
    """Return what the engine says of an image (Docker Engine API, "Inspect an image").

    Raises:
        ImageMissing: The engine does not have it.
    """
    found: dict[str, Any] | None = client.find_json("/images/{}/json", name)
    if found is None:
        raise ImageMissing(name=name)
    return found


def names_of(image: dict[str, Any]) -> tuple[str, ...]:
    """The tags of an image, as the engine lists them, then what registries call it."""
    return tuple(
        name for key in ("RepoTags", "RepoDigests") for name in image.get(key) or () if not name.startswith("<none>")
    )


def digests_of(image: dict[str, Any], name: ImageName) -> list[str]:
    """What the name's registry calls an image, which a push or a pull finds out."""
    return [each for each in names_of(image) if each.startswith(f"{name.familiar_repository}@")]


def tagged(client: Client, name: ImageName) -> str:
    """Return the ID of the image that has this tag; empty where none has. An ID is no tag."""
    found = client.find_json("/images/{}/json", name.familiar)
    if found is None or all(_parsed(each) != name for each in names_of(found)):
        return ""
    return str(found["Id"])


def tag_change(client: Client, name: ImageName, image_id: str) -> Change:
    """What giving this tag to an image will do; ``image_id`` is empty for an image that is not there yet."""
    holder = tagged(client, name)
    if not holder:
        return Change("create", "tag", name.familiar)
    if holder == image_id:
        return Change("keep", "tag", name.familiar, reason=translate(N_("it names this image already")))
    reason = translate(N_("it moves here from the image {id}, which stays")).format(id=short_id(holder))
    return Change("change", "tag", name.familiar, reason=reason)


def left_nameless(client: Client, name: ImageName) -> tuple[str, ...]:
    """What to warn of where a name will move: the image that has it now has no other."""
    found = client.find_json("/images/{}/json", name.familiar)
    if found is None or not tagged(client, name) or len(found.get("RepoTags") or ()) > 1:
        return ()
    sentence = N_("The image that is called {name} now will have no name left, but keeps its ID.")
    return (translate(sentence).format(name=name.familiar),)


def users_of(client: Client, image_id: str) -> list[tuple[str, bool]]:
    """The containers made from an image: each one's name, and whether it runs."""
    return [
        (name_of(each), each["State"] == "running")
        for each in client.get_json("/containers/json", all=1)
        if each["ImageID"] == image_id
    ]


def images_now(client: Client) -> frozenset[str]:
    """The IDs of all images of the engine."""
    return frozenset(str(each["Id"]) for each in client.get_json("/images/json"))


def tag_mark(name: ImageName, now: str, before: str) -> Mark:
    """Record that a name went from one image to another; empty IDs stand for none."""
    return Mark(name.familiar, "tag", f"{now} {before}")


def image_mark(image_id: str) -> Mark:
    """Record that an image is new."""
    return Mark(image_id, "image")


def take_back(client: Client, kept: Kept) -> Result:
    """Give the names in a record back to the images that had them, and remove the images that were new.

    Raises:
        CannotUndo: A name was moved since, its former image is gone, or a container uses a new image; nothing was changed.
    """
    tags = [mark for mark in kept.marks if mark.kind == "tag"]
    made = [mark.path for mark in kept.marks if mark.kind == "image"]
    require_takeable(client, kept)
    changes = [change for mark in tags for change in _move_back(client, mark)]
    for image_id in made:
        found = client.find_json("/images/{}/json", image_id)
        if found is not None and not found.get("RepoTags"):
            with engine_errors(client.address):
                client.api.remove_image(image_id)
            changes.append(Change("remove", "image", short_id(image_id)))
        elif found is None:
            changes.append(Change("remove", "image", short_id(image_id)))
        else:
            reason = translate(N_("it has other names by now"))
            changes.append(Change("keep", "image", short_id(image_id), reason=reason))
    kept.discard()
    return Result(tuple(changes))


def require_takeable(client: Client, kept: Kept) -> None:
    """Check that :func:`take_back` can take the names and images in a record back.

    Raises:
        CannotUndo: It can't.
    """
    made = [mark.path for mark in kept.marks if mark.kind == "image"]
    for mark in kept.marks:
        if mark.kind == "tag":
            _check_tag(client, kept.command, mark, made)
    for image_id in made:
        if users := [name for name, _ in users_of(client, image_id)]:
            reason = translate(N_("the image is in use by {containers}")).format(containers=", ".join(users))
            raise CannotUndo(command=kept.command, reason=reason)


def _check_tag(client: Client, command: str, mark: Mark, made: Sequence[str]) -> None:
    now, before = mark.state.split(" ")
    holder = tagged(client, ImageName.parse(mark.path))
    if holder != now:
        raise CannotUndo(
            command=command, reason=translate(N_("{name} names another image by now")).format(name=mark.path)
        )
    if before and client.find_json("/images/{}/json", before) is None:
        raise CannotUndo(
            command=command,
            reason=translate(N_("the image {id}, which had the name, is gone")).format(id=short_id(before)),
        )
    if now and not before and now not in made and len(require_image(client, now).get("RepoTags") or ()) < 2:
        raise CannotUndo(
            command=command,
            reason=translate(N_("it is the image's only name by now, and removing it would delete the image")),
        )


def _move_back(client: Client, mark: Mark) -> list[Change]:
    now, before = mark.state.split(" ")
    name = ImageName.parse(mark.path)
    with engine_errors(client.address):
        if before:
            client.api.tag(before, name.familiar_repository, name.tag)
        elif now:
            client.api.remove_image(name.familiar)
    return [Change("change" if now and before else "create" if before else "remove", "tag", name.familiar)]


def _parsed(name: str) -> ImageName | None:
    try:
        return ImageName.parse(name)
    except ImageNameInvalid:
        return None  # such as what an engine lists for an image that lost its name
