"""``python -m dockyard.engine``: the engine in the foreground; with ``--ready``, as ``dockyard engine start`` starts it."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

import dockyard


def main() -> int:
    """Run the engine and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m dockyard.engine", description="Dockyard's embedded engine.")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where it keeps images, containers and volumes")
    parser.add_argument("--ready", type=int, metavar="FD", help="run in the background and say here when it answers")
    chosen = parser.parse_args()
    dockyard.language("en")  # what it answers is protocol, whatever language its user reads
    if chosen.ready is not None and os.fork():
        os._exit(0)  # whoever started it waits for this one; the engine is nobody's child
    output = os.fdopen(os.dup(1) if chosen.ready is None else chosen.ready, "w")
    os.set_inheritable(output.fileno(), False)

    def say(word: str) -> None:
        with suppress(BrokenPipeError), output:  # whoever started it may be gone
            output.write(f"{word}\n")

    from dockyard.engine.daemon import serve
    from dockyard.engine.life import folders_of

    return serve(folders_of(chosen.data), say)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads that wait for a registry or a client must not keep it
