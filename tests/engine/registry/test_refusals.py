import io
import socket
import ssl
from typing import Any

import pytest
import requests

from dockyard.engine.errors import NotFound, ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry.refusals import Dropped, Refused, not_pulled, refusal, why_unreachable

WEB = Reference.parse("school/web")


def answer(status: int, body: str, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code, made.reason = status, "Reason"
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    made.raw = io.BytesIO(body.encode())
    return made


@pytest.mark.parametrize(
    ("status", "body", "headers", "sentence"),
    [
        (404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}', {}, "manifest unknown: manifest unknown"),
        (401, "", {}, "unauthorized: authentication required"),
        (401, '{"details":"incorrect username or password"}', {}, "unauthorized: incorrect username or password"),
        (
            401,
            '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
            {"WWW_Authenticate": 'Bearer realm="x",error="insufficient_scope"'},
            "denied: requested access to the resource is denied",
        ),
        (
            429,
            '{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}',
            {},
            "toomanyrequests: You have reached your pull rate limit.",
        ),
        (403, "", {}, 'error parsing HTTP 403 response body: unexpected end of JSON input: ""'),
        (403, "<html>", {}, 'error parsing HTTP 403 response body: no error details found in HTTP response body: "<html>"'),
    ],
)  # fmt: skip
def test_a_registry_says_no_in_dockers_words(status: int, body: str, headers: dict[str, str], sentence: str) -> None:
    assert str(refusal(answer(status, body, **headers))) == sentence


@pytest.mark.parametrize("body", ["[]", '{"errors": 1}', '{"errors": [1, null]}', '{"errors": [{}]}', "[" * 50_000])
def test_a_hostile_body_is_only_a_body(body: str) -> None:
    assert isinstance(refusal(answer(404, body)), Refused)


def test_a_registry_in_trouble_may_be_asked_again() -> None:
    error = refusal(answer(503, "x" * 1_000_000))
    assert isinstance(error, Dropped)
    assert str(error) == "received unexpected HTTP status: 503 Reason"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("DENIED", "pull access denied for school/web, repository does not exist or may require 'docker login': why"),
        ("MANIFEST_UNKNOWN", "manifest for school/web:latest not found: why"),
        ("NAME_UNKNOWN", "repository school/web not found: why"),
    ],
)
def test_a_pull_names_what_was_to_be_pulled(code: str, sentence: str) -> None:
    error = not_pulled(Refused("why", code, 403), WEB)
    assert isinstance(error, NotFound)
    assert str(error) == sentence


def test_any_other_refusal_of_a_pull_is_a_failure() -> None:
    error = not_pulled(Refused("unauthorized: authentication required", "UNAUTHORIZED", 401), WEB)
    assert (type(error), error.status) == (ServerError, 500)


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "bad")
    error.verify_code, error.verify_message = code, "Hostname mismatch"
    return error


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (socket.gaierror(-2, "Name or service not known"), "dial tcp: lookup school.lan: no such host"),
        (ConnectionRefusedError(111, "Connection refused"), "dial tcp school.lan:5000: connect: connection refused"),
        (TimeoutError(), "dial tcp school.lan:5000: i/o timeout"),
        (ConnectionResetError(104, "reset"), "read: connection reset by peer"),
        (OSError(113, "No route to host"), "dial tcp school.lan:5000: no route to host"),
        (certificate_error(18), "x509: certificate signed by unknown authority"),
        (certificate_error(10), "x509: certificate has expired or is not yet valid"),
        (certificate_error(62), "x509: Hostname mismatch"),
    ],
)
def test_what_is_between_is_named_as_go_names_it(cause: Any, sentence: str) -> None:
    wrapped = requests.ConnectionError(requests.exceptions.SSLError(cause))
    assert why_unreachable(wrapped, "school.lan:5000") == sentence
