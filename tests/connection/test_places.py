"""Where an engine is looked for."""

import hashlib
import json
from pathlib import Path

import pytest

from dockyard.connection.places import named_place, usual_places
from dockyard.errors import TlsRefused, UnknownContext


@pytest.fixture(autouse=True)
def own_docker_config(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


def make_context(config: Path, name: str, host: str, certificates: tuple[str, ...] = ()) -> None:
    """Write a context as the docker command line does."""
    number = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts/meta" / number
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    for file in certificates:
        folder = config / "contexts/tls" / number / "docker"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")


def test_an_address_comes_first_then_docker_host_then_the_context(own_docker_config):
    make_context(own_docker_config, "remote", "tcp://10.0.0.1:2375")
    (own_docker_config / "config.json").write_text(json.dumps({"currentContext": "remote"}))
    environ = {"DOCKER_HOST": "tcp://two:2375"}
    assert named_place("tcp://one:2375", environ).address == "tcp://one:2375"
    assert named_place(None, environ).address == "tcp://two:2375"
    place = named_place(None, {})
    assert (place.address, place.source) == ("tcp://10.0.0.1:2375", "context remote")


def test_docker_context_wins_over_the_current_one(own_docker_config):
    make_context(own_docker_config, "one", "ssh://me@one:22")
    assert named_place(None, {"DOCKER_CONTEXT": "one"}).address == "ssh://me@one:22"


def test_a_contexts_certificates_come_along(own_docker_config):
    make_context(own_docker_config, "safe", "tcp://one:2376", ("ca.pem", "cert.pem", "key.pem"))
    tls = named_place(None, {"DOCKER_CONTEXT": "safe"}).tls
    assert tls.verify
    assert [Path(path).name for path in (tls.ca_cert, *tls.cert)] == ["ca.pem", "cert.pem", "key.pem"]


def test_certificates_of_the_environment_are_those_of_the_docker_command_line(tmp_path):
    for file in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / file).write_text("")
    tls = named_place(
        None, {"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": str(tmp_path), "DOCKER_TLS_VERIFY": "1"}
    ).tls
    assert tls.ca_cert == f"{tmp_path}/ca.pem"
    assert named_place(None, {"DOCKER_HOST": "tcp://x:1"}).tls is None


def test_certificates_that_are_missing_are_told(tmp_path):
    with pytest.raises(TlsRefused, match="certificate"):
        named_place(None, {"DOCKER_HOST": "tcp://x:1", "DOCKER_CERT_PATH": str(tmp_path)})


@pytest.mark.parametrize("environ", [{}, {"DOCKER_CONTEXT": "default"}])
def test_the_default_context_names_no_place(environ):
    assert named_place(None, environ) is None


def test_an_unknown_context_is_refused_by_name():
    with pytest.raises(UnknownContext, match="'nowhere'"):
        named_place(None, {"DOCKER_CONTEXT": "nowhere"})


def test_the_usual_sockets_follow_home_and_runtime_folder():
    places = usual_places({"XDG_RUNTIME_DIR": "/run/mine"}, Path("/home/me"), 1000)
    addresses = [place.address for place in places]
    assert addresses[0] == "unix:///var/run/docker.sock"
    for expected in (
        "unix:///home/me/.docker/run/docker.sock",
        "unix:///run/mine/docker.sock",
        "unix:///run/mine/podman/podman.sock",
        "unix:///home/me/.colima/default/docker.sock",
        "unix:///home/me/.orbstack/run/docker.sock",
    ):
        assert expected in addresses
    assert "unix:///run/user/7/docker.sock" in [place.address for place in usual_places({}, Path("/"), 7)]
