import base64
import json
from pathlib import Path
from typing import Any

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.registry.credentials import Credentials, host_of


def encoded(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's configuration file; helpers may be put beside it."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "config.json"


def helper(config: Path, name: str, script: str) -> None:
    program = config.with_name(f"docker-credential-{name}")
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("strip", ["", "="])
def test_a_header_is_read_with_padding_or_without(strip: str) -> None:
    header = encoded({"username": "a?b>c", "password": "p~~~", "serveraddress": "localhost:5000"})
    found = Credentials.from_header(header.rstrip(strip) if strip else header)
    assert found == Credentials("a?b>c", "p~~~", server="localhost:5000")


def test_no_header_is_not_an_anonymous_one() -> None:
    assert Credentials.from_header(None) is None
    assert Credentials.from_header("") is None
    assert Credentials.from_header(encoded({})) == Credentials()


@pytest.mark.parametrize("header", ["%%%", encoded([1]), encoded({"username": 1}), "e30x", encoded(None)])
def test_a_header_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(BadParameter, match="invalid X-Registry-Auth header"):
        Credentials.from_header(header)


def test_a_build_brings_credentials_for_several_registries() -> None:
    header = encoded(
        {"https://index.docker.io/v1/": {"username": "a", "password": "b"}, "localhost:5000": {"identitytoken": "t"}}
    )
    assert Credentials.many_from_header(header) == {
        "docker.io": Credentials("a", "b"),
        "localhost:5000": Credentials(identity_token="t"),
    }


def test_a_secret_is_not_shown() -> None:
    assert "secret" not in repr(Credentials("me", "secret", "secret", "secret"))


@pytest.mark.parametrize(
    ("server", "host"),
    [
        ("", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://localhost:5000/v2/", "localhost:5000"),
        ("ghcr.io", "ghcr.io"),
    ],
)
def test_a_server_is_known_by_its_host(server: str, host: str) -> None:
    assert host_of(server) == host


def test_what_docker_login_wrote_is_found(config: Path) -> None:
    auth = base64.b64encode(b"learner:se:cret").decode()
    config.write_text(json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": auth}, "http://other/v1/": {}}}))
    assert Credentials.from_config("docker.io") == Credentials(
        "learner", "se:cret", server="https://index.docker.io/v1/"
    )
    assert Credentials.from_config("ghcr.io") == Credentials()
    assert Credentials.from_config("other") == Credentials(server="other")


def test_a_helper_is_asked_for_its_registry(config: Path) -> None:
    helper(config, "school", 'read server; echo "{\\"Username\\": \\"$server\\", \\"Secret\\": \\"$1\\"}"')
    config.write_text(json.dumps({"credHelpers": {"ghcr.io": "school"}}))
    assert Credentials.from_config("ghcr.io") == Credentials("ghcr.io", "get", server="ghcr.io")
    assert Credentials.from_config("quay.io") == Credentials()


def test_a_store_may_hold_an_identity_token(config: Path) -> None:
    helper(config, "chain", 'echo "{\\"Username\\": \\"<token>\\", \\"Secret\\": \\"abc\\"}"')
    config.write_text(json.dumps({"credsStore": "chain"}))
    assert Credentials.from_config("docker.io").identity_token == "abc"


@pytest.mark.parametrize("script", ["echo no such keychain; exit 1", "echo nonsense", "echo '{}'"])
def test_a_helper_that_fails_leaves_one_anonymous_and_says_so(
    config: Path, script: str, caplog: pytest.LogCaptureFixture
) -> None:
    helper(config, "broken", script)
    config.write_text(json.dumps({"credsStore": "broken"}))
    assert Credentials.from_config("ghcr.io") == Credentials()
    assert "docker-credential-broken" in caplog.text


def test_a_helper_that_has_nothing_is_no_failure(config: Path, caplog: pytest.LogCaptureFixture) -> None:
    helper(config, "empty", "echo credentials not found in native keychain; exit 1")
    config.write_text(json.dumps({"credsStore": "empty"}))
    assert Credentials.from_config("ghcr.io") == Credentials()
    assert not caplog.text


def test_a_helper_is_a_name_not_a_path(config: Path, tmp_path: Path) -> None:
    helper(config, "x", f"touch {tmp_path}/ran")
    config.write_text(json.dumps({"credsStore": "../x/../../x"}))
    assert Credentials.from_config("ghcr.io") == Credentials()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"auths": 1}', '{"auths": {"ghcr.io": {"auth": "%%%"}}}', "\xff"])
def test_a_broken_file_leaves_one_anonymous(config: Path, content: str) -> None:
    config.write_bytes(content.encode("latin-1"))
    assert Credentials.from_config("ghcr.io").username == ""
