"""How two moments of an engine differ."""

from dataclasses import replace

from dockyard.tasks import Change
from dockyard.tasks.snapshot import Snapshot, difference

EMPTY = Snapshot({}, {}, {}, {}, {})
FULL = Snapshot(
    containers={"c1": ("web", "running")},
    images={"sha256:" + "1" * 64: 100},
    tags={"httpd:latest": "sha256:" + "1" * 64},
    volumes={"vol": "local"},
    networks={"n1": "net"},
)


def test_what_came():
    assert difference(EMPTY, FULL) == (
        Change("create", "container", "web", reason="running"),
        Change("create", "image", "1" * 12, 100),
        Change("create", "tag", "httpd:latest", reason="1" * 12),
        Change("create", "volume", "vol"),
        Change("create", "network", "net"),
    )


def test_what_went():
    gone = difference(FULL, EMPTY)
    assert [(each.action, each.kind, each.name) for each in gone] == [
        ("remove", "container", "web"),
        ("remove", "image", "1" * 12),
        ("remove", "tag", "httpd:latest"),
        ("remove", "volume", "vol"),
        ("remove", "network", "net"),
    ]


def test_what_is_the_same_is_not_told():
    assert difference(FULL, FULL) == ()


def test_a_state_a_name_and_a_tag_that_changed_are_told():
    after = replace(FULL, containers={"c1": ("page", "exited")}, tags={"httpd:latest": "sha256:" + "2" * 64})
    assert difference(FULL, after) == (
        Change("change", "container", "page", reason="web → page, running → exited"),
        Change("change", "tag", "httpd:latest", reason=f"{'1' * 12} → {'2' * 12}"),
    )
