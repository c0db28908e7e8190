"""Compose files read: the project that they stand for, and what is wrong with them, by line."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import dockyard
from dockyard.compose import (
    Attached,
    Build,
    Dependency,
    HealthCheck,
    Network,
    Published,
    Volume,
    find_file,
    load,
    read,
)
from dockyard.compose.support import FILE, NETWORK, SERVICE, VOLUME
from dockyard.errors import ComposeFileBroken, NoComposeFile, ProjectNameInvalid, SourceUnreadable

ROOT = Path(__file__).parents[2]
WHOLE = """
name: lab
services:
  web:
    image: httpd:${TAG:-2.4}
    container_name: apa000web
    build: {context: site, dockerfile: Other, args: {A: 1}, target: last, no_cache: true}
    command: httpd-foreground -X "a b"
    entrypoint: [sh, -c]
    environment: {A: 1, B: "x y", C: true, D: 1.5}
    env_file: [web.env, {path: none.env, required: false}]
    ports: ["8080:80", 127.0.0.1:8443:443/tcp, "90-91:190-191", 7, {target: 5, published: "6", host_ip: "::1", protocol: udp}]
    expose: ["9", 10]
    volumes:
      - pages:/pages:ro,nocopy
      - ./site:/site
      - ../up:/up:z
      - /unnamed
      - {type: bind, source: here, target: /here, read_only: true, bind: {create_host_path: false}}
      - {type: volume, source: pages, target: /more, volume: {nocopy: true}}
      - {type: tmpfs, target: /mem, tmpfs: {size: 64mb, mode: 0o1777}}
    tmpfs: [/run, "/tmp:size=1m"]
    networks: {default: , back: {aliases: [www]}}
    depends_on: {db: {condition: service_healthy}, once: {condition: service_completed_successfully}}
    restart: on-failure:3
    labels: [one=1, two]
    user: "1000:1000"
    working_dir: /w
    hostname: h
    healthcheck: {test: [CMD, 'true'], interval: 1m30s, timeout: 500ms, retries: 3, start_period: 2s, start_interval: 1s}
    stop_signal: SIGINT
    stop_grace_period: 20s
    stdin_open: true
    tty: true
    init: true
    read_only: true
    extra_hosts: ["a:1.2.3.4", b=::1]
  db:
    image: busybox
    network_mode: none
    healthcheck: {test: "true"}
    env_file: web.env
  once:
    build: .
    healthcheck: {disable: true}
    depends_on: [db]
    tmpfs: /t
networks:
  back: {name: real, driver: bridge, driver_opts: {a: 1}, labels: {l: m}, internal: true, attachable: true}
  outside: {external: true}
volumes:
  pages: {driver: local, driver_opts: {type: none}, labels: [l=m]}
  theirs: {external: true, name: other}
