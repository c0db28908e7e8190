"""Help beside a Dockerfile that is being written."""

import ipywidgets as widgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockyard.panels.editing import EditingHelp, edited_at

TEXT = st.text("ab\n", max_size=8)


@given(TEXT, TEXT, TEXT)
def test_an_edit_is_found_where_text_came_in(before, added, after):
    place = edited_at(before + after, before + added + after)
    new = before + added + after
    assert new[place:] == (before + after)[len(before + after) - len(new) + place :]
    assert place >= len(added)


@pytest.mark.parametrize(
    ("old", "new", "place"), [("", "a", 1), ("ab", "aXb", 2), ("aXb", "ab", 1), ("aa", "aaa", 3), ("ab", "ab", 2)]
)
def test_where_an_edit_was(old, new, place):
    assert edited_at(old, new) == place


@pytest.fixture
def editor():
    return widgets.Textarea()


def test_the_instruction_of_the_edited_line_is_explained(editor):
    shown = EditingHelp(editor)
    editor.value = "FROM busybox\nENV A=b\nRUN true\n"
    editor.value = "FROM busybox\nENV A=bc\nRUN true\n"
    assert shown.instruction.value == "ENV"
    assert "environment variable" in shown.explanation.value
    shown.instruction.value = "COPY"
    shown.example.click()
    assert editor.value.endswith("RUN true\nCOPY index.html /usr/local/apache2/htdocs/\n")


def test_what_may_stand_there_is_offered_and_put_there(editor):
    shown = EditingHelp(editor)
    shown.images, shown.files = ["busybox:latest"], ["index.html"]
    assert len(shown.offers.children) == 8
    editor.value = "FROM b\nCMD true\n"
    editor.value = "FROM bu\nCMD true\n"
    (offer,) = shown.offers.children
    offer.click()
    assert editor.value == "FROM busybox:latest\nCMD true\n"
    assert shown.offers.children == ()
    editor.value += "COPY i"
    shown.offers.children[0].click()
    assert editor.value.endswith("COPY index.html")


def test_a_late_click_still_completes_what_is_there_by_now(editor):
    shown = EditingHelp(editor)
    offers = {each.description: each for each in shown.offers.children}
    editor.value = "cm"
    offers["CMD"].click()
    assert editor.value == "CMD"
    editor.value = "CMD x"
    offers["CMD"].click()
    assert editor.value == "CMD xCMD"
