"""Variables in an instruction: ``$x``, ``${x}``, ``${x:-else}``, ``${x:+instead}``, ``${x:?message}``, quotes and escapes.

Dockerfile reference, "Environment replacement".
"""

from collections.abc import Callable, Mapping

from dockyard.engine.build.quoting import quoted
from dockyard.engine.errors import BadParameter

__all__ = ["expand", "expand_text", "expand_words"]

SPECIAL_NAMES = "@*#?-$!0"


def expand(word: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """Return a word with its variables replaced and its quotes and escapes taken off.

    Raises:
        BadParameter: A quote or a brace is not closed, or ``${x:?message}`` finds nothing.
    """
    return _expanded(word, variables, escape).text


def expand_words(word: str, variables: Mapping[str, str], escape: str = "\\") -> list[str]:
    """As :func:`expand`, split at the spaces that are not quoted, those of values too."""
    return _expanded(word, variables, escape).words


def expand_text(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    r"""Return a heredoc with its variables replaced: quotes are text in it, and only ``\$`` and ``\\`` are escapes.

    Raises:
        BadParameter: A brace is not closed, or ``${x:?message}`` finds nothing.
    """
    scanner, result = _Scanner(text, variables, escape), ""
    try:
        while (each := scanner.peek()) is not None:
            if each == "$":
                result += scanner.dollar()
                continue
            scanner.next()
            if each == escape and scanner.peek() in ("$", escape):
                each = scanner.next()
            result += each
    except _Bad as error:
        raise BadParameter(str(error)) from error
    return result


class _Bad(Exception):
    """What is wrong with a word; the word itself is named further up."""


class _Result:
    """A word as it grows, and the same split at spaces."""

    def __init__(self) -> None:
        self.text = ""
        self._words: list[str] = []
        self._word: str | None = None

    @property
    def words(self) -> list[str]:
        return [*self._words, *([self._word] if self._word else [])]

    def add(self, text: str) -> None:
        """Add text in which spaces end words."""
        self.text += text
        for each in text:
            if not each.isspace():
                self._word = (self._word or "") + each
            elif self._word:
                self._words.append(self._word)
                self._word = None

    def add_quoted(self, text: str) -> None:
        """Add text whose spaces belong to the word."""
        self.text += text
        self._word = (self._word or "") + text


def _expanded(word: str, variables: Mapping[str, str], escape: str) -> _Result:
    try:
        return _Scanner(word, variables, escape).until(None)
    except _Bad as error:
        raise BadParameter(f"failed to process {quoted(word)}: {error}") from error


class _Scanner:
    """Reads a word from left to right."""

    def __init__(self, text: str, variables: Mapping[str, str], escape: str) -> None:
        self._text, self._variables, self._escape = text, variables, escape
        self._at = 0

    def peek(self) -> str | None:
        return self._text[self._at] if self._at < len(self._text) else None

    def next(self) -> str:
        each = self.peek() or ""
        self._at += len(each)
        return each

    def until(self, stop: str | None) -> _Result:
        """Read to ``stop``, which is passed, or to the end."""
        result = _Result()
        while (each := self.peek()) is not None:
            if each == stop:
                self.next()
                return result
            if each == "$":
                result.add(self.dollar())
            elif each == "'":
                result.add_quoted(self._single_quoted())
            elif each == '"':
                result.add_quoted(self._double_quoted())
            elif each == self._escape:
                self.next()
                result.add_quoted(self.next())
            else:
                result.add(self.next())
        if stop is not None:
            raise _Bad("syntax error: missing '}'")
        return result

    def dollar(self) -> str:
        """Read a variable and return what it stands for."""
        self.next()
        if self.peek() != "{":
            name = self._name()
            return self._variables.get(name, "") if name else "$"
        self.next()
        if self.peek() is None:
            raise _Bad("syntax error: missing '}'")
        if self.peek() in ("{", "}", ":"):
            raise _Bad("syntax error: bad substitution")
        name = self._name()
        modifier = self.next()
        if modifier == "}":
            return self._variables.get(name, "")
        if not modifier:
            raise _Bad("syntax error: missing '}'")
        empty_counts = modifier != ":"
        if not empty_counts:
            modifier += self.next()
        if modifier[-1] not in "-+?":
            raise _Bad(f"unsupported modifier ({modifier}) in substitution")
        return self._modified(name, modifier[-1], self.until("}").text, empty_counts)

    def _modified(self, name: str, modifier: str, word: str, empty_counts: bool) -> str:
        value = self._variables.get(name)
        there = value is not None and (empty_counts or value != "")
        if modifier == "+":
            return word if there else ""
        if there and value is not None:
            return value
        if modifier == "-":
            return word
        raise _Bad(
            f"{name}: {word or ('is not allowed to be unset' if value is None else 'is not allowed to be empty')}"
        )

    def _name(self) -> str:
        first = self.peek()
        if first is not None and first.isdigit():
            return self._while(str.isdigit)
        if first is not None and first in SPECIAL_NAMES:
            return self.next()
        return self._while(lambda each: each.isalnum() or each == "_")

    def _while(self, belongs: Callable[[str], bool]) -> str:
        start = self._at
        while (each := self.peek()) is not None and belongs(each):
            self.next()
        return self._text[start : self._at]

    def _single_quoted(self) -> str:
        self.next()
        end = self._text.find("'", self._at)
        if end < 0:
            raise _Bad("unexpected end of statement while looking for matching single-quote")
        result, self._at = self._text[self._at : end], end + 1
        return result

    def _double_quoted(self) -> str:
        self.next()
        result = ""
        while (each := self.peek()) is not None:
            if each == '"':
                self.next()
                return result
            if each == "$":
                result += self.dollar()
                continue
            self.next()
            if each == self._escape:
                if self.peek() is None:
                    continue
                if self.peek() in ('"', "$", self._escape):
                    each = self.next()
            result += each
        raise _Bad("unexpected end of statement while looking for matching double-quote")
