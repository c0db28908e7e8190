"""What building the distribution does beside packing: JupyterLab's part is built and put where JupyterLab looks for it.

A wheel is made without Node.js too: then the sidebar is left out, not shipped empty, and the build says what to do. A source distribution
carries the built extension, so that nobody who installs it needs Node.js; without it none is made.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "share/jupyter/labextensions/@dockyard/labextension"
LEAST_NODE = 20
NEEDED = "Install Node.js 20 or newer and install Dockyard again; all but the sidebar works without it."


class Labextension(BuildHookInterface):  # type: ignore[type-arg]  # as Hatch's documentation has it
    """Builds extension/labextension where that is newer than what was built of it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and add what was built. From a checkout that is installed in place, scripts/labextension does it."""
        if version == "editable":
            return
        reason = "" if self._is_fresh else self._why_not_built()
        if not reason:
            if self.target_name == "wheel":
                build_data["shared_data"][str(self._built)] = PLACE
            return
        says = f"JupyterLab's sidebar was not built: {reason}. {NEEDED}"
        if self.target_name == "sdist" or os.environ.get("DOCKYARD_LABEXTENSION") == "required":
            raise RuntimeError(says)
        self.app.display_warning(says)

    @property
    def _folder(self) -> Path:
        return Path(self.root, "extension", "labextension")

    @property
    def _built(self) -> Path:
        return self._folder / "built"

    @property
    def _is_fresh(self) -> bool:
        """Whether nothing was changed since the last build."""
        last = self._built / "static" / "style.js"
        panels = Path(self.root, "extension", "dockyard", "panels")
        sources = [path for name in ("src", "style", "schema") for path in (self._folder / name).rglob("*")]
        sources += [*self._folder.glob("*.json"), self._folder / "yarn.lock", *panels.glob("terminal.*s")]
        return last.exists() and not any(path.stat().st_mtime > last.stat().st_mtime for path in sources)

    def _why_not_built(self) -> str:
        """Build it; why that could not be done, empty if it was."""
        if os.environ.get("SKIP_JUPYTER_BUILDER"):
            return "SKIP_JUPYTER_BUILDER is set"
        if reason := _why_no_node():
            return reason
        for words in (["jlpm", "install", "--immutable"], ["jlpm", "build:prod"]):
            done = subprocess.run(words, cwd=self._folder, check=False, capture_output=True, text=True)
            if done.returncode:
                self.app.display_error(done.stdout + done.stderr)
                return f"`{' '.join(words)}` failed"
        return ""


def _why_no_node() -> str:
    if not shutil.which("node"):
        return "there is no Node.js"
    version = subprocess.run(["node", "--version"], check=False, capture_output=True, text=True).stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    return "" if major.isdecimal() and int(major) >= LEAST_NODE else f"Node.js is too old ({version})"
