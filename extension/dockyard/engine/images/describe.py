"""Images as the API shows them (Docker Engine API, "Images")."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dockyard.engine.clock import NEVER
from dockyard.engine.errors import BadParameter
from dockyard.engine.filters import Filters
from dockyard.engine.images.image import Image
from dockyard.engine.images.reference import Reference
from dockyard.engine.timestamps import SECOND_NS, parse_moment_ns

if TYPE_CHECKING:
    from dockyard.engine.images.images import Images

__all__ = ["OLDEST", "Version", "created_ns", "history", "inspect", "matches", "run_config", "summaries"]

Version = tuple[int, int]

# Every run configuration has these, whether the image sets them or not.
EMPTY_RUN_CONFIG: Mapping[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": None,
}
# Docker leaves these out where they say nothing.
MAY_BE_MISSING = (
    "ExposedPorts",
    "Healthcheck",
    "ArgsEscaped",
    "NetworkDisabled",
    "MacAddress",
    "StopSignal",
    "StopTimeout",
    "Shell",
)
NAMELESS_SINCE: Version = (1, 43)  # from here on nameless images have empty lists where "<none>:<none>" stood
NO_VIRTUAL_SIZE_SINCE: Version = (1, 44)
NO_CONTAINER_CONFIG_SINCE: Version = (1, 45)
OLDEST: Version = (1, 41)


def inspect(image: Image, names: Sequence[str], digests: Sequence[str], version: Version = OLDEST) -> dict[str, Any]:
    """Return what ``docker image inspect`` shows.

    Args:
        image: Which.
        names: What it is called, such as ``["busybox:latest"]``.
        digests: What it is called by digest.
        version: Of the API.
    """
    config = image.config
    steps = config.get("history") or [{}]
    shown: dict[str, Any] = {
        "Id": image.id,
        "RepoTags": list(names),
        "RepoDigests": list(digests),
        "Parent": image.parent,
        "Comment": config.get("comment") or steps[-1].get("comment") or "",
        "Created": image.created,
        "Container": config.get("container") or "",
        "ContainerConfig": run_config(config.get("container_config") or {}),
        "DockerVersion": config.get("docker_version") or "",
        "Author": config.get("author") or "",
        "Config": run_config(image.run_config),
        "Architecture": image.architecture,
        "Os": config.get("os") or "linux",
        "Size": image.size_bytes,
        "VirtualSize": image.size_bytes,
        "GraphDriver": {"Data": None, "Name": "dockyard"},
        "RootFS": {"Type": "layers"} | ({"Layers": list(image.diff_ids)} if image.layers else {}),
        "Metadata": {"LastTagTime": image.tagged or NEVER},
    }
    for word, key in (("variant", "Variant"), ("os.version", "OsVersion")):
        if config.get(word):
            shown[key] = config[word]
    if version >= NO_VIRTUAL_SIZE_SINCE:
        del shown["VirtualSize"]
    if version >= NO_CONTAINER_CONFIG_SINCE:
        del shown["Container"], shown["ContainerConfig"]
    return shown


def run_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run configuration with every field that Docker shows."""
    shown = {key: config[key] if config.get(key) is not None else empty for key, empty in EMPTY_RUN_CONFIG.items()}
    return shown | {key: config[key] for key in MAY_BE_MISSING if config.get(key)}


def history(image: Image, ancestors: Iterable[tuple[str, Sequence[str]]]) -> list[dict[str, Any]]:
    """Return what ``docker history`` shows, newest first.

    Args:
        image: Whose history.
        ancestors: ID and names of the image itself and of those it was made from here, newest first.
    """
    layers = iter(image.layers)
    steps = []
    for step in image.config.get("history") or []:
        layer = None if step.get("empty_layer") else next(layers, None)
        steps.append(
            {
                "Id": "<missing>",
                "Created": _seconds(step.get("created")),
                "CreatedBy": step.get("created_by") or "",
                "Tags": None,
                "Size": layer.unpacked_bytes if layer else 0,
                "Comment": step.get("comment") or "",
            }
        )
    steps.reverse()
    for step, (image_id, names) in zip(steps, ancestors, strict=False):
        step |= {"Id": image_id, "Tags": list(names) or None}
    return steps


