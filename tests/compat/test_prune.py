"""Prunes on every engine: what goes, what stays and why, what is freed, and what comes back."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import dockyard
from dockyard.errors import Cancelled, CannotUndo
from dockyard.tasks import Prune
from registries import tar_of
from volumes import fill, listing, tree

pytestmark = [pytest.mark.engine, pytest.mark.any_runner]

LABEL = {"prune-test": "1"}
FILTERS = ("label=prune-test",)
NAMELESS = "ab" * 32


@pytest.fixture
def things(client, container):
    """Things with the tests' label: two containers, of which one runs and has a volume, three volumes, two images, a network."""
    fill(client, NAMELESS, tree(), LABEL)
    fill(client, "prune-named", tar_of({"v/a": b"a" * 1000}), LABEL)
    fill(client, "prune-used", tar_of({"v/a": b"a" * 500}), LABEL)
    images = {}
    for name in ("prune-one:1", "prune-two:1"):
        content = tar_of({"file": name.encode() * 5000})
        client.api.import_image_from_data(content, *name.split(":"), changes=["LABEL prune-test=1"])
        images[name] = client.get_json("/images/{}/json", name)["Id"]
    client.api.tag("prune-one:1", "prune-one", "2")
    network = client.api.create_network("prune-net", labels=LABEL)["Id"]
    stopped = container("busybox", start=False, Labels=LABEL)
    runner = container(Labels=LABEL, HostConfig={"Binds": ["prune-used:/v"]})
    yield {"images": images, "network": network, "stopped": stopped, "runner": runner}
    for name in (stopped, runner):
        if client.find_json("/containers/{}/json", name):
            client.api.remove_container(name, force=True)
        container.made.remove(name)
    for name in (NAMELESS, "prune-named", "prune-used"):
        if client.find_json("/volumes/{}", name):
            client.api.remove_volume(name)
    for image in images.values():
        if client.find_json("/images/{}/json", image):
            client.api.remove_image(image, force=True)
    if client.find_json("/networks/{}", network):
        client.api.remove_network(network)


def names(plan, action):
    return {change.name for change in plan.changes if change.action == action}


def reasons(plan):
    return {change.name: change.reason for change in plan.changes}


def test_a_prune_takes_what_its_plan_lists_and_what_is_kept_comes_back(client, things):
    task = Prune("system", all=True, volumes=True, filters=FILTERS)
    assert dockyard.parse(task.command) == task
    held = listing(client, NAMELESS)
    plan = task.plan(client)
    assert names(plan, "remove") == {
        things["stopped"],
        NAMELESS[:12],
        "prune-one:1, prune-one:2",
        "prune-two:1",
        "prune-net",
    }
    assert reasons(plan)["prune-used"] == f"in use by {things['runner']}"
    assert "has a name" in reasons(plan)["prune-named"]
    assert "its labels" in reasons(plan)["busybox:latest"] or "in use" in reasons(plan)["busybox:latest"]
    assert any("does not bring back" in warning and "prune-net" in warning for warning in plan.warnings)

    disk = dockyard.disk(client).set_index("id")
    for thing in plan.work.things:
        if thing.goes and thing.kind != "network":
            assert thing.size_bytes == disk.loc[thing.id, "reclaimable_bytes"], thing.name
    assert plan.size_bytes > 100_000

    steps = []
    result = task.run(client, plan=plan, report=steps.append)
    assert {change.name for change in result.changes} == names(plan, "remove")
    assert result.warnings == ()
    assert result.freed_bytes == plan.size_bytes
    assert any("for undo" in step.doing for step in steps)
    assert task.verify(client).ok
    assert task.verify(client).says == "Removed: 5. None of them is there any more"
    assert client.find_json("/volumes/{}", "prune-named")
    assert client.get_json("/containers/{}/json", things["runner"])["State"]["Running"]

    undone = task.undo(client)
    assert {change.name for change in undone.changes} >= {NAMELESS, "prune-one:1", "prune-one:2", "prune-two:1"}
    assert things["stopped"] in undone.warnings[0]
    for name, image in things["images"].items():
        assert client.get_json("/images/{}/json", name)["Id"] == image
    assert client.get_json("/images/{}/json", "prune-one:2")["Id"] == things["images"]["prune-one:1"]
    assert listing(client, NAMELESS) == held
    with pytest.raises(CannotUndo, match="no run of it"):
        task.undo(client)


