"""Where log-ins are kept, as the docker command line keeps them: with a credential helper, or in its configuration file.

``$DOCKER_CONFIG/config.json`` or ``~/.docker/config.json`` (docker docs, "docker login", "Credential stores")::

    {"auths": {"localhost:5000": {"auth": "bGVhcm5lcjpzZWNyZXQ="}}, "credsStore": "desktop", "credHelpers": {"gcr.io": "gcloud"}}
"""

import base64
import binascii
import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from dockyard.connection.secret import Secret
from dockyard.errors import ConfigBroken, CredentialStoreFailed
from dockyard.tasks.names import DOCKER_HUB

__all__ = ["config_file", "forget", "helper_of", "keep", "key_of", "known_login", "place"]

# Docker Hub's entry has kept the address of its first registry.
HUB_KEY = "https://index.docker.io/v1/"


def config_file() -> Path:
    """The docker command line's configuration file, whether it exists or not."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"


def key_of(registry: str) -> str:
    """How log-ins call a registry."""
    host = registry.partition("://")[2] if "://" in registry else registry
    host = host.partition("/")[0]
    return HUB_KEY if host in ("", DOCKER_HUB, "index.docker.io", "registry-1.docker.io") else host


def helper_of(registry: str) -> str:
    """The credential helper that keeps this registry's log-in, such as ``desktop``; empty for the file itself.

    Raises:
        ConfigBroken: The configuration file can't be read.
    """
    config = _read()
    return str((config.get("credHelpers") or {}).get(key_of(registry)) or config.get("credsStore") or "")


def place(helper: str) -> str:
    """Where log-ins are kept with a helper or without one, such as ``docker-credential-desktop`` or the file's path."""
    return f"docker-credential-{helper}" if helper else str(config_file())


def known_login(registry: str) -> tuple[str, Secret]:
    """Return who is logged in at a registry, and the password or token; both empty where nobody is.

    Raises:
        ConfigBroken, CredentialStoreFailed: It can't be found out.
    """
    if helper := helper_of(registry):
        found = _with_helper(helper, "get", key_of(registry))
        return (str(found["Username"]), Secret(str(found["Secret"]))) if found else ("", Secret(""))
    entry = (_read().get("auths") or {}).get(key_of(registry)) or {}
    try:
        user, _, password = base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, TypeError) as error:
        del entry
        raise ConfigBroken(path=str(config_file()), reason=type(error).__name__) from None
    return user, Secret(str(entry.get("identitytoken") or password))


def keep(registry: str, user: str, secret: Secret, *, is_token: bool = False) -> str:
    """Keep a log-in and return its place.

    Raises:
        ConfigBroken, CredentialStoreFailed: It was not kept; nothing was changed.
    """
    key, helper = key_of(registry), helper_of(registry)
    if helper:
        _with_helper(helper, "store", key, "<token>" if is_token else user, secret)
    if reason := _enter(key, "" if helper else user, secret, is_token=is_token):
        raise ConfigBroken(path=str(config_file()), reason=reason)
    return place(helper)


def forget(registry: str) -> bool:
    """Remove a log-in and return whether there was one.

    Raises:
        ConfigBroken, CredentialStoreFailed: It is still there.
    """
    config, key = _read(), key_of(registry)
    helper = helper_of(registry)
    was_there = key in (config.get("auths") or {})
    if helper and _with_helper(helper, "get", key):
        _with_helper(helper, "erase", key)
        was_there = True
    if (config.get("auths") or {}).pop(key, None) is not None and (reason := _write(config)):
        del config
        raise ConfigBroken(path=str(config_file()), reason=reason)
    return was_there


def _read() -> dict[str, Any]:
    path = config_file()
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        # The decoder's error holds the whole text, which has secrets in it.
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise ConfigBroken(path=str(path), reason=reason) from None
    auths = config.get("auths", {}) if isinstance(config, dict) else None
    if not isinstance(auths, dict) or not all(isinstance(entry, dict) for entry in auths.values()):
        del config, auths
        raise ConfigBroken(path=str(path), reason="auths")
    return dict(config)


def _enter(key: str, user: str, secret: Secret, *, is_token: bool) -> str:
    """Put a log-in into the file, or an entry that says that a helper has it (no user); return why not, or nothing."""
    config = _read()
    entry: dict[str, str] = {}
    if user:
        password = "" if is_token else secret.reveal()
        entry["auth"] = base64.b64encode(f"{user}:{password}".encode()).decode()
        entry |= {"identitytoken": secret.reveal()} if is_token else {}
    config.setdefault("auths", {})[key] = entry
    return _write(config)


def _write(config: dict[str, Any]) -> str:
    """Replace the file in one step, readable for its owner alone; return why not, or nothing.

    A reason is returned, not raised, so that no traceback leads to what is in the file.
    """
    path = Path(os.path.realpath(config_file()))
    draft = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".config-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(json.dumps(config, indent="\t", ensure_ascii=False))
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except OSError as error:
        if draft:
            Path(draft).unlink(missing_ok=True)
        return error.strerror or type(error).__name__
    return ""


def _with_helper(helper: str, verb: str, key: str, user: str = "", secret: Secret | None = None) -> dict[str, str]:
    """Ask a credential helper (github.com/docker/docker-credential-helpers); an empty answer where it knows nothing."""
    from docker.credentials import CredentialsNotFound, Store, StoreError

    reason = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a helper that is missing is told below
        store = Store(helper)
    try:
        if verb == "store":
            store.store(key, user, (secret or Secret("")).reveal())  # type: ignore[no-untyped-call]
            return {}
        if verb == "erase":
            store.erase(key)
            return {}
        return dict(store.get(key))  # type: ignore[no-untyped-call]
    except CredentialsNotFound:
        return {}
    except (StoreError, ValueError, KeyError) as error:
        reason = str(error) if isinstance(error, StoreError) else type(error).__name__
    raise CredentialStoreFailed(helper=f"docker-credential-{helper}", reason=reason)  # no traceback leads to the secret
