import os
import threading
from pathlib import Path
from typing import Any

import pytest

from dockyard.connection import Client
from dockyard.engine.errors import BadParameter, ServerError, Unauthorized
from dockyard.engine.images.reference import Reference
from dockyard.engine.registry import Credentials, check_login, inspect_distribution, pull, push
from dockyard.engine.registry.refusals import Refused
from dockyard.engine.registry.transfers import Cancelled
from registries import PASSWORD, USER, Certificate, Flaky, Registry, StartRegistry, Store, TokenService

Records = list[dict[str, Any]]
ME = Credentials(USER, PASSWORD)


def pushed(store: Store, name: str, **options: Any) -> Records:
    records: Records = []
    push(store.images, store.blobs, Reference.parse(name), report=records.append, **options)
    return records


def words(records: Records) -> list[str]:
    """What was said, bars left out."""
    return [str(each["status"]) for each in records if "status" in each and "progress" not in each]


def named(store: Store, name: str, *layers: dict[str, bytes]) -> str:
    store.make(name, *(layers or ({"a": b"1"},)))
    return name


# ---------------------------------------------------------------- what is said


def test_a_push_tells_its_story_as_docker_does(client: Client, store: Store, open_registry: Registry) -> None:
    repository = f"{open_registry.address}/theirs"
    assert client.api.tag("busybox:latest", repository, "latest")
    try:
        theirs = list(client.api.push(repository, "latest", stream=True, decode=True))
        ours = pushed(store, named(store, f"{open_registry.address}/ours:latest", {"a": os.urandom(50_000)}))
    finally:
        client.api.remove_image(f"{repository}:latest")
    assert [sorted(each) for each in ours if "progress" not in each] == [
        sorted(each) for each in theirs if "progress" not in each
    ]
    assert words(ours)[:2] == [f"The push refers to repository [{open_registry.address}/ours]", "Preparing"]
    assert words(ours)[2] == words(theirs)[2] == "Pushed"
    aux = ours[-1]["aux"]
    assert words(ours)[-1] == f"latest: digest: {aux['Digest']} size: {aux['Size']}"
    assert sorted(aux) == sorted(theirs[-1]["aux"])
    bars = [each for each in ours if "progress" in each]
    assert {each["status"] for each in bars} == {"Pushing"}
    assert bars[-1]["progressDetail"]["current"] == bars[-1]["progressDetail"]["total"] > 50_000


