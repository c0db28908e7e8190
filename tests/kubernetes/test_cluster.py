"""kubectl, as a program that writes down what it is given: no cluster can be had here."""

import json
import sys

import pytest
import yaml

from dockyard.compose import read
from dockyard.errors import KubectlFailed, NoCluster, NoKubectl
from dockyard.kubernetes import apply, delete, manifests

PROGRAM = """#!{python}
import json, os, sys
words = sys.argv[1:]
if words == ["config", "current-context"]:
    if os.environ.get("NO_CONTEXT"):
        sys.exit("error: current-context is not set")
    print("kind-lab")
    sys.exit()
with open({log!r}, "w") as file:
    json.dump([words, sys.stdin.read()], file)
if os.environ.get("REFUSED"):
    sys.exit("Error from server (Forbidden): no <b>")
print("configmap/web-env created")
print("deployment.apps/web created")
"""


@pytest.fixture
def log(tmp_path, monkeypatch):
    """What kubectl was given last."""
    file = tmp_path / "log.json"
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, log=str(file)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return lambda: json.loads(file.read_text())


@pytest.fixture
def made(tmp_path):
    text = "services: {web: {image: httpd, environment: {A: b}}}"
    return manifests(read(str(tmp_path / "compose.yaml"), text=text).require())


def test_all_objects_are_handed_to_the_current_cluster(log, made):
    done = apply(made)
    words, given = log()
    assert words == ["--context", "kind-lab", "--request-timeout=30s", "apply", "-f", "-"]
    assert [each["kind"] for each in yaml.safe_load_all(given) if each] == ["ConfigMap", "Deployment", "Service"]
    assert (done.context, done.says) == ("kind-lab", ("configmap/web-env created", "deployment.apps/web created"))
    assert str(done).startswith("kind-lab:\n")


def test_another_cluster_and_namespace_can_be_named(log, made):
    assert apply(made, context="other", namespace="lab", dry_run=True).context == "other"
    assert log()[0] == [
        "--context",
        "other",
        "--namespace",
        "lab",
        "--request-timeout=30s",
        "apply",
        "--dry-run=server",
        "-f",
        "-",
    ]
    delete(made, context="other")
    assert log()[0][3:] == ["delete", "--ignore-not-found", "-f", "-"]


def test_what_is_missing_is_told(log, made, monkeypatch):
    monkeypatch.setenv("REFUSED", "1")
    with pytest.raises(KubectlFailed, match=r"Forbidden\): no <b>"):
        apply(made)
    monkeypatch.setenv("NO_CONTEXT", "1")
    with pytest.raises(NoCluster, match="current-context is not set"):
        apply(made)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoKubectl, match="apt-get install kubernetes-client"):
        apply(made)
