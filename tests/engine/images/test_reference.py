"""Names of images, by the grammar of github.com/distribution/reference."""

import pytest

from dockyard.engine.errors import BadParameter
from dockyard.engine.images.reference import Reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "familiar", "full", "host"),
    [
        ("busybox", "busybox:latest", "docker.io/library/busybox:latest", "registry-1.docker.io"),
        ("busybox:1.36", "busybox:1.36", "docker.io/library/busybox:1.36", "registry-1.docker.io"),
        ("library/busybox", "busybox:latest", "docker.io/library/busybox:latest", "registry-1.docker.io"),
        (
            "index.docker.io/library/busybox",
            "busybox:latest",
            "docker.io/library/busybox:latest",
            "registry-1.docker.io",
        ),
        ("me/web", "me/web:latest", "docker.io/me/web:latest", "registry-1.docker.io"),
        ("localhost/web", "localhost/web:latest", "localhost/web:latest", "localhost"),
        ("localhost:5000/a/b:2", "localhost:5000/a/b:2", "localhost:5000/a/b:2", "localhost:5000"),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest", "[::1]:5000"),
        (f"alpine@{DIGEST}", f"alpine@{DIGEST}", f"docker.io/library/alpine@{DIGEST}", "registry-1.docker.io"),
        (f"quay.io/a:1@{DIGEST}", f"quay.io/a:1@{DIGEST}", f"quay.io/a:1@{DIGEST}", "quay.io"),
    ],
)
def test_a_name_is_read_whole_and_written_as_people_write_it(text, familiar, full, host):
    reference = Reference.parse(text)
    assert (reference.familiar, reference.full, reference.host) == (familiar, full, host)
    assert Reference.parse(reference.full) == reference
    assert Reference.parse(reference.familiar) == reference


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "invalid reference format"),
        ("Busybox", "invalid reference format: repository name must be lowercase"),
        ("busy box", "invalid reference format"),
        ("-busybox", "invalid reference format"),
        ("busybox:", "invalid reference format"),
        ("busybox:" + "t" * 129, "invalid reference format"),
        ("../busybox", "invalid reference format"),
        ("a//b", "invalid reference format"),
        ("busybox\n", "invalid reference format"),
        ("busybox@sha256:00", "invalid reference format"),
        ("ab" * 32, "cannot specify 64-byte hexadecimal strings"),
        ("a/" * 127 + "aa", "repository name must not be more than 255 characters"),
    ],
)
def test_what_is_no_name_is_refused_in_dockers_words(text, sentence):
    with pytest.raises(BadParameter, match=sentence):
        Reference.parse(text)


def test_a_tag_or_a_digest_replaces_the_other():
    reference = Reference.parse("busybox:1")
    assert reference.with_tag("2").familiar == "busybox:2"
    assert reference.with_digest(DIGEST).familiar == f"busybox@{DIGEST}"
    assert reference.with_digest(DIGEST).with_tag("3").familiar == "busybox:3"
