"""Builds as tasks, on every engine."""

import io
import tarfile
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from dockyard.errors import BuildFailed, Cancelled, CannotUndo, DockerfileNotGiven, EngineRefused, PlanOutdated
from dockyard.tasks import Build, BuildResult, ImageName, Run
from dockyard.tasks.tagged import tagged
from embedded import until

pytestmark = pytest.mark.engine

ALL = """ARG TAG=none
FROM busybox:$TAG
ARG WHO=nobody
LABEL made.by=$WHO
ENV SITE=/site
WORKDIR $SITE
COPY index.html .
ADD more.tar.gz .
SHELL ["/bin/sh", "-e", "-c"]
RUN echo "$WHO at $PWD" > made
EXPOSE 80/tcp
VOLUME /data
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=7s CMD test -f made
ONBUILD RUN echo later > /tmp/later
USER 12:34
ENTRYPOINT ["cat", "index.html"]
CMD ["made", "more/file"]
"""


@pytest.fixture
def own(client):
    """A name of one's own; every image with it, and every one that lost it, is removed afterwards."""
    name = f"lab-{uuid.uuid4().hex[:8]}"
    before = {each["Id"] for each in client.api.images()}
    yield name
    while new := [each["Id"] for each in client.api.images() if each["Id"] not in before]:
        parents = {each["ParentId"] for each in client.api.images(all=True)}
        client.api.remove_image(next(each for each in new if each not in parents), force=True)
    if tagged(client, ImageName.parse(name)):  # put on an image that was there before, which stays
        client.api.remove_image(name)


@pytest.fixture
def folder(tmp_path):
    """A context with a page and an archive; write its Dockerfile with ``folder(lines)``."""
    (tmp_path / "index.html").write_text("page\n")
    with tarfile.open(tmp_path / "more.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("more/file")
        info.size = 7
        archive.addfile(info, io.BytesIO(b"opened\n"))

    def write(lines):
        (tmp_path / "Dockerfile").write_text(lines)
        return str(tmp_path)

    return write


def image_of(client, name):
    return tagged(client, ImageName.parse(name))


def printed(client, *words):
    return Run(*words, remove=True).run(client).output.decode()


def test_each_of_the_17_instructions_has_its_effect(client, own, folder):
    task = Build(folder(ALL), (own,), build_args=("TAG=latest", "WHO=learner"))
    plan = task.plan(client)
    assert [(each.action, each.kind, each.name) for each in plan.changes] == [
        ("keep", "image", "busybox:latest"),
        ("create", "image", f"{own}:latest"),
        ("create", "tag", f"{own}:latest"),
    ]
    assert plan.warnings[0].startswith("3 files, ")
    seen = []
    done = task.run(client, plan=plan, report=seen.append)
    assert isinstance(done, BuildResult)
    assert [each.line for each in seen if each.said.startswith("Step ")] == list(range(1, 19))
    assert seen[0].unit == "bytes"
    assert (seen[-1].done, seen[-1].total) == (18, 18)
    image = client.get_json("/images/{}/json", own)
    base = client.get_json("/images/busybox/json")
    config = image["Config"]
    assert image["RootFS"]["Layers"][: len(base["RootFS"]["Layers"])] == base["RootFS"]["Layers"]  # FROM, ARG
    assert config["Labels"]["made.by"] == "learner"  # LABEL, ARG
    assert "SITE=/site" in config["Env"]
    assert config["WorkingDir"] == "/site"
    assert config["Shell"] == ["/bin/sh", "-e", "-c"]
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert config["Volumes"] == {"/data": {}}
    assert config["StopSignal"] == "SIGUSR1"
    assert config["Healthcheck"] == {"Test": ["CMD-SHELL", "test -f made"], "Interval": 7_000_000_000}
    assert config["OnBuild"] == ["RUN echo later > /tmp/later"]
    assert config["User"] == "12:34"
    assert (config["Entrypoint"], config["Cmd"]) == (["cat", "index.html"], ["made", "more/file"])
    # ENTRYPOINT with CMD print what COPY, RUN and ADD brought.
    assert printed(client, own) == "page\nlearner at /site\nopened\n"
    history = [row["CreatedBy"] for row in client.get_json("/images/{}/history", own)]
    assert any("EXPOSE" in each for each in history)
    assert [each.created_by for each in done.layers] == history
    assert sum(each.size_bytes for each in done.layers) == image["Size"]
    evidence = task.verify(client)
    assert evidence.ok
    assert evidence.facts["image_id"] == done.image_id == image["Id"]
    # ONBUILD is done by the build that begins with this image.
    after = Build("-", (f"{own}:2",), text=f"FROM {own}\nUSER root\nENTRYPOINT []")
    after.run(client)
    assert printed(client, f"{own}:2", ("cat", "/tmp/later")) == "later\n"


def test_a_step_that_fails_is_named_with_its_line(client, own, folder):
    lines = "FROM busybox\n# first\nRUN true\n\nRUN echo before && \\\n    exit 3\nRUN true\n"
    before = {each["Id"] for each in client.api.containers(all=True)}
    with pytest.raises(BuildFailed) as failed:
        Build(folder(lines), (own,)).run(client)
    facts = failed.value.facts
    assert (facts["line"], facts["last_line"]) == (5, 6)
    assert facts["instruction"].startswith("RUN echo before")
    assert "non-zero code: 3" in str(failed.value)
    assert "before\n" in facts["log"]
    assert image_of(client, own) == ""
    assert {each["Id"] for each in client.api.containers(all=True)} == before


@pytest.mark.any_runner
@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("FROM busybox\nCOYP a b\n", 2, "COYP"),
        ("FROM busybox\nCOPY none /x\n", 2, "none"),
        ("FROM localhost:1/no/such:1\n", 1, "FROM localhost:1/no/such:1"),
    ],
)
def test_what_the_engine_finds_wrong_is_named_with_its_line(client, own, folder, lines, line, words):
    task = Build(folder(lines), (own,))
    task.plan(client)
    with pytest.raises(BuildFailed, match=words) as failed:
        task.run(client)
    assert failed.value.facts["line"] == line


