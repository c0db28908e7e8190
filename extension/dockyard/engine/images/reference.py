"""The names of images, by the grammar of github.com/distribution/reference."""

import re
from dataclasses import dataclass, replace

from dockyard.engine.errors import BadParameter

__all__ = ["DOCKER_HUB", "Reference"]

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"
LONGEST_NAME = 255

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_WHOLE = re.compile(
    rf"(?P<domain>{_DOMAIN})/(?P<path>{_PATH})(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_ID = re.compile(r"[0-9a-f]{64}")
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Reference:
    """A name under which an image is known here or in a registry.

    ::

        busybox                       docker.io               library/busybox   latest
        localhost:5000/web:2          localhost:5000          web               2
        alpine@sha256:0a4e...         docker.io               library/alpine    (none) sha256:0a4e...

    Attributes:
        domain: The registry, as it is written.
        path: The repository in it.
        tag: None only where a digest says which image is meant.
        digest: Of a manifest, such as ``sha256:0a4e...``.
    """

    domain: str
    path: str
    tag: str | None = DEFAULT_TAG
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Return what a name means, with the registry and the tag that go without saying.

        Raises:
            BadParameter: It is no name, in Docker's words.
        """
        if _ID.fullmatch(text):
            raise BadParameter(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
        domain, path = _split(text)
        if (bare := path.split(":")[0].split("@")[0]) != bare.lower():
            raise BadParameter("invalid reference format: repository name must be lowercase")
        found = _WHOLE.fullmatch(f"{domain}/{path}")
        if not found:
            raise BadParameter("invalid reference format")
        if len(f"{found['domain']}/{found['path']}") > LONGEST_NAME:
            raise BadParameter(f"repository name must not be more than {LONGEST_NAME} characters")
        digest = found["digest"]
        if digest and digest.startswith("sha256:") and not _SHA256.fullmatch(digest):
            raise BadParameter("invalid checksum digest format")
        return cls(found["domain"], found["path"], found["tag"] or (None if digest else DEFAULT_TAG), digest)

    @property
    def repository(self) -> str:
        """The whole name, without tag and digest: ``"docker.io/library/busybox"``."""
        return f"{self.domain}/{self.path}"

    @property
    def name(self) -> str:
        """The same as people write it: ``"busybox"``."""
        if self.domain != DOCKER_HUB:
            return self.repository
        short = self.path.removeprefix("library/")
        return short if "/" not in short else self.path

    @property
    def familiar(self) -> str:
        """All of it as people write it: ``"busybox:latest"``."""
        return self.name + self._suffix

    @property
    def full(self) -> str:
        """All of it, nothing left to be guessed: ``"docker.io/library/busybox:latest"``."""
        return self.repository + self._suffix

    @property
    def host(self) -> str:
        """Where the registry's API answers."""
        return "registry-1.docker.io" if self.domain == DOCKER_HUB else self.domain

    def with_tag(self, tag: str) -> "Reference":
        """Return the same repository's other tag.

        Raises:
            BadParameter: It can't be a tag.
        """
        if not _TAG.fullmatch(tag):
            raise BadParameter("invalid tag format")
        return replace(self, tag=tag, digest=None)

    def with_digest(self, digest: str) -> "Reference":
        """Return the same repository's image of that digest, by no tag.

        Raises:
            BadParameter: It can't be a digest.
        """
        if not _SHA256.fullmatch(digest):
            raise BadParameter("invalid checksum digest format")
        return replace(self, tag=None, digest=digest)

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def _split(text: str) -> tuple[str, str]:
    """The registry and the rest: a first part with a dot, a colon or an upper-case letter, or ``localhost``, is a registry."""
    first, slash, rest = text.partition("/")
    if not slash or ("." not in first and ":" not in first and first != "localhost" and first == first.lower()):
        first, rest = DOCKER_HUB, text
    if first == "index.docker.io":
        first = DOCKER_HUB
    if first == DOCKER_HUB and "/" not in rest:
        rest = f"library/{rest}"
    return first, rest