def summaries(
    images: "Images",
    filters: Filters,
    *,
    all: bool,  # noqa: A002  # the API's own name
    shared_size: bool,
    version: Version = OLDEST,
) -> list[dict[str, Any]]:
    """Return what ``docker images`` shows; see :meth:`Images.list`."""
    every = images.all()
    parents = {image.parent for image in every}
    uses = Counter(diff_id for image in every for diff_id in set(image.diff_ids))
    earliest, latest = _span(images, filters)
    dangling = filters.flag("dangling")
    shown = []
    for image in every:
        if not earliest < created_ns(image) < latest or not filters.match_label(image.labels):
            continue
        references = images.references(image.id)
        if "reference" in filters:
            references = [
                each for each in references if any(matches(each, term) for term in filters.values("reference"))
            ]
        tags = [each.familiar for each in references if each.tag]
        if not references and ("reference" in filters or dangling is False or (not all and image.id in parents)):
            continue
        if dangling is not None and dangling == bool(tags):
            continue
        shown.append(_summary(image, tags, [each.familiar for each in references if each.digest], version))
        if shared_size:
            shown[-1]["SharedSize"] = sum(each.unpacked_bytes for each in image.layers if uses[each.diff_id] > 1)
    return sorted(shown, key=lambda each: int(each["Created"]), reverse=True)


def created_ns(image: Image) -> int:
    """Return when an image was made, in nanoseconds since 1970."""
    try:
        return parse_moment_ns(image.created)
    except BadParameter:
        return 0


def matches(reference: Reference, pattern: str) -> bool:
    """Whether a name fits a pattern such as ``"*/web:1.*"``; one without a tag fits every tag.

    Raises:
        BadParameter: It is no pattern.
    """
    compiled = _pattern(pattern)
    return bool(compiled.fullmatch(reference.familiar) or compiled.fullmatch(reference.name))


def _summary(image: Image, tags: Sequence[str], digests: Sequence[str], version: Version) -> dict[str, Any]:
    nameless = not tags and not digests
    if version >= NAMELESS_SINCE:
        names: dict[str, Any] = {"RepoTags": list(tags), "RepoDigests": list(digests)}
    elif nameless:
        names = {"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}
    else:
        names = {"RepoTags": list(tags) or None, "RepoDigests": list(digests) or None}
    shown = {
        "Containers": -1,
        "Created": _seconds(image.created),
        "Id": image.id,
        "Labels": dict(image.labels) or None,
        "ParentId": image.parent,
        **names,
        "SharedSize": -1,
        "Size": image.size_bytes,
    }
    return shown if version >= NO_VIRTUAL_SIZE_SINCE else {**shown, "VirtualSize": image.size_bytes}


def _span(images: "Images", filters: Filters) -> tuple[float, float]:
    """Between which moments an image must have been made."""
    since = [created_ns(images.resolve(name)) for name in filters.values("since")]
    before = [created_ns(images.resolve(name)) for name in filters.values("before")]
    until = [parse_moment_ns(text) for text in filters.values("until")]
    return max(since, default=float("-inf")), min([*before, *until], default=float("inf"))


def _seconds(moment: str | None) -> int:
    """A moment as seconds since 1970; year 1, as Go counts, where there is none, or none that can be read."""
    try:
        return parse_moment_ns(moment) // SECOND_NS if moment else _YEAR_ONE
    except BadParameter:
        return _YEAR_ONE


_YEAR_ONE = -62135596800


def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern of Go's ``path.Match``, in which ``*`` and ``?`` stop at a slash."""
    parts, rest = [], pattern
    while rest:
        if found := re.match(r"\[(\^?)((?:\\.|[^\]\\])+)\]", rest):
            parts.append("[" + found[1] + found[2].replace("[", r"\[") + "]")
            rest = rest[found.end() :]
            continue
        if rest[0] == "[" or rest == "\\":
            raise BadParameter("syntax error in pattern")
        if rest[0] == "\\":
            rest = rest[1:]
            parts.append(re.escape(rest[0]))
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0])))
        rest = rest[1:]
    try:
        return re.compile("".join(parts))
    except re.error as error:
        raise BadParameter("syntax error in pattern") from error
