"""docs/engine.md says of every call what becomes of it."""

import re
from pathlib import Path

import pytest

from dockyard.engine.http.routes import ROUTES

PAGE = (Path(__file__).parents[2] / "docs/engine.md").read_text("utf-8")
NAMED = set(re.findall(r"`(GET|HEAD|POST|PUT|DELETE) (/[^`]*)`", PAGE))
NOT_THERE = {("GET", "/containers/{id}/attach/ws"), ("PUT", "/volumes/{name}")}
GROUPS = ("swarm", "nodes", "services", "tasks", "secrets", "configs", "plugins")


def written(method, template):
    """A route as the page writes it."""
    return method, re.sub(r":\.\*", "", template).rstrip("/")


ANSWERED = {written(method, template) for method, template, _ in ROUTES}


@pytest.mark.parametrize("route", sorted(ANSWERED), ids=" ".join)
def test_every_call_is_in_the_page(route):
    group = route[1].split("/")[1]
    assert route in NAMED or (group in GROUPS and f"`/{group}" in PAGE)


@pytest.mark.parametrize("route", sorted(NAMED - NOT_THERE), ids=" ".join)
def test_every_call_in_the_page_is_answered(route):
    assert route in ANSWERED
