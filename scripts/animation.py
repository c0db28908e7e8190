"""Make the pictures of the README from what the browser test of lesson 2 sees: a screenshot and a short animation for each language.

Usage: scripts/animation.py [FOLDER]    writes docs/images/lesson-copy*.webp and .png; FOLDER holds pictures of a test run that is over

Needs what the tests need (an engine, Chromium) and Pillow: ``uv pip install --group pictures``.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "docs" / "images"
# The moments that the test keeps, and for how long each is shown, in milliseconds.
MOMENTS = {"0-plan": 2500, "1-run": 2500, "1-then": 2500, "2-copied": 3500, "3-cache": 3000, "4-undone": 3000}
STILL = "2-copied"
BROWSER_FRAME = (292, 60, 1400, 1600)  # without JupyterLab's sidebar and menu
WIDTH = 720
MOST_BYTES = 1_500_000


def main() -> int:
    """Run the test, unless pictures are there, and put them together."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as temporary:
        if folder is None:
            folder = Path(temporary)
            _run_test(folder)
        for language, suffix in (("en", ""), ("ko", "-ko")):
            size = _animate(folder, language, TARGET / f"lesson-copy{suffix}.webp")
            sys.stdout.write(f"lesson-copy{suffix}.webp: {size} bytes\n")
            if size > MOST_BYTES:
                sys.stderr.write(f"That is more than {MOST_BYTES} bytes.\n")
                return 1
    return 0


def _run_test(folder: Path) -> None:
    environment = {**os.environ, "DOCKYARD_SCREENSHOTS": str(folder)}
    words = [sys.executable, "-m", "pytest", "-q", "tests/browser/test_lesson_copy.py"]
    subprocess.run(words, cwd=REPOSITORY, env=environment, check=True)


def _animate(folder: Path, language: str, target: Path) -> int:
    frames = {moment: _frame(folder / f"lesson-copy-{language}-{moment}.png") for moment in MOMENTS}
    frames[STILL].quantize(128).save(target.with_suffix(".png"), optimize=True)
    first, *others = frames.values()
    first.save(
        target, save_all=True, append_images=others, duration=list(MOMENTS.values()), loop=0, quality=70, method=6
    )
    return target.stat().st_size


def _frame(file: Path) -> Image.Image:
    with Image.open(file) as seen:
        part = seen.convert("RGB").crop(BROWSER_FRAME)
    return part.resize((WIDTH, round(part.height * WIDTH / part.width)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
