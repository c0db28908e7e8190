"""An image's name taken apart: registry / namespace / repository : tag @ digest.

The grammar is that of github.com/distribution/reference (``regexp.go``, ``normalize.go``), which Docker uses::

    busybox                      docker.io       library   busybox     latest
    zoozoousagi/nyappacchi:13    docker.io       zoozoousagi nyappacchi  13
    localhost:5000/nyappacchi    localhost:5000  (none)    nyappacchi  latest
"""

import re
from dataclasses import dataclass
from typing import Literal

from dockyard.errors import ImageNameInvalid
from dockyard.locale import N_, translate

__all__ = ["DOCKER_HUB", "OFFICIAL", "Explanation", "ImageName", "NamePart", "explain"]

DOCKER_HUB = "docker.io"
OFFICIAL = "library"
LATEST = "latest"
LONGEST_NAME = 255  # registry and repository together
LONGEST_TAG = 128

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?", re.ASCII)
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}", re.ASCII)
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ImageName:
    """An image's name with what goes without saying filled in.

    Attributes:
        registry: Host and port of the registry, such as ``docker.io`` or ``localhost:5000``.
        namespace: What stands between registry and repository, such as a Docker Hub ID; empty where there is none.
        repository: The last part of the path, such as ``nyappacchi``.
        tag: The version; empty only where a digest stands alone.
        digest: Such as ``sha256:0a4e...``; empty where the name has none.
    """

    registry: str
    namespace: str
    repository: str
    tag: str = LATEST
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "ImageName":
        """Take a name apart.

        Raises:
            ImageNameInvalid: It can't name an image; the sentence says which part is wrong.
        """
        if "://" in text:
            raise _invalid(text, N_("leave the scheme ('https://') off"))
        if _ID.fullmatch(text):
            raise _invalid(text, N_("64 hexadecimal digits are an image's ID"))
        bare, at, digest = text.partition("@")
        if at and (not _DIGEST.fullmatch(digest) or (digest.startswith("sha256:") and not _SHA256.fullmatch(digest))):
            raise _invalid(text, N_("what follows '@' is a digest: 'sha256:' and 64 hexadecimal digits"))
        registry, path = _split(bare)
        path, colon, tag = path.partition(":")
        if colon and not _TAG.fullmatch(tag):
            raise _invalid(
                text,
                N_("a tag has up to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or '-'"),
            )
        if not _REGISTRY.fullmatch(registry):
            raise _invalid(text, N_("what stands before the first '/' is no host, nor host:port"))
        _check_path(text, path)
        if len(f"{registry}/{path}") > LONGEST_NAME:
            raise _invalid(text, N_("registry and repository together have at most 255 characters"))
        namespace, _, repository = path.rpartition("/")
        return cls(registry, namespace, repository, tag or ("" if digest else LATEST), digest)

    @property
    def path(self) -> str:
        """The repository as its registry knows it, such as ``library/busybox``."""
        return "/".join(filter(None, (self.namespace, self.repository)))

    @property
    def familiar_repository(self) -> str:
        """The name without tag and digest, as Docker lists it, such as ``busybox``."""
        # A namespace with a dot would be taken for a registry if it stood first.
        if self.registry != DOCKER_HUB or ("/" in self.path and _names_registry(self.path.partition("/")[0])):
            return f"{self.registry}/{self.path}"
        return self.repository if self.namespace == OFFICIAL else self.path

    @property
    def familiar(self) -> str:
        """The name as Docker lists it, such as ``busybox:latest``."""
        return self.familiar_repository + self._suffix

    @property
    def full(self) -> str:
        """The name with nothing left to be guessed, such as ``docker.io/library/busybox:latest``."""
        return f"{self.registry}/{self.path}{self._suffix}"

    @property
    def is_on_docker_hub(self) -> bool:
        """Whether the name leads to Docker Hub."""
        return self.registry == DOCKER_HUB

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True)
class NamePart:
    """One part of a name.

    Attributes:
        kind: What it is.
        text: The part; empty where the name has none and none goes without saying.
        is_written: Whether it stands in the name, or goes without saying.
        says: A sentence about it, in the reader's language.
    """

    kind: Literal["registry", "namespace", "repository", "tag", "digest"]
    text: str
    is_written: bool
    says: str


