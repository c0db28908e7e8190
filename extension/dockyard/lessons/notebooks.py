"""The lessons' notebooks: where they lie, and a copy for whoever is to write in them."""

import shutil
from pathlib import Path

import dockyard

__all__ = ["checked_out", "copied", "lessons_below"]

FOLDER = "dockyard-lessons"
MAP = Path("en/01_map.ipynb")


def checked_out() -> Path | None:
    """Return the folder of the lessons where Dockyard runs from a checkout; there they are written in as they lie."""
    checkout = Path(dockyard.__file__).parents[2] / "notebooks"
    return checkout if not _shipped().is_dir() and checkout.is_dir() else None


def copied(target: Path) -> Path:
    """Copy the lessons into a folder, except what is there already, and return it, whole."""
    source = checked_out() or _shipped()
    for file in source.rglob("*"):
        copy = target / file.relative_to(source)
        if file.is_file() and ".ipynb_checkpoints" not in file.parts and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
    return target.resolve()


def lessons_below(root: Path) -> Path:
    """Return the folder of the lessons that lies in ``root``, or is it; they are copied there where there is none."""
    for folder in (root, root / FOLDER):
        if (folder / MAP).is_file():
            return folder
    return copied(root / FOLDER)


def _shipped() -> Path:
    return Path(dockyard.__file__).parent / "notebooks"
