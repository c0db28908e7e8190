"""The words of JupyterLab's part are in the catalogues of the Python package."""

import re
from pathlib import Path

from dockyard.locale import speaking, translate
from dockyard.server.page_words import PAGE_WORDS

SOURCES = Path(__file__).parents[2] / "extension" / "labextension" / "src"


def sources():
    return "\n".join(path.read_text("utf-8") for path in SOURCES.glob("*.ts*"))


def test_every_message_of_the_sources_is_listed_and_none_is_left_over():
    assert set(PAGE_WORDS) == set(re.findall(r"\b__\(\s*'((?:[^'\\]|\\.)*)'", sources()))


def test_every_message_is_a_literal():
    assert not re.findall(r"\b__\(\s*[^\s']", sources())


def test_a_translation_takes_the_same_values():
    with speaking("ko"):
        assert [
            word for word in PAGE_WORDS if re.findall(r"%\d", word) != sorted(re.findall(r"%\d", translate(word)))
        ] == []
