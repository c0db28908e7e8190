"""The pictures that the project draws: drawn anew they are the same, they read in both themes, and they are where they are shown."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

REPOSITORY = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
SHOWN_IN = {"03_mounts": "where-data-lives", "06_images": "image-layers", "07_modify": "engine-and-container", "08_registry": "image-names"}  # fmt: skip


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", REPOSITORY / "scripts" / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["pictures"] = module
    spec.loader.exec_module(module)
    return module


pictures = load()
EACH = [(name, language) for name in pictures.PICTURES for language in pictures.LANGUAGES]


def test_the_files_are_what_the_script_draws():
    differing = [str(path) for path, drawn in pictures.files() if (REPOSITORY / path).read_text("utf-8") != drawn]
    assert differing == []


@pytest.mark.parametrize(("name", "language"), EACH)
def test_a_picture_asks_for_nothing_from_outside_and_says_what_it_shows(name, language):
    drawn = pictures.draw(name, language)
    root = ET.fromstring(drawn)
    assert root.find(f"{SVG}title").text
    assert len(root.find(f"{SVG}desc").text) > 80
    outside = re.findall(r"https?://(?!www\.w3\.org/2000/svg)|url\((?!#)|@import|@font-face|<image|<script", drawn)
    assert outside == []


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_both_languages_draw_the_same_shapes(name):
    def shapes(language):
        found = ET.fromstring(pictures.draw(name, language)).iter()
        return [(each.tag, each.get("x"), each.get("y"), each.get("class")) for each in found]

    assert shapes("en") == shapes("ko")
    words = [re.findall(r"[가-힣]", pictures.draw(name, language)) for language in ("en", "ko")]
    assert words[0] == []
    assert words[1]


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("fill", pictures.COLOURS)
@pytest.mark.parametrize("ink", pictures.INK)
def test_every_text_stands_out_from_every_box_in_both_themes(fill, ink):
    light, _, dark, _ = pictures.COLOURS[fill]
    assert contrast(light, pictures.INK[ink][0]) >= 4.5
    assert contrast(dark, pictures.INK[ink][1]) >= 4.5


@pytest.mark.parametrize("language", pictures.LANGUAGES)
def test_each_lesson_shows_its_picture_with_the_pictures_own_words(language):
    shown = {}
    for path in sorted((REPOSITORY / "notebooks" / language).glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", cell.source):
                assert (path.parent / target).is_file(), f"{path.name}: {target}"
                name = Path(target).stem
                shown[path.stem] = name
                assert alt == pictures.PICTURES[name](language).about, path.name
    assert shown == SHOWN_IN
