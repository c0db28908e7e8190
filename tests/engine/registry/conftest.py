"""Registries as schools have them: open, with passwords, with certificates, with tokens, behind a bad line."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conftest import missing
from registries import (
    HTPASSWD,
    Certificate,
    Flaky,
    Registry,
    StartRegistry,
    Store,
    TokenService,
    answers,
    free_port,
    make_certificate,
    serve_tokens,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "one")


@pytest.fixture
def other_store(tmp_path: Path) -> Store:
    """Another machine's."""
    return Store(tmp_path / "other")


@pytest.fixture
def start_registry(tmp_path: Path) -> Iterator[StartRegistry]:
    """Starts registries; their configuration is JSON, which YAML includes."""
    program = shutil.which("docker-registry") or shutil.which("registry")
    if not program:
        missing("no registry: the package docker-registry is not installed")
    with ExitStack() as stack:

        def start(**more: Any) -> Registry:
            port = free_port()
            folder = tmp_path / f"registry-{port}"
            config = {
                "version": "0.1",
                "log": {"level": "error", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
                "http": {"addr": f"127.0.0.1:{port}", "secret": "x"} | more.pop("http", {}),
            } | more
            folder.mkdir()
            file = folder / "config.json"
            file.write_text(json.dumps(config))
            log = stack.enter_context((folder / "log").open("wb"))
            process = subprocess.Popen([str(program), "serve", str(file)], stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            answers(port, process)
            return Registry(f"127.0.0.1:{port}", folder, "https" if "tls" in config["http"] else "http")

        yield start


@pytest.fixture
def open_registry(start_registry: StartRegistry) -> Registry:
    return start_registry()


@pytest.fixture
def closed_registry(start_registry: StartRegistry, tmp_path: Path) -> Registry:
    """One that wants the name and password of USER."""
    file = tmp_path / "htpasswd"
    file.write_text(HTPASSWD)
    return start_registry(auth={"htpasswd": {"realm": "school", "path": str(file)}})


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of one's own for localhost, which signs itself."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def token_service(certificate: Certificate) -> Iterator[TokenService]:
    with serve_tokens(TokenService(certificate)) as service:
        yield service


@pytest.fixture
def token_registry(start_registry: StartRegistry, token_service: TokenService, certificate: Certificate) -> Registry:
    """One that wants tokens of the token service."""
    return start_registry(
        auth={
            "token": {
                "realm": token_service.realm,
                "service": "registry",
                "issuer": "school",
                "rootcertbundle": str(certificate.cert),
            }
        }
    )


@pytest.fixture
def flaky(open_registry: Registry) -> Iterator[Flaky]:
    line = Flaky(open_registry.address)
    yield line
    line.close()
