"""Who one is for a registry: as a client sends it (``X-Registry-Auth``), or as Docker's own configuration file keeps it.

``$DOCKER_CONFIG/config.json`` or ``~/.docker/config.json``, as the command line writes it on ``docker login``::

    {"auths": {"localhost:5000": {"auth": "bGVhcm5lcjpzZWNyZXQ="}},
     "credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}}
"""

import base64
import binascii
import json
import logging
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.reference import DOCKER_HUB

__all__ = ["Credentials", "host_of"]

# Docker Hub's entry has kept the address of its first registry.
HUB_SERVER = "https://index.docker.io/v1/"
HUB_HOSTS = {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
HELPER_TIMEOUT_S = 30
# The name that a helper gives where the secret is an identity token.
TOKEN_USER = "<token>"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Credentials:
    """What one shows a registry; all empty for an anonymous caller.

    Attributes:
        identity_token: What a token service gave in place of the password.
        registry_token: A token to be shown to the registry itself.
        server: For which registry, as Docker writes it.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    server: str = ""

    @classmethod
    def of(cls, fields: Any) -> "Credentials":
        """Return those in the API's ``AuthConfig``.

        Raises:
            BadParameter: It is none.
        """
        if not isinstance(fields, dict) or not all(isinstance(value, str | None) for value in fields.values()):
            raise BadParameter("invalid X-Registry-Auth header: it is not an object of texts")
        username, password = fields.get("username") or "", fields.get("password") or ""
        if fields.get("auth") and not username:
            username, password = _decode(str(fields["auth"]))
        return cls(
            username,
            password,
            fields.get("identitytoken") or "",
            fields.get("registrytoken") or "",
            fields.get("serveraddress") or "",
        )

    @classmethod
    def from_header(cls, text: str | None) -> "Credentials | None":
        """Return those that a client sent as ``X-Registry-Auth``; None where it sent none.

        Raises:
            BadParameter: It is not base64 of JSON.
        """
        if not text:
            return None
        try:
            return cls.of(json.loads(_base64(text)))
        except (ValueError, RecursionError) as error:
            raise BadParameter(f"invalid X-Registry-Auth header: {error}") from error

    @classmethod
    def many_from_header(cls, text: str | None) -> "dict[str, Credentials]":
        """Return those that a client sent as ``X-Registry-Config`` with a build, by registry.

        Raises:
            BadParameter: It is not base64 of JSON.
        """
        if not text:
            return {}
        try:
            entries = json.loads(_base64(text))
            return {host_of(server): cls.of(fields) for server, fields in entries.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise BadParameter(f"invalid X-Registry-Config header: {error}") from error

    @classmethod
    def from_config(cls, domain: str) -> "Credentials":
        """Return those that ``docker login`` kept for a registry, such as ``"docker.io"``; anonymous ones where there are none."""
        host = host_of(domain)
        config = _config()
        server = HUB_SERVER if host == DOCKER_HUB else host
        helpers = config.get("credHelpers")
        helper = (helpers.get(server) or helpers.get(host)) if isinstance(helpers, dict) else None
        if (helper := helper or config.get("credsStore")) and (kept := _from_helper(str(helper), server)):
            return kept
        auths = config.get("auths")
        for name, fields in (auths if isinstance(auths, dict) else {}).items():
            if host_of(name) == host and isinstance(fields, dict):
                return _from_entry(fields, server)
        return cls()


def host_of(server: str) -> str:
    """Return the registry that a server's address means: ``"https://index.docker.io/v1/"`` is ``"docker.io"``."""
    host = server.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return DOCKER_HUB if not host or host in HUB_HOSTS else host


def _config() -> Mapping[str, Any]:
    folder = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    path = Path(folder) / "config.json"
    try:
        config = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("%s can't be read, so registries are asked without a password: %s", path, error)
        return {}
    return config if isinstance(config, dict) else {}


def _from_entry(fields: Mapping[str, Any], server: str) -> Credentials:
    known = {key: value for key, value in fields.items() if isinstance(value, str)}
    try:
        return Credentials.of(known | {"serveraddress": server})
    except BadParameter as error:
        logger.warning("the credentials kept for %s can't be read: %s", server, error)
        return Credentials()


def _from_helper(name: str, server: str) -> Credentials | None:
    """Ask ``docker-credential-NAME get``, which has the secret in a keychain."""
    if os.sep in name:
        return None
    program = f"docker-credential-{name}"
    try:
        answer = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=HELPER_TIMEOUT_S, check=False
        )
        if answer.returncode:
            said = (answer.stdout + answer.stderr).decode(errors="replace").strip()
            if "not found" not in said:
                logger.warning("%s: %s", program, said)
            return None
        kept = json.loads(answer.stdout)
        username, secret = str(kept["Username"]), str(kept["Secret"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s gives no credentials for %s: %s", program, server, error)
        return None
    if username == TOKEN_USER:
        return Credentials(identity_token=secret, server=server)
    return Credentials(username, secret, server=server)


def _decode(auth: str) -> tuple[str, str]:
    try:
        username, colon, password = _base64(auth).decode().partition(":")
    except ValueError as error:
        raise BadParameter(f"invalid auth configuration file: {error}") from error
    if not colon:
        raise BadParameter("invalid auth configuration file")
    return username, password.strip("\0")


def _base64(text: str) -> bytes:
    """Decode either alphabet, with padding or without: clients differ."""
    text = text.strip().translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
