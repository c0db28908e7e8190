"""Every run is on record, with what it changed, and can be taken back from there."""

from dataclasses import replace

import pytest

import dockyard
from dockyard.errors import CannotUndo, JournalBroken, NameTaken, UnknownStep
from dockyard.tasks import Change, CopyIn, Run

pytestmark = pytest.mark.engine


@pytest.fixture
def own(client, tmp_path):
    """The engine, with a journal of this test's own."""
    own = replace(client, data_dir=tmp_path / "data")
    yield own
    if client.find_json("/containers/{}/json", "in-journal"):
        client.api.remove_container("in-journal", force=True)


def test_a_run_is_recorded_with_what_it_changed_and_taken_back(own):
    result = dockyard.do("docker run -d --name in-journal busybox sleep 100", own)
    assert result.difference == (Change("create", "container", "in-journal", reason="running"),)
    (row,) = dockyard.journal(own).to_dict("records")
    assert (row["command"], row["outcome"], row["created"]) == (
        "docker run --name in-journal -d busybox sleep 100",
        "done",
        ("container in-journal",),
    )
    assert "docker run --name in-journal" in dockyard.journal(own).script()
    dockyard.undo(client=own)
    assert own.find_json("/containers/{}/json", "in-journal") is None
    assert dockyard.journal(own)["undone_at"].notna().all()
    assert "docker run" not in dockyard.journal(own).script()
    with pytest.raises(CannotUndo, match="nothing that was done"):
        dockyard.undo(client=own)


def test_a_failure_is_recorded_with_its_sentence(own):
    task = Run("busybox", ("sleep", "100"), name="in-journal", detach=True)
    task.run(own)
    with pytest.raises(NameTaken):
        task.run(own)
    rows = dockyard.journal(own)
    assert list(rows["outcome"]) == ["done", "failed"]
    assert "exists already" in rows["error"].iloc[1]


def test_a_chosen_step_is_taken_back_unless_the_same_line_was_run_later(own, tmp_path):
    (tmp_path / "f").write_text("1")
    dockyard.do("run -d --name in-journal busybox sleep 100", own)
    for text in ("1", "22"):
        (tmp_path / "f").write_text(text)
        CopyIn(str(tmp_path / "f"), "in-journal", "/f").run(own)
    with pytest.raises(CannotUndo, match="take step 3 back first"):
        dockyard.undo(2, own)
    dockyard.undo(3, own)
    dockyard.undo(2, own)
    assert "No such file" in dockyard.do("docker run --rm busybox cat /f", own).output.decode()
    with pytest.raises(UnknownStep, match="no step 99"):
        dockyard.undo(99, own)


def test_a_journal_that_cant_be_written_stops_nothing(own):
    own.data_dir.mkdir()
    (own.data_dir / "journal.sqlite").write_text("this is no database at all, by its length alone" * 10)
    result = dockyard.do("docker run -d --name in-journal busybox sleep 100", own)
    assert "could not be put in the journal" in result.warnings[-1]
    with pytest.raises(JournalBroken, match="Move the file away"):
        dockyard.journal(own)


def test_lines_that_only_look_are_answered_and_not_recorded(own):
    dockyard.do("docker run -d --name in-journal -p 127.0.0.1::80 busybox sleep 100", own)
    assert "in-journal" in set(dockyard.do("docker ps -a", own)["name"])
    assert "in-journal" in set(dockyard.do("ps --filter name=in-journal", own)["name"])
    assert "busybox" in set(dockyard.do("docker images", own)["repository"])
    for line in ("docker history httpd", "docker image history httpd"):
        assert dockyard.do(line, own).equals(dockyard.history("httpd", own))
    assert '"Name": "/in-journal"' in dockyard.do("docker inspect in-journal", own)
    assert dockyard.do("docker logs --tail 5 in-journal", own) == ""
    assert "80/tcp -> 127.0.0.1:" in dockyard.do("docker port in-journal", own)
    assert "sleep" in " ".join(map(str, dockyard.do("docker top in-journal", own).iloc[:, -1]))
    assert {"bridge", "host", "none"} <= set(dockyard.do("docker network ls", own)["name"])
    assert '"ApiVersion"' in dockyard.do("docker version", own)
    assert len(dockyard.journal(own)) == 1
