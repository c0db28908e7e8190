"""Requests to one registry: the connection, and what its answers mean.

The only module that imports ``requests``; it is imported when the first image is pulled, not when the engine starts.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from dockyard.engine.errors import ServerError, Unauthorized
from dockyard.engine.registry.credentials import Credentials
from dockyard.engine.registry.proofs import Proofs
from dockyard.engine.registry.refusals import Dropped, Refused, forget_frames, refusal, why_unreachable
from dockyard.engine.registry.trust import Door, doors

__all__ = ["Body", "Wire", "dropped_if_broken"]

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 15, 60
SEND_BYTES = 256 << 10
USER_AGENT = "dockyard-engine (docker-compatible)"

# It is said where a registry was named insecure, and known to whoever named it.
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


class Body(Protocol):
    """What a request sends: read in pieces, its length known."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        ...

    def __len__(self) -> int: ...


class Wire:
    """The way to one registry, found when the first request is made. Threads may share it.

    Args:
        host: Such as ``"localhost:5000"``.
        credentials: Whom to say one is, where the registry asks.
    """

    def __init__(self, host: str, credentials: Credentials) -> None:
        self.host, self.credentials = host, credentials
        self._lock = threading.RLock()
        self._opened = False

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(AttributeError):
            self._session.close()

    @property
    def base(self) -> str:
        """``https://HOST``, or ``http://HOST`` where that is how the registry is reached.

        Raises:
            ServerError: It can't be reached.
        """
        with self._lock:
            if not self._opened:
                self._open()
                self._opened = True
            return self._door.base

    def request(
        self,
        method: str,
        url: str,
        *,
        scopes: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Body] | None = None,
        accept: Collection[int] = (200,),
    ) -> requests.Response:
        """Ask, prove who one is where that is asked for, and return the answer, its body still to be read.

        Args:
            method: Of HTTP.
            url: Whole, or what follows the host.
            scopes: What the token must allow: ``"repository:library/busybox:pull"``.
            headers: More of them.
            body: Gives what is sent, from its start; called again where the request must be made again.
            accept: The statuses that are answers, not errors.

        Raises:
            NoCredentials: The registry wants a user.
            Refused: The registry said no.
            Dropped: The connection broke, or the registry is in trouble; try again.
        """
        url = url if url.startswith(("https://", "http://")) else self.base + url
        renewed = False
        while True:
            at_home = url.startswith(self.base + "/")  # an upload may lead to a server that is not owed a proof
            proof = self._proofs.proof(method, url, scopes) if at_home else None
            answer = self._send(method, url, proof, headers, body)
            if answer.status_code in accept:
                return answer
            if answer.status_code != 401 or renewed or not self._proofs.renew(scopes, proof):
                with answer, dropped_if_broken(self.host):
                    raise refusal(answer)
            answer.close()
            renewed = True

    def log_in(self) -> str:
        """Prove who one is to a registry that may not ask for it, and return an identity token where it gives one.

        Raises:
            Unauthorized: It does not take the credentials.
        """
        url = f"{self.base}/v2/"
        try:
            proof, identity = self._proofs.log_in(url)
        except Refused as error:
            raise (Unauthorized(str(error)) if error.code in ("UNAUTHORIZED", "DENIED") else error) from error
        answer = self._send("GET", url, proof, None, None)
        answer.close()
        if answer.status_code != 200:
            kind = Unauthorized if answer.status_code in (401, 403) else ServerError
            raise kind(f"login attempt to {url} failed with status: {answer.status_code} {answer.reason}")
        return identity

    # ------------------------------------------------------------ the connection

    def _open(self) -> None:
        """Find the door that answers, and learn what it asks for."""
        reason = ""
        for door in doors(self.host):
            self._door, self._session = door, _session(door)
            try:
                answer = self._session.get(f"{door.base}/v2/", timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), stream=True)
            except requests.RequestException as error:
                reason = f'Get "{door.base}/v2/": {why_unreachable(error, self.host)}'
                forget_frames(error)
                self._session.close()
                continue
            answer.close()
            asked = answer.headers.get("WWW-Authenticate", "") if answer.status_code == 401 else ""
            self._proofs = Proofs(asked, self.credentials, self._ask_service)
            return
        raise ServerError(reason)

    def _send(
        self,
        method: str,
        url: str,
        proof: str | None,
        headers: Mapping[str, str] | None,
        body: Callable[[], Body] | None,
    ) -> requests.Response:
        # Bytes are wanted as they are stored: no server may compress a layer once more.
        headers = {"Accept-Encoding": "identity"} | dict(headers or {})
        with dropped_if_broken(self.host, f'{method.title()} "{url.partition("?")[0]}": '):
            return self._session.request(
                method,
                url,
                auth=_Proof(proof),
                headers=headers,
                data=body() if body else None,
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
                stream=True,
                allow_redirects=body is None,  # a body can't be sent twice
            )

    def _ask_service(self, method: str, realm: str, proof: str | None, fields: Mapping[str, Any]) -> requests.Response:
        in_address = method == "GET"
        with dropped_if_broken(urlsplit(realm).netloc, f'{method.title()} "{realm}": '):
            return self._session.request(
                method,
                realm,
                params=fields if in_address else None,
                data=None if in_address else dict(fields),
                auth=_Proof(proof),
                timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
            )


@contextmanager
def dropped_if_broken(host: str, doing: str = "") -> Iterator[None]:
    """Turn what breaks a connection into :class:`Dropped`."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
        raise Dropped(doing + why_unreachable(error, host)) from error


class _Proof(AuthBase):
    """Shows a proof, or none: in either case ``~/.netrc`` is not asked."""

    def __init__(self, proof: str | None) -> None:
        self._proof = proof

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._proof:
            request.headers["Authorization"] = self._proof
        return request


class _Adapter(HTTPAdapter):
    """Sends with this registry's certificates, in larger pieces than urllib3 would."""

    def __init__(self, door: Door) -> None:
        self._door = door
        super().__init__(pool_maxsize=8)

    def init_poolmanager(self, *words: Any, **named: Any) -> None:
        super().init_poolmanager(*words, ssl_context=self._door.tls, blocksize=SEND_BYTES, **named)

    def send(self, *words: Any, **named: Any) -> requests.Response:
        if not self._door.verified:
            named["verify"] = False
        return super().send(*words, **named)


def _session(door: Door) -> requests.Session:
    session = requests.Session()
    session.trust_env = not door.local
    session.headers["User-Agent"] = USER_AGENT
    # Some registries take a client with cookies for a browser, and then want more of it.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", _Adapter(door))
    session.mount("http://", _Adapter(door))
    return session
