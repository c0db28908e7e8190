"""Which image has which name."""

from dockyard.engine.images.names import Names
from dockyard.engine.images.reference import Reference

DIGEST = "sha256:" + "ab" * 32


def named(*texts):
    return [Reference.parse(text) for text in texts]


def test_a_name_belongs_to_one_image_at_a_time():
    names = Names({}, {})
    (web,) = named("web")
    names.give(web, "one")
    names.give(web, "two")
    assert (names.owner(web), names.of("one"), names.of("two")) == ("two", [], [web])
    assert names.drop(web)
    assert not names.drop(web)
    assert names.owner(web) is None


def test_names_come_in_order_and_as_they_were_written():
    names = Names({}, {})
    for each in named("web:2", "quay.io/web", f"web@{DIGEST}", "web:1"):
        names.give(each, "one")
    again = Names(**names.to_json())
    assert [each.familiar for each in again.of("one")] == ["web:1", "web:2", f"web@{DIGEST}", "quay.io/web:latest"]
    assert [each.familiar for each, _ in again.tagged("docker.io/library/web")] == ["web:1", "web:2"]
    assert again.manifests() == [DIGEST]


def test_a_digest_says_more_than_the_tag_beside_it():
    names = Names({}, {})
    names.give(Reference.parse(f"web:1@{DIGEST}"), "one")
    assert names.owner(Reference.parse(f"web@{DIGEST}")) == "one"
    assert names.owner(Reference.parse("web:1")) is None
