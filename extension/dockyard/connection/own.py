"""A Docker engine of one's own: a private ``dockerd``, for a machine that has the program but runs no engine, and for tests."""

import fcntl
import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType

from dockyard.connection.bridge import bridge, rival_of
from dockyard.errors import OwnEngineFailed
from dockyard.locale import N_, translate

__all__ = ["OwnEngine", "why_not"]

LOCK = Path("/run/dockyard-engine.lock")
START_S = 60
TRIES = 3
STOP_S = 90  # it stops its containers first, each in its own time


def why_not() -> str:
    """Return why no engine can be started here, in the reader's language; empty where one can."""
    if os.geteuid() != 0:
        return translate(N_("dockerd needs root"))
    if not shutil.which("dockerd"):
        return translate(N_("dockerd is not installed (Debian: apt-get install docker.io iptables)"))
    if not shutil.which("iptables"):
        return translate(N_("iptables is not installed (Debian: apt-get install iptables)"))
    return ""


class OwnEngine:
    """A context manager that starts ``dockerd`` and stops it again; images, containers and volumes stay in its folder.

    Attributes:
        home: The folder; its path must be short, since the socket lies in it.
        address: ``unix://HOME/docker.sock``.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.address = f"unix://{home / 'docker.sock'}"
        self._process: subprocess.Popen[bytes] | None = None
        self._network = ExitStack()  # its bridge, and what the engine has the firewall do with that

    def __enter__(self) -> "OwnEngine":
        """Start, and return when the engine answers.

        Raises:
            OwnEngineFailed: It can't be started; the sentence carries its last words.
        """
        if reason := why_not():
            raise OwnEngineFailed(reason=reason)
        self.home.mkdir(parents=True, exist_ok=True)
        with _alone_at_the_firewall():
            try:
                interface = self._network.enter_context(bridge(self.home))
            except OSError as error:
                reason = translate(N_("no network bridge can be made: {error}")).format(error=error)
                raise OwnEngineFailed(reason=reason) from error
            self._network.callback(_forget_rules, interface)
            try:
                self._start_until_it_stands(interface)
                _require_no_rival(interface)
            except BaseException:
                with self._network:
                    self._stop()
                raise
        return self

    def _start_until_it_stands(self, interface: str) -> None:
        """Start; once more where others changed the firewall under its hands, as every engine's containers do."""
        for left in reversed(range(TRIES)):
            try:
                self._start(interface)
            except OwnEngineFailed:
                if not left or "iptables" not in self._log.read_text(errors="replace"):
                    raise
                self._stop()
            else:
                return

    @property
    def _log(self) -> Path:
        return self.home / "dockerd.log"

    def _start(self, interface: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, self._log.open("wb") as output:
            # The daemon says when it is ready, as to systemd (sd_notify).
            ready.bind(f"\0dockyard-{os.getpid()}-{self.home}"[:100])
            ready.settimeout(START_S)
            notify = ready.getsockname().decode().replace("\0", "@")
            places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
            words = [f"--{flag}={self.home / name}" for flag, name in places.items()]
            self._process = subprocess.Popen(
                ["dockerd", *words, f"--host={self.address}", f"--bridge={interface}"],
                env={**os.environ, "NOTIFY_SOCKET": notify},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal is for the lab, which then stops the engine itself
            )
            self._await(ready)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, containers first."""
        try:
            self._stop()
        finally:
            with _alone_at_the_firewall():
                self._network.close()

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        # It leaves mounts behind: of a container's network, or, where it could not start, of its data.
        mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for place in sorted((each for each in mounted if each.startswith(f"{self.home}/")), reverse=True):
            subprocess.run(["umount", place], check=False)

    def _await(self, ready: socket.socket) -> None:
        assert self._process is not None
        ready.settimeout(1)
        for _ in range(START_S):
            with suppress(TimeoutError):
                if b"READY=1" in ready.recv(4096):
                    return
            if self._process.poll() is not None:
                break
        lines = self._log.read_text(errors="replace").strip().splitlines()
        raise OwnEngineFailed(reason=lines[-1] if lines else translate(N_("it said nothing")))


def _require_no_rival(interface: str) -> None:
    """Refuse an engine whose containers could not be reached: it took up the addresses that it had before, and something else has them now."""
    if rival := rival_of(interface):
        text = translate(
            N_(
                "its network {range} is that of {interface} too. End what uses {interface}; if nothing does, remove it: ip link delete {interface}"
            )
        )
        raise OwnEngineFailed(reason=text.format(range=rival.range_, interface=rival.interface))


def _forget_rules(interface: str) -> None:
    """Take out of the firewall what is about a bridge that is about to go: an engine that ends leaves it all there."""
    table = ""
    for line in subprocess.run(["iptables-save"], check=False, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A ") and interface in (words := shlex.split(line)):
            subprocess.run(["iptables", "--wait", "--table", table, "-D", *words[1:]], check=False)


@contextmanager
def _alone_at_the_firewall() -> Iterator[None]:
    """Hold off other engines of this kind: each changes the machine's one firewall as it starts and ends, and takes a free range of addresses."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
