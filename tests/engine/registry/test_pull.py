import json
import os
import threading
from typing import Any

import pytest

from dockyard.connection import Client
from dockyard.engine.errors import ApiError, BadParameter, NotFound, NotSupported, ServerError
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry import Credentials, pull, push
from dockyard.engine.registry.transfers import Cancelled
from registries import PASSWORD, USER, Flaky, Registry, Store, TokenService, digest_of

Records = list[dict[str, Any]]
ME = Credentials(USER, PASSWORD)
STRANGER = Credentials()


def pulled(store: Store, name: str, **options: Any) -> Records:
    records: Records = []
    pull(store.images, store.blobs, Reference.parse(name), report=records.append, **options)
    return records


def pushed(store: Store, name: str, **options: Any) -> Records:
    records: Records = []
    push(store.images, store.blobs, Reference.parse(name), report=records.append, **options)
    return records


def words(records: Records) -> list[str]:
    """What was said, bars left out."""
    return [str(each["status"]) for each in records if "status" in each and "progress" not in each]


def put_manifest(registry: Registry, repository: str, tag: str, fields: dict[str, Any]) -> str:
    """Write a manifest past this engine."""
    import requests

    content = json.dumps(fields).encode()
    url = f"http://{registry.address}/v2/{repository}/manifests/{tag}"
    answer = requests.put(url, content, headers={"Content-Type": fields["mediaType"]}, timeout=10)
    assert answer.ok, answer.text
    return digest_of(content)


def test_a_pulled_image_is_the_pushed_one(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/lab/web:1"
    image = store.make(name, {"etc/motd": b"hello"}, {"bin/tool": os.urandom(300_000)})
    digest = pushed(store, name)[-1]["aux"]["Digest"]
    records = pulled(other_store, name)
    found = other_store.images.resolve(name)
    assert found.id == image.id
    assert found.diff_ids == image.diff_ids
    assert found.size_bytes == image.size_bytes
    assert other_store.images.digests(found.id) == [f"{open_registry.address}/lab/web@{digest}"]
    first, *_, last_but_one, last = records
    assert first == {"status": "Pulling from lab/web", "id": "1"}
    assert last_but_one == {"status": f"Digest: {digest}"}
    assert last == {"status": f"Status: Downloaded newer image for {name}"}


def test_every_layer_tells_its_story_in_order(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, *({f"{number}": os.urandom(5000)} for number in range(5)))
    pushed(store, name)
    records = pulled(other_store, name)
    ids = [each["id"] for each in records if each["status"] == "Pulling fs layer"]
    assert len(ids) == 5
    for number, layer in enumerate(ids):
        told = list(dict.fromkeys(each["status"] for each in records if each.get("id") == layer))
        story = ["Pulling fs layer", "Waiting"] if number > 2 else ["Pulling fs layer"]
        story += ["Downloading", "Verifying Checksum", "Download complete", "Extracting", "Pull complete"]
        assert told == story
    bars = [each for each in records if each["status"] == "Downloading"]
    assert all(each["progressDetail"]["current"] <= each["progressDetail"]["total"] for each in bars)
    assert bars[0]["progress"].startswith("[")


def test_an_image_that_is_here_is_up_to_date(store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"a": b"1"})
    pushed(store, name)
    records = pulled(store, name)
    assert words(records)[-1] == f"Status: Image is up to date for {name}"
    assert words(records)[1] == "Already exists"


def test_a_layer_of_another_image_is_not_downloaded_again(
    store: Store, other_store: Store, open_registry: Registry, flaky: Flaky
) -> None:
    base, child = f"{flaky.address}/base:latest", f"{flaky.address}/child:latest"
    big = {"big": os.urandom(2_000_000)}
    store.make(base, big)
    store.make(child, big, {"small": b"1"})
    pushed(store, base)
    pushed(store, child)
    pulled(other_store, base)
    flaky.passed = 0
    assert words(pulled(other_store, child))[1:3] == ["Already exists", "Pulling fs layer"]
    assert flaky.passed < 100_000


