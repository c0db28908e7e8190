"""``docker login``: whether a registry takes someone's credentials."""

from typing import Any

from dockyard.engine.images.reference import DOCKER_HUB
from dockyard.engine.registry.credentials import Credentials, host_of

__all__ = ["check_login"]

HUB_REGISTRY = "registry-1.docker.io"


def check_login(auth: Any) -> dict[str, str]:
    """Show credentials to their registry (Docker Engine API, ``POST /auth``).

    Args:
        auth: ``{"username": ..., "password": ..., "serveraddress": "localhost:5000"}``; without a server Docker Hub is meant.

    Returns:
        ``{"Status": "Login Succeeded", "IdentityToken": ""}``; the token, where there is one, stands for the password from now on.

    Raises:
        Unauthorized: The registry does not take them.
        ServerError: It can't be reached.
        BadParameter: They are none.
    """
    from dockyard.engine.registry.wire import Wire  # which takes 0.1 s to import

    credentials = Credentials.of(auth)
    host = host_of(credentials.server)
    with Wire(HUB_REGISTRY if host == DOCKER_HUB else host, credentials) as wire:
        return {"Status": "Login Succeeded", "IdentityToken": wire.log_in()}
