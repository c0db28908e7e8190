"""The exercise's panel: where does a command go?"""

import threading
from dataclasses import replace

import pytest

from clicks import click
from dockyard import panels
from dockyard.lessons.sorting import CARDS, Sorting, sorted_keys

pytestmark = pytest.mark.engine


@pytest.fixture
def own(client, tmp_path):
    return replace(client, data_dir=tmp_path / "data")


def test_a_command_put_wrongly_is_explained_shown_in_both_places_and_comes_again(own, shown):
    panel = shown(panels.sorter(client=own))
    assert "0 of 12 are sorted" in panel.card.value
    assert "See which files the web server" in panel.card.value
    assert "<code>ls -l /usr/local/apache2/htdocs</code>" in panel.card.value
    assert "apt-get install -y vim" in panel.families.value
    assert "This container" not in panel.families.value
    click(panel.buttons["engine"], panel)
    said = panel.outcome.value
    assert 'role="alert"' in said
    assert "✘ ls -l /usr/local/apache2/htdocs goes inside the container: docker exec" in said
    assert "index.html" in said
    assert "Where you put it, this happens:" in said
    assert "docker ls" in said
    assert "0 of 12 are sorted" in panel.card.value
    assert "<code>ps -a</code>" in panel.card.value
    assert "This container is made from Debian" in panel.families.value
    assert "<b>Debian family ← this container</b>" in panel.families.value
    click(panel.buttons["engine"], panel)
    assert "✔ ps -a goes to the engine: docker ps -a" in panel.outcome.value
    assert "Only the engine knows all containers" in panel.outcome.value
    assert "running" in panel.outcome.value
    assert "Where you put it" not in panel.outcome.value
    assert "1 of 12 are sorted" in panel.card.value
    assert "<li><code>ps -a</code></li>" in panel.sorted.value


def test_all_of_it_is_sorted_kept_and_begun_anew(own, shown):
    panel = shown(panels.sorter(client=own))
    click(panel.buttons["engine"], panel)  # wrong: it comes at the end
    for card in (*CARDS[1:], CARDS[0]):
        assert f"<code>{Sorting(own).text(card).replace('>', '&gt;')}</code>" in panel.card.value
        click(panel.buttons[card.place], panel)
        assert "✔" in panel.outcome.value
    assert "All 12 commands are sorted" in panel.card.value
    assert all(button.disabled for button in panel.buttons.values())
    assert sorted_keys(own.data_dir) == {card.key for card in CARDS}
    assert own.find_json("/containers/{}/json", Sorting(own).name) is None
    again = shown(panels.sorter(client=own))
    assert "All 12 commands are sorted" in again.card.value
    click(again.again_button, again)
    assert "0 of 12 are sorted" in again.card.value
    assert not sorted_keys(own.data_dir)


def test_closing_leaves_no_container_and_no_thread(own):
    panel = panels.sorter(client=own)
    panel.buttons["inside"].click()
    panel.close()
    assert own.find_json("/containers/{}/json", Sorting(own).name) is None
    assert not [each for each in threading.enumerate() if each.name == "dockyard-panel"]
