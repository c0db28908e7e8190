"""Everything that is shown exists in Korean and in English."""

import ast
import json
import re
import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import dockyard
from dockyard.errors import NoSuchContainer
from dockyard.locale import translate

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "extension" / "dockyard"
MESSAGES = {found[2] for found in extract_from_dir(PACKAGE, keywords={"_": None, "N_": None, "translate": None})}
with (PACKAGE / "locale/ko.po").open("rb") as file:
    KOREAN = {entry.id: entry.string for entry in read_po(file) if entry.id}


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    dockyard.language("en")


def test_every_message_has_a_korean_translation_and_none_is_left_over():
    assert set(KOREAN) == MESSAGES
    assert all(KOREAN.values())


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_message_hides_in_a_formatted_string(path):
    """The extractor does not look into those."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for call in ast.walk(node) if isinstance(node, ast.JoinedStr) else ():
            is_marked = isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("_", "N_", "translate")
            assert not (is_marked and isinstance(call.args[0], ast.Constant)), f"line {node.lineno}"


def test_a_translation_names_the_same_things():
    def names(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [message for message in MESSAGES if names(KOREAN[message]) != names(message)] == []


def test_errors_speak_the_language_chosen_when_they_are_shown():
    error = NoSuchContainer(name="web")
    assert str(error).startswith("There is no container 'web'")
    dockyard.language("ko")
    assert str(error) == "컨테이너 'web'이(가) 없습니다. `docker ps -a`로 목록을 볼 수 있습니다."


def test_the_language_follows_the_environment_until_one_is_chosen(monkeypatch):
    monkeypatch.setattr("dockyard.locale._chosen", None)
    monkeypatch.setenv("LANGUAGE", "ko_KR.UTF-8")
    assert translate("Run") == "실행"
    monkeypatch.setenv("LANGUAGE", "fr")
    assert translate("Run") == "Run"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="en, ko"):
        dockyard.language("fr")


def test_both_languages_have_the_same_notebooks_with_the_same_cells():
    names = {
        folder: sorted(path.name for path in (ROOT / "notebooks" / folder).glob("*.ipynb")) for folder in ("en", "ko")
    }
    assert names["en"] == names["ko"]
    for name in names["en"]:
        english, korean = (
            json.loads((ROOT / "notebooks" / folder / name).read_text("utf-8"))["cells"] for folder in ("en", "ko")
        )
        assert [cell["cell_type"] for cell in english] == [cell["cell_type"] for cell in korean]
        for ours, theirs in zip(english, korean, strict=True):
            if ours["cell_type"] == "code":
                # Only words that a learner reads may differ: the language's name and headings of pages.
                plain = [re.sub(r'"(en|ko)"|<h1>.*</h1>', "", "".join(cell["source"])) for cell in (ours, theirs)]
                assert plain[0] == plain[1]
            elif any("가" <= letter <= "힣" for letter in "".join(theirs["source"])):
                continue
            else:
                pytest.fail(f"{name}: a Korean text without Korean: {theirs['source']}")


def test_notebooks_are_committed_without_outputs():
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs"), path
            assert not cell.get("execution_count"), path


def test_each_readme_links_the_other():
    assert "README.ko.md" in (ROOT / "README.md").read_text("utf-8")
    assert "README.md" in (ROOT / "README.ko.md").read_text("utf-8")
