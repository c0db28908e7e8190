"""What ends a shell in a container when the notebook that opened it goes away, however it goes.

An engine leaves a program with a terminal running when its client is gone. So a second, waiting program is put beside it, whose input the
engine does close then. It finds the shell by a mark in its environment and hangs it up, as a closed terminal window does: the shell and what
runs in its foreground end, and services that were started from it stay.
"""

from contextlib import suppress

from dockyard.connection import Client
from dockyard.connection.archive import stat_path
from dockyard.connection.hijack import Stream
from dockyard.errors import EngineDead, EngineRefused, EngineSilent, engine_errors

__all__ = ["MARK", "Lifeline"]

MARK = "DOCKYARD_SHELL"
START_S = 10
WAITING = b"waiting"
FRAME_HEAD_BYTES = 8  # Docker Engine API, "Attach to a container", stream format
# Of /proc/PID/stat, after the name: state, parent, process group, session, terminal. What leads a session on a terminal is the shell.
SCRIPT = f"""echo {WAITING.decode()}; read -r _ && exit
for signal in HUP KILL; do
    for each in $(grep -l "{MARK}=$0" /proc/[0-9]*/environ 2>/dev/null); do
        stat=$(cat "${{each%environ}}stat" 2>/dev/null) || continue
        set -- ${{stat%% *}} ${{stat##*) }}
        [ "$1" = "$5" ] && [ "$6" != 0 ] && kill "-$signal" "$1"
    done
    [ "$signal" = KILL ] || sleep 1
done"""


class Lifeline:
    """The waiting program, started.

    Args:
        client: The engine.
        container: Name or ID; it runs.
        mark: The value of :data:`MARK` in the shell's environment.
        user: Whom the shell runs as; no other may read its environment.

    Raises:
        EngineRefused: The container does not run, or has no such user.
    """

    def __init__(self, client: Client, container: str, mark: str, user: str) -> None:
        words = ["/bin/sh", "-c", SCRIPT, mark]
        with engine_errors(client.address):
            made = client.api.exec_create(container, words, stdin=True, stderr=False, user=user)
        self._stream = Stream(client, f"/exec/{made['Id']}/start", {"Tty": False})
        told = self._stream.read(START_S)
        if told is None or WAITING not in told:
            self._stream.close()
            if told is None:
                raise EngineSilent(address=client.address)
            reason = told[FRAME_HEAD_BYTES:].decode(errors="replace").strip()  # of a program that could not be started
            raise EngineRefused(message=reason, status=500)

    @staticmethod
    def can_be(client: Client, container: str) -> bool:
        """Whether the container has the shell that the program is written for."""
        return stat_path(client, container, "/bin/sh") is not None

    def release(self) -> None:
        """The shell has ended by itself: end the waiting program, and nothing else."""
        with suppress(EngineDead):  # it ended with its container
            self._stream.write(b"\n")
        self._stream.close()

    def cut(self) -> None:
        """End the shell, and then the waiting program ends too."""
        self._stream.close()
