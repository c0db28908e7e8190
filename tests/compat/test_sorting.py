"""The exercise of lesson 7: every command really runs where it belongs, and does not elsewhere, on every engine."""

from dataclasses import replace

import pytest

import dockyard
from dockyard.lessons.sorting import CARDS, FAMILIES, Sorting, sorted_keys
from dockyard.tables import journal

pytestmark = pytest.mark.engine


@pytest.fixture
def sorting(client, tmp_path):
    """The exercise, with a data folder of its own; afterwards nothing of it is left."""
    before = set(dockyard.containers(client)["name"])
    with Sorting(replace(client, data_dir=tmp_path / "data")) as made:
        yield made
    assert set(dockyard.containers(client)["name"]) == before
    assert len(journal(made.client)) == 0


def test_each_command_works_where_it_belongs_and_nowhere_else(sorting):
    shown = {}
    for card in CARDS:
        other = "inside" if card.place == "engine" else "engine"
        wrong = sorting.answer(card, other)
        assert (wrong.is_right, wrong.worked) == (False, True), wrong
        assert wrong.wrong_output, wrong
        assert ("docker: not found" in wrong.wrong_output) == (card.place == "engine"), wrong
        assert card.key not in sorted_keys(sorting.client.data_dir)
        right = sorting.answer(card, card.place)
        assert (right.is_right, right.worked, right.wrong_line) == (True, True, ""), right
        shown[card.key] = right
    assert sorted_keys(sorting.client.data_dir) == {card.key for card in CARDS}
    assert sorting.left == []
    assert "index.html" in shown["files"].output
    assert sorting.name in shown["containers"].output
    assert "Apache" in shown["version"].output
    assert shown["copy"].changes[0].name == "/usr/local/apache2/htdocs/page.html"
    assert "/usr/local/apache2/htdocs/hello.html" in shown["diff"].output
    assert "Syntax OK" in shown["check"].output
    assert shown["restart"].line == f"docker restart -t 0 {sorting.name}"
    sorting.begin_anew()
    assert sorting.left == list(CARDS)


def test_what_the_container_is_made_from_is_looked_up(sorting):
    found = sorting.distribution()
    assert found.name.startswith("Debian GNU/Linux")
    assert found.family is FAMILIES[0]
    assert set(found.managers) <= {"apt-get"}


def test_a_container_that_was_taken_away_or_stopped_is_made_anew(sorting):
    sorting.answer(CARDS[0], "inside")
    sorting.client.api.kill(sorting.name)
    assert sorting.answer(CARDS[0], "inside").worked
    sorting.client.api.remove_container(sorting.name, force=True)
    assert sorting.answer(CARDS[0], "inside").worked


def test_what_fails_where_it_belongs_is_not_sorted(sorting, monkeypatch):
    card = replace(CARDS[0], text="ls /no-such-folder")
    answer = sorting.answer(card, "inside")
    assert (answer.is_right, answer.worked) == (True, False)
    assert "No such file" in answer.output
    assert sorted_keys(sorting.client.data_dir) == set()
