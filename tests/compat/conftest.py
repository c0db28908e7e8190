"""The engines that are held beside each other: every test here runs on real Docker and on the embedded engine."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dockyard
from conftest import command_line, missing
from dockyard import kit
from dockyard.connection import Client
from embedded import RUNNERS, Embedded, short_folder, why_not_embedded

ENGINES = ("docker", *(f"embedded-{runner}" for runner in RUNNERS))


# What docs/engine.md says no to under proot, which can't change to another user nor limit a folder.
NOT_UNDER_PROOT = {
    "test_a_user_is_held_to_what_it_may",
    "test_more_groups",
    "test_its_mode_is_set",
    "test_the_files_of_a_user_are_the_user_s",
}


# Of the copies beside ``docker cp`` every one is tried on real Docker, and one in so many on the embedded engine with each runner. A number that
# divides none of the lists they come of, so that each source, target and flag has its turn.
COPIES_SHARE = 7


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Expect what can't be, which is an error if it can after all; choose a share of the copies; try once what holds for any runner."""
    kept, left_out, copies = [], [], 0
    for item in items:
        engine = item.callspec.params.get("engine_address", "") if hasattr(item, "callspec") else ""
        if engine == "embedded-proot" and item.originalname in NOT_UNDER_PROOT:
            item.add_marker(pytest.mark.xfail(strict=True, reason="docs/engine.md: no under proot"))
        line = str(getattr(item, "callspec", None) and item.callspec.params.get("line", ""))
        if engine == "embedded-proot" and "tmpfs-size" in line:
            item.add_marker(pytest.mark.xfail(strict=True, reason="docs/engine.md: no under proot"))
        if engine.startswith("embedded") and "/udp" in line:
            item.add_marker(pytest.mark.xfail(strict=True, reason="docs/engine.md: only TCP ports are published"))
        is_copy = item.path.name == "test_copy_rules.py" and engine.startswith("embedded")
        copies += is_copy
        is_enough = engine == ENGINES[-1] and item.get_closest_marker("any_runner")
        (left_out if is_enough or (is_copy and copies % COPIES_SHARE) else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


@pytest.fixture(scope="session")
def embedded() -> Iterator[Callable[[str], Embedded]]:
    """Starts the embedded engine with a runner, once a session."""
    running: dict[str, Embedded] = {}
    homes: list[Path] = []

    def start(runner: str) -> Embedded:
        if runner not in running:
            if reason := why_not_embedded(runner):
                missing(f"no embedded engine with {runner}: {reason}")
            homes.append(short_folder())
            running[runner] = Embedded(homes[-1], runner).start()
        return running[runner]

    yield start
    for engine in running.values():
        engine.stop()
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session", params=ENGINES)
def engine_address(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    if request.param == "docker":
        return str(request.getfixturevalue("docker_address"))
    start = request.getfixturevalue("embedded")
    return str(start(request.param.removeprefix("embedded-")).address)


@pytest.fixture(scope="session")
def client(engine_address: str) -> Client:
    """The engine of this round, connected, with the lab's images in it."""
    found = dockyard.connect(engine_address)
    kit.prepare(found, may_pull=False)
    return found


@pytest.fixture(scope="session")
def docker_cli(engine_address: str) -> Callable[..., str]:
    """The unchanged docker command line on the engine of this round."""
    return command_line(engine_address)


@pytest.fixture(scope="session")
def real_docker(docker_address: str) -> Client:
    """Real Docker, whatever the engine of this round: what the others are held beside."""
    found = dockyard.connect(docker_address)
    kit.prepare(found, may_pull=False)
    return found
