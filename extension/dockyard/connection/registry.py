"""A registry asked directly, over the HTTP API that every registry has (github.com/opencontainers/distribution-spec, v1.1).

>>> registry = Registry("localhost:5000")                   # doctest: +SKIP
>>> list(registry.catalog())                                # doctest: +SKIP
['nyappacchi']
>>> registry.manifest("nyappacchi", "13").size_bytes        # doctest: +SKIP
2171483
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests

from dockyard.connection.secret import Secret
from dockyard.errors import DeletingDisabled, NotInRegistry, RegistryRefused, RegistryUnreachable
from dockyard.locale import N_, translate

__all__ = ["Manifest", "ManifestLayer", "Platform", "Registry"]

TIMEOUT_S = 10
PAGE = 100
MOST_PAGES = 1000
LARGEST_BYTES = 8 << 20
LOCAL = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?")
ACCEPT = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass(frozen=True)
class ManifestLayer:
    """One layer as the registry keeps it: compressed."""

    digest: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True)
class Platform:
    """One image of an index, such as the one for ``linux/arm64``."""

    name: str
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What a tag or digest stands for.

    Attributes:
        digest: Of the manifest itself.
        media_type: Its kind.
        config_digest: Of an image, its configuration, which is the image's ID on most engines; empty for an index.
        layers: Of an image, lowest first.
        platforms: Of an index, its images.
        size_bytes: What the registry keeps for it: configuration and layers, compressed. 0 for an index.
    """

    digest: str
    media_type: str
    config_digest: str = ""
    layers: tuple[ManifestLayer, ...] = ()
    platforms: tuple[Platform, ...] = ()
    size_bytes: int = 0


