"""A Jupyter server with Dockyard in it, and a reader who is logged in there."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from dockyard.connection import Client
from dockyard.waiting import eventually
from server_reader import TOKEN, Reader


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server shows in its file browser."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="session")
def address(engine_address: str, client: Client, folder: Path) -> Iterator[str]:
    """A server, with a base as a JupyterHub gives it one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DOCKER_HOST": engine_address, "JUPYTER_TOKEN": TOKEN, "LANGUAGE": "en"}
    words = [
        "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}", f"--ServerApp.root_dir={folder}",
        "--ServerApp.base_url=/user/learner/", "--ServerApp.jpserver_extensions={'dockyard': True}",
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            seen = []
            for line in process.stdout:
                seen.append(line)
                if re.search(rf"http://\S+:{port}/user/learner/", line):
                    break
            else:
                raise RuntimeError("the server ended:\n" + "".join(seen))
            drain = threading.Thread(target=lambda: seen.extend(process.stdout))
            drain.start()
            eventually(lambda: requests.get(f"http://localhost:{port}/user/learner/api", timeout=10), OSError)
            yield f"http://localhost:{port}/user/learner"
        finally:
            process.terminate()
            process.wait(30)
    drain.join()
    assert "Traceback" not in "".join(seen), "".join(seen)


@pytest.fixture(scope="session")
def reader(address: str) -> Iterator[Reader]:
    """A reader who is logged in."""
    made = Reader(address).log_in()
    yield made
    made.close()
