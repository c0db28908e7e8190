"""Push and pull through a registry, with and without a log-in."""

import base64
import json
import uuid

import docker
import pytest
import requests

from embedded import until

pytestmark = [pytest.mark.engine, pytest.mark.any_runner]

USAGI = {"username": "usagi", "password": "carrot"}


@pytest.fixture
def pushed(api, registry, packed):
    """Makes an image named for the registry; removes it afterwards."""
    made = []

    def make(address: str = "", content: str = "x") -> str:
        repository = f"{address or registry}/nyappacchi-{uuid.uuid4().hex[:8]}"
        api.import_image_from_data(packed({"file": content, "big": repository * 1000}), repository=repository, tag="13")
        made.append(f"{repository}:13")
        return made[-1]

    until(lambda: answers(registry))
    yield make
    for name in made:
        try:
            api.remove_image(name, force=True)
        except docker.errors.ImageNotFound:
            continue


def answers(address):
    try:
        return requests.get(f"http://{address}/v2/", timeout=5).status_code in (200, 401)
    except requests.ConnectionError:
        return False


def steps(stream):
    found = list(stream)
    for each in found:
        assert "error" not in each, each
    return found


def test_a_push_and_a_pull_bring_the_same_image_back(api, pushed, registry):
    name = pushed()
    about = api.inspect_image(name)
    said = steps(api.push(name, stream=True, decode=True))
    digest = next(each["aux"]["Digest"] for each in said if "aux" in each)
    assert any(each.get("status") == f"13: digest: {digest} size: {next(e['aux']['Size'] for e in said if 'aux' in e)}" for each in said)  # fmt: skip
    repository = name.rpartition(":")[0]
    assert api.inspect_image(name)["RepoDigests"] == [f"{repository}@{digest}"]
    assert (
        repository.partition("/")[2]
        in requests.get(f"http://{registry}/v2/_catalog", timeout=10).json()["repositories"]
    )
    api.remove_image(name)
    said = steps(api.pull(repository, tag="13", stream=True, decode=True))
    assert any(each.get("status") == f"Digest: {digest}" for each in said)
    assert said[-1]["status"] == f"Status: Downloaded newer image for {name}"
    again = api.inspect_image(name)
    assert (again["Id"], again["RootFS"], again["RepoDigests"]) == (
        about["Id"],
        about["RootFS"],
        [f"{repository}@{digest}"],
    )


def test_a_second_pull_finds_it_up_to_date(api, pushed):
    name = pushed()
    steps(api.push(name, stream=True, decode=True))
    repository, _, tag = name.rpartition(":")
    said = steps(api.pull(repository, tag=tag, stream=True, decode=True))
    assert said[-1]["status"] == f"Status: Image is up to date for {name}"


def test_a_second_push_finds_the_layers_there(api, pushed):
    name = pushed()
    steps(api.push(name, stream=True, decode=True))
    said = steps(api.push(name, stream=True, decode=True))
    assert any(each.get("status") == "Layer already exists" for each in said)


def test_a_pull_by_digest(api, pushed):
    name = pushed()
    said = steps(api.push(name, stream=True, decode=True))
    digest = next(each["aux"]["Digest"] for each in said if "aux" in each)
    full = api.inspect_image(name)["Id"]
    repository = name.rpartition(":")[0]
    api.remove_image(name)
    steps(api.pull(f"{repository}@{digest}", stream=True, decode=True))
    found = api.inspect_image(f"{repository}@{digest}")
    assert (found["Id"], found["RepoTags"]) == (full, [])
    api.remove_image(full, force=True)


def test_each_layer_s_progress_is_told(api, pushed):
    name = pushed()
    said = steps(api.push(name, stream=True, decode=True))
    layers = {each["id"] for each in said if each.get("status") == "Pushed"}
    assert len(layers) == 1
    assert all(len(each) == 12 for each in layers)
    api.remove_image(name)
    repository, _, tag = name.rpartition(":")
    said = steps(api.pull(repository, tag=tag, stream=True, decode=True))
    assert said[0] == {"status": f"Pulling from {repository.partition('/')[2]}", "id": "13"}
    assert {"Pulling fs layer", "Pull complete"} <= {each["status"] for each in said}


def test_what_the_registry_does_not_have_is_told(ask, registry):
    status, message = ask("POST", f"/images/create?fromImage={registry}/nothing&tag=1").refusal
    assert status == 404
    assert message.startswith(f"manifest for {registry}/nothing:1 not found: manifest unknown")


def test_a_registry_that_does_not_answer_is_told(ask):
    status, message = ask("POST", "/images/create?fromImage=localhost:1/thing&tag=1").refusal
    assert status == 500
    assert "localhost:1/v2/" in message
    assert "connection refused" in message.lower()


def test_pushing_what_is_not_there_is_told(ask, registry):
    answer = ask("POST", f"/images/{registry}/nothing/push?tag=1", headers={"X-Registry-Auth": "e30="})
    assert "An image does not exist locally with the tag: " + f"{registry}/nothing" in str(answer.body)


class TestLocked:
    def test_a_push_without_a_log_in_is_refused(self, api, locked_registry, pushed):
        until(lambda: answers(locked_registry))
        said = list(api.push(pushed(locked_registry), stream=True, decode=True))
        assert any("no basic auth credentials" in each.get("error", "") for each in said)

    def test_with_a_log_in_it_goes_there_and_back(self, api, locked_registry, pushed):
        until(lambda: answers(locked_registry))
        name = pushed(locked_registry)
        full = api.inspect_image(name)["Id"]
        steps(api.push(name, stream=True, decode=True, auth_config=USAGI))
        api.remove_image(name)
        repository, _, tag = name.rpartition(":")
        steps(api.pull(repository, tag=tag, stream=True, decode=True, auth_config=USAGI))
        assert api.inspect_image(name)["Id"] == full

    def test_a_wrong_password_is_refused(self, api, locked_registry, pushed):
        until(lambda: answers(locked_registry))
        wrong = {**USAGI, "password": "radish"}
        said = list(api.push(pushed(locked_registry), stream=True, decode=True, auth_config=wrong))
        assert any("unauthorized" in each.get("error", "") for each in said)

    def test_an_encoded_log_in_is_read(self, ask, locked_registry):
        until(lambda: answers(locked_registry))
        header = base64.urlsafe_b64encode(json.dumps(USAGI).encode()).decode()
        answer = ask(
            "POST", f"/images/create?fromImage={locked_registry}/nothing&tag=1", headers={"X-Registry-Auth": header}
        )
        assert answer.status == 404
        assert "manifest unknown" in answer.body["message"]
