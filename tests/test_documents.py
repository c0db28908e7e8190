"""The docs: every page is in the site's menu, no link leads nowhere, Korean pages follow the English ones, and what they show works."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
KOREAN = [page for page in PAGES if page.startswith("ko/")]
OUTSIDE = ["README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md", "binder/README.md"]


def menu(entry) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    return [page for each in (entry if isinstance(entry, list) else entry.values()) for page in menu(each)]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    """The docs, to be broken."""
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(REPOSITORY / "zensical.toml", tmp_path)
    return tmp_path


def test_every_page_is_in_the_menu_once():
    listed = menu(tomllib.loads((REPOSITORY / "zensical.toml").read_text("utf-8"))["project"]["nav"])
    assert sorted(listed) == PAGES


def test_the_site_is_built_and_asks_for_nothing_from_outside(copy):
    done = build(copy)
    assert done.returncode == 0, done.stdout + done.stderr
    for page in PAGES:
        shown = (copy / "site" / page.replace(".md", ".html")).read_text("utf-8")
        assert re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="https?://', shown) == [], page


@pytest.mark.parametrize("broken", ["[gone](nowhere.md)", "[gone](copy.md#nowhere)"])
def test_a_link_that_leads_nowhere_fails_the_build(copy, broken):
    page = copy / "docs/lessons.md"
    page.write_text(page.read_text("utf-8") + f"\n{broken}\n", encoding="utf-8")
    done = build(copy)
    assert done.returncode != 0, done.stdout
    assert "lessons.md" in done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_is_there_and_says_what_it_shows(page):
    """The build does not look for pictures."""
    for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (DOCS / page).read_text("utf-8")):
        assert (DOCS / page).parent.joinpath(target).is_file(), target
        assert len(alt) > 20, target


@pytest.mark.parametrize("page", KOREAN)
def test_a_korean_page_has_the_sections_and_the_code_of_the_english_one(page):
    def parts(path: Path) -> tuple[list[str], list[str]]:
        text = path.read_text("utf-8")
        code = re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)
        # Comments are translated, and so are the languages and folders that code names.
        plain = [re.sub(r"\s*#.*|language\(.*", "", each) for each in code]
        return [
            each.split(" ")[0]
            for each in re.findall(r"^#+ .*", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
        ], plain

    assert parts(DOCS / page) == parts(DOCS / page.removeprefix("ko/"))
    assert re.search("[가-힣]", (DOCS / page).read_text("utf-8"))


@pytest.mark.parametrize("name", OUTSIDE)
def test_links_beside_the_docs_lead_somewhere(name):
    path = REPOSITORY / name
    text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target
