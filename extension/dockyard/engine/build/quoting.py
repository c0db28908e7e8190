"""Words and quotes: as an instruction is cut into words, and as Docker shows words in messages."""

import json
from collections.abc import Iterable

__all__ = ["listed", "plain", "quoted", "raw_words"]

QUOTES = "'\""


def raw_words(text: str, escape: str) -> list[str]:
    """Return the words of ``text``, split at spaces that are neither quoted nor escaped; quotes and escapes stay in them."""
    words: list[str] = []
    word, quote, begun = "", "", False
    characters = iter(text)
    for each in characters:
        if not quote and each.isspace():
            if begun:
                words.append(word)
            word, begun = "", False
            continue
        begun = True
        if each == escape and quote != "'":
            following = next(characters, "")
            word += each + following if following else ""  # one at the very end escapes nothing
            continue
        if each == quote:
            quote = ""
        elif not quote and each in QUOTES:
            quote = each
        word += each
    if begun and word:
        words.append(word)
    return words


def plain(word: str) -> str:
    """Return a word without its quotes."""
    result, quote = "", ""
    for each in word:
        if each == quote:
            quote = ""
        elif not quote and each in QUOTES:
            quote = each
        else:
            result += each
    return result


def quoted(text: str) -> str:
    """Return ``text`` in double quotes, as Go's ``%q`` writes it."""
    return json.dumps(text, ensure_ascii=False)


def listed(words: Iterable[str], *, quotes: bool = False) -> str:
    """Return words as Go shows a list of them: ``[a b]``, or ``["a" "b"]``."""
    return f"[{' '.join(quoted(each) if quotes else each for each in words)}]"