def test_named_volumes_go_when_asked_for_and_what_changed_since_the_plan_stays(client, things):
    task = Prune("volume", all=True, filters=FILTERS)
    plan = task.plan(client)
    assert names(plan, "remove") == {NAMELESS[:12], "prune-named"}
    client.api.remove_volume(NAMELESS)
    fill(client, "prune-late", tar_of({"v/a": b"a"}), LABEL)
    try:
        result = task.run(client, plan=plan)
        assert [change.name for change in result.changes] == ["prune-named"]
        assert result.freed_bytes == 1000
        assert any("is gone already" in warning for warning in result.warnings)
        assert any("prune-late could go too" in warning for warning in result.warnings)
        assert client.find_json("/volumes/{}", "prune-late")
    finally:
        client.api.remove_volume("prune-late")
    task.undo(client)
    assert listing(client, "prune-named")["a"][5] == b"a" * 1000


def test_what_is_not_kept_goes_for_good_and_a_cancel_before_leaves_all(client, things):
    stop = threading.Event()
    stop.set()
    task = Prune("image", all=True, filters=FILTERS, keep=False)
    with pytest.raises(Cancelled):
        task.run(client, cancel=stop)
    assert client.find_json("/images/{}/json", "prune-one:2")
    plan = task.plan(client)
    assert any("Nothing is kept for undo" in warning for warning in plan.warnings)
    task.run(client, plan=plan)
    assert task.verify(client).ok
    with pytest.raises(CannotUndo, match="nothing that it removed was kept"):
        task.undo(client)
    large = Prune("volume", all=True, filters=FILTERS, keep_bytes=1)
    assert any("Larger than what is kept for undo (1B)" in warning for warning in large.plan(client).warnings)


def test_the_chapter_s_prune_of_volumes_keeps_named_ones_whatever_the_engine(client, things):
    task = dockyard.parse("docker volume prune --filter label=prune-test")
    plan = task.plan(client)
    assert names(plan, "remove") == {NAMELESS[:12]}
    is_old = tuple(int(part) for part in client.engine.api_version.split(".")) < (1, 42)
    assert any("In a terminal, this engine" in warning for warning in plan.warnings) == is_old


@pytest.fixture
def build_cache(client, things, tmp_path):
    """Build cache: of BuildKit on Docker, which takes its context from an address here; of what has run on the embedded engine."""
    if client.engine.is_embedded:
        yield
        return
    lines = ["FROM busybox", "RUN echo first > /first", "RUN head -c 100000 /dev/urandom > /second"]
    (tmp_path / "context.tar").write_bytes(tar_of({"Dockerfile": "\n".join(lines).encode()}))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        remote = f"http://127.0.0.1:{server.server_port}/context.tar"
        answer = client.api.post(client.url("/build"), params={"version": "2", "remote": remote, "t": "prune-built"})
        server.shutdown()
    assert "Successfully tagged" in answer.text
    client.api.remove_image("prune-built")
    yield
    client.api.prune_builds(all=True)


def test_build_cache_goes_record_by_record_or_as_a_whole(client, build_cache):
    task = Prune("builder")
    plan = task.plan(client)
    going = [thing for thing in plan.work.things if thing.goes]
    assert going
    result = task.run(client, plan=plan)
    assert result.warnings == ()
    assert len(result.changes) == len(going)
    left = dockyard.disk(client).query("kind == 'build cache'").set_index("id")
    if client.engine.is_embedded:
        assert result.freed_bytes == plan.size_bytes - left["size_bytes"].sum()
    else:
        assert result.freed_bytes == plan.size_bytes >= 100_000
        assert not {thing.id for thing in going} & set(left.index)
    with pytest.raises(CannotUndo):
        task.undo(client)
