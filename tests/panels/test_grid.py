"""Grids: what is shown of a table, and what of a change the browser is told."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import dockyard
from dockyard.panels import grid as module
from dockyard.panels.grid import LIBRARY, Column, Grid, listed, moment, short, size
from dockyard.tables import Table
from embedded import until
from grids import heard, looked_at

COLUMNS = (
    Column("name", "Name"),
    Column("id", "Image ID", short),
    Column("size_bytes", "Size", size),
    Column("ports", "Ports", listed),
    Column("created", "Made", moment, sort="desc"),
)


def things(**changes):
    """Two rows; ``changes`` are of the first one."""
    now = datetime.now(UTC)
    first = {
        "name": "web",
        "id": "sha256:" + "0a" * 32,
        "size_bytes": 188_400_000,
        "ports": ("80/tcp", "443/tcp"),
        "created": now - timedelta(hours=3, minutes=5),
        **changes,
    }
    second = {"name": "<b>db</b>", "id": "b" * 64, "size_bytes": None, "ports": (), "created": None}
    rows = [first, second]
    made = Table({name: [row[name] for row in rows] for name in first})
    made["created"] = made["created"].astype("datetime64[us, UTC]")
    return made


@pytest.fixture
def grid(shown):
    return lambda **more: shown(Grid("Things", COLUMNS, ("id",), **more))


def test_values_are_shown_as_people_read_them(grid):
    made = grid()
    made.show(things())
    web, other = made.rows.values()
    assert web == {
        "name": "web",
        "id": "0a0a0a0a0a0a",
        "size_bytes": "188MB",
        "ports": "80/tcp, 443/tcp",
        "created": "3 hours ago",
    }
    assert other == {"name": "<b>db</b>", "id": "b" * 12, "size_bytes": "", "ports": "", "created": ""}


def test_sizes_are_sorted_by_bytes_and_times_by_time(grid):
    made = grid()
    sent = heard(made)
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    made.show(things(created=created))
    looked_at(made)
    (first, second) = sent[-1]["rows"]
    assert first[3] == ("188MB", 188_400_000)
    assert second[3] == ("", -1)
    assert first[5] == created.timestamp()
    assert second[5] is None
    assert [column["moment"] for column in made.columns] == [False] * 4 + [True]
    assert [column["right"] for column in made.columns] == [False, False, True, False, False]
    assert [column["filter"] for column in made.columns] == ["text", "text", "size", "text", "moment"]


def test_only_rows_that_changed_are_told(grid):
    made = grid()
    before = things()
    made.show(before)
    sent = heard(made)
    made.show(things(name="unseen"))
    assert sent == []  # no cell shows it
    looked_at(made)
    assert sent[0]["do"] == "rows"
    assert [row[1] for row in sent[0]["rows"]] == ["unseen", "<b>db</b>"]
    made.show(before)
    assert sent[1]["do"] == "change"
    assert [row[1] for row in sent[1]["put"]] == ["web"]
    assert sent[1]["drop"] == []
    made.show(before)
    assert len(sent) == 2
    made.show(Table(before.iloc[:1]))
    assert sent[2] == {"do": "change", "put": [], "drop": ["b" * 64]}


def test_what_is_told_is_json(grid):
    made = grid()
    sent = heard(made)
    made.show(things())
    looked_at(made)
    assert json.loads(json.dumps(sent[0]))["rows"][0][1] == "web"


def test_rows_are_no_part_of_the_state_that_notebooks_save(grid):
    made = grid()
    looked_at(made)
    made.show(things())
    assert "web" not in json.dumps({name: value for name, value in made.get_state().items() if name[0] != "_"})
    assert len(made.get_state()["_esm"]) < 20_000  # the library is sent once a page


def test_a_choice_stays_while_its_row_is_there_and_only_people_make_one(grid):
    choices = []
    made = grid(on_chosen=choices.append)
    both = things()
    made.show(both)
    made.chosen = list(made.rows)
    assert [len(each) for each in choices] == [2]
    made.show(things(name="renamed"))
    assert len(made.chosen) == 2
    made.show(Table(both.iloc[:1]))
    assert made.chosen == ["sha256:" + "0a" * 32]
    assert list(made.chosen_rows["name"]) == ["web"]
    made.show(Table(both.iloc[:0]))
    assert list(made.chosen_rows["name"]) == []
    assert len(choices) == 1


def test_the_library_is_sent_to_a_page_that_asks(grid):
    made = grid()
    sent = []
    made.send = lambda content, buffers=(): sent.append((content, *buffers))
    made.hear({"do": "library"})
    assert sent == [({"do": "library"}, LIBRARY.read_bytes())]


def test_a_grid_counts_as_seen_until_no_page_says_that_it_shows_it(grid, monkeypatch):
    monkeypatch.setattr(module, "ABANDONED_S", 0.1)
    made = grid()
    seen = []
    made.on_seen = lambda: seen.append(made.is_seen)
    assert not made.is_seen
    looked_at(made)
    assert seen == [True]
    sent = heard(made)
    made.hear({"do": "gone", "view": "page"})
    assert sent == [{"do": "count"}]
    assert made.is_seen  # another page may show it
    made.hear({"do": "here", "view": "other"})
    made.hear({"do": "gone", "view": "other"})
    until(lambda: seen == [True, False])


def test_its_words_are_the_readers(shown):
    dockyard.language("ko")
    try:
        made = shown(Grid("", COLUMNS, ("id",)))
    finally:
        dockyard.language("en")
    assert [column["title"] for column in made.columns] == ["이름", "이미지 ID", "크기", "포트", "만든 때"]
    assert made.language == "ko"
    english = shown(Grid("", COLUMNS, ("id",))).words
    for words, theirs in (
        (made.words, english),
        (made.words["grid"], english["grid"]),
        (made.words["hints"], english["hints"]),
    ):
        assert [name for name, word in words.items() if word == theirs[name]] == []


def test_a_column_says_how_it_is_filtered(shown):
    made = shown(Grid("", (Column("state", "State", filter="choice"),), ("state",)))
    assert made.columns[0]["filter"] == "choice"
    assert made.filters
    assert not shown(Grid("", COLUMNS, ("id",), filters=False)).filters
