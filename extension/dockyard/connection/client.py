"""A connected engine: what tasks, tables and panels are given."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import docker

from dockyard.errors import EngineRefused, engine_errors
from dockyard.locale import N_, translate

__all__ = ["EMBEDDED", "Client", "Engine"]

EMBEDDED = "Dockyard"  # how the embedded engine calls itself in the answer to GET /version


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself.

    Attributes:
        name: ``Docker``, ``Podman``, ``Dockyard`` for the embedded engine, or another product's name.
        version: The product's version, such as ``28.2.2``.
        api_version: The newest API version it speaks, such as ``1.50``.
        system: Operating system and architecture, such as ``linux/amd64``.
    """

    name: str
    version: str
    api_version: str
    system: str

    @property
    def is_embedded(self) -> bool:
        """Whether it is Dockyard's embedded engine, which isolates nothing: whoever uses it is to be told."""
        return self.name == EMBEDDED

    def __str__(self) -> str:
        shown = f"{self.name} {self.version} (API {self.api_version})"
        if not self.is_embedded:
            return shown
        return translate(N_("{engine} (embedded engine, no isolation)")).format(engine=shown)


@dataclass(frozen=True, repr=False)
class Client:
    """A connection to one engine.

    Attributes:
        api: docker-py's low-level client, connected.
        address: Where the engine answers, such as ``unix:///var/run/docker.sock``.
        source: How it was found, such as ``DOCKER_HOST`` or ``rootless Docker``.
        engine: What it says of itself.
        data_dir: The folder in which Dockyard keeps what undo and progress need.
    """

    api: docker.APIClient
    address: str
    source: str
    engine: Engine
    data_dir: Path = field(compare=False)

    @property
    def host(self) -> str:
        """The machine on which published ports appear, as seen from here."""
        parts = urlsplit(self.address)
        return parts.hostname or "localhost" if parts.scheme in ("tcp", "http", "https", "ssh") else "localhost"

    @property
    def is_local(self) -> bool:
        """Whether the engine shares this machine's files, so that bind sources can be looked at."""
        return self.host in ("localhost", "127.0.0.1", "::1")

    @cached_property
    def engine_id(self) -> str:
        """The engine's own identity, the same for every way to reach it."""
        return str(self.get_json("/info").get("ID") or self.address)

    def url(self, path: str, *parts: str) -> str:
        """Return the full address of an API path; ``parts`` fill its ``{}`` and are quoted."""
        return f"{self.api.base_url}/v{self.api.api_version}" + path.format(*(quote(part, safe="") for part in parts))

    def get_json(self, path: str, *parts: str, **params: str | int) -> Any:
        """Return the decoded answer of a GET, such as ``get_json("/containers/{}/json", name)``.

        Raises:
            EngineRefused: The engine answered with an error.
        """
        with engine_errors(self.address):
            answer = self.api.get(self.url(path, *parts), params=params, timeout=self.api.timeout)
            answer.raise_for_status()
            return answer.json()

    def find_json(self, path: str, *parts: str) -> Any:
        """Return the decoded answer of a GET, or None where the engine knows no such thing.

        Raises:
            EngineRefused: The engine answered with another error.
        """
        try:
            return self.get_json(path, *parts)
        except EngineRefused as error:
            if error.facts["status"] == 404:
                return None
            raise

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return f"{self.engine}, {self.address}"