@dataclass(frozen=True)
class Explanation:
    """A name and its parts, from left to right; ``str()`` gives one line a part."""

    name: ImageName
    parts: tuple[NamePart, ...]

    def __str__(self) -> str:
        return "\n".join(f"{part.kind:10}  {part.text or '-'}  {part.says}" for part in self.parts)


def explain(name: str) -> Explanation:
    """Take an image's name apart and say of each part what it means.

    Raises:
        ImageNameInvalid: It can't name an image.
    """
    found = ImageName.parse(name)
    bare = name.partition("@")[0]
    first, _, rest = bare.partition("/")
    writes_registry = bool(rest) and _names_registry(first)
    path = rest if writes_registry else bare
    parts = (
        NamePart("registry", found.registry, writes_registry, _of_registry(found, writes_registry)),
        NamePart("namespace", found.namespace, bool(found.namespace) and "/" in path, _of_namespace(found)),
        NamePart("repository", found.repository, True, translate(_REPOSITORY)),
        NamePart("tag", found.tag, ":" in path, _of_tag(found, ":" in path)),
        NamePart("digest", found.digest, bool(found.digest), translate(_DIGEST_GIVEN if found.digest else _NO_DIGEST)),
    )
    return Explanation(found, parts)


_REPOSITORY = N_("The repository: all versions of one image. The first push makes it.")
_DIGEST_GIVEN = N_("The digest: a hash of the image's manifest. It names exactly this content, for ever.")
_NO_DIGEST = N_("No digest: the tag decides, and a tag can be moved to another image.")


def _of_registry(found: ImageName, is_written: bool) -> str:
    if not is_written:
        return translate(N_("No registry is written, so it is Docker Hub."))
    if found.is_on_docker_hub:
        return translate(N_("The registry: Docker Hub, which would be taken without being written, too."))
    return translate(
        N_("The registry: the server that a push goes to and a pull comes from. It is one, since it has a '.' or a ':', or is 'localhost'.")
    )  # fmt: skip


def _of_namespace(found: ImageName) -> str:
    if not found.namespace:
        return translate(N_("No namespace: a registry of one's own needs none."))
    if not found.is_on_docker_hub:
        return translate(N_("The namespace: a folder of repositories, such as a team's or a person's."))
    if found.namespace == OFFICIAL:
        return translate(N_("The namespace of Docker's official images, which goes without saying."))
    return translate(N_("The namespace: a Docker Hub ID. Only its owner can push there."))


def _of_tag(found: ImageName, is_written: bool) -> str:
    if not found.tag:
        return translate(N_("No tag: the digest decides."))
    if is_written:
        return translate(N_("The tag: the version. A push of the same tag moves it to the new image."))
    return translate(N_("No tag is written, so it is 'latest', which is a tag as any other, not the newest image."))


def _names_registry(first: str) -> bool:
    return "." in first or ":" in first or first == "localhost" or first != first.lower()


def _split(bare: str) -> tuple[str, str]:
    """The registry and the rest, with what goes without saying."""
    first, slash, rest = bare.partition("/")
    if not slash or not _names_registry(first):
        first, rest = DOCKER_HUB, bare
    if first == "index.docker.io":
        first = DOCKER_HUB
    if first == DOCKER_HUB and "/" not in rest:
        rest = f"{OFFICIAL}/{rest}"
    return first, rest


def _check_path(text: str, path: str) -> None:
    components = path.removeprefix(f"{OFFICIAL}/").split("/")
    if not text or components == [""]:
        raise _invalid(text, N_("the repository is missing"))
    if path != path.lower():
        raise _invalid(text, N_("namespace and repository are written in lower case"))
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            raise _invalid(
                text,
                N_(
                    "between '/' stand lower-case letters and digits, parted by one '.', one or two '_', or any number of '-'"
                ),
            )


def _invalid(text: str, reason: str) -> ImageNameInvalid:
    return ImageNameInvalid(name=text, reason=translate(reason))
