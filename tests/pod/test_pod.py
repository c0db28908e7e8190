"""Where no Docker can be, the lab works all the same: every lesson, two Apaches on one port, and a registry."""

import json

import pytest

pytestmark = pytest.mark.engine

# Run inside the pod, on whatever engine Dockyard finds there.
CHAPTER = r"""
import io, json, tarfile, time, urllib.request
import dockyard

api = dockyard.connect().api


def page(port):
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.05)


def packed(name, content):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def start(image, inside, outside):
    body = {"Image": image, "ExposedPorts": {f"{inside}/tcp": {}}, "HostConfig": {"PortBindings": {f"{inside}/tcp": [{"HostPort": str(outside)}]}}}
    made = api.create_container_from_config(body)["Id"]
    api.start(made)
    return made


web = {port: start("httpd", 80, port) for port in (8090, 8091)}
registry = start("registry", 5000, 5000)
first = {port: page(port) for port in web}
for port, each in web.items():
    api.put_archive(each, "/usr/local/apache2/htdocs", packed("index.html", f"page of {port}".encode()))
own = {port: page(port) for port in web}

page("5000/v2")
api.tag("busybox", "localhost:5000/nyappacchi", "13")
before = api.inspect_image("busybox")["Id"]
pushed = list(api.push("localhost:5000/nyappacchi", tag="13", stream=True, decode=True))
api.remove_image("localhost:5000/nyappacchi:13")
pulled = list(api.pull("localhost:5000/nyappacchi", tag="13", stream=True, decode=True))
after = api.inspect_image("localhost:5000/nyappacchi:13")
with urllib.request.urlopen("http://127.0.0.1:5000/v2/_catalog", timeout=10) as answer:
    catalog = json.load(answer)

engine = api.info()
for each in (*web.values(), registry):
    api.remove_container(each, force=True, v=True)
print(json.dumps({
    "first": first, "own": own, "same": before == after["Id"], "digests": after["RepoDigests"], "catalog": catalog,
    "errors": [each for each in pushed + pulled if "error" in each], "runner": str(engine.get("DriverStatus")),
}))
"""


def test_it_is_the_embedded_engine_that_is_found(pod):
    seen = pod("python3", "-m", "dockyard", "doctor").stdout
    assert "proot" in seen


def test_every_lesson_passes(pod):
    seen = pod("python3", "-m", "dockyard", "tour").stdout
    assert "Every step passed." in seen


def test_two_apaches_and_a_registry_at_once(pod):
    seen = json.loads(pod("python3", "-", given=CHAPTER).stdout.strip().splitlines()[-1])
    assert all("It works!" in each for each in seen["first"].values())
    assert seen["own"] == {"8090": "page of 8090", "8091": "page of 8091"}
    assert seen["errors"] == []
    assert seen["same"]
    assert seen["catalog"] == {"repositories": ["nyappacchi"]}
    assert seen["digests"][0].startswith("localhost:5000/nyappacchi@sha256:")
    assert "proot" in seen["runner"]


def test_nothing_runs_on_when_the_engine_is_stopped(pod):
    pod("python3", "-m", "dockyard", "engine", "stop")
    left = pod("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    assert "httpd" not in left
    assert "proot" not in left.replace("sh -c", "")
