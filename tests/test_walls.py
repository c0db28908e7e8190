"""The walls of the house: who may import whom. CONTRIBUTING.md draws the same picture."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "extension" / "dockyard"

# Each room may import itself and the rooms below it, which are those listed after it.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"cli_engine", "cli_lessons", "panels", "server"},
    {"lessons"},
    {"lines"},
    {"queries"},
    {"kit", "meter", "tables", "pages"},
    {"charts", "exports", "kubernetes", "live", "remote_terminal"},
    {"flow", "tasks"},
    {"compose"},
    {"command", "connection", "dockerfile"},
    {"engine"},
    {"buffers", "pace", "waiting", "wording", "tarstream"},
    {"errors"},
    {"locale"},
]
HEAVY = {"pandas", "plotly", "ipywidgets", "anywidget", "IPython"}
MAY_BE_HEAVY = {
    "pandas": {"charts", "tables"},
    "plotly": {"charts"},
    "ipywidgets": {"panels"},
    "anywidget": {"panels"},
    "IPython": {"panels"},
}

# The engine is reached over its socket, as Docker is; this alone starts and stops it.
DOOR = PACKAGE / "connection" / "embedded.py"
# What the engine is made of beside Python's own library, so that it starts fast and anywhere.
ENGINE_MAY_IMPORT = {"dockyard", "h11", "isal", "platformdirs", "requests", "urllib3"}
ENGINE_MAY_USE = {"engine", "errors", "tarstream"}

FLOOR = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Full names of every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written whole"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_room_imports_only_from_floors_below(path):
    room = room_of(path)
    if room == "__init__":
        return  # it only names, for type checkers, what it loads when asked
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "dockyard" or len(parts) < 2 or parts[1] not in FLOOR or parts[1] == room:
            continue
        assert FLOOR[parts[1]] > FLOOR[room], f"{room} may not import {parts[1]}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_rooms_that_show_things_import_what_shows_them(path):
    for name in imported(path):
        top = name.split(".")[0]
        if top in HEAVY:
            assert room_of(path) in MAY_BE_HEAVY[top], f"{path} imports {top}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_what_starts_the_engine_imports_it(path):
    if room_of(path) != "engine" and path != DOOR:
        assert not {name for name in imported(path) if name.startswith("dockyard.engine")}


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "engine").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_engine_is_made_of_little(path):
    for name in imported(path):
        top, *rest = name.split(".")
        assert top in sys.stdlib_module_names | ENGINE_MAY_IMPORT
        if top == "dockyard" and rest and rest[0] in FLOOR:
            assert rest[0] in ENGINE_MAY_USE


def test_every_room_stands_on_a_floor():
    assert {room_of(path) for path in FILES} - {"__init__"} == set(FLOOR)


@pytest.mark.parametrize("module", ["dockyard", "dockyard.engine.daemon"])
def test_importing_it_loads_nothing_heavy(module):
    heavy = {*HEAVY, "babel", "docker", "requests"}
    code = f"import {module}, sys; print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"