def test_a_digest_names_an_image_for_good(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    image = store.make(name, {"a": b"1"})
    digest = pushed(store, name)[-1]["aux"]["Digest"]
    store.make(name, {"a": b"2"})
    pushed(store, name)
    by_digest = f"{open_registry.address}/web@{digest}"
    records = pulled(other_store, by_digest)
    assert records[0] == {"status": "Pulling from web", "id": by_digest}
    found = other_store.images.resolve(by_digest)
    assert found.id == image.id
    assert other_store.images.names(found.id) == []


def test_what_is_pushed_again_has_the_same_digest_even_after_a_restart(
    store: Store, other_store: Store, open_registry: Registry
) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"a": os.urandom(100_000)})
    pushed(store, name)
    fields = json.loads(open_manifest(open_registry, "web", "latest"))
    fields["annotations"] = {"school": "here"}  # as no engine would write it
    digest = put_manifest(open_registry, "web", "latest", fields)
    pulled(other_store, name)
    other_store.open()
    again = f"{open_registry.address}/copy:2"
    other_store.images.tag(other_store.images.resolve(name), Reference.parse(again))
    assert pushed(other_store, again)[-1]["aux"]["Digest"] == digest


def open_manifest(registry: Registry, repository: str, name: str) -> bytes:
    import requests

    url = f"http://{registry.address}/v2/{repository}/manifests/{name}"
    accept = "application/vnd.docker.distribution.manifest.v2+json"
    return requests.get(url, headers={"Accept": accept}, timeout=10).content


# ---------------------------------------------------------------- bad lines


@pytest.mark.parametrize("cuts", [1, 7])
def test_a_download_goes_on_where_the_connection_broke(
    store: Store, other_store: Store, flaky: Flaky, cuts: int
) -> None:
    name = f"{flaky.address}/web:latest"
    store.make(name, {"big": os.urandom(4_000_000)})
    pushed(store, name)
    flaky.cut_after, flaky.cuts_left, flaky.passed = 500_000, cuts, 0
    records = pulled(other_store, name)
    assert flaky.cuts_left == 0
    assert other_store.images.resolve(name)
    assert flaky.passed < 4_000_000 + cuts * 300_000
    assert any(status.startswith("Retrying in 1 second") for status in words(records))
    assert any(b"Range: bytes=" in request for request in flaky.requests)


def test_a_pull_that_was_cancelled_goes_on_where_it_was(store: Store, other_store: Store, flaky: Flaky) -> None:
    name = f"{flaky.address}/web:latest"
    image = store.make(name, {"big": os.urandom(8_000_000)})
    pushed(store, name)
    blob = store.images.compression.compressed(image.layers[0])[0]
    seen = threading.Event()

    def report(record: dict[str, Any]) -> None:
        if record["status"] == "Downloading":
            seen.set()

    with pytest.raises(Cancelled, match="context canceled"):
        pull(other_store.images, other_store.blobs, Reference.parse(name), report=report, cancelled=seen.is_set)
    there = other_store.blobs.partial(blob).stat().st_size
    assert 0 < there <= 8_100_000
    flaky.passed = 0
    pulled(other_store, name)
    assert flaky.passed < 8_050_000 - there + 100_000
    assert not other_store.blobs.partial(blob).exists()


def test_a_client_that_hangs_up_ends_the_pull(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"big": os.urandom(3_000_000)})
    pushed(store, name)

    def report(record: dict[str, Any]) -> None:
        if record["status"] == "Downloading":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        pull(other_store.images, other_store.blobs, Reference.parse(name), report=report)
    assert not [each for each in threading.enumerate() if each.name.startswith("registry")]


