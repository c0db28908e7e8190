"""The engine's log does not grow without end."""

import subprocess
import sys

CODE = """
import logging, os, sys
from pathlib import Path
from dockyard.engine.log import BoundedLog

path = Path(sys.argv[1])
os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
logging.basicConfig(level=logging.INFO, handlers=[BoundedLog(path, 10_000)])
for n in range(1000):
    logging.info("%s %s", n, "x" * 100)
os.write(2, b"last words")
"""


def test_a_full_log_takes_the_place_of_the_one_before(tmp_path):
    path = tmp_path / "engine.log"
    subprocess.run([sys.executable, "-c", CODE, str(path)], check=True, timeout=60)
    text = path.read_text()
    assert text.endswith("last words")
    assert "999 x" in text
    before = (tmp_path / "engine.log.1").read_text()
    assert int(text.split(":")[2].split()[0]) == int(before.splitlines()[-1].split(":")[2].split()[0]) + 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["engine.log", "engine.log.1"]
    assert path.stat().st_size < 11_000
    assert len(before) < 11_000


def test_a_log_that_can_not_be_turned_over_goes_on(tmp_path):
    path = tmp_path / "engine.log"
    (tmp_path / "engine.log.1").mkdir()  # nothing can take its place
    subprocess.run([sys.executable, "-c", CODE, str(path)], check=True, timeout=60)
    text = path.read_text()
    assert " 999 x" in text.replace("INFO:root:", " ")
    assert text.endswith("last words")