@pytest.mark.any_runner
def test_what_is_no_line_s_fault_is_the_engine_s_sentence(client, own, folder):
    task = Build(folder("FROM busybox\n"), (own,), target="none")
    assert "There is no stage none to build." in task.plan(client).warnings
    with pytest.raises(EngineRefused, match="none"):
        task.run(client)


def running(words):
    """Whether a process on this machine, in a container or not, was started with these words."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            if tuple(each.read_bytes().decode(errors="replace").split("\0")[:-1]) == words:
                return True
    return False


def test_a_build_that_is_stopped_ends_in_the_engine_too(client, own, folder):
    seconds = str(600 + uuid.uuid4().int % 100_000)
    before = {each["Id"] for each in client.api.containers(all=True)}
    cancel = threading.Event()
    began = time.monotonic()

    def report(progress):
        if "here\n" in getattr(progress, "said", ""):
            assert until(lambda: running(("sleep", seconds)))
            cancel.set()

    with pytest.raises(Cancelled):
        Build(folder(f"FROM busybox\nRUN echo here && sleep {seconds}\n"), (own,)).run(
            client, report=report, cancel=cancel
        )
    assert time.monotonic() - began < 30
    assert image_of(client, own) == ""
    assert until(lambda: not running(("sleep", seconds)))
    assert until(lambda: {each["Id"] for each in client.api.containers(all=True)} == before)


@pytest.mark.any_runner
def test_sending_can_be_stopped(client, own, folder, tmp_path):
    (tmp_path / "big").write_bytes(bytes(20 << 20))
    cancel = threading.Event()
    seen = []

    def report(progress):
        seen.append(progress)
        cancel.set()

    with pytest.raises(Cancelled):
        Build(folder("FROM busybox\nCOPY big /\n"), (own,)).run(client, report=report, cancel=cancel)
    assert {each.unit for each in seen} == {"bytes"}
    assert image_of(client, own) == ""


@pytest.mark.any_runner
def test_a_name_is_taken_over_and_given_back(client, own, folder):
    first, second = (Build(folder(f"FROM busybox\nLABEL n={n}{own}\n"), (own, f"{own}:b")) for n in (1, 2))
    folder(f"FROM busybox\nLABEL n=1{own}\n")
    old = first.run(client).image_id
    assert image_of(client, f"{own}:b") == old
    same = first.run(client)
    assert [each.action for each in same.changes] == ["keep"] * 4
    assert (same.image_id, same.cached) == (old, 1)
    folder(f"FROM busybox\nLABEL n=2{own}\n")
    plan = second.plan(client)
    assert [each.action for each in plan.changes] == ["keep", "create", "change", "change"]
    assert "moves here from" in plan.changes[2].reason
    new = second.run(client, plan=plan).image_id
    assert image_of(client, own) == new != old
    second.undo(client)
    assert image_of(client, own) == image_of(client, f"{own}:b") == old
    assert client.find_json("/images/{}/json", new) is None


@pytest.mark.any_runner
def test_an_image_without_a_name_is_built_and_taken_back(client, own, container):
    task = Build("-", text=f"FROM busybox\nLABEL n={own}\n")
    done = task.run(client)
    assert task.verify(client).facts["image_id"] == done.image_id
    user = container(done.image_id, "true", start=False)
    with pytest.raises(CannotUndo, match=user):
        task.undo(client)
    client.api.remove_container(user)
    container.made.remove(user)
    task.undo(client)
    assert client.find_json("/images/{}/json", done.image_id) is None


@pytest.mark.any_runner
def test_a_text_beside_a_folder_leaves_no_trace_in_the_image(client, own, folder):
    where = folder("FROM none")
    task = Build(where, (own,), text="FROM busybox\nCOPY . /all\nRUN ls -A /all > /list\n")
    task.run(client)
    assert printed(client, own, ("cat", "/list")).split() == ["Dockerfile", "index.html", "more.tar.gz"]
    with pytest.raises(DockerfileNotGiven, match="%%dockerfile"):
        Build(where, (own,), file="-").plan(client)


@pytest.mark.any_runner
def test_a_text_is_written_where_it_is_asked_for_and_taken_back(client, own, folder, tmp_path):
    where = folder("FROM none")
    file = tmp_path / "Dockerfile"
    task = Build(where, (own,), str(file), text=f"FROM busybox\nLABEL n={own}\n")
    plan = task.plan(client)
    assert ("change", "file", str(file)) in [(each.action, each.kind, each.name) for each in plan.changes]
    task.run(client, plan=plan)
    assert file.read_text() == task.text
    task.undo(client)
    assert file.read_text() == "FROM none"
    assert image_of(client, own) == ""
    with pytest.raises(BuildFailed):
        Build(where, (own,), str(file), text="FROM busybox\nCOYP a b\n").run(client)
    assert file.read_text() == "FROM none"
    task.run(client)
    file.write_text("FROM mine")
    with pytest.raises(CannotUndo, match="has changed since"):
        task.undo(client)
    assert image_of(client, own)


@pytest.mark.any_runner
def test_an_old_plan_is_refused(client, own, folder):
    task = Build(folder("FROM busybox\n"), (own,))
    plan = task.plan(client)
    client.api.tag("busybox", own)
    with pytest.raises(PlanOutdated, match=own):
        task.run(client, plan=plan)
