import json
from typing import Any

import pytest

from dockyard.engine.errors import ApiError, NotFound, NotSupported
from dockyard.engine.registry.manifests import Descriptor, Document, write_manifest
from dockyard.engine.registry.platforms import Platform

DIGEST = "sha256:" + "a" * 64
CONFIG = "application/vnd.docker.container.image.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def document(fields: Any, media_type: str = "") -> Document:
    return Document.read(json.dumps(fields).encode(), media_type)


def test_a_written_manifest_is_read_back() -> None:
    layer = Descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", DIGEST, 5)
    written = write_manifest(Descriptor(CONFIG, DIGEST, 9), [layer])
    found = Document.read(written.content, MANIFEST + "; charset=utf-8")
    assert found == written
    assert found.config == Descriptor(CONFIG, DIGEST, 9)
    assert found.layers == (layer,)


def test_what_a_registry_does_not_call_by_name_is_known_by_what_it_holds() -> None:
    assert document({"manifests": []}, "application/json").is_list
    assert not document({"config": {}}, "text/plain").is_list
    assert document({"mediaType": INDEX, "manifests": []}).media_type == INDEX


def test_the_best_entry_is_chosen_and_those_without_a_platform_never() -> None:
    def entry(letter: str, **platform: str) -> dict[str, Any]:
        found: dict[str, Any] = {"digest": "sha256:" + letter * 64, "size": 1, "mediaType": MANIFEST}
        return found | ({"platform": {"os": "linux"} | platform} if platform else {})

    index = document(
        {
            "manifests": [
                entry("a"),
                entry("b", architecture="arm", variant="v6"),
                entry("c", architecture="arm", variant="v7"),
                entry("d", architecture="arm", variant="v7"),
            ]
        },
        INDEX,
    )
    assert index.choose(Platform("linux", "arm", "v7")).digest == "sha256:" + "c" * 64
    assert index.choose(Platform("linux", "arm", "v6")).digest == "sha256:" + "b" * 64
    with pytest.raises(NotFound, match="no matching manifest for linux/amd64"):
        index.choose(Platform("linux", "amd64"))


@pytest.mark.parametrize(
    "fields",
    [
        [],
        {},
        {"layers": 1},
        {"layers": [1]},
        {"layers": [{"digest": DIGEST}]},
        {"layers": [{"digest": "sha256:../../etc/passwd", "size": 1}]},
        {"layers": [{"digest": DIGEST, "size": "many"}]},
        {"layers": [{"digest": DIGEST, "size": -1}]},
        {"layers": [{"digest": DIGEST, "size": float("inf")}]},
    ],
)
def test_a_manifest_that_is_none_is_refused(fields: Any) -> None:
    with pytest.raises(ApiError, match="invalid"):
        _ = Document(json.dumps(fields).encode(), MANIFEST).layers


@pytest.mark.parametrize("entries", [1, [1], [{"platform": {"os": "linux", "architecture": "amd64"}}]])
def test_an_index_that_is_none_is_refused(entries: Any) -> None:
    with pytest.raises(ApiError, match="manifest invalid"):
        document({"manifests": entries}, INDEX).choose(Platform("linux", "amd64"))


def test_bytes_that_are_no_json_are_refused() -> None:
    with pytest.raises(ApiError, match="manifest invalid"):
        Document.read(b"<html>", "text/html")
    with pytest.raises(ApiError, match="manifest invalid"):
        _ = Document(b"[" * 100_000, MANIFEST).layers


def test_an_old_manifest_says_what_to_do() -> None:
    old = document({"schemaVersion": 1}, "application/vnd.docker.distribution.manifest.v1+prettyjws")
    with pytest.raises(NotSupported, match="push it again"):
        _ = old.config


def test_an_artifact_that_is_no_image_is_named() -> None:
    chart = {"config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": DIGEST, "size": 1}}
    with pytest.raises(NotSupported, match=r"helm\.config"):
        _ = document(chart, MANIFEST).config