def test_a_broken_half_download_is_thrown_away(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    image = store.make(name, {"big": os.urandom(300_000)})
    pushed(store, name)
    blob = store.images.compression.compressed(image.layers[0])[0]
    for junk in (b"junk", b"j" * 900_000):
        other_store.blobs.partial(blob).write_bytes(junk)
        pulled(other_store, name)
        assert other_store.images.resolve(name).id == image.id
        other_store.images.remove(name)


def test_the_same_layer_is_downloaded_once_by_two_pulls(store: Store, other_store: Store, flaky: Flaky) -> None:
    name, also = f"{flaky.address}/web:1", f"{flaky.address}/web:2"
    big = {"big": os.urandom(5_000_000)}
    store.make(name, big)
    store.make(also, big, {"small": b"1"})
    pushed(store, name)
    pushed(store, also)
    flaky.passed = 0
    threads = [threading.Thread(target=pulled, args=(other_store, each)) for each in (name, also)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other_store.images.resolve(name)
    assert other_store.images.resolve(also)
    assert flaky.passed < 5_200_000


# ---------------------------------------------------------------- registries that lie


def test_content_of_another_digest_is_refused(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    image = store.make(name, {"big": os.urandom(300_000)})
    pushed(store, name)
    blob = store.images.compression.compressed(image.layers[0])[0]
    file = open_registry.blob(blob)
    file.write_bytes(os.urandom(file.stat().st_size))
    with pytest.raises(ServerError, match=f"filesystem layer verification failed for digest {blob}"):
        pulled(other_store, name)
    assert not other_store.blobs.has(blob)
    assert not other_store.blobs.partial(blob).exists()


def test_a_configuration_of_another_digest_is_refused(
    store: Store, other_store: Store, open_registry: Registry
) -> None:
    name = f"{open_registry.address}/web:latest"
    image = store.make(name, {"a": b"1"})
    pushed(store, name)
    file = open_registry.blob(image.id)
    file.write_bytes(file.read_bytes().replace(b'"sh"', b'"rm"'))
    with pytest.raises(ServerError, match="image config verification failed"):
        pulled(other_store, name)


def test_a_manifest_of_another_digest_is_refused(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"a": b"1"})
    digest = pushed(store, name)[-1]["aux"]["Digest"]
    file = open_registry.blob(digest)
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(ServerError, match=f"manifest verification failed for digest {digest}|manifest"):
        pulled(other_store, f"{open_registry.address}/web@{digest}")


def test_a_layer_that_the_configuration_does_not_name_is_refused(
    store: Store, other_store: Store, open_registry: Registry
) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"a": b"1"})
    pushed(store, name)
    lying = store.make("lying", {"a": b"2"})
    store.images.tag(lying, Reference.parse(f"{open_registry.address}/web:lying"))
    pushed(store, f"{open_registry.address}/web:lying")
    honest = json.loads(open_manifest(open_registry, "web", "latest"))
    honest["config"] = json.loads(open_manifest(open_registry, "web", "lying"))["config"]
    put_manifest(open_registry, "web", "bad", honest)
    with pytest.raises(ServerError, match="failed to register layer"):
        pulled(other_store, f"{open_registry.address}/web:bad")
    assert other_store.images.all() == []


# ---------------------------------------------------------------- platforms


@pytest.fixture
def many(store: Store, open_registry: Registry) -> dict[str, str]:
    """An index of three platforms; the IDs of its images."""
    entries, ids = [], {}
    for architecture, variant in (("s390x", ""), ("arm64", "v8"), ("amd64", "")):
        name = f"{open_registry.address}/many:{architecture}"
        platform = {"os": "linux", "architecture": architecture} | ({"variant": variant} if variant else {})
        ids[architecture] = store.make(name, {"a": architecture.encode()}, **platform).id
        aux = pushed(store, name)[-1]["aux"]
        entries.append(
            {
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "digest": aux["Digest"],
                "size": aux["Size"],
                "platform": platform,
            }
        )
    entries.append(entries[0] | {"platform": {"os": "unknown", "architecture": "unknown"}})
    kind = "application/vnd.docker.distribution.manifest.list.v2+json"
    ids["list"] = put_manifest(
        open_registry, "many", "latest", {"schemaVersion": 2, "mediaType": kind, "manifests": entries}
    )
    return ids


