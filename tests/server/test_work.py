"""Plans and runs over the server's routes, and the news of them."""

import hashlib
import json
from contextlib import closing

import pytest

from dockyard.tasks.record import entries

pytestmark = pytest.mark.engine


def test_an_action_is_planned_done_and_taken_back(reader, client, container):
    name = container(start=False)
    plan = reader.post("plans", kind="container", action="start", name=name)
    assert (plan["command"], plan["asks"]) == (f"docker start {name}", False)
    assert client.get_json("/containers/{}/json", name)["State"]["Status"] == "created"
    run = reader.post("runs", plan=plan["id"])
    again = reader.ask("POST", "runs", {"plan": plan["id"]})
    assert (again.status_code, again.json()["kind"]) == (409, "NoSuchPlan")
    assert reader.wait(run)["outcome"] == "done"
    assert client.get_json("/containers/{}/json", name)["State"]["Status"] == "running"
    assert entries(client.data_dir)[-1].command == f"docker start {name}"
    assert reader.post(f"runs/{run['id']}/undo")["changes"][0]["name"] == name
    assert client.get_json("/containers/{}/json", name)["State"]["Status"] == "exited"


def test_what_goes_asks_first_and_can_be_brought_back(reader, client, container):
    name = container()
    plan = reader.post("plans", kind="container", action="remove", name=name)
    assert (plan["command"], plan["asks"]) == (f"docker rm -f {name}", True)
    assert ("remove", name) in {(each["action"], each["name"]) for each in plan["changes"]}
    run = reader.wait(reader.post("runs", plan=plan["id"]))
    assert client.find_json("/containers/{}/json", name) is None
    reader.post(f"runs/{run['id']}/undo")
    assert client.find_json("/containers/{}/json", name) is not None


def test_files_go_in_and_out_by_the_paths_of_the_file_browser(reader, client, container, folder):
    content = b"into the container"
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "a b.txt").write_bytes(content)
    name = container()
    done = reader.run(kind="container", action="copy-in", name=name, file="sub/a b.txt", path="/tmp/")
    assert done["outcome"] == "done", done
    back = reader.run(kind="container", action="copy-out", name=name, path="/tmp/a b.txt", file="sub/back.txt")
    assert back["outcome"] == "done", back
    assert hashlib.sha256((folder / "sub/back.txt").read_bytes()).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize("path", ["../secret", "sub/../../secret", "link/secret"])
def test_no_file_outside_of_the_file_browser(reader, container, folder, tmp_path, path):
    (tmp_path / "secret").touch()
    (folder / "link").unlink(missing_ok=True)
    (folder / "link").symlink_to(tmp_path)
    body = {"kind": "container", "action": "copy-in", "name": container(), "file": path}
    answer = reader.ask("POST", "plans", body)
    assert (answer.status_code, answer.json()["kind"]) == (400, "PathOutside")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"line": "docker start nothing-of-that-name"}, 404, "NoSuchContainer"),
        ({"line": "docker frobnicate"}, 400, "UnknownCommand"),
        ({"line": "docker run --frobnicate httpd"}, 400, "UnknownFlag"),
        ({"kind": "network", "action": "eat", "name": "bridge"}, 400, "UnknownAction"),
    ],
)
def test_what_can_t_be_done_is_said_in_one_sentence(reader, body, status, kind):
    answer = reader.ask("POST", "plans", body)
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "body", [[], {"line": 3}, {"kind": "container"}, {"kind": "container", "action": "start", "name": []}]
)
def test_a_body_of_another_shape_is_refused(reader, body):
    assert reader.ask("POST", "plans", body).status_code == 400


def test_a_run_is_cancelled(reader, container):
    name = container("busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1; done", StopSignal="SIGTERM")
    run = reader.post("runs", plan=reader.post("plans", line=f"docker stop -t 60 {name}")["id"])
    reader.delete(f"runs/{run['id']}")
    assert reader.wait(run)["outcome"] == "cancelled"


def test_news_tell_of_the_engine_and_of_runs(reader, container):
    name = container(start=False)
    with closing(reader.listen("news")) as listening:
        seen = []

        def read_until(wanted):
            while not any(map(wanted, seen)):
                seen.append(json.loads(listening.recv()))

        read_until(lambda told: "runs" in told)
        read_until(lambda told: told.get("is_connected"))
        seen.clear()
        run = reader.post("runs", plan=reader.post("plans", line=f"docker start {name}")["id"])
        read_until(lambda told: told.get("run", {}).get("outcome") == "done" and told["run"]["id"] == run["id"])
        read_until(lambda told: "container" in told.get("kinds", ()))


def test_a_page_is_shown_without_its_scripts(reader, client, container, shell):
    name = container("httpd", ExposedPorts={"80/tcp": {}}, HostConfig={"PortBindings": {"80/tcp": [{"HostPort": ""}]}})
    shell(name, "echo '<h1>Hello</h1><script>alert(1)</script>' > /usr/local/apache2/htdocs/index.html")
    page = reader.get(f"pages/{name}")
    assert (page["status"], "Hello" in page["html"], "alert" in page["html"]) == (200, True, False)
