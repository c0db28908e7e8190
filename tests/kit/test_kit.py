"""The lab's images: built from packages, they behave as the originals where the lessons look."""

import hashlib
import json
import tarfile
import time

import pytest
import requests

from dockyard import kit
from dockyard.errors import BundleBroken, NoPage, NoSuchImage, PackagesUnavailable
from dockyard.kit import recipes
from dockyard.kit.layers import LayerWriter, write_images
from dockyard.kit.packages import fetch as fetch_packages
from dockyard.pages import fetch
from dockyard.tasks import Run
from dockyard.tasks.base import NEVER
from dockyard.tasks.pull import pull
from dockyard.waiting import eventually

NOWHERE = "dockyard-image-that-no-registry-has"
HTDOCS = "/usr/local/apache2/htdocs"


@pytest.fixture
def apache(client, container):
    name = container("httpd", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}}, StopSignal="SIGWINCH")
    eventually(lambda: fetch(client, name), NoPage)
    return name


@pytest.mark.engine
class TestHttpd:
    def test_it_is_apache_where_the_original_has_it(self, client, apache, shell):
        assert "Apache/2.4" in shell(apache, "httpd -v")
        assert shell(apache, "pwd; ls") == "/usr/local/apache2\nbin\ncgi-bin\nconf\nhtdocs\nicons\nlogs\nmodules\n"
        config = client.get_json("/images/httpd/json")["Config"]
        assert (config["Cmd"], config["StopSignal"], list(config["ExposedPorts"])) == (
            ["httpd-foreground"],
            "SIGWINCH",
            ["80/tcp"],
        )
        assert "apache2-bin" in config["Labels"][recipes.BUILT_FROM]
        assert "httpd -DFOREGROUND" in str(client.api.top(apache))

    def test_an_empty_folder_shows_its_index_and_a_file_shows_at_once(self, client, apache, shell):
        shell(apache, f"rm {HTDOCS}/index.html")
        assert "<title>Index of /</title>" in fetch(client, apache).text
        shell(apache, f"echo hello > {HTDOCS}/index.html")
        assert fetch(client, apache).text == "hello\n"

    def test_its_log_is_on_stdout_and_it_stops_by_itself(self, client, apache):
        assert b'"GET / HTTP/1.1" 200' in client.api.logs(apache)
        began = time.monotonic()
        client.api.stop(apache, timeout=30)
        assert time.monotonic() - began < 20
        assert client.get_json("/containers/{}/json", apache)["State"]["ExitCode"] == 0

    def test_bash_and_the_usual_tools_are_inside(self, apache, shell):
        assert shell(apache, "bash -c 'echo $BASH_VERSION | cut -c1'") == "5\n"
        shell(
            apache,
            "ls -la / | grep root | sed s/a/b/ | sort | head -1; ps aux; find / -maxdepth 1; tar --version; cat /etc/os-release",
        )
        assert shell(apache, "stat -c '%a %U' /tmp /root /etc/passwd") == "1777 root\n700 root\n644 root\n"
        shell(apache, "ls /usr/share/doc/apache2-bin/copyright")


@pytest.mark.engine
def test_busybox_has_every_applet_that_it_lists(client):
    run = Run(
        "busybox",
        (
            "sh",
            "-c",
            "for each in $(busybox --list); do [ -x /bin/$each ] || echo missing $each; done; tar --help 2>&1 | head -1",
        ),
        remove=True,
    )
    result = run.run(client)
    assert result.exit_code == 0
    assert b"missing" not in result.output
    assert b"BusyBox" in result.output


@pytest.mark.engine
def test_the_registry_takes_a_push_and_keeps_it(client, container):
    name = container("registry", HostConfig={"PortBindings": {"5000/tcp": [{"HostPort": ""}]}})
    port = client.get_json("/containers/{}/json", name)["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"]
    address = f"localhost:{port}"
    eventually(
        lambda: requests.get(f"http://{address}/v2/", timeout=1).raise_for_status(),
        requests.exceptions.RequestException,
    )
    assert requests.get(f"http://{address}/v2/_catalog", timeout=5).json() == {"repositories": []}
    client.api.tag("busybox", f"{address}/box", "1")
    events = list(client.api.push(f"{address}/box", tag="1", stream=True, decode=True))
    assert not [event for event in events if "error" in event]
    assert requests.get(f"http://{address}/v2/_catalog", timeout=5).json() == {"repositories": ["box"]}
    client.api.remove_image(f"{address}/box:1")


@pytest.mark.engine
def test_what_is_there_is_used_as_it_is(client):
    assert [(one.name, one.how) for one in kit.prepare(client)] == [
        ("busybox", "present"),
        ("httpd", "present"),
        ("registry", "present"),
    ]


@pytest.mark.engine
def test_a_bundle_brings_the_images_back_and_a_broken_one_changes_nothing(client, tmp_path):
    bundle = tmp_path / "lab.tar"
    assert kit.bundle(client, bundle) == bundle.stat().st_size > 100_000_000
    before = client.get_json("/images/busybox/json")["Id"]
    client.api.remove_image("busybox", force=True)
    data = bundle.read_bytes()[: 1 << 20]
    (tmp_path / "cut.tar").write_bytes(data)
    (tmp_path / "text.tar").write_text("hello")
    for broken in ("cut.tar", "text.tar", "missing.tar"):
        with pytest.raises(BundleBroken, match=broken):
            kit.load_bundle(client, tmp_path / broken)
    (how,) = kit.prepare(client, ["busybox"], may_pull=False, bundle_file=bundle)
    assert how.how == "bundle"
    assert client.get_json("/images/busybox/json")["Id"] == before


@pytest.mark.engine
def test_building_again_gives_the_same_image(client, tmp_path):
    made = []
    for home in ("one", "two"):
        kit.build(client, ["busybox"], lambda _: None, tmp_path / home)
        made.append(client.get_json("/images/busybox/json")["Id"])
    assert made[0] == made[1]


@pytest.mark.engine
def test_a_registry_that_cant_be_reached_leads_on_to_building(client, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path))
    monkeypatch.setitem(kit.RECIPES, NOWHERE, recipes.BUSYBOX)
    with pytest.raises(NoSuchImage):
        pull(client, NOWHERE, report=lambda _: None, cancel=NEVER)
    (how,) = kit.prepare(client, [NOWHERE])
    assert how.how == "built"
    assert how.why


def test_without_apt_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackagesUnavailable, match="apt-get: command not found"):
        fetch_packages("httpd", ["apache2-bin"], tmp_path)


def test_an_image_archive_is_what_the_format_says(tmp_path):
    writer = LayerWriter(tmp_path / "layer")
    writer.file("a/b", b"x", mode=0o755, changed=5)
    writer.file("a/b", b"a second of the same name is passed over")
    writer.link("a/c", "b")
    layer = writer.finish()
    with tarfile.open(tmp_path / "layer") as tar:
        assert tar.getnames() == ["a", "a/b", "a/c"]
    write_images(tmp_path / "image.tar", {"x:1": ([layer], {"Cmd": ["sh"]})})
    with tarfile.open(tmp_path / "image.tar") as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        config = tar.extractfile(manifest["Config"]).read()
        content = tar.extractfile(manifest["Layers"][0]).read()
    assert manifest["RepoTags"] == ["x:1"]
    assert json.loads(config)["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(content).hexdigest()}"]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