x-note: anything
"""


@pytest.fixture
def folder(tmp_path):
    """A folder called ``My Lab.1``, with a file of variables for the whole example."""
    place = tmp_path / "My Lab.1"
    place.mkdir()
    (place / "web.env").write_text("A=from file\nE=$TAG\n")
    return place


def reading(folder, text, **more):
    return read(str(folder / "compose.yaml"), text=text, **more)


def says(folder, text):
    return [str(each) for each in reading(folder, text).findings]


def of_web(folder, lines):
    """The service ``web``, of an image and more lines."""
    text = "services:\n  web:\n    image: httpd\n" + "".join(f"    {each}\n" for each in lines.splitlines())
    return reading(folder, text).require().service("web")


def test_everything_that_is_supported_has_its_place(folder):
    (folder / ".env").write_text("TAG=2.5\n")
    found = reading(folder, WHOLE)
    assert found.findings == ()
    project = found.require()
    web = project.service("web")
    assert (project.name, project.folder) == ("lab", folder)
    assert (web.image, web.container_name) == ("httpd:2.5", "apa000web")
    assert web.build == Build(f"{folder}/site", f"{folder}/site/Other", ("A=1",), "last", True)
    assert (web.command, web.entrypoint) == (("httpd-foreground", "-X", "a b"), ("sh", "-c"))
    assert web.environment == ("A=1", "E=2.5", "B=x y", "C=true", "D=1.5")
    assert web.ports == (
        Published(80, 8080),
        Published(443, 8443, "127.0.0.1"),
        Published(190, 90),
        Published(191, 91),
        Published(7),
        Published(5, 6, "::1", "udp"),
    )
    assert web.expose == ("9", "10")
    assert web.mounts == (
        Attached("/pages", "pages", read_only=True, nocopy=True),
        Attached("/site", f"{folder}/site", "bind"),
        Attached("/up", f"{folder.parent}/up", "bind", options=("z",)),
        Attached("/unnamed"),
        Attached("/here", f"{folder}/here", "bind", read_only=True, create=False),
        Attached("/more", "pages", nocopy=True),
        Attached("/mem", kind="tmpfs", options=("size=64m", "mode=1777")),
        Attached("/run", kind="tmpfs"),
        Attached("/tmp", kind="tmpfs", options=("size=1m",)),
    )
    assert web.networks == (("default", ()), ("back", ("www",)))
    assert web.depends_on == (Dependency("db", "service_healthy"), Dependency("once", "service_completed_successfully"))
    assert (web.restart, web.labels, web.user, web.working_dir, web.hostname) == (
        "on-failure:3",
        ("one=1", "two="),
        "1000:1000",
        "/w",
        "h",
    )
    assert web.healthcheck == HealthCheck(("CMD", "true"), 90_000_000_000, 500_000_000, 2_000_000_000, 1_000_000_000, 3)
    assert (web.stop_signal, web.stop_grace_period_ns) == ("SIGINT", 20_000_000_000)
    assert (web.stdin_open, web.tty, web.init, web.read_only) == (True, True, True, True)
    assert web.extra_hosts == ("a:1.2.3.4", "b:::1")
    once, db = project.service("once"), project.service("db")
    assert (once.image, once.container_name) == ("lab-once", "lab-once-1")
    assert (once.healthcheck, once.networks) == (HealthCheck(("NONE",)), (("default", ()),))
    assert (db.healthcheck, db.networks, db.network_mode) == (HealthCheck(("CMD-SHELL", "true")), (), "none")
    assert project.networks == (
        Network("default", "lab_default"),
        Network("back", "real", False, "bridge", ("a=1",), ("l=m",), True, True),
        Network("outside", "outside", True),
    )
    assert project.volumes == (
        Volume("pages", "lab_pages", False, "local", ("type=none",), ("l=m",)),
        Volume("theirs", "other", True),
    )
    assert [each.name for each in project.in_order()] == ["db", "once", "web"]
    assert [each.name for each in project.in_order(["once"])] == ["db", "once"]


def test_the_page_lists_what_is_supported():
    """docs/compose.md says yes or partly to exactly these keys."""
    page = (ROOT / "docs/compose.md").read_text("utf-8")
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    for title, known in (("The file", FILE), ("A service", SERVICE), ("A network", NETWORK), ("A volume", VOLUME)):
        rows = re.findall(r"^\| (.+?) \| (yes|partly|no) \|", sections[title], re.MULTILINE)
        done = {key for keys, answer in rows if answer != "no" for key in re.findall(r"`([a-z_]+)`", keys)}
        refused = {key for keys, answer in rows if answer == "no" for key in re.findall(r"`([a-z_]+)`", keys)}
        assert done == known, title
        assert not done & refused


@pytest.mark.parametrize(
    ("lines", "line", "sentence"),
    [
        ("imag: x", 4, "There is no key 'imag' in services.web; did you mean 'image'?"),
        ("zzz: x", 4, "There is no key 'zzz' in services.web."),
        ("user: 3", 4, "services.web.user must be a text; this is a number."),
        ("ports: 80", 4, "services.web.ports must be a list; this is a number."),
        ("ports:\n- [80]", 5, "services.web.ports[0] must be a number or a text or a mapping; this is a list."),
        ("ports:\n- {target: 80, pubished: 1}", 5, "There is no key 'pubished' in services.web.ports[0]; did you mean 'published'?"),
        ("volumes: [a:/a, a:/a]", 4, "has the same entry twice"),
        ("volumes:\n- {type: bnd, target: /a}", 5, "services.web.volumes[0].type is one of bind, volume"),
        ("depends_on:\n  db: {}", 5, "services.web.depends_on.db lacks 'condition'."),
        ("environment: x", 4, "services.web.environment must be a mapping or a list; this is a text."),
        ("command: {a: b}", 4, "services.web.command must be nothing or a text or a list; this is a mapping."),
        ("deploy: {replicas: 3}", 4, "services.web.deploy is not supported here"),
        ("privileged: true", 4, "services.web.privileged is not supported here"),
        ("build: {context: ., ssh: [default]}", 4, "services.web.build.ssh is not supported here"),
        ("networks:\n  default: {ipv4_address: 1.2.3.4}", 5, "services.web.networks.default.ipv4_address is not supported"),
        ("volumes:\n- {type: bind, source: /a, target: /a, bind: {propagation: shared}}", 5, "bind.propagation is not supported"),
        ("volumes: [none:/a]", 4, "'none' is not among the `volumes:` of the file. A folder is written ./none."),
        ("volumes: [/a, '/b:/a']", 4, "same target /a"),
        ("volumes: ['a:b:c:d']", 4, "no mount"),
        ("volumes: ['/a:b']", 4, "absolute TARGET"),
        ("volumes: ['/a:/b:shared']", 4, "option 'shared'"),
        ("volumes:\n- {type: npipe, target: /a}", 5, "type 'npipe'"),
        ("volumes:\n- {type: bind, target: /a}", 5, "needs its `source`"),
        ("volumes:\n- {type: bind, source: /a}", 5, "needs its `target`"),
        ("volumes:\n- {type: volume, target: /a, tmpfs: {size: 1}}", 5, "has no `tmpfs:`"),
        ("volumes:\n- {type: tmpfs, target: /a, tmpfs: {size: much}}", 5, "no size"),
        ("volumes:\n- {type: tmpfs, target: /a, tmpfs: {mode: rwx}}", 5, "no mode"),
        ("tmpfs: run", 4, "no tmpfs"),
        ("ports: ['80:x']", 4, "no port"),
        ("ports: ['0:80']", 4, "from 1 to 65535"),
        ("ports: ['70000:80']", 4, "from 1 to 65535"),
        ("ports: ['1-3:80']", 4, "3 ports of this machine for 1"),
        ("ports: [{published: 80}]", 4, "needs its `target`"),
        ("ports: [{target: 80, mode: odd}]", 4, "ingress or host"),
        ("networks: [other]", 4, "'other' is not among the `networks:`"),
        ("network_mode: service:db", 4, "mode 'service:db' is not supported"),
        ("network_mode: host\nnetworks: [default]", 4, "exclude each other"),
        ("depends_on: [db]", 4, "no service 'db'"),
        ("restart: sometimes", 4, "no restart policy"),
        ("restart: always:3", 4, "no restart policy"),
        ("healthcheck: {test: [ok]}", 4, "begins with CMD"),
        ("healthcheck: {test: x, interval: 10}", 4, "must be a text"),
        ("healthcheck: {test: x, interval: '10'}", 4, "no duration"),
        ("healthcheck: {test: x, retries: few}", 4, "no whole number"),
        ("tty: perhaps", 4, "neither true nor false"),
        ("command: echo 'x", 4, "quotes"),
        ("env_file: none.env", 4, "'none.env' can't be used: No such file"),
        ("environment: {A: $(date)}", 4, r"written `$$`"),
        ("depends_on: [web]", 4, "wait for each other: web → web"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(folder, lines, line, sentence):
    text = "services:\n  web:\n    image: httpd\n" + "".join(f"    {each}\n" for each in lines.splitlines())
    found = reading(folder, text)
    assert found.project is None
    assert any(each.line == line and sentence in each.says for each in found.findings), found.findings
    with pytest.raises(ComposeFileBroken, match=re.escape(str(found.file))):
        found.require()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("services: {}", "no services"),
        ("volumes: {a: }", "no services"),
        ("service: {}", "Line 1: There is no key 'service' in the file; did you mean 'services'?"),
        ("services: {w: {image: a}}\nsecrets: {}", "Line 2: secrets is not supported here"),
        ("services: {w: {image: a}}\ninclude: [b.yaml]", "Line 2: include is not supported here"),
        ("services: {w: {}}", "Line 1: The service 'w' needs an `image:` or a `build:`."),
        ("services: {a b: {image: a}}", "Line 1: 'a b' can't be a name in services"),
        ("services: {-a: {image: a}}", "begins with a letter or digit"),
        ("services: {w: {image: a}}\nvolumes: {v: {external: {name: x}}}", "Line 2: volumes.v.external.name is not supported"),
        ("services: {w: {image: a}}\nnetworks: {n: {ipam: {}}}", "Line 2: networks.n.ipam is not supported"),
        ("services: {w: {image: a}}\nname: UPPER", "Line 2: 'UPPER' can't name a project"),
        ("services:\n  a: {image: x, container_name: cc}\n  b: {image: x, container_name: cc}", "Line 3: The services 'a' and 'b'"),
        ("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}", "wait for each other: a → b → a"),
        ("services: [", "no YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_whole_is_told(folder, text, sentence):
    assert any(sentence in each for each in says(folder, text)), says(folder, text)


def test_what_is_not_wrong_but_odd_is_told_and_read(folder):
    text = "version: '3'\nservices:\n  w:\n    image: a:$TAG\n    environment: [KEY]\n"
    found = reading(folder, text)
    assert [(each.line, each.level) for each in found.findings] == [(1, "hint"), (4, "warning"), (5, "hint")]
    assert found.require().services[0].environment == ()
    assert "TAG is not set in .env" in str(found.findings[1])
    (folder / ".env").write_text("TAG=1\nKEY=value\n")
    assert reading(folder, text).require().services[0].environment == ("KEY=value",)
    text = "services: {w: {build: {context: ., args: [KEY, NONE]}}}"
    assert reading(folder, text).require().services[0].build.args == ("KEY=value",)
    assert "NONE has no value" in says(folder, text)[0]


def test_variables_come_from_env_files_and_never_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("TAG", "environment")
    text = "services: {w: {image: 'a:${TAG:-none}'}}"
    assert reading(folder, text).require().services[0].image == "a:none"
    (folder / "other.env").write_text("TAG=other\n")
    files = [str(folder / "other.env")]
    assert reading(folder, text, env_files=files).require().services[0].image == "a:other"
    (folder / ".env").write_text("nonsense here\n")
    assert "line 1 is no NAME=value" in says(folder, text)[0]
    (folder / ".env").write_text("COMPOSE_PROFILES=x\n")
    assert "COMPOSE_PROFILES in .env is not supported" in says(folder, text)[0]
    with pytest.raises(SourceUnreadable):
        reading(folder, text, env_files=["/nowhere/.env"])


def test_where_the_name_comes_from(folder):
    text = "services: {w: {image: '$COMPOSE_PROJECT_NAME'}}\n"
    assert reading(folder, text).require().name == "mylab1"
    assert reading(folder, text + "name: written").require().name == "written"
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=of-env\n")
    assert reading(folder, text + "name: written").require().name == "of-env"
    given_name = reading(folder, text, name="given").require()
    assert (given_name.name, given_name.services[0].container_name) == ("given", "given-w-1")
    with pytest.raises(ProjectNameInvalid, match="'Up'"):
        reading(folder, text, name="Up")


def test_the_file_is_looked_for(folder, monkeypatch):
    with pytest.raises(NoComposeFile, match=r"compose\.yaml"):
        find_file(str(folder))
    (folder / "docker-compose.yml").write_text("")
    assert find_file(str(folder)).name == "docker-compose.yml"
    (folder / "compose.yaml").write_text("services: {w: {image: a}}")
    assert find_file(str(folder)).name == "compose.yaml"
    (folder / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep/er")
    assert find_file() == folder / "compose.yaml"
    assert load().services[0].image == "a"
    with pytest.raises(NoComposeFile):
        find_file("none.yaml")


def test_the_text_that_is_written_out_reads_as_the_same(folder):
    (folder / ".env").write_text("TAG=2.5\n")
    found = reading(folder, WHOLE + "\n")
    again = reading(folder, found.text)
    assert again.project == found.project
    dollars = reading(folder, "services: {w: {image: a, command: echo $$HOME}}")
    assert reading(folder, dollars.text).require().services[0].command == ("echo", "$HOME")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*sorted(SERVICE), "x", "type", "target"]), inner, max_size=4), max_leaves=8))  # fmt: skip
def test_whatever_a_service_is_it_is_read_or_told(value):
    text = yaml.safe_dump({"services": {"web": value}})
    found = read("/nowhere/compose.yaml", text=text)
    assert (found.project is None) == any(each.level == "error" for each in found.findings)
    assert all(each.line > 0 for each in found.findings)


def test_it_speaks_korean(folder):
    dockyard.language("ko")
    try:
        assert says(folder, "services: {w: {imag: a}}")[0].startswith("1번째 줄")
    finally:
        dockyard.language("en")


def test_one_service_by_itself(folder):
    assert of_web(folder, "entrypoint: []").entrypoint == ()
    assert of_web(folder, "command:").command is None
    assert of_web(folder, "stop_grace_period: 1.5s").stop_grace_period_ns == 1_500_000_000
    assert of_web(folder, "tty: 'true'").tty
    assert of_web(folder, "volumes: ['~/x:/x']").mounts[0].source == str(Path.home() / "x")
    assert of_web(folder, "extra_hosts: {a: 1.2.3.4, b: [5.6.7.8]}").extra_hosts == ("a:1.2.3.4", "b:5.6.7.8")
