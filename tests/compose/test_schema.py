"""The schema's own verdict: held against the package jsonschema."""

import json
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dockyard.compose.schema import faults

SCHEMA = json.loads((files("dockyard.compose") / "compose-spec.json").read_text("utf-8"))
KNOWN = {
    "$schema", "$id", "$ref", "$defs", "title", "description", "default", "deprecated", "type", "properties", "patternProperties",
    "additionalProperties", "unevaluatedProperties", "items", "uniqueItems", "required", "enum", "pattern", "minimum", "maximum", "oneOf", "anyOf", "allOf",
}  # fmt: skip
VALIDATOR = Draft202012Validator(SCHEMA)


def schemas(schema):
    """A schema and all those within it."""
    yield schema
    for key in ("properties", "patternProperties", "$defs"):
        for each in schema.get(key, {}).values():
            yield from schemas(each)
    for key in ("oneOf", "anyOf", "allOf"):
        for each in schema.get(key, ()):
            yield from schemas(each)
    if "items" in schema:
        yield from schemas(schema["items"])


ALL = list(schemas(SCHEMA))
KEYS = sorted({key for each in ALL for key in each.get("properties", ())})
TEXTS = sorted({value for each in ALL for value in each.get("enum", ()) if isinstance(value, str)})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 1200)
    | st.floats(0, 2)
    | st.sampled_from([*TEXTS, "", "x", "80:80", "a b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "x-a", "a b", "web"]), inner, max_size=4)
    ),
    max_leaves=10,
)


def test_it_uses_no_word_that_is_not_known_here():
    assert {key for each in ALL for key in each} <= KNOWN
    closed = [each.get(key) for each in ALL for key in ("additionalProperties", "unevaluatedProperties")]
    assert all(each in (None, False) for each in closed)


@given(st.dictionaries(st.sampled_from(sorted({**SCHEMA["$defs"]["container_spec"]["properties"], **SCHEMA["$defs"]["workload_spec"]["properties"], **SCHEMA["$defs"]["service"].get("properties", {}), "nonsense": 0, "x-more": 0})), VALUES, max_size=3))  # fmt: skip
@settings(max_examples=400)
def test_a_service_is_taken_or_refused_as_by_jsonschema(service):
    file = {"services": {"web": service}}
    assert bool(list(faults(file))) == (not VALIDATOR.is_valid(file)), service


@given(st.dictionaries(st.sampled_from([*SCHEMA["properties"], "x-a", "nonsense"]), VALUES, max_size=3))
@settings(max_examples=300)
def test_a_file_is_taken_or_refused_as_by_jsonschema(file):
    assert bool(list(faults(file))) == (not VALIDATOR.is_valid(file)), file
