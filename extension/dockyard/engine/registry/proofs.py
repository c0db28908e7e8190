"""How one proves who one is to a registry: a password, or a token of the service that the registry names.

Token authentication: https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/.
"""

import base64
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from dockyard.engine.errors import ServerError
from dockyard.engine.registry.challenges import challenges
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.refusals import NoCredentials, Refused, refusal

if TYPE_CHECKING:
    from requests import Response

__all__ = ["Ask", "Proofs"]

# A token lives at least this long (token specification, "expires_in"); it is renewed a little before its end.
TOKEN_LASTS_S, TOKEN_MARGIN_S = 60, 10
CLIENT_ID = "docker"

Ask = Callable[[str, str, str | None, Mapping[str, Any]], "Response"]
"""Asks a token service: method, address, proof, fields."""


class Proofs:
    """What one shows to one registry, as the ``Authorization`` header has it. Threads may share it.

    Args:
        challenge: What the registry asks for, as its ``WWW-Authenticate`` header says; empty where it asks for nothing.
        credentials: Whom to say one is.
        ask: How a token service is asked.
    """

    def __init__(self, challenge: str, credentials: Credentials, ask: Ask) -> None:
        asked = dict(reversed(challenges(challenge)))  # of each scheme the first counts
        self._realm, self._wants_password = asked.get("bearer"), "basic" in asked
        self._credentials, self._ask = credentials, ask
        self._lock = threading.Lock()
        self._tokens: dict[frozenset[str], tuple[str, float]] = {}

    def proof(self, method: str, url: str, scopes: Collection[str]) -> str | None:
        """Return what to show with a request; None where the registry asks for nothing.

        Args:
            method: Of the request, for errors to name.
            url: Likewise.
            scopes: What a token must allow: ``"repository:library/busybox:pull"``.

        Raises:
            NoCredentials: It wants a user's name and password, and there are none.
            Refused: The token service does not take them.
            Dropped: The token service can't be reached.
        """
        if self._realm is not None:
            try:
                return f"Bearer {self._token(self._realm, frozenset(scopes))}"
            except Refused as error:  # by the token service, not by the registry
                raise Refused(f'{method.title()} "{url}": {error}') from error
        if not self._wants_password:
            return None
        if not self._credentials.username:
            raise NoCredentials(f'{method.title()} "{url}": no basic auth credentials')
        return self._password()

    def renew(self, scopes: Collection[str], proof: str | None) -> bool:
        """Forget a proof that the registry did not take, and say whether a new one may be another.

        A token may have been revoked, or live shorter than it said.
        """
        with self._lock:
            token, _ = self._tokens.get(frozenset(scopes), ("", 0.0))
            if not token or proof != f"Bearer {token}":
                return False
            del self._tokens[frozenset(scopes)]
            return True

    def log_in(self, url: str) -> tuple[str | None, str]:
        """Return what to show to the registry, and the identity token that stands for the password from now on, if any.

        Raises:
            Refused: The token service does not take the password.
            Dropped: The token service can't be reached.
        """
        if self._realm is None:
            return (self._password() if self._wants_password and self._credentials.username else None), ""
        try:
            given = self._ask_service(self._realm, frozenset(), offline=True)
        except Refused as error:
            raise Refused(f'Get "{url}": {error}', error.code, error.status) from error
        return f"Bearer {_token_in(given)}", str(given.get("refresh_token") or "")

    def _password(self) -> str:
        pair = f"{self._credentials.username}:{self._credentials.password}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def _token(self, realm: Mapping[str, str], scopes: frozenset[str]) -> str:
        if self._credentials.registry_token:
            return self._credentials.registry_token
        with self._lock:
            token, until = self._tokens.get(scopes, ("", 0.0))
            if time.monotonic() < until:
                return token
            given = self._ask_service(realm, scopes)
            lasts = given.get("expires_in")
            lasts_s = max(lasts, TOKEN_LASTS_S) if isinstance(lasts, int | float) else TOKEN_LASTS_S
            self._tokens[scopes] = _token_in(given), time.monotonic() + lasts_s - TOKEN_MARGIN_S
            return self._tokens[scopes][0]

    def _ask_service(
        self, challenge: Mapping[str, str], scopes: frozenset[str], *, offline: bool = False
    ) -> Mapping[str, Any]:
        """Ask the service that the registry names; with an identity token as OAuth 2 has it, else as Docker had it before."""
        realm = challenge.get("realm", "")
        if not realm.startswith(("https://", "http://")):
            raise ServerError("unable to parse the registry's challenge: no token auth realm provided")
        fields: dict[str, Any] = {"service": challenge.get("service", ""), "client_id": CLIENT_ID}
        known = self._credentials
        if known.identity_token:
            fields |= {"grant_type": "refresh_token", "refresh_token": known.identity_token}
            answer = self._ask("POST", realm, None, fields | {"scope": " ".join(sorted(scopes))})
        else:
            fields |= {"scope": sorted(scopes)} | ({"offline_token": "true"} if offline else {})
            fields |= {"account": known.username} if known.username else {}
            answer = self._ask("GET", realm, self._password() if known.username else None, fields)
        if answer.status_code != 200:
            raise refusal(answer)
        try:
            given = answer.json()
        except ValueError as error:
            raise ServerError(f"unable to decode token response: {error}") from error
        if not isinstance(given, dict) or not _token_in(given):
            raise ServerError("authorization server did not include a token in the response")
        return given


def _token_in(given: Mapping[str, Any]) -> str:
    return str(given.get("token") or given.get("access_token") or "")
