"""Mounts and ports as docker writes them: each value round trips, and what can't be taken is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.errors import BadValue
from dockyard.tasks import Mount, Port

PORTS = st.builds(
    Port,
    st.integers(1, 65535),
    st.none() | st.integers(1, 65535),
    st.sampled_from(["", "127.0.0.1", "::1"]),
    st.sampled_from(["tcp", "udp", "sctp"]),
)


@given(PORTS)
def test_a_port_is_parsed_from_its_own_text(port):
    assert Port.parse(port.text) == port


@pytest.mark.parametrize(
    "text", ["", "x", "80:", "0:80", "8080:70000", "a:80:80", "8080:80/http", "8000-8001:80-81", "1:2:3:4"]
)
def test_what_is_no_port_is_refused(text):
    with pytest.raises(BadValue, match="8080:80"):
        Port.parse(text)


@pytest.mark.parametrize(
    ("form", "text", "mount"),
    [
        ("-v", "/home/me/apa_folder:/srv:ro", Mount("/srv", "/home/me/apa_folder", "bind", True)),
        ("-v", "./here:/srv", Mount("/srv", "./here", "bind")),
        ("-v", "apa000vol1:/srv", Mount("/srv", "apa000vol1", "volume")),
        ("-v", "apa000vol1:/srv:ro,nocopy", Mount("/srv", "apa000vol1", "volume", True, ("nocopy",))),
        ("-v", "/data", Mount("/data")),
        ("--mount", "type=bind,source=/a,target=/b,readonly", Mount("/b", "/a", "bind", True, (), "--mount")),
        (
            "--mount",
            "type=volume,source=v,target=/b,volume-nocopy",
            Mount("/b", "v", "volume", False, ("volume-nocopy",), "--mount"),
        ),
        (
            "--mount",
            "type=tmpfs,target=/b,tmpfs-size=64m,tmpfs-mode=1777",
            Mount("/b", "", "tmpfs", False, ("tmpfs-size=64m", "tmpfs-mode=1777"), "--mount"),
        ),
        ("--mount", 'type=bind,"source=/a,b",target=/c', Mount("/c", "/a,b", "bind", False, (), "--mount")),
        ("--tmpfs", "/run:size=64m,mode=1777", Mount("/run", "", "tmpfs", False, ("size=64m", "mode=1777"), "--tmpfs")),
        ("--tmpfs", "/run", Mount("/run", "", "tmpfs", False, (), "--tmpfs")),
    ],
)
def test_a_mount_is_parsed_from_its_text_and_back(form, text, mount):
    assert Mount.parse(form, text) == mount
    assert Mount.parse(form, mount.text) == mount


def test_other_spellings_of_a_mounts_keys_are_taken():
    assert Mount.parse("--mount", "type=bind,src=/a,dst=/b,ro=true") == Mount("/b", "/a", "bind", True, (), "--mount")


@pytest.mark.parametrize(
    ("form", "text", "named"),
    [
        ("-v", "/a:/b:rw:ro", "/a:/b:rw:ro"),
        ("-v", "a:b", "a:b"),
        ("-v", "/a:/b:rslave", "rslave"),
        ("-v", ":/b", ":/b"),
        ("--mount", "type=npipe,source=a,target=/b", "npipe"),
        ("--mount", "type=bind,target=/b", "type=bind"),
        ("--mount", "type=bind,source=/a,target=/b,bind-propagation=shared", "bind-propagation"),
        ("--mount", "type=tmpfs,target=/b,tmpfs-size=lots", "lots"),
        ("--mount", "type=tmpfs,target=/b,tmpfs-mode=9", "'9'"),
        ("--tmpfs", "run", "'run'"),
        ("--tmpfs", "/run:size=lots", "size=lots"),
        ("--tmpfs", "/run:mode=9", "mode=9"),
    ],
)
def test_what_is_no_mount_is_refused_by_name(form, text, named):
    with pytest.raises(BadValue, match=named):
        Mount.parse(form, text)


def test_a_relative_bind_starts_at_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Mount("/srv", "./here", "bind").path == f"{tmp_path}/here"
