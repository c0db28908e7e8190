"""Which handler a call goes to."""

import pytest

from dockyard.engine.errors import BadParameter, NotFound
from dockyard.engine.http.response import Text
from dockyard.engine.http.router import Router, split_version


def named(name):
    def handler(engine, request):
        return Text(name)

    return handler


ROUTER = Router(
    [
        ("GET", "/images/json", named("list")),
        ("GET", "/images/{name:.*}/json", named("inspect")),
        ("GET", "/images/{name:.*}/get", named("save")),
        ("DELETE", "/images/{name:.*}", named("remove")),
        ("GET", "/containers/{id}/json", named("container")),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "name", "params"),
    [
        ("GET", "/images/json", "list", {}),
        ("GET", "/images/busybox/json", "inspect", {"name": "busybox"}),
        ("GET", "/images/localhost:5000/a/b:1/json", "inspect", {"name": "localhost:5000/a/b:1"}),
        ("DELETE", "/images/a/b", "remove", {"name": "a/b"}),
        ("GET", "/containers/web/json", "container", {"id": "web"}),
    ],
)
def test_a_call_finds_its_handler(method, path, name, params):
    handler, found = ROUTER.find(method, path)
    assert handler(None, None).text == name
    assert found == params


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/images/json"),
        ("GET", "/containers/a/b/json"),
        ("GET", "/"),
        ("BREW", "/images/json"),
        ("GET", "/containers//json"),
    ],
)
def test_a_call_that_does_not_exist_is_said_so_as_docker_says_it(method, path):
    with pytest.raises(NotFound, match=r"^page not found$"):
        ROUTER.find(method, path)


def test_the_version_in_a_path_is_optional():
    assert split_version("/v1.41/images/json") == ((1, 41), "/images/json")
    assert split_version("/v1.24/x") == ((1, 24), "/x")
    assert split_version("/images/json") == ((1, 47), "/images/json")
    assert split_version("/volumes/x") == ((1, 47), "/volumes/x")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1.99/_ping", "client version 1.99 is too new. Maximum supported API version is 1.47"),
        ("/v2.0/_ping", "client version 2.0 is too new. Maximum supported API version is 1.47"),
        (
            "/v1.10/_ping",
            "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
        ),
        ("/v" + "9" * 5000 + "/_ping", "invalid API version 99999999999999999999"),
    ],
)
def test_a_version_that_is_not_spoken_is_refused_in_dockers_words(path, message):
    with pytest.raises(BadParameter) as caught:
        split_version(path)
    assert str(caught.value) == message
