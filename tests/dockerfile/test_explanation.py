"""Help for each instruction."""

import pytest

import dockyard
from dockyard.dockerfile import INSTRUCTIONS, Dockerfile, check, explain_instruction
from dockyard.errors import UnknownInstruction


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_each_has_a_sentence_in_both_languages_and_an_example(name):
    found = explain_instruction(name.lower())
    dockyard.language("ko")
    try:
        korean = explain_instruction(name)
    finally:
        dockyard.language("en")
    assert found.says.endswith(".")
    assert any("가" <= letter <= "힣" for letter in korean.says)
    (example,) = Dockerfile.parse(found.example).instructions
    assert example.name == found.name == name
    begin = "" if name == "FROM" else "FROM a:1\n"
    assert not [each for each in check(begin + found.example) if each.level != "hint"]


def test_another_is_refused():
    with pytest.raises(UnknownInstruction, match="COPY"):
        explain_instruction("COYP")
