"""The words of JupyterLab's part and of its settings are in the catalogues of the Python package."""

import json
import re
from pathlib import Path

from dockyard.locale import speaking, translate
from dockyard.server.page_words import PAGE_WORDS

PART = Path(__file__).parents[2] / "extension" / "labextension"
SETTINGS = json.loads((PART / "schema" / "plugin.json").read_text("utf-8"))


def sources():
    return "\n".join(path.read_text("utf-8") for path in (PART / "src").glob("*.ts*"))


def of_settings():
    for part in (SETTINGS, *SETTINGS["properties"].values()):
        yield from (part[key] for key in ("title", "description", "jupyter.lab.setting-icon-label") if key in part)


def test_every_message_of_the_sources_is_listed_and_none_is_left_over():
    assert set(PAGE_WORDS) == {*re.findall(r"\b__\(\s*'((?:[^'\\]|\\.)*)'", sources()), *of_settings()}


def test_every_message_is_a_literal():
    assert not re.findall(r"\b__\(\s*[^\s']", sources())


def test_a_translation_takes_the_same_values():
    with speaking("ko"):
        assert [
            word for word in PAGE_WORDS if re.findall(r"%\d", word) != sorted(re.findall(r"%\d", translate(word)))
        ] == []
