"""What a prune takes and leaves, decided from an engine's answers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given as generated
from hypothesis import strategies as st

from dockyard.tasks.prune_filters import PruneFilters
from dockyard.tasks.prune_rules import KINDS, Asked, Facts, Thing, decide, reconcile

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD, NEW = 1_700_000_000, int(NOW.timestamp()) - 60
EVERYTHING = frozenset(KINDS)


def container(name, state, image="sha256:used", volumes=(), network="", size=7, **more):
    return {
        "Id": f"id-{name}",
        "Names": [f"/{name}"],
        "State": state,
        "SizeRw": size,
        "Created": OLD,
        "ImageID": image,
        "Labels": {},
        "Mounts": [{"Type": "volume", "Name": each} for each in volumes],
        "NetworkSettings": {"Networks": {network: {"NetworkID": f"id-{network}"}} if network else {}},
        **more,
    }


def image(name, tags=(), size=100, shared=0, **more):
    return {
        "Id": f"sha256:{name}",
        "RepoTags": list(tags),
        "Size": size,
        "SharedSize": shared,
        "Created": OLD,
        "Labels": None,
        **more,
    }


def volume(name, size=5, **labels):
    return {"Name": name, "Labels": labels or None, "UsageData": {"Size": size, "RefCount": 0}}


def cache(name, size=9, **more):
    row = {"ID": name, "Type": "regular", "InUse": False, "Shared": False, "Size": size, "CreatedAt": None}
    return {**row, "LastUsedAt": "2026-11-24T11:00:00.123456789Z", **more}


def network(name):
    return {"Id": f"id-{name}", "Name": name, "Labels": {}, "Created": "2020-01-02T03:04:05.123456789+09:00"}


def facts(containers=(), images=(), volumes=(), caches=(), networks=(), parents=None):
    usage = {"Containers": containers, "Images": images, "Volumes": volumes, "BuildCache": caches}
    tree = [{"Id": f"sha256:{child}", "ParentId": f"sha256:{parent}"} for child, parent in (parents or {}).items()]
    return Facts(usage, tree, networks, NOW)


def going(asked, **given):
    return [thing.name for thing in decide(facts(**given), asked) if thing.goes]


def reason(asked, name, **given):
    (thing,) = (thing for thing in decide(facts(**given), asked) if thing.name == name)
    return thing.reason


@pytest.mark.parametrize("state", ["running", "paused", "restarting", "removing"])
def test_containers_that_are_in_use_stay(state):
    given = {"containers": [container("a", state), container("b", "exited"), container("c", "created")]}
    asked = Asked(frozenset(("container",)))
    assert going(asked, **given) == ["b", "c"]
    assert state in reason(asked, "a", **given)


def test_images_without_a_name_go_and_with_all_those_with_one():
    images = [image("used"), image("dangling"), image("named", ["n:1"]), image("odd", ["<none>:<none>"])]
    given = {"containers": [container("web", "exited")], "images": images}
    asked = Asked(frozenset(("image",)))
    assert going(asked, **given) == ["dangling", "odd"]
    assert reason(asked, "n:1", **given) == "it has a name; -a takes it too"
    assert reason(asked, "used", **given) == "in use by web"
    assert going(replace(asked, named_images=True), **given) == ["dangling", "n:1", "odd"]


def test_an_image_s_bytes_are_those_that_it_alone_has():
    (thing,) = decide(facts(images=[image("a", size=100, shared=30)]), Asked(frozenset(("image",))))
    assert thing.size_bytes == 70


def test_an_image_that_others_were_made_from_stays_or_goes_after_them():
    images = [image("base", ["base:1"]), image("child", ["child:1"])]
    given = {"images": images, "parents": {"child": "between", "between": "base", "base": ""}}
    asked = Asked(frozenset(("image",)), named_images=True)
    assert going(asked, **given) == ["child:1", "base:1"]
    given["containers"] = [container("web", "running", image="sha256:child")]
    assert going(asked, **given) == []
    assert reason(asked, "base:1", **given) == "child:1 was made from it"


def test_volumes_with_a_name_stay_unless_asked_for():
    nameless, old = "a" * 64, "b" * 64
    marked = volume("odd", **{"com.docker.volume.anonymous": ""})
    volumes = [volume("apa000vol1"), volume(nameless), volume("used"), marked, volume(old)]
    given = {"containers": [container("db", "exited", volumes=["used", old])], "volumes": volumes}
    asked = Asked(frozenset(("volume",)))
    assert going(asked, **given) == ["a" * 12, "odd"]
    assert reason(asked, "apa000vol1", **given).startswith("it has a name")
    assert reason(asked, "used", **given) == "in use by db"
    assert going(replace(asked, named_volumes=True), **given) == ["apa000vol1", "a" * 12, "odd"]


def test_networks_go_when_nothing_that_runs_is_in_them():
    networks = [network(name) for name in ("bridge", "host", "none", "busy", "idle", "empty")]
    members = [container("web", "running", network="busy"), container("db", "exited", network="idle")]
    asked = Asked(frozenset(("network",)))
    assert going(asked, containers=members, networks=networks) == ["idle", "empty"]
    assert "db will not start" in reason(asked, "idle", containers=members, networks=networks)
    assert reason(asked, "busy", containers=members, networks=networks) == "in use by web"


def test_what_only_a_container_that_goes_has_goes_with_it():
    given = {
        "containers": [container("web", "exited", volumes=["c" * 64], network="mine")],
        "images": [image("used", ["web:1"])],
        "volumes": [volume("c" * 64)],
        "networks": [network("mine")],
    }
    asked = Asked(EVERYTHING, named_images=True)
    assert going(asked, **given) == ["web", "mine", "c" * 12, "web:1"]
    assert going(replace(asked, kinds=EVERYTHING - {"container"}), **given) == ["mine"]


def test_build_cache():
    caches = [
        cache("base"),
        cache("middle", Parent="base"),
        cache("busy", InUse=True, Parent="middle"),
        cache("shared", Shared=True),
        cache("front", Type="frontend"),
        cache("leaf", Parents=["root"]),
        cache("root"),
    ]
    asked = Asked(frozenset(("build cache",)))
    assert going(asked, caches=caches) == ["leaf regular", "root regular"]
    assert reason(asked, "base regular", caches=caches) == "busy regular was made from it"
    all_of_it = replace(asked, all_cache=True)
    assert set(going(all_of_it, caches=caches)) == {"leaf regular", "root regular", "shared regular", "front frontend"}
    (shared,) = (each for each in decide(facts(caches=caches), all_of_it) if each.id == "shared")
    assert shared.size_bytes == 0


def test_the_embedded_engine_s_build_cache_goes_as_a_whole_or_not_at_all():
    asked = Asked(frozenset(("build cache",)), whole_cache=True)
    assert going(asked, caches=[cache("trees", Type="internal")]) == ["trees internal"]
    filtered = replace(asked, filters=PruneFilters("1h"))
    assert going(filtered, caches=[cache("trees", Type="internal")]) == []
    assert "as a whole" in reason(filtered, "trees internal", caches=[cache("trees", Type="internal")])


def test_filters_keep_what_is_younger_or_has_other_labels():
    given = {
        "containers": [container("old", "exited"), container("new", "exited", Created=NEW)],
        "images": [image("old"), image("new", Created=NEW), image("used")],
        "volumes": [volume("d" * 64, keep="1"), volume("e" * 64)],
        "caches": [cache("x")],
        "networks": [network("mine")],
    }
    until = Asked(EVERYTHING - {"volume"}, filters=PruneFilters("5m"))
    assert going(until, **given) == ["old", "mine", "old", "x regular"]
    assert reason(replace(until, kinds=frozenset(("container",))), "new", **given) == "made since 5m"
    assert going(replace(until, filters=PruneFilters("2h")), **given) == ["old", "mine", "old"]
    labels = Asked(frozenset(("volume", "build cache")), filters=PruneFilters(not_labels=("keep",)))
    assert going(labels, **given) == ["e" * 12]
    assert "labels" in reason(labels, "x regular", **given)


def test_nothing_at_all():
    assert decide(Facts({"Containers": None, "Images": None}, [], [], NOW), Asked(EVERYTHING)) == ()


NAMES = ["a" * 64, "one", "two"]
STATES = ["running", "paused", "exited", "created"]


@generated(
    st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=4),
    st.sets(st.sampled_from(KINDS)).map(frozenset),
    st.booleans(),
    st.booleans(),
)
def test_nothing_that_a_staying_container_has_ever_goes(held, kinds, named_images, named_volumes):
    containers = [
        container(f"c{number}", state, image=f"sha256:{image_name}", volumes=[volume_name], network="mine")
        for number, (state, image_name, volume_name) in enumerate(held)
    ]
    images = [image(name, [] if name == NAMES[0] else [f"{name}:1"]) for name in NAMES]
    given = {"containers": containers, "images": images, "volumes": [volume(name) for name in NAMES]}
    given |= {"networks": [network("mine"), network("bridge")], "caches": [cache("x", InUse=True)]}
    things = decide(facts(**given), Asked(kinds, named_images=named_images, named_volumes=named_volumes))
    assert {each.kind for each in things} <= kinds
    gone = {(each.kind, each.id) for each in things if each.goes}
    for row in containers:
        runs = row["State"] in ("running", "paused")
        assert not runs or ("container", row["Id"]) not in gone
        if ("container", row["Id"]) not in gone:
            assert ("image", row["ImageID"]) not in gone
            assert ("volume", row["Mounts"][0]["Name"]) not in gone
            assert not runs or ("network", "id-mine") not in gone
    assert ("network", "id-bridge") not in gone
    assert ("build cache", "x") not in gone
    assert named_volumes or not {("volume", "one"), ("volume", "two")} & gone
    assert named_images or not {("image", "sha256:one"), ("image", "sha256:two")} & gone


def thing(name, goes=True, state="", why="because"):
    return Thing("volume", name, name, 1, goes, why, state)


def test_only_what_was_shown_and_is_still_so_is_removed():
    shown = [thing("a"), thing("b"), thing("c"), thing("d", state="1"), thing("e", goes=False)]
    now = [thing("a"), thing("c", goes=False, why="in use by web"), thing("d", state="2"), thing("e"), thing("f")]
    todo, changed = reconcile(shown, now)
    assert [each.name for each in todo] == ["a"]
    assert changed == (
        "b is gone already.",
        "c stays, unlike planned: in use by web.",
        "d stays, unlike planned: it changed since the plan was made.",
        "e could go too by now; it was not in the plan, and stays.",
        "f could go too by now; it was not in the plan, and stays.",
    )
