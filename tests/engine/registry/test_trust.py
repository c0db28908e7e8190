import ssl
from pathlib import Path

import pytest

from dockyard.engine.errors import ServerError
from dockyard.engine.registry.trust import doors


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker"


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "127.3.4.5", "[::1]:5000"])
def test_registries_on_this_machine_are_tried_with_tls_and_without(config: Path, host: str) -> None:
    first, second = doors(host)
    assert (first.base, first.verified, second.base) == (f"https://{host}", False, f"http://{host}")
    assert first.local
    assert second.local


@pytest.mark.parametrize("host", ["registry-1.docker.io", "localhost.evil.org", "10.0.0.1:5000", "128.0.0.1"])
def test_all_others_must_show_a_certificate(config: Path, host: str) -> None:
    (door,) = doors(host)
    assert door.base == f"https://{host}"
    assert door.verified
    assert door.tls.verify_mode is ssl.CERT_REQUIRED
    assert door.tls.check_hostname
    assert not door.local


@pytest.mark.parametrize("named", ["school.lan:5000", "10.0.0.0/8", "10.0.0.1"])
def test_a_registry_may_be_named_insecure(config: Path, named: str) -> None:
    (config / "daemon.json").write_text(f'{{"insecure-registries": ["{named}"]}}')
    host = named if "school" in named else "10.0.0.1:5000"
    assert [door.base for door in doors(host)] == [f"https://{host}", f"http://{host}"]
    assert len(list(doors("11.0.0.1:5000"))) == 1


@pytest.mark.parametrize("content", ["{", "[]", '{"insecure-registries": 5}'])
def test_a_broken_file_makes_nothing_insecure(config: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    (config / "daemon.json").write_text(content)
    assert len(list(doors("10.0.0.1:5000"))) == 1
    assert "daemon.json" in caplog.text


def test_a_certificate_that_is_none_is_named(config: Path) -> None:
    folder = config / "certs.d" / "school.lan"
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_text("nonsense")
    with pytest.raises(ServerError, match=r"ca\.crt is not a certificate"):
        list(doors("school.lan"))
