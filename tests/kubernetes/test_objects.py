"""Compose projects as manifests, held against the schemas that Kubernetes publishes."""

import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.compose import Project, Service, read
from dockyard.errors import ComposeFileBroken, NoComposeFile
from dockyard.kubernetes import manifests
from dockyard.kubernetes.words import Names

VERSIONS = ["1.25", "1.29", "1.32", "1.37"]  # the oldest and the newest that the schemas are there for, and two between
WHOLE = """
name: lab_1
services:
  web:
    image: httpd
    ports: ["8080:80", "8443:443", "9000:9000/udp"]
    environment: {SITE: x, DB_PASSWORD: "1"}
    command: httpd-foreground -X
    entrypoint: [sh, -c]
    volumes: [pages:/pages:ro, ./site:/site, ./one.txt:/etc/one.txt, ./deep:/deep, /unnamed, theirs:/theirs]
    tmpfs: [/run, "/tmp_x:size=64m"]
    depends_on: {db: {condition: service_started}, once: {condition: service_completed_successfully}}
    labels: {a.b/c: d, "no label": e}
    user: "1000:1001"
    working_dir: /w
    hostname: here
    healthcheck: {test: curl localhost, interval: 1m, timeout: 5s, retries: 4, start_period: 3s}
    stop_signal: SIGINT
    stop_grace_period: 20s
    stdin_open: true
    tty: true
    init: true
    read_only: true
    extra_hosts: [other:1.2.3.4]
    networks: {default: {aliases: [www]}, back: }
    restart: always
  db: {image: busybox, expose: ["5432"], user: postgres, volumes: [pages:/more], healthcheck: {test: [CMD, "true"]}}
  once: {build: ., command: "true"}
  alone: {image: busybox, network_mode: none}
  Db_2: {image: busybox, network_mode: host}
  db-2: {image: busybox}
networks: {back: }
volumes: {pages: , theirs: {external: true, name: their_volume}}
"""


