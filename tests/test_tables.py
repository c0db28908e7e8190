"""Tables of containers, images and volumes: types, one call each, and what is shown."""

import re

import pandas as pd
import pytest

import dockyard
from dockyard.charts.look import luminance
from dockyard.errors import EngineRefused
from dockyard.tables import Table
from dockyard.tables.frame import BADGES

pytestmark = pytest.mark.engine

UTC_TIME = pd.DatetimeTZDtype("us", "UTC")


@pytest.fixture
def calls(client):
    """The addresses asked for while a test runs."""
    seen = []
    hook = lambda answer, *_, **__: seen.append(answer.request.path_url)  # noqa: E731
    client.api.hooks["response"].append(hook)
    yield seen
    client.api.hooks["response"].remove(hook)


@pytest.mark.parametrize("table", [dockyard.containers, dockyard.images, dockyard.volumes])
def test_a_table_costs_one_call_however_many_rows(table, client, container, calls):
    for _ in range(3):
        container(start=False)
    calls.clear()
    assert len(table(client)) >= 0
    assert len(calls) == 1


def test_containers_have_real_types(client, container):
    ports = {"PortBindings": {"80/tcp": [{"HostPort": "0"}]}, "Binds": ["test-vol:/data"]}
    name = container(HostConfig=ports, ExposedPorts={"80/tcp": {}}, Labels={"team": "docs"})
    table = dockyard.containers(client)
    row = table[table["name"] == name].iloc[0]
    assert table["created"].dtype == UTC_TIME
    assert table["state"].dtype == "category"
    assert (row["state"], row["image"], row["labels"]["team"]) == ("running", "busybox", "docs")
    assert row["mounts"] == ("test-vol:/data",)
    assert row["networks"] == ("bridge",)
    assert row["ports"][0].endswith("->80/tcp")
    client.api.remove_container(name, force=True)
    client.api.remove_volume("test-vol")
    container.made.remove(name)


def test_containers_are_filtered_by_the_engine(client, container):
    name = container(start=False)
    assert list(dockyard.containers(client, filters={"name": name})["name"]) == [name]
    assert dockyard.containers(client, all=False, filters={"name": name}).empty
    with pytest.raises(EngineRefused, match="filter"):
        dockyard.containers(client, filters={"nonsense": "1"})


def test_images_have_a_row_a_name_and_bytes_as_integers(client):
    client.api.tag("busybox", "localhost:5000/two-names", "1")
    table = dockyard.images(client)
    assert table["size_bytes"].dtype == "int64"
    assert table["created"].dtype == UTC_TIME
    both = table[table["id"] == client.get_json("/images/busybox/json")["Id"]]
    assert {("busybox", "latest"), ("localhost:5000/two-names", "1")} <= set(
        zip(both["repository"], both["tag"], strict=True)
    )
    client.api.remove_image("localhost:5000/two-names:1")


def test_volumes_tell_named_from_unnamed(client, container):
    client.api.create_volume("named")
    container(Volumes={"/data": {}})
    table = dockyard.volumes(client)
    assert not table[table["name"] == "named"]["anonymous"].any()
    assert table["anonymous"].any()
    assert table["created"].dtype == UTC_TIME
    client.api.remove_volume("named")


@pytest.mark.parametrize("table", [dockyard.containers, dockyard.images, dockyard.volumes])
def test_an_empty_table_has_the_same_types(table, client, container):
    container(Volumes={"/data": {}})
    nothing = table(client, filters={"label": "no-such-label"})
    assert nothing.empty
    assert dict(nothing.dtypes) == dict(table(client).dtypes)


def test_a_table_stays_a_table_when_it_is_filtered(client):
    table = dockyard.images(client)
    assert isinstance(table[table["size_bytes"] > 0], Table)


def test_what_is_shown_is_in_peoples_units_and_escaped():
    table = Table(
        {
            "id": ["sha256:" + "a" * 64],
            "name": ["<script>alert(1)</script>"],
            "size_bytes": [188_400_000],
            "created": pd.to_datetime(["2020-01-01"], utc=True),
            "ports": [("8080->80/tcp", "443/tcp")],
            "labels": [{"a": "<b>"}],
        }
    )
    shown = table._repr_html_()
    assert "<td>aaaaaaaaaaaa</td>" in shown
    assert "188MB" in shown
    assert "years ago" in shown
    assert "8080-&gt;80/tcp, 443/tcp" in shown
    assert "<script>" not in shown
    assert "a=&lt;b&gt;" in shown
    assert table["size_bytes"].sum() == 188_400_000


STATES = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]


def badges(shown):
    """What stands on a colour: its words and its colour."""
    return re.findall(r'<span style="background: (#\w+); color: (#\w+);[^"]*">([^<]*)</span>', shown)


def test_states_are_words_with_a_sign_on_a_colour_of_their_own():
    shown = Table({"state": pd.Categorical(STATES)})._repr_html_()
    assert [words.split(" ")[1] for *_, words in badges(shown)] == STATES
    assert "● running" in shown
    assert "◐ paused" in shown
    assert len({words.split(" ")[0] for *_, words in badges(shown)}) == 5


@pytest.mark.parametrize(("back", "ink"), sorted(set(BADGES.values())))
def test_words_of_badges_are_read_on_any_page(back, ink):
    """WCAG 2.2, 1.4.3: 4.5 to 1, whatever the page is like."""
    lighter, darker = sorted((luminance(back), luminance(ink)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_what_failed_and_what_is_not_used_is_marked():
    status = ["Exited (1) 2 hours ago", "Exited (0) 2 hours ago", "Up 3 minutes (unhealthy)", "Up 3 minutes (healthy)"]
    shown = Table({"status": status, "dangling": [True, False, False, False]})._repr_html_()
    assert {words for *_, words in badges(shown)} == {f"✖ {status[0]}", f"✖ {status[2]}", "◇ dangling"}
    shown = Table({"state": ["unused", "in use", "dangling"]})._repr_html_()
    assert [words for *_, words in badges(shown)] == ["◇ unused", "◇ dangling"]
    assert "<td>in use</td>" in shown


def test_marks_are_in_the_reader_s_language():
    dockyard.language("ko")
    try:
        shown = Table({"state": ["unused", "running"]})._repr_html_()
    finally:
        dockyard.language("en")
    assert "◇ 쓰이지 않음" in shown
    assert "● running" in shown  # docker's own word


def test_no_name_makes_a_badge_or_a_tag():
    hostile = ["\U000f0000\ue000dead", '"><script>alert(1)</script>', "\U000f1234\ue001<b>\U000f1234"]
    shown = Table({"status": ["Exited (1) <b>"] * 3, "name": hostile, "state": ["<i>"] * 3})._repr_html_()
    assert len(badges(shown)) == 3
    assert "<script" not in shown
    assert "<i>" not in shown
    assert "Exited (1) &lt;b&gt;" in shown


def test_a_badge_that_is_too_long_is_cut_with_its_cell():
    shown = Table({"status": [f"Exited (1) {'x' * 100}"]})._repr_html_()
    ((_, _, words),) = badges(shown)
    assert words.startswith("✖ Exited (1)")
    assert shown.count("<span") == shown.count("</span></td>") == 1


def test_a_chosen_column_and_a_group_are_still_shown():
    table = Table({"state": ["running", "exited"], "size_bytes": [1000, 2000]})
    assert "● running" in table[["state"]]._repr_html_()
    assert "2kB" in Table(table.groupby("state").sum())._repr_html_()
