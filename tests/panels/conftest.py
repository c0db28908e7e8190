"""Panels that are closed when a test ends, registries, and images with names of their own."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from dockyard.connection import Client
from dockyard.tasks import start_registry
from registries import free_port


@pytest.fixture
def shown() -> Iterator[Callable[[Any], Any]]:
    """Keeps panels, and closes them afterwards."""
    made = []

    def keep(panel: Any) -> Any:
        made.append(panel)
        return panel

    yield keep
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def notebook() -> Iterator[Any]:
    """The shell of a kernel, with Dockyard's magics."""
    made = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    made.extension_manager.load_extension("dockyard")
    yield made
    InteractiveShell.clear_instance()


@pytest.fixture
def engine_in_use(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The engine, as the one that is in use."""
    monkeypatch.setattr("dockyard.connection._current", client)
    return client


@pytest.fixture
def new_name(client: Client) -> Iterator[str]:
    """A name for an image; whatever has it afterwards is removed."""
    name = f"ex22-{uuid.uuid4().hex[:8]}:latest"
    yield name
    if client.find_json("/images/{}/json", name):
        client.api.remove_image(name, force=True)


@pytest.fixture(scope="module")
def start(client: Client) -> Iterator[Callable[..., str]]:
    """Starts a registry on the engine and returns its address; the containers are called as ``start.made`` says."""
    made: list[str] = []

    def run(**options: Any) -> str:
        made.append(f"registry-{uuid.uuid4().hex[:8]}")
        return start_registry(client, name=made[-1], port=free_port(), **options).address

    run.made = made  # type: ignore[attr-defined]  # for tests that look at the container
    yield run
    for name in made:
        if client.find_json("/containers/{}/json", name):
            client.api.remove_container(name, force=True, v=True)


@pytest.fixture
def image(client: Client, container: Any, shell: Any) -> Iterator[Callable[..., str]]:
    """Makes an image with a layer of its own below a registry's address; removes it afterwards."""
    made: list[str] = []

    def make(address: str, repository: str = "") -> str:
        source = container()
        shell(source, "head -c 600000 /dev/urandom > /big")
        name = f"{address}/{repository or f'nyappacchi-{uuid.uuid4().hex[:8]}'}"
        client.api.commit(source, name, "13")
        made.append(f"{name}:13")
        client.api.remove_container(source, force=True, v=True)
        container.made.remove(source)
        return made[-1]

    yield make
    for name in made:
        if client.find_json("/images/{}/json", name):
            client.api.remove_image(name, force=True)


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where docker's configuration file is to be, of this test alone."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker" / "config.json"