@pytest.fixture
def made(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("page: 'é'\n")
    (tmp_path / "one.txt").write_text("one\n")
    (tmp_path / "deep/er").mkdir(parents=True)
    return manifests(read(str(tmp_path / "compose.yaml"), text=WHOLE).require())


def of(made, kind, name):
    return next(each for each in made.items if (each.kind, each.name) == (kind, name))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_as_the_published_schemas_want_it(made, version):
    for each in made.items:
        kubernetes_validate.validate(dict(each.object), version, strict=True)


def test_the_validator_does_refuse(made):
    broken = {**of(made, "Deployment", "web").object, "nonsense": 1}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


def test_what_becomes_of_each_thing(made):
    assert [(each.kind, each.name) for each in made.items] == [
        ("PersistentVolumeClaim", "pages"),
        ("Deployment", "db"),
        ("Service", "db"),
        ("Job", "once"),
        ("ConfigMap", "web-env"),
        ("ConfigMap", "web-files-2"),
        ("ConfigMap", "web-files-3"),
        ("Deployment", "web"),
        ("Service", "web"),
        ("Deployment", "alone"),
        ("Service", "alone"),
        ("Deployment", "db-2"),
        ("Service", "db-2"),
        ("Deployment", "db-2-2"),
        ("Service", "db-2-2"),
    ]
    assert of(made, "ConfigMap", "web-env").object["data"] == {"SITE": "x", "DB_PASSWORD": "1"}
    assert of(made, "ConfigMap", "web-files-2").object["data"] == {"index.html": "page: 'é'\n"}
    spec = of(made, "Deployment", "web").object["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert spec["template"]["metadata"]["annotations"] == {"a.b/c": "d"}
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (container["command"], container["args"]) == (["sh", "-c"], ["httpd-foreground", "-X"])
    assert container["envFrom"] == [{"configMapRef": {"name": "web-env"}}]
    assert container["ports"][2] == {"containerPort": 9000, "protocol": "UDP"}
    assert container["securityContext"] == {"runAsUser": 1000, "runAsGroup": 1001, "readOnlyRootFilesystem": True}
    assert container["readinessProbe"] == {
        "exec": {"command": ["sh", "-c", "curl localhost"]},
        "initialDelaySeconds": 3,
        "periodSeconds": 60,
        "timeoutSeconds": 5,
        "failureThreshold": 4,
    }
    mounts = {each["mountPath"]: each for each in container["volumeMounts"]}
    assert set(mounts) == {"/pages", "/site", "/etc/one.txt", "/unnamed", "/theirs", "/run", "/tmp_x"}
    assert mounts["/etc/one.txt"]["subPath"] == "one.txt"
    assert mounts["/pages"]["readOnly"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes["pages"]["persistentVolumeClaim"] == {"claimName": "pages"}
    assert volumes["theirs"]["persistentVolumeClaim"] == {"claimName": "their-volume"}
    assert volumes["memory-tmp-x"]["emptyDir"] == {"medium": "Memory", "sizeLimit": "64Mi"}
    assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
    assert (pod["hostname"], pod["terminationGracePeriodSeconds"]) == ("here", 20)
    assert pod["hostAliases"] == [{"ip": "1.2.3.4", "hostnames": ["other"]}]
    service = of(made, "Service", "web").object["spec"]
    assert service["type"] == "NodePort"
    assert [(each["name"], each["port"]) for each in service["ports"]] == [
        ("tcp-80", 80),
        ("tcp-443", 443),
        ("udp-9000", 9000),
    ]
    assert of(made, "Service", "db").object["spec"]["type"] == "ClusterIP"
    assert of(made, "Service", "alone").object["spec"]["clusterIP"] == "None"
    assert of(made, "Job", "once").object["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert of(made, "Deployment", "db-2").object["spec"]["template"]["spec"]["hostNetwork"]


def test_what_has_no_equivalent_is_told_above_the_object(made):
    text = str(made)
    assert [each for each in yaml.safe_load_all(text) if each] == [each.object for each in made.items]
    for says in (
        "# Networks have no equivalent",
        "kubectl create namespace lab-1",
        "# A claim needs a size; 1Gi is a guess.",
        "# It begins empty",
        "ReadWriteOnce",
        "# DB_PASSWORD look like secrets",
        "# Nothing waits for db, once",
        "readiness probe",
        "`stop_signal` has no equivalent",
        "`init` has no equivalent",
        "'postgres' must be a number",
        "lab_1-once is built from",
        "deep of this machine has no equivalent",
        "# What is at /unnamed has no name",
        "The label 'no label'",
        "'their-volume' must be there already",
        "kubectl port-forward service/web 8080:80",
        "Other names (www)",
        "mode 'none' has no equivalent",
        "whatever `restart` says",
        "# A copy of what lay on this machine",
    ):
        assert says in text, says
    assert "whatever `restart` says" not in "".join(of(made, "Deployment", "web").notes)


def test_it_is_made_of_a_file_and_written_to_one(tmp_path):
    (tmp_path / "compose.yaml").write_text("services: {web: {image: httpd}}")
    found = dockyard.manifests(str(tmp_path), name="lab")
    assert found.project == "lab"
    assert found.save(tmp_path / "manifests.yaml").read_text() == str(found)
    assert "&lt;" not in found._repr_html_()
    with pytest.raises(NoComposeFile):
        dockyard.manifests(str(tmp_path / "none"))
    (tmp_path / "compose.yaml").write_text("services: {web: {imag: '<b>'}}")
    with pytest.raises(ComposeFileBroken):
        dockyard.manifests(str(tmp_path))


def test_what_is_no_text_or_too_much_is_not_copied(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\x00")
    (tmp_path / "much").write_text("x" * 1_000_000)
    text = "services: {w: {image: a, volumes: ['./bytes:/a', './much:/b', './none:/c']}}"
    found = manifests(read(str(tmp_path / "compose.yaml"), text=text).require())
    assert [each.kind for each in found.items] == ["Deployment", "Service"]
    assert str(found).count("has no equivalent: a cluster can't reach it") == 3


@given(st.text(max_size=80), st.text(max_size=80))
def test_every_name_is_one_that_kubernetes_takes(first, second):
    services = tuple(Service(name, "c", "i") for name in dict.fromkeys((first, second)))
    names = Names(Project("p", Path("/nowhere/compose.yaml"), services))
    found = {names.service(each.name) for each in services}
    assert len(found) == len(services)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", each) for each in found)


def test_it_speaks_korean(tmp_path):
    dockyard.language("ko")
    try:
        text = str(manifests(read(str(tmp_path / "c.yaml"), text=WHOLE).require()))
        assert all(max(line) >= "가" for line in text.splitlines() if line.startswith("# "))
    finally:
        dockyard.language("en")
