"""What a call refuses whatever the engine holds: the handlers never get to ask it."""

import json
from io import BytesIO
from typing import Any

import pytest

from dockyard.engine.errors import ApiError
from dockyard.engine.http.request import Body, Query, Request
from dockyard.engine.http.router import NEWEST_API, Router
from dockyard.engine.http.routes import ROUTES

REFUSED: list[tuple[str, str, Any, str]] = [
    ("POST", "/build?version=2", None, "this engine builds without BuildKit"),
    ("POST", "/build?outputs=[{}]", None, "outputs need BuildKit"),
    ("POST", "/build?memory=6291456", None, "this engine can't limit builds: it has no memory"),
    ("POST", "/build/prune?keep-storage=1", None, "drops its build caches whole"),
    ("POST", "/build/cancel", None, "this engine builds without BuildKit"),
    ("POST", "/containers/web/start?checkpoint=one", None, "checkpoint is only supported in experimental mode"),
    ("DELETE", "/containers/web?link=1", None, "links between containers are not kept"),
    ("POST", "/images/create?fromImage=busybox", None, "docker pull --all-tags is not supported by this engine"),
    ("POST", "/images/create?fromImage=localhost:5000/box:", None, "docker pull --all-tags is not supported"),
    ("POST", "/images/create?fromSrc=http://example.org/x.tar", None, "docker import from a URL is not supported"),
    ("POST", "/images/busybox/push?platform={}", None, "this engine keeps one platform of an image"),
    ("GET", "/images/search?term=busybox", None, "docker search is not supported by this engine"),
    ("GET", "/networks/bridge?scope=swarm", None, "network bridge not found"),
    ("POST", "/plugins/pull?remote=x", None, "this engine takes no plugins"),
    ("POST", "/session", None, "this engine builds without BuildKit"),
    ("POST", "/swarm/init", {}, "this engine can't be part of a swarm"),
    ("GET", "/services", None, "This node is not a swarm manager"),
    ("POST", "/volumes/create", {"Name": "v", "ClusterVolumeSpec": {}}, "This node is not a swarm manager"),
]


@pytest.mark.parametrize(("method", "target", "body", "sentence"), REFUSED, ids=[each[1] for each in REFUSED])
def test_it_is_refused_and_told_why(method: str, target: str, body: Any, sentence: str) -> None:
    path, _, query = target.partition("?")
    handler, params = Router(ROUTES).find(method, path)
    content = BytesIO(json.dumps(body).encode() if body is not None else b"")
    request = Request(
        method,
        path,
        NEWEST_API,
        query=Query(query),
        params=params,
        body=Body(content.readinto, "application/json"),
    )
    with pytest.raises(ApiError) as caught:
        handler(None, request)  # type: ignore[arg-type]  # there is no engine, and none is needed
    assert sentence in str(caught.value)
    assert caught.value.status >= 400