@pytest.mark.parametrize(
    ("platform", "architecture"), [("linux/arm64", "arm64"), ("linux/arm64/v8", "arm64"), ("s390x", "s390x")]
)
def test_the_image_of_the_platform_that_is_asked_for_comes(
    other_store: Store, open_registry: Registry, many: dict[str, str], platform: str, architecture: str
) -> None:
    name = f"{open_registry.address}/many:latest"
    records = pulled(other_store, name, platform=platform)
    found = other_store.images.resolve(name)
    assert found.id == many[architecture]
    assert {"status": f"Digest: {many['list']}"} in records
    assert other_store.images.digests(found.id) == [f"{open_registry.address}/many@{many['list']}"]
    other_store.open()
    again = other_store.images.resolve(name)
    own = Reference.parse(f"{open_registry.address}/own:1")
    other_store.images.tag(again, own)
    original = json.loads(open_manifest(open_registry, "many", architecture))
    assert pushed(other_store, own.familiar)[-1]["aux"]["Digest"] == digest_of(
        open_manifest(open_registry, "many", architecture)
    )
    assert original["config"]["digest"] == again.id


def test_a_platform_that_is_not_there_is_named(
    other_store: Store, open_registry: Registry, many: dict[str, str]
) -> None:
    with pytest.raises(NotFound, match="no matching manifest for linux/riscv64 in the manifest list entries"):
        pulled(other_store, f"{open_registry.address}/many:latest", platform="linux/riscv64")


def test_an_image_for_one_platform_comes_with_a_warning(
    other_store: Store, open_registry: Registry, many: dict[str, str]
) -> None:
    name = f"{open_registry.address}/many"
    records = pulled(other_store, f"{name}:s390x", platform="linux/arm64")
    assert records[-1] == {
        "status": f"WARNING: image with reference {name} was found but does not match the specified platform: wanted linux/arm64, actual: linux/s390x"
    }


def test_a_platform_that_means_nothing_is_refused_before_anything_is_asked(other_store: Store) -> None:
    with pytest.raises(BadParameter, match="cannot parse platform specifier"):
        pulled(other_store, "nowhere.invalid/x", platform="a/b/c/d")


