"""A Compose file held against the published schema of the Compose specification, with sentences that name the key.

``compose-spec.json`` is the file of that name of github.com/compose-spec/compose-go (Apache 2.0, ``compose-spec.LICENSE``), as check-jsonschema
0.39.0 ships it. It takes few of JSON Schema's words, and this knows those alone; the tests hold it against the package jsonschema, whose import
takes seconds beside JupyterLab, and whose errors would have to be taken apart again to say what is wrong.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from dockyard.compose.tree import Fault, Path, spelled
from dockyard.locale import N_, translate

__all__ = ["faults"]

Schema = Mapping[str, Any]

KINDS = {
    "string": N_("a text"),
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "boolean": N_("true or false"),
    "array": N_("a list"),
    "object": N_("a mapping"),
    "null": N_("nothing"),
}
NAME = "^[a-zA-Z0-9._-]+$"


def faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what the schema says no to."""
    return _check(_root(), values, ())


@cache
def _root() -> Schema:
    text = (files("dockyard.compose") / "compose-spec.json").read_text("utf-8")
    return dict(json.loads(text))


def _check(schema: Schema, value: Any, path: Path) -> Iterator[Fault]:
    for part in _parts(schema):
        yield from _check(part, value, path)
    if "type" in schema and not _is_one_of(value, _kinds(schema)):
        yield _not(path, value, _kinds(schema))
        return
    if "oneOf" in schema or "anyOf" in schema:
        yield from _check_choice(schema, value, path)
    if "enum" in schema and value not in schema["enum"]:
        says = translate(N_("{where} is one of {expected}, not {value!r}."))
        expected = ", ".join(str(each) for each in schema["enum"])
        yield Fault(path, says.format(where=spelled(path), expected=expected, value=value))
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        says = translate(N_("{value!r} is no value for {where}, which must be like {pattern}."))
        yield Fault(path, says.format(value=value, where=spelled(path), pattern=schema["pattern"]))
    if _is_one_of(value, ["number"]) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        says = translate(N_("{value} is too small or too large for {where}."))
        yield Fault(path, says.format(value=value, where=spelled(path)))
    if isinstance(value, list):
        yield from _check_list(schema, value, path)
    if isinstance(value, dict):
        yield from _check_mapping(schema, value, path)


def _check_choice(schema: Schema, value: Any, path: Path) -> Iterator[Fault]:
    """Where a value may be of several kinds: what is wrong by the rules of its own kind; else which kinds there are."""
    branches: list[Schema] = schema.get("oneOf") or schema["anyOf"]
    of_its_kind = [each for each in branches if _is_one_of(value, _kinds(each))]
    if not of_its_kind:
        yield _not(path, value, list(dict.fromkeys(kind for each in branches for kind in _kinds(each))))
        return
    found = [list(_check(each, value, path)) for each in of_its_kind]
    if all(found):
        yield from min(found, key=len)


def _check_list(schema: Schema, value: list[Any], path: Path) -> Iterator[Fault]:
    if schema.get("uniqueItems") and len({json.dumps(each, sort_keys=True) for each in value}) < len(value):
        yield Fault(path, translate(N_("{where} has the same entry twice.")).format(where=spelled(path)))
    if "items" in schema:
        for place, each in enumerate(value):
            yield from _check(schema["items"], each, (*path, place))


def _check_mapping(schema: Schema, value: dict[str, Any], path: Path) -> Iterator[Fault]:
    for key in schema.get("required", ()):
        if key not in value:
            says = translate(N_("{where} lacks {key!r}.")).format(where=spelled(path), key=key)
            yield Fault(path, says)
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, each in value.items():
        wanted = [properties[key]] if key in properties else []
        for one in (*wanted, *(part for pattern, part in patterns.items() if re.search(pattern, key))):
            yield from _check(one, each, (*path, key))
    if schema.get("additionalProperties", True) is False or schema.get("unevaluatedProperties", True) is False:
        known, allowed = _keys(schema)
        for key in value:
            if key not in known and not any(re.search(pattern, key) for pattern in allowed):
                yield _unknown(key, path, known, allowed)


def _parts(schema: Schema) -> Iterator[Schema]:
    """The other schemas that all hold too."""
    if "$ref" in schema:
        yield _root()["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    yield from schema.get("allOf", ())


def _keys(schema: Schema) -> tuple[set[str], set[str]]:
    """The keys and the patterns of keys that a schema knows, with those of the schemas that it is made of."""
    known, patterns = set(schema.get("properties", ())), set(schema.get("patternProperties", ()))
    for part in _parts(schema):
        more = _keys(part)
        known |= more[0]
        patterns |= more[1]
    return known, patterns


def _kinds(schema: Schema) -> list[str]:
    """The kinds that a value may have; all, where the schema does not say."""
    if "type" in schema:
        return [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    for part in _parts(schema):
        return _kinds(part)
    choices = schema.get("oneOf") or schema.get("anyOf") or ()
    return [kind for each in choices for kind in _kinds(each)] or list(KINDS)


def _is_one_of(value: Any, kinds: list[str]) -> bool:
    own = _kind(value)
    return own in kinds or (own == "integer" and "number" in kinds)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        return "integer"
    kinds = ((bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (list, "array"))
    return next((kind for each, kind in kinds if isinstance(value, each)), "object")


def _not(path: Path, value: Any, kinds: list[str]) -> Fault:
    expected = translate(N_(" or ")).join(translate(KINDS[kind]) for kind in kinds)
    found = translate(KINDS["number" if _kind(value) == "integer" else _kind(value)])
    says = translate(N_("{where} must be {expected}; this is {found}."))
    return Fault(path, says.format(where=spelled(path) or translate(N_("the file")), expected=expected, found=found))


def _unknown(key: str, path: Path, known: set[str], patterns: set[str]) -> Fault:
    near = difflib.get_close_matches(key, known, n=1)
    if NAME in patterns:
        says = translate(N_("{key!r} can't be a name in {where}; names are of letters, digits, '.', '_' and '-'."))
    elif near:
        says = translate(N_("There is no key {key!r} in {where}; did you mean {near!r}?"))
    else:
        says = translate(N_("There is no key {key!r} in {where}."))
    where = spelled(path) or translate(N_("the file"))
    return Fault((*path, key), says.format(key=key, where=where, near="".join(near)))
