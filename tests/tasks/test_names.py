"""Names of images taken apart, held beside the engine's own grammar."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import dockyard
from dockyard.engine.errors import BadParameter
from dockyard.engine.images.reference import Reference
from dockyard.errors import ImageNameInvalid
from dockyard.tasks import ImageName, explain

COMPONENT = st.from_regex(r"[a-z0-9]{1,4}((\.|_|__|-{1,3})[a-z0-9]{1,3}){0,2}", fullmatch=True)
REGISTRY = st.sampled_from(["localhost", "localhost:5000", "zoozoo.comm", "127.0.0.1:5000", "[::1]:5000", "Host", "docker.io", "index.docker.io"])  # fmt: skip
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
DIGEST = st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)
LIKELY = st.builds(
    lambda registry, path, tag, digest: (
        "/".join([*([registry] if registry else []), *path])
        + (f":{tag}" if tag else "")
        + (f"@{digest}" if digest else "")
    ),
    st.none() | REGISTRY,
    st.lists(COMPONENT, min_size=1, max_size=3),
    st.none() | TAG,
    st.none() | DIGEST,
)
ANYTHING = st.text(st.sampled_from("aZ0._-/:@ é"), max_size=12)


def parsed_by_engine(text):
    try:
        found = Reference.parse(text)
    except BadParameter:
        return None
    return found.domain, found.path, found.tag or "", found.digest or ""


def parsed_here(text):
    try:
        found = ImageName.parse(text)
    except ImageNameInvalid:
        return None
    return found.registry, found.path, found.tag, found.digest


@given(LIKELY | ANYTHING)
@example("localhost")
@example("library/")
@example("a" * 256)
@example("a" * 128 + "/" + "b" * 117)
@example("a" * 128 + "/" + "b" * 116)
@example("box:" + "t" * 129)
@example("f" * 64)
@example("docker.io/library/busybox")
def test_a_name_is_taken_apart_as_the_engine_takes_it(text):
    assert parsed_here(text) == parsed_by_engine(text)


@given(LIKELY)
def test_a_whole_name_means_the_same_again(text):
    if parsed_here(text) is None:
        return
    name = ImageName.parse(text)
    assert ImageName.parse(name.full) == name
    assert ImageName.parse(name.familiar) == name


@pytest.mark.parametrize(
    ("text", "parts", "written"),
    [
        ("busybox", ("docker.io", "library", "busybox", "latest", ""), {"repository"}),
        (
            "zoozoousagi/nyappacchi:13",
            ("docker.io", "zoozoousagi", "nyappacchi", "13", ""),
            {"namespace", "repository", "tag"},
        ),
        (
            "localhost:5000/nyappacchi:13",
            ("localhost:5000", "", "nyappacchi", "13", ""),
            {"registry", "repository", "tag"},
        ),
        ("zoozoo.comm/nyappacchi", ("zoozoo.comm", "", "nyappacchi", "latest", ""), {"registry", "repository"}),
        ("localhost/a/b/c", ("localhost", "a/b", "c", "latest", ""), {"registry", "namespace", "repository"}),
        (
            f"x@sha256:{'0' * 64}",
            ("docker.io", "library", "x", "", f"sha256:{'0' * 64}"),
            {"repository", "digest"},
        ),
    ],
)
def test_each_part_is_explained(text, parts, written):
    found = explain(text)
    assert tuple(part.text for part in found.parts) == parts
    assert {part.kind for part in found.parts if part.is_written} == written
    assert all(part.says for part in found.parts)
    assert len(str(found).splitlines()) == 5


def test_it_is_explained_in_korean():
    dockyard.language("ko")
    try:
        assert all(any("가" <= letter <= "힣" for letter in part.says) for part in explain("busybox").parts)
    finally:
        dockyard.language("en")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "repository is missing"),
        ("Busybox", "lower case"),
        ("localhost:5000/Nyappacchi", "lower case"),
        ("https://localhost:5000/x", "scheme"),
        ("f" * 64, "an image's ID"),
        ("box:-1", "a tag has"),
        ("box:", "a tag has"),
        ("box@latest", "a digest"),
        ("-.com/box", "no host"),
        ("a..b", "parted by"),
        ("a" * 256, "255"),
    ],
)
def test_what_is_wrong_is_said(text, reason):
    with pytest.raises(ImageNameInvalid, match=reason):
        ImageName.parse(text)
