"""Registries asked directly, played by a server of the test's own: pages, tokens, indexes, and answers that make no sense."""

import http.server
import json
import threading

import pytest

from dockyard.connection.registry import Registry
from dockyard.connection.secret import Secret
from dockyard.errors import DeletingDisabled, NotInRegistry, RegistryRefused, RegistryUnreachable

LIST = "/v2/_catalog?n=100"


@pytest.fixture
def play():
    """Starts a server that gives the answers of a table: path -> (status, headers, JSON or bytes)."""
    servers = []

    def start(answers):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.command, self.path, self.headers.get("Authorization", "")))
                found = answers.get(self.path, (404, {}, {"errors": [{"code": "NAME_UNKNOWN", "message": "no"}]}))
                status, headers, body = found(self.headers) if callable(found) else found
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_DELETE = do_GET  # noqa: N815  # the name that the server looks for

            def log_message(self, *words):
                pass

        asked = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        answers.setdefault("/v2/", (200, {}, {}))
        return f"127.0.0.1:{server.server_port}", asked

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_long_catalog_comes_in_pages(play):
    more = "/v2/_catalog?last=b&n=100"
    address, _ = play(
        {
            LIST: (200, {"Link": f'<{more}>; rel="next"'}, {"repositories": ["a", "b"]}),
            more: (200, {}, {"repositories": ["c"]}),
        }
    )
    with Registry(address) as registry:
        assert list(registry.catalog()) == ["a", "b", "c"]


def test_a_page_elsewhere_is_not_followed_there(play):
    elsewhere, asked_there = play({"/v2/x?n=1": (200, {}, {"repositories": ["theirs"]})})
    address, _ = play(
        {
            LIST: (200, {"Link": f'<http://{elsewhere}/v2/x?n=1>; rel="next"'}, {"repositories": ["a"]}),
            "/v2/x?n=1": (200, {}, {"repositories": ["ours"]}),
        }
    )
    with Registry(address, user="usagi", secret=Secret("carrot")) as registry:
        assert list(registry.catalog()) == ["a", "ours"]
    assert asked_there == []


def test_endless_pages_end(play):
    address, asked = play({LIST: (200, {"Link": f'<{LIST}>; rel="next"'}, {"repositories": ["a"]})})
    with Registry(address) as registry:
        assert len(list(registry.catalog())) == 1000
    assert len(asked) < 1010


def test_a_deleted_repository_has_no_tags(play):
    address, _ = play({"/v2/a/b/tags/list?n=100": (200, {}, {"name": "a/b", "tags": None})})
    with Registry(address) as registry:
        assert registry.tags("a/b") == []


def test_a_manifest_is_read(play):
    layer = {"digest": "sha256:1", "size": 7, "mediaType": "t"}
    body = {"mediaType": "m", "config": {"digest": "sha256:c", "size": 3}, "layers": [layer]}
    address, _ = play({"/v2/a/manifests/1": (200, {"Docker-Content-Digest": "sha256:d"}, body)})
    with Registry(address) as registry:
        found = registry.manifest("a", "1")
    assert (found.digest, found.config_digest, found.size_bytes, found.layers[0].size_bytes) == (
        "sha256:d",
        "sha256:c",
        10,
        7,
    )


def test_an_index_is_read(play):
    entries = [
        {"digest": "sha256:1", "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        {"digest": "sha256:2"},
    ]
    address, _ = play({"/v2/a/manifests/1": (200, {}, {"mediaType": "i", "manifests": entries})})
    with Registry(address) as registry:
        found = registry.manifest("a", "1")
    assert [(each.name, each.digest) for each in found.platforms] == [("linux/arm/v7", "sha256:1"), ("", "sha256:2")]


def test_who_asks_is_shown_only_where_it_is_wanted(play):
    def locked(headers):
        if headers.get("Authorization") == "Basic dXNhZ2k6Y2Fycm90":
            return 200, {}, {"repositories": ["a"]}
        return (
            401,
            {"WWW-Authenticate": 'Basic realm="lab"'},
            {"errors": [{"code": "UNAUTHORIZED", "message": "log in"}]},
        )

    address, asked = play({LIST: locked, "/v2/": (401, {"WWW-Authenticate": 'Basic realm="lab"'}, {})})
    with Registry(address, user="usagi", secret=Secret("carrot")) as registry:
        assert list(registry.catalog()) == ["a"]
    assert [proof for _, _, proof in asked] == ["", "", "Basic dXNhZ2k6Y2Fycm90"]
    with Registry(address) as registry, pytest.raises(RegistryRefused, match="UNAUTHORIZED: log in"):
        list(registry.catalog())


def test_a_token_service_is_asked(play):
    answers = {}
    address, asked = play(answers)
    challenge = f'Bearer realm="http://{address}/token",service="lab",scope="registry:catalog:*"'
    answers[LIST] = lambda headers: (
        (200, {}, {"repositories": ["a"]})
        if headers.get("Authorization") == "Bearer t0k3n"
        else (401, {"WWW-Authenticate": challenge}, {})
    )
    answers["/token?service=lab&scope=registry%3Acatalog%3A%2A"] = (200, {}, {"token": "t0k3n"})
    with Registry(address, user="usagi", secret=Secret("carrot")) as registry:
        assert list(registry.catalog()) == ["a"]
    assert asked[2][2] == "Basic dXNhZ2k6Y2Fycm90"


def test_no_password_goes_to_a_token_service_in_the_clear(play):
    challenge = 'Bearer realm="http://tokens.example/token",service="lab"'
    address, _ = play({LIST: (401, {"WWW-Authenticate": challenge}, {})})
    with (
        Registry(address, user="usagi", secret=Secret("carrot")) as registry,
        pytest.raises(RegistryRefused, match="https"),
    ):
        list(registry.catalog())


@pytest.mark.parametrize("body", [b"no json", [], {"repositories": 1}, {}])
def test_an_answer_that_makes_no_sense_is_told(body, play):
    address, _ = play({LIST: (200, {}, body)})
    with Registry(address) as registry, pytest.raises(RegistryRefused, match="no list"):
        list(registry.catalog())


@pytest.mark.parametrize("body", [b"", 1, {"layers": 1}, {"layers": [], "config": None}, {"manifests": [1]}])
def test_a_manifest_that_makes_no_sense_is_told(body, play):
    address, _ = play({"/v2/a/manifests/1": (200, {}, body)})
    with Registry(address) as registry, pytest.raises(RegistryRefused, match="no manifest"):
        registry.manifest("a", "1")


def test_what_the_registry_says_no_to(play):
    address, _ = play({"/v2/a/manifests/sha256:1": (405, {}, {}), LIST: (500, {}, b"")})
    with Registry(address) as registry:
        with pytest.raises(DeletingDisabled, match="REGISTRY_STORAGE_DELETE_ENABLED"):
            registry.delete("a", "sha256:1")
        with pytest.raises(NotInRegistry, match="NAME_UNKNOWN"):
            registry.tags("none")
        with pytest.raises(RegistryRefused, match="HTTP 500"):
            list(registry.catalog())


def test_where_no_registry_is(play):
    with Registry("localhost:1") as registry, pytest.raises(RegistryUnreachable, match="refused"):
        list(registry.catalog())
    address, _ = play({"/v2/": (404, {}, b"another server")})
    with Registry(address) as registry, pytest.raises(RegistryUnreachable, match="HTTP 404"):
        list(registry.catalog())