def test_layers_are_prepared_from_the_top_and_three_at_a_time(store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:1", *({str(number): b"x"} for number in range(5)))
    records = pushed(store, name)
    image = store.images.resolve(name)
    prepared = [each["id"] for each in records if each.get("status") == "Preparing"]
    assert prepared == [diff_id[7:19] for diff_id in reversed(image.diff_ids)]
    assert [each["id"] for each in records if each.get("status") == "Waiting"] == prepared[3:]


def test_what_is_there_is_not_sent_again(store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:latest")
    first = pushed(store, name)
    second = pushed(store, name)
    assert words(second)[2] == "Layer already exists"
    assert second[-1] == first[-1]


def test_a_layer_is_taken_over_from_another_repository(store: Store, open_registry: Registry) -> None:
    base = {"big": os.urandom(500_000)}
    pushed(store, named(store, f"{open_registry.address}/base:latest", base))
    name = named(store, f"{open_registry.address}/child:latest", base, {"small": b"1"})
    assert sorted(words(pushed(store, name))[3:5]) == ["Mounted from base", "Pushed"]


def test_a_layer_that_can_not_be_taken_over_is_sent(store: Store, open_registry: Registry, other_store: Store) -> None:
    import shutil

    base = {"big": os.urandom(5000)}
    pushed(store, named(store, f"{open_registry.address}/base:latest", base))
    shutil.rmtree(open_registry.folder / "docker")
    name = named(store, f"{open_registry.address}/child:latest", base)
    assert words(pushed(store, name))[2] == "Pushed"
    assert not list(open_registry.folder.glob("**/_uploads/*/data"))
    pull(other_store.images, other_store.blobs, Reference.parse(name))


def test_every_tag_is_pushed_where_all_are_meant(store: Store, open_registry: Registry) -> None:
    repository = f"{open_registry.address}/web"
    for tag in ("1", "2"):
        named(store, f"{repository}:{tag}", {"a": tag.encode()})
    records = pushed(store, f"{repository}:latest", all_tags=True)
    assert [each["aux"]["Tag"] for each in records if "aux" in each] == ["1", "2"]


def test_a_pushed_image_is_known_by_its_digest(store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:latest")
    digest = pushed(store, name)[-1]["aux"]["Digest"]
    assert store.images.resolve(f"{open_registry.address}/web@{digest}") == store.images.resolve(name)
    assert inspect_distribution(Reference.parse(name)) == {
        "Descriptor": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": digest,
            "size": len(store.blobs.read(digest)),
        },
        "Platforms": [{"architecture": "amd64", "os": "linux"}],
    }


def test_docker_describes_what_is_in_a_registry_alike(client: Client, store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:latest")
    pushed(store, name)
    assert inspect_distribution(Reference.parse(name)) == client.api.inspect_distribution(name)
    with pytest.raises(Exception, match="manifest unknown") as docker:
        client.api.inspect_distribution(f"{open_registry.address}/nope")
    theirs: Any = docker.value
    with pytest.raises(Refused) as ours:
        inspect_distribution(Reference.parse(f"{open_registry.address}/nope"))
    assert (str(ours.value), ours.value.status) == (theirs.explanation, theirs.response.status_code)


def test_docker_pulls_what_was_pushed_as_the_same_image(client: Client, store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:latest", {"etc/motd": b"hello"}, {"bin/x": os.urandom(90_000)})
    pushed(store, name)
    list(client.api.pull(name, stream=True, decode=True))
    try:
        theirs = client.api.inspect_image(name)
        assert theirs["Id"] == store.images.resolve(name).id
        assert theirs["RepoDigests"] == store.images.digests(theirs["Id"])
    finally:
        client.api.remove_image(name)


# ---------------------------------------------------------------- bad lines


def test_an_upload_that_broke_is_made_again(store: Store, flaky: Flaky) -> None:
    name = named(store, f"{flaky.address}/web:latest", {"big": os.urandom(3_000_000)})
    flaky.cut_request_after, flaky.cuts_left = 1_000_000, 1
    records = pushed(store, name)
    assert flaky.cuts_left == 0
    assert "Retrying in 1 second" in words(records)
    assert "Pushed" in words(records)


def test_a_cancelled_push_ends(store: Store, open_registry: Registry) -> None:
    name = named(store, f"{open_registry.address}/web:latest", {"big": os.urandom(3_000_000)})
    with pytest.raises(Cancelled):
        pushed(store, name, cancelled=lambda: True)
    assert not [each for each in threading.enumerate() if each.name.startswith("registry")]


# ---------------------------------------------------------------- refusals


def test_what_is_not_here_is_named_as_docker_names_it(client: Client, store: Store, open_registry: Registry) -> None:
    repository = f"{open_registry.address}/web"
    with pytest.raises(ServerError) as ours:
        pushed(store, f"{repository}:latest")
    assert last_error(client, repository) == str(ours.value)
    named(store, f"{repository}:1")
    with pytest.raises(ServerError, match=f"tag does not exist: {repository}:2"):
        pushed(store, f"{repository}:2")
    with pytest.raises(BadParameter, match="cannot push a digest reference"):
        pushed(store, f"{repository}@sha256:{'0' * 64}")


@pytest.mark.parametrize(
    ("auth", "sentence"),
    [({}, "no basic auth credentials"), ({"username": USER, "password": "x"}, "unauthorized: authentication required")],
)
def test_a_closed_registry_refuses_as_docker_says(
    client: Client, store: Store, closed_registry: Registry, auth: dict[str, str], sentence: str
) -> None:
    name = named(store, f"{closed_registry.address}/web:latest")
    with pytest.raises(ServerError) as ours:
        pushed(store, name, credentials=Credentials.of(auth))
    assert client.api.tag("busybox:latest", f"{closed_registry.address}/web", "latest")
    try:
        assert last_error(client, f"{closed_registry.address}/web", auth) == str(ours.value) == sentence
    finally:
        client.api.remove_image(name)


def test_who_may_only_pull_is_refused_as_docker_says(client: Client, store: Store, token_registry: Registry) -> None:
    name = named(store, f"{token_registry.address}/web:latest")
    with pytest.raises(ServerError) as ours:
        pushed(store, name, credentials=Credentials())
    assert client.api.tag("busybox:latest", f"{token_registry.address}/web", "latest")
    try:
        assert last_error(client, f"{token_registry.address}/web", {}) == str(ours.value)
    finally:
        client.api.remove_image(name)
    assert str(ours.value) == "denied: requested access to the resource is denied"


def last_error(client: Client, repository: str, auth: dict[str, str] | None = None) -> str:
    told = list(client.api.push(repository, "latest", auth_config=auth, stream=True, decode=True))
    return str(told[-1]["error"])


# ---------------------------------------------------------------- who one is


def test_a_password_opens_a_closed_registry(store: Store, other_store: Store, closed_registry: Registry) -> None:
    name = named(store, f"{closed_registry.address}/web:latest", {"a": os.urandom(400_000)})
    assert words(pushed(store, name, credentials=ME))[-1].startswith("latest: digest:")
    pull(other_store.images, other_store.blobs, Reference.parse(name), credentials=ME)


def test_a_token_opens_a_registry_that_wants_one(
    store: Store, other_store: Store, token_registry: Registry, token_service: TokenService
) -> None:
    base = {"a": os.urandom(400_000)}
    pushed(store, named(store, f"{token_registry.address}/base:latest", base), credentials=ME)
    name = named(store, f"{token_registry.address}/web:latest", base, {"b": b"1"})
    assert "Mounted from base" in words(pushed(store, name, credentials=ME))
    assert any(
        sorted(each.get("scope", [])) == ["repository:base:pull", "repository:web:pull,push"]
        for each in token_service.asked
    )
    # Anyone may pull here.
    pull(other_store.images, other_store.blobs, Reference.parse(name), credentials=Credentials())


def test_a_token_that_ran_out_is_renewed(
    store: Store, token_registry: Registry, token_service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dockyard.engine.registry import proofs

    name = named(store, f"{token_registry.address}/web:latest", {"a": b"1"}, {"b": b"1"})
    monkeypatch.setattr(proofs, "TOKEN_LASTS_S", 0)  # each is old at once
    token_service.lasts_s = 5
    pushed(store, name, credentials=ME)
    assert len(token_service.asked) > 5


def test_an_identity_token_stands_for_the_password(
    store: Store, token_registry: Registry, token_service: TokenService
) -> None:
    auth = {"username": USER, "password": PASSWORD, "serveraddress": token_registry.address}
    answer = check_login(auth)
    assert answer == {"Status": "Login Succeeded", "IdentityToken": "identity-of-learner"}
    name = named(store, f"{token_registry.address}/web:latest")
    pushed(store, name, credentials=Credentials(identity_token=answer["IdentityToken"]))
    assert token_service.asked[-1]["grant_type"] == ["refresh_token"]


def test_what_docker_login_kept_is_used(
    store: Store, closed_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text(
        '{"auths": {"%s": {"auth": "bGVhcm5lcjpzZWNyZXQ="}}}' % closed_registry.address  # noqa: UP031  # braces
    )
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    pushed(store, named(store, f"{closed_registry.address}/web:latest"))


def test_a_login_succeeds_with_the_right_password_alone(client: Client, closed_registry: Registry) -> None:
    auth = {"username": USER, "password": PASSWORD, "serveraddress": closed_registry.address}
    assert check_login(auth) == {"Status": "Login Succeeded", "IdentityToken": ""}
    assert check_login(auth | {"serveraddress": f"http://{closed_registry.address}/v1/"})
    with pytest.raises(Unauthorized) as ours:
        check_login(auth | {"password": "wrong"})
    with pytest.raises(Exception, match="401 Unauthorized") as docker:
        client.api.login(USER, "wrong", registry=closed_registry.address, reauth=True)
    theirs: Any = docker.value
    assert str(ours.value) == theirs.explanation


def test_a_login_at_a_token_service_fails_as_docker_says(client: Client, token_registry: Registry) -> None:
    auth = {"username": USER, "password": "wrong", "serveraddress": token_registry.address}
    with pytest.raises(Unauthorized) as ours:
        check_login(auth)
    with pytest.raises(Exception, match="incorrect username or password") as docker:
        client.api.login(USER, "wrong", registry=token_registry.address, reauth=True)
    theirs: Any = docker.value
    assert (str(ours.value), ours.value.status) == (theirs.explanation, theirs.response.status_code)


# ---------------------------------------------------------------- certificates


@pytest.fixture
def tls_registry(start_registry: StartRegistry, certificate: Certificate) -> Registry:
    return start_registry(http={"tls": {"certificate": str(certificate.cert), "key": str(certificate.key)}})


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # the engine says so once, for all of its life
def test_a_registry_on_this_machine_may_show_any_certificate(store: Store, tls_registry: Registry) -> None:
    pushed(store, named(store, f"{tls_registry.address}/web:latest"))


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, tls_registry: Registry) -> str:
    """The same registry, for an engine to which no machine is its own."""
    from dockyard.engine.registry import trust

    monkeypatch.setattr(trust, "LOCAL", ())
    return tls_registry.address


def test_an_unknown_certificate_is_refused(store: Store, far: str) -> None:
    with pytest.raises(ServerError) as caught:
        pushed(store, named(store, f"{far}/web:latest"))
    assert str(caught.value) == f'Get "https://{far}/v2/": x509: certificate signed by unknown authority'


def test_a_certificate_that_was_put_there_for_the_registry_is_trusted(
    store: Store, far: str, certificate: Certificate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "config" / "docker" / "certs.d" / far
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(certificate.cert.read_bytes())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    pushed(store, named(store, f"{far}/web:latest"))


def test_the_systems_certificates_are_those_of_ssl_cert_file(
    store: Store, far: str, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.cert))
    pushed(store, named(store, f"{far}/web:latest"))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # the engine says so once, for all of its life
def test_a_registry_that_is_named_insecure_may_show_any_certificate_or_none(
    store: Store, far: str, open_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "config" / "docker"
    folder.mkdir(parents=True)
    (folder / "daemon.json").write_text(f'{{"insecure-registries": ["{far}", "127.0.0.0/8"]}}')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for address in (far, open_registry.address):
        pushed(store, named(store, f"{address}/web:latest"))


def test_a_registry_without_tls_is_not_spoken_to_unless_named(store: Store, far: str, open_registry: Registry) -> None:
    with pytest.raises(ServerError, match="http: server gave HTTP response to HTTPS client"):
        pushed(store, named(store, f"{open_registry.address}/web:latest"))
