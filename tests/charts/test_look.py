"""How all charts look: in words, in both languages, on light pages and dark ones."""

import re
from itertools import pairwise

import pandas as pd
import pytest

import dockyard
from dockyard import charts
from dockyard.charts import look

LIGHT, DARK = "#ffffff", "#111111"  # JupyterLab's pages


def figures():
    """One of each."""
    at = pd.date_range("2026-01-01", periods=1, tz="UTC")
    disk = pd.DataFrame(
        [("image", "sha256:1", "web:1", 10, 0, 10, 10, "docker image prune -a")],
        columns=["kind", "id", "name", "size_bytes", "shared_bytes", "unique_bytes", "reclaimable_bytes", "prune"],
    )
    sums = {name: [1] for name in ("images_bytes", "containers_bytes", "volumes_bytes", "cache_bytes")}
    layers = {"id": ["a"], "parent": [""], "depth": [0], "diff_id": ["a"], "created_by": ["FROM"], "size_bytes": [1]}
    events = {"at": at, "kind": "container", "action": "start", "id": "a", "name": "a", "attributes": [{}]}
    return [
        charts.disk_treemap(disk),
        charts.disk_sunburst(disk),
        charts.image_sizes(disk),
        charts.layer_sizes(pd.DataFrame({"created_by": ["FROM"], "size_bytes": [10]})),
        charts.layer_sharing(pd.DataFrame({**layers, "images": [("web:1",)]})),
        charts.lives(pd.DataFrame(events)),
        charts.disk_over_time(pd.DataFrame({"at": at, **sums})),
        charts.usage(pd.DataFrame({"name": ["a"], "at": at, "cpu_percent": [1.0]})),
        charts.LiveUsage().widget,
    ]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_chart_says_itself_in_words_in_both_languages(language):
    dockyard.language(language)
    try:
        made = figures()
    finally:
        dockyard.language("en")
    for figure in made:
        says = figure.layout.meta["alt"]
        assert bool(re.search("[가-힣]", says)) is (language == "ko")
        assert "{" not in says + figure.layout.title.text
        assert "CJK KR" in figure.layout.font.family


def contrast(first, second):
    lighter, darker = sorted((look.luminance(first), look.luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_lines_are_seen_on_both_pages(page):
    """WCAG 2.2, 1.4.11: 3 to 1 for what is needed to understand a graphic."""
    for colour in (*look.SERIES, look.FAILED, look.NEUTRAL):
        assert contrast(colour, page) >= 3


@pytest.mark.parametrize("colour", [*look.COLOURS.values(), look.SHARED, look.FRAME])
def test_words_on_a_colour_are_read(colour):
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    assert contrast(colour, look.ink_on(colour)) >= 4.5


def test_colours_of_kinds_differ_in_lightness_too():
    ordered = sorted(look.luminance(colour) ** (1 / 2.2) for colour in look.COLOURS.values())
    assert all(second - first > 0.03 for first, second in pairwise(ordered))


def test_a_page_needs_nothing_else_and_says_its_figure(tmp_path):
    page = charts.write_page(figures()[0], tmp_path / "disk.html").read_text("utf-8")
    assert 'lang="en"' in page
    assert 'role="img" aria-label="10B on disk, of which a prune could free 10B; the largest is web:1."' in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)


def test_the_camera_writes_a_png_named_after_the_figure():
    assert charts.as_widget(figures()[0])._config["toImageButtonOptions"] == {
        "format": "png",
        "scale": 2,
        "filename": "disk",
    }
