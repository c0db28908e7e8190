"""What a registry says when it refuses, in the sentences that Docker makes of it.

A registry answers ``{"errors": [{"code": "DENIED", "message": "..."}]}`` (OCI distribution-spec, "Error Codes"); Docker shows
``denied: ...``. What goes wrong on the way is worded as Go's network library words it, since that is what people search for.
"""

import json
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dockyard.engine.errors import ApiError, NotFound, ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.challenges import challenges

if TYPE_CHECKING:
    from requests import Response

__all__ = ["Dropped", "NoCredentials", "Refused", "forget_frames", "not_pulled", "refusal", "why_unreachable"]

LARGEST_ERROR_BYTES = 64 << 10
STATUS = {
    "UNAUTHORIZED": 401,
    "DENIED": 403,
    "MANIFEST_UNKNOWN": 404,
    "NAME_UNKNOWN": 404,
    "BLOB_UNKNOWN": 404,
    "UNSUPPORTED": 405,
    "TOOMANYREQUESTS": 429,
}
USUAL_MESSAGE = {
    "UNAUTHORIZED": "authentication required",
    "DENIED": "requested access to the resource is denied",
    "MANIFEST_UNKNOWN": "manifest unknown",
}
# An OAuth challenge says it in other words (RFC 6750, section 3.1).
OAUTH_CODE = {"invalid_token": "UNAUTHORIZED", "insufficient_scope": "DENIED"}
# OpenSSL's numbers of what is wrong with a certificate (X509_V_ERR_...).
CERTIFICATE_FAULTS = {
    9: "x509: certificate has expired or is not yet valid",
    10: "x509: certificate has expired or is not yet valid",
    18: "x509: certificate signed by unknown authority",
    19: "x509: certificate signed by unknown authority",
    20: "x509: certificate signed by unknown authority",
    21: "x509: certificate signed by unknown authority",
}


class Refused(ServerError):
    """The registry understood and said no.

    Attributes:
        code: Its first error's, such as ``"MANIFEST_UNKNOWN"``; empty where it gave none.
        status: Docker's own answer then has this status.
    """

    def __init__(self, sentence: str, code: str = "", status: int = 500) -> None:
        super().__init__(sentence)
        self.code, self.status = code, status


class NoCredentials(ServerError):
    """The registry wants a user's name and password, and there are none."""


class Dropped(ServerError):
    """The connection broke, or the registry is in trouble; another try may succeed.

    Attributes:
        further: Whether something was achieved, so that the next try starts from there.
    """

    further = False


def refusal(answer: "Response") -> ApiError:
    """Return the error that a registry's answer of status 400 or more stands for; one worth another try is :class:`Dropped`."""
    if answer.status_code >= 500:
        return Dropped(f"received unexpected HTTP status: {answer.status_code} {answer.reason}")
    body = _body(answer)
    told = [*_from_challenge(answer), *_from_body(body)]
    if not told and answer.status_code in (401, 429):
        code = "UNAUTHORIZED" if answer.status_code == 401 else "TOOMANYREQUESTS"
        told = [(code, USUAL_MESSAGE.get(code, "too many requests"))]
    if not told:
        what = "no error details found in HTTP response body" if body else "unexpected end of JSON input"
        shown = json.dumps(body.decode(errors="replace"))
        return Refused(f"error parsing HTTP {answer.status_code} response body: {what}: {shown}")
    # A registry may say more; Docker shows what it says first.
    code, text = told[0]
    return Refused(f"{code.lower().replace('_', ' ')}: {text}", code, STATUS.get(code, 500))


def not_pulled(error: ApiError, reference: Reference) -> ApiError:
    """Return the error of a pull, which names what was to be pulled and doesn't tell a missing image from a hidden one."""
    code = error.code if isinstance(error, Refused) else ""
    if code == "DENIED":
        return NotFound(
            f"pull access denied for {reference.name}, repository does not exist or may require 'docker login': {error}"
        )
    if code == "MANIFEST_UNKNOWN":
        return NotFound(f"manifest for {reference.familiar} not found: {error}")
    if code == "NAME_UNKNOWN":
        return NotFound(f"repository {reference.name} not found: {error}")
    return ServerError(str(error)) if isinstance(error, Refused) else error


def why_unreachable(error: BaseException, host: str) -> str:
    """Return Go's words for what went wrong between here and ``host``."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in CERTIFICATE_FAULTS:
                return CERTIFICATE_FAULTS[cause.verify_code]
            return f"x509: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            plain = cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
            return "http: server gave HTTP response to HTTPS client" if plain else f"tls: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror):
            return f"dial tcp: lookup {host.rpartition(':')[0] or host}: no such host"
        if isinstance(cause, ConnectionRefusedError):
            return f"dial tcp {host}: connect: connection refused"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "read: connection reset by peer"
        if isinstance(cause, TimeoutError):
            return f"dial tcp {host}: i/o timeout"
        if isinstance(cause, OSError) and cause.strerror and cause.errno:
            return f"dial tcp {host}: {cause.strerror.lower()}"
    return "unexpected EOF" if "IncompleteRead" in repr(error) or "without response" in repr(error) else str(error)


def forget_frames(error: BaseException) -> None:
    """Let go of what an error that is dealt with holds on to: urllib3 ties it to itself, so its connection would stay open."""
    for each in _causes(error):
        each.__traceback__ = None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was made from: requests and urllib3 wrap each other's, as arguments as well as causes."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]


def _body(answer: "Response") -> bytes:
    body = b""
    for piece in answer.iter_content(LARGEST_ERROR_BYTES):
        body += piece
        if len(body) >= LARGEST_ERROR_BYTES:
            answer.close()
            break
    return body


def _from_challenge(answer: "Response") -> list[tuple[str, str]]:
    told = []
    for scheme, fields in challenges(answer.headers.get("WWW-Authenticate", "")):
        if scheme == "bearer" and (code := OAUTH_CODE.get(fields.get("error", ""))):
            told.append((code, fields.get("error_description") or USUAL_MESSAGE[code]))
    return told


def _from_body(body: bytes) -> list[tuple[str, str]]:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(said, dict):
        return []
    if isinstance(details := said.get("details"), str) and details:  # Docker Hub's token service
        return [("UNAUTHORIZED", details)]
    errors = said.get("errors")
    return [
        (code, str(error.get("message") or USUAL_MESSAGE.get(code, "unknown error")))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict) and (code := str(error.get("code") or "UNKNOWN"))
    ]
