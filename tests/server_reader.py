"""Someone who asks a Jupyter server with Dockyard in it."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import websocket

__all__ = ["TOKEN", "Reader", "news"]

TOKEN = "test-token"


@dataclass
class Reader:
    """Someone with a browser.

    Attributes:
        address: Of the server, with its base.
        session: The browser's cookies.
    """

    address: str
    session: requests.Session = field(default_factory=requests.Session)
    _opened: list[websocket.WebSocket] = field(default_factory=list)

    def log_in(self) -> "Reader":
        """Open JupyterLab by its address with the token, as `jupyter lab` prints it."""
        self.session.get(f"{self.address}/login", timeout=60)
        self.session.get(f"{self.address}/api/status", params={"token": TOKEN}, timeout=60).raise_for_status()
        return self

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Ask as the sidebar does, with the XSRF token of the cookie; ``headers`` take its place."""
        headers = {"X-XSRFToken": self.session.cookies.get("_xsrf", "")}
        options.setdefault("headers", headers)
        address = f"{self.address}/dockyard/api/{path}"
        return self.session.request(method, address, json=body, timeout=120, allow_redirects=False, **options)

    def get(self, path: str) -> Any:
        return _content(self.ask("GET", path))

    def post(self, path: str, /, **body: Any) -> Any:
        return _content(self.ask("POST", path, body))

    def delete(self, path: str) -> Any:
        return _content(self.ask("DELETE", path))

    def listen(self, path: str, **options: Any) -> websocket.WebSocket:
        """Open a websocket as a page of this server does."""
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.session.cookies)
        origin = re.match(r"https?://[^/]+", self.address)[0]
        options = {"origin": origin, "cookie": cookies, "timeout": 20, **options}
        self._opened.append(websocket.create_connection(f"ws{self.address[4:]}/dockyard/api/{path}", **options))
        return self._opened[-1]

    def close(self) -> None:
        """Close the browser."""
        for each in self._opened:
            each.close()
        self.session.close()

    def run(self, **asked: Any) -> Any:
        """Plan, run, and wait for the end."""
        return self.wait(self.post("runs", plan=self.post("plans", **asked)["id"]))

    def wait(self, run: Any) -> Any:
        """Wait for the end of a run."""
        for _ in range(600):
            found = next(each for each in self.get("runs") if each["id"] == run["id"])
            if found["outcome"] != "running":
                return found
            time.sleep(0.1)
        raise AssertionError(found)


def _content(answer: requests.Response) -> Any:
    assert answer.ok, answer.text
    return answer.json()


def news(listening: websocket.WebSocket, wanted: Callable[[Any], bool]) -> Any:
    """The next message that is wanted."""
    for _ in range(200):
        told = json.loads(listening.recv())
        if wanted(told):
            return told
    raise AssertionError("not told")