def test_what_is_no_image_is_refused(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"a": b"1"})
    pushed(store, name)
    fields = json.loads(open_manifest(open_registry, "web", "latest"))
    fields["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    fields["mediaType"] = "application/vnd.oci.image.manifest.v1+json"
    put_manifest(open_registry, "web", "chart", fields)
    with pytest.raises(NotSupported, match="helm"):
        pulled(other_store, f"{open_registry.address}/web:chart")


def test_an_image_in_oci_form_is_pulled(store: Store, other_store: Store, open_registry: Registry) -> None:
    name = f"{open_registry.address}/web:latest"
    image = store.make(name, {"a": b"1"})
    pushed(store, name)
    fields = json.loads(open_manifest(open_registry, "web", "latest"))
    fields["mediaType"] = "application/vnd.oci.image.manifest.v1+json"
    fields["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json"
    fields["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
    digest = put_manifest(open_registry, "web", "oci", fields)
    pulled(other_store, f"{open_registry.address}/web:oci")
    found = other_store.images.resolve(f"{open_registry.address}/web:oci")
    assert found.id == image.id
    assert other_store.images.digests(found.id) == [f"{open_registry.address}/web@{digest}"]


# ---------------------------------------------------------------- refusals, word for word as Docker has them


def test_a_stranger_is_told_as_docker_tells(client: Client, other_store: Store, closed_registry: Registry) -> None:
    assert_as_docker(
        client, other_store, f"{closed_registry.address}/web", {}, 'Head "http', "no basic auth credentials"
    )


def test_a_wrong_password_is_told_as_docker_tells(
    client: Client, other_store: Store, closed_registry: Registry
) -> None:
    wrong = {"username": USER, "password": "wrong"}
    assert_as_docker(
        client, other_store, f"{closed_registry.address}/web", wrong, "unauthorized: authentication required"
    )


def test_a_missing_image_is_told_as_docker_tells(client: Client, other_store: Store, open_registry: Registry) -> None:
    assert_as_docker(
        client, other_store, f"{open_registry.address}/nope", {}, "not found: manifest unknown: manifest unknown"
    )


def test_a_hidden_image_is_told_as_docker_tells(
    client: Client, other_store: Store, token_registry: Registry, token_service: TokenService
) -> None:
    token_service.may[""] = set()
    assert_as_docker(
        client,
        other_store,
        f"{token_registry.address}/secret",
        {},
        "pull access denied for",
        "repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    )


def test_a_password_that_the_token_service_refuses_is_told_as_docker_tells(
    client: Client, other_store: Store, token_registry: Registry
) -> None:
    wrong = {"username": USER, "password": "wrong"}
    assert_as_docker(
        client, other_store, f"{token_registry.address}/web", wrong, "unauthorized: incorrect username or password"
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("127.0.0.1:9/web", 'Get "http://127.0.0.1:9/v2/": dial tcp 127.0.0.1:9: connect: connection refused'),
        ("nowhere.invalid/web", 'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid: no such host'),
    ],
)
def test_a_registry_that_is_not_there_is_named(other_store: Store, name: str, sentence: str) -> None:
    with pytest.raises(ServerError) as caught:
        pulled(other_store, name)
    assert str(caught.value) == sentence
    assert caught.value.status == 500


def assert_as_docker(client: Client, store: Store, name: str, auth: dict[str, str], *sentences: str) -> None:
    """Both engines, asked for the same, refuse with the same sentence and status, before anything else is said."""
    with pytest.raises(Exception) as docker:  # noqa: PT011  # docker-py has two kinds, compared below
        list(client.api.pull(name, tag="latest", auth_config=auth, stream=True, decode=True))
    records: Records = []
    with pytest.raises(ApiError) as ours:
        pull(
            store.images,
            store.blobs,
            Reference.parse(name),
            credentials=Credentials.of(auth),
            report=records.append,
        )
    theirs: Any = docker.value
    assert str(ours.value) == theirs.explanation
    assert ours.value.status == theirs.response.status_code
    assert not records
    for sentence in sentences:
        assert sentence in str(ours.value)


# ---------------------------------------------------------------- with Docker on the other side


def test_what_docker_pushed_is_pulled(client: Client, store: Store, open_registry: Registry) -> None:
    repository = f"{open_registry.address}/from-docker"
    assert client.api.tag("busybox:latest", repository, "latest")
    try:
        told = list(client.api.push(repository, "latest", stream=True, decode=True))
        digest = told[-1]["aux"]["Digest"]
        records = pulled(store, f"{repository}:latest")
        found = store.images.resolve(f"{repository}:latest")
        theirs = client.api.inspect_image("busybox:latest")
        assert found.id == theirs["Id"]
        assert found.size_bytes == theirs["Size"]
        assert {"status": f"Digest: {digest}"} in records
    finally:
        client.api.remove_image(f"{repository}:latest")


def test_a_file_name_that_leads_out_is_no_reason_to_write_there(
    store: Store, other_store: Store, open_registry: Registry
) -> None:
    name = f"{open_registry.address}/web:latest"
    store.make(name, {"../../outside": b"1"})
    pushed(store, name)
    with pytest.raises(ServerError, match="failed to register layer"):
        pulled(other_store, name)