class Registry:
    """One registry.

    Attributes:
        address: Its host and port, as images' names begin with it.
    """

    def __init__(self, address: str, *, user: str = "", secret: Secret | None = None, ca: str = "") -> None:
        """Name a registry; it is first asked when something is wanted of it.

        Args:
            address: Such as ``localhost:5000``; with ``http://`` or ``https://`` before it only that is tried.
            user: Who asks; empty for anyone.
            secret: The user's password or token.
            ca: A file of certificates to trust besides the system's.
        """
        scheme, _, rest = address.rpartition("://")
        self.address = rest.rstrip("/")
        host = "registry-1.docker.io" if self.address == "docker.io" else self.address
        schemes = (scheme,) if scheme else ("https", "http") if LOCAL.fullmatch(host) else ("https",)
        self._bases = tuple(f"{each}://{host}" for each in schemes)
        self._user, self._secret = user, secret or Secret("")
        self._session = requests.Session()
        self._session.trust_env = False  # else a netrc file would speak for the user
        self._verify: str | bool = ca or True
        self._base = ""

    def catalog(self) -> Iterator[str]:
        """Return the repositories, page by page. Docker Hub does not tell them.

        Raises:
            RegistryUnreachable, RegistryRefused: It does not answer, or says no.
        """
        yield from self._pages("/v2/_catalog", "repositories")

    def tags(self, repository: str) -> list[str]:
        """Return the tags of a repository, sorted; empty if all were deleted.

        Raises:
            NotInRegistry: There is no such repository.
        """
        return sorted(self._pages(f"/v2/{quote(repository)}/tags/list", "tags"))

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return what a tag or digest stands for.

        Raises:
            NotInRegistry: There is no such tag or digest.
        """
        answer = self._ask("GET", f"/v2/{quote(repository)}/manifests/{quote(reference, safe=':')}")
        try:
            return _manifest(answer.json(), answer.headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegistryRefused(address=self.address, message=f"no manifest: {error!r}", status=200) from error

    def tags_of(self, repository: str, digest: str) -> list[str]:
        """Return the tags that stand for one digest: all of them go when it is deleted."""
        return [tag for tag in self.tags(repository) if self.manifest(repository, tag).digest == digest]

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest, and with it every tag that stands for it. Its layers stay until garbage is collected.

        Raises:
            NotInRegistry: There is none.
            DeletingDisabled: The registry was not set up to permit it.
        """
        self._ask("DELETE", f"/v2/{quote(repository)}/manifests/{quote(digest, safe=':')}")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> "Registry":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pages(self, path: str, key: str) -> Iterator[str]:
        url = f"{path}?n={PAGE}"
        for _ in range(MOST_PAGES):
            answer = self._ask("GET", url)
            try:
                yield from (str(each) for each in answer.json()[key] or ())
            except (ValueError, KeyError, TypeError) as error:
                raise RegistryRefused(address=self.address, message=f"no list: {error!r}", status=200) from error
            following = answer.links.get("next", {}).get("url")
            if not following:
                return
            parts = urlsplit(urljoin(answer.url, following))
            url = f"{parts.path}?{parts.query}"  # of this registry, wherever the link leads

    def _ask(self, method: str, path: str) -> requests.Response:
        base = self._base or self._find()
        answer = self._send(method, base + path, self._proof(""))
        if answer.status_code == 401 and (challenge := answer.headers.get("WWW-Authenticate", "")):
            answer = self._send(method, base + path, self._proof(challenge))
        if answer.ok:
            return answer
        message = _said(answer)
        if answer.status_code == 404:
            raise NotInRegistry(address=self.address, what=path.removeprefix("/v2/").partition("?")[0], reason=message)
        if answer.status_code == 405:
            raise DeletingDisabled(address=self.address)
        raise RegistryRefused(address=self.address, message=message, status=answer.status_code)

    def _find(self) -> str:
        """The scheme that it speaks; asked for without showing who asks."""
        reason = ""
        for base in self._bases:
            try:
                answer = self._send("GET", f"{base}/v2/", {})
            except RegistryUnreachable as error:
                reason = reason or str(error.facts["reason"])
                continue
            if answer.status_code in (200, 401):
                self._base = base
                return base
            if answer.status_code != 400 or not reason:  # 400: plain HTTP said to a server that speaks TLS
                reason = f"HTTP {answer.status_code}"
        raise RegistryUnreachable(address=self.address, reason=reason)

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        failure: RegistryUnreachable
        try:
            answer = self._session.request(
                method,
                url,
                headers={"Accept": ACCEPT, **headers},
                timeout=TIMEOUT_S,
                verify=self._verify,
                stream=True,
                allow_redirects=method == "GET" and not headers,
            )
            with answer:
                content = answer.raw.read(LARGEST_BYTES, decode_content=True)
                answer._content = content  # read once and no further than that
                return answer
        except (requests.RequestException, OSError) as error:
            failure = RegistryUnreachable(address=self.address, reason=_why(error))
        raise failure  # outside, so that no traceback leads to what was sent

    def _proof(self, challenge: str) -> dict[str, str]:
        """The header that shows who asks, as the registry wants it (RFC 7617; distribution, "Token Authentication")."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._user:
            return {"Authorization": requests.auth._basic_auth_str(self._user, self._secret.reveal())}
        if scheme.lower() != "bearer":
            return {}
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        realm = asked.pop("realm", "")
        if urlsplit(realm).scheme != "https" and not LOCAL.fullmatch(urlsplit(realm).netloc):
            raise RegistryRefused(
                address=self.address, message=translate(N_("its token service is not reached over https")), status=401
            )
        query = "&".join(f"{quote(key)}={quote(asked[key])}" for key in ("service", "scope") if key in asked)
        answer = self._send("GET", f"{realm}?{query}", self._proof("Basic") if self._user else {})
        if not answer.ok:
            raise RegistryRefused(address=self.address, message=_said(answer), status=answer.status_code)
        return {"Authorization": f"Bearer {answer.json().get('token') or answer.json().get('access_token')}"}


def _manifest(data: Any, headers: Mapping[str, str]) -> Manifest:
    digest = headers.get("Docker-Content-Digest", "")
    media_type = str(data.get("mediaType") or headers.get("Content-Type", ""))
    if "manifests" in data:
        platforms = tuple(
            Platform("/".join(filter(None, map((each.get("platform") or {}).get, ("os", "architecture", "variant")))), str(each["digest"]))
            for each in data["manifests"]
        )  # fmt: skip
        return Manifest(digest, media_type, platforms=platforms)
    layers = tuple(
        ManifestLayer(str(each["digest"]), int(each["size"]), str(each["mediaType"])) for each in data["layers"]
    )
    size = int(data["config"]["size"]) + sum(layer.size_bytes for layer in layers)
    return Manifest(digest, media_type, str(data["config"]["digest"]), layers, size_bytes=size)


def _said(answer: requests.Response) -> str:
    """The registry's own words (distribution-spec, "Error Codes")."""
    try:
        return "; ".join(f"{each['code']}: {each.get('message', '')}" for each in answer.json()["errors"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _why(error: Exception) -> str:
    """The innermost reason, without addresses of objects."""
    inner = getattr(error, "args", [None])[0] if error.args else None
    reason = getattr(inner, "reason", inner) or error
    return re.sub(r"<[^>]*>:? ?", "", str(reason)) or type(error).__name__
