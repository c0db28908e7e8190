"""Starting and ending containers, and what follows from their ends: restart policies, removal, health checks."""

import logging
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dockyard.engine.clock import now
from dockyard.engine.containers import ports
from dockyard.engine.containers.container import Container
from dockyard.engine.containers.execs import Execs
from dockyard.engine.containers.health import Monitor
from dockyard.engine.containers.launch import Launcher
from dockyard.engine.containers.restarts import Restarts
from dockyard.engine.containers.signals import signal_number
from dockyard.engine.containers.state import Health
from dockyard.engine.errors import ApiError, Conflict, NotModified, ServerError
from dockyard.engine.events import Events
from dockyard.engine.folders import Folders
from dockyard.engine.mounts.mounts import make_sources
from dockyard.engine.networks.networks import Networks
from dockyard.engine.run.running import Attachment, Running, StartFailed, last_exit
from dockyard.engine.run.spec import Exit, PublishedPort

__all__ = ["Runtime"]

KILL_S = 10
STOP_S = 10
JOIN_S = 2
SHORT = 16  # of the digits of an ID: the path of a socket may not be long

log = logging.getLogger(__name__)


class Runtime:
    """Starts and ends the containers of one engine.

    Every method that changes a container holds its lock, so that clients who do things to it at once do them one after the other.
    """

    def __init__(self, folders: Folders, events: Events, launcher: Launcher, execs: Execs, networks: Networks) -> None:
        self.launcher = launcher
        self.remove: Callable[[Container], None] = lambda _: None
        self.published: Callable[[], Iterable[PublishedPort]] = tuple
        self._folders, self._events, self._execs, self._networks = folders, events, execs, networks
        self._restarts = Restarts(self._start_again)
        self._closing = False

    def start(self, container: Container) -> None:
        """Start a container.

        Raises:
            NotModified: It runs already.
            Conflict: It is paused, or being removed.
            StartFailed: Its program can't be started.
            ApiError: Something that it needs is not to be had, such as a port.
        """
        with container.lock:
            if container.state.status == "paused":
                raise Conflict("cannot start a paused container, try unpause instead")
            if container.state.running:
                raise NotModified
            if container.removed or container.leaving or container.state.status in ("removing", "dead"):
                raise Conflict("container is marked for removal and cannot be started")
            container.changed.wait_for(lambda: not container.joining, JOIN_S)
            container.joining.clear()  # whoever has not come by now has hung up
            if container.state.running:
                raise NotModified
            self._cancel_restart(container)
            container.state.stopped_by_user = False
            container.state.restarts = 0
            self._restarts.forget(container)
            self._start(container)

    def stop(self, container: Container, timeout_s: int | None = None, signal_name: str = "") -> None:
        """Ask a container to end, and end it where it does not.

        Args:
            container: Which.
            timeout_s: How long it may take; -1 for as long as it likes, None for its own configuration's, else 10 s.
            signal_name: What asks; by default its own stop signal.

        Raises:
            NotModified: It does not run.
        """
        number = signal_number(signal_name or container.config.get("StopSignal") or "SIGTERM")
        if timeout_s is None:
            timeout_s = container.config.get("StopTimeout", STOP_S)
        with container.lock:
            container.state.stopped_by_user = True
            if self._cancel_restart(container):
                return
            running, ended = container.running, container.runs
            if running is None:
                raise NotModified
            container.keep()  # so that no later engine starts it again
            try:
                self._signal(container, running, number)
            except Conflict:
                log.debug("%s has just ended by itself", container.name)
        if not container.await_state(lambda: container.runs > ended, None if timeout_s < 0 else timeout_s):
            self._kill(container, ended)
        self._events.publish("container", "stop", container.id, container.attributes())

    def restart(self, container: Container, timeout_s: int | None = None, signal_name: str = "") -> None:
        """Stop a container that runs, and start it."""
        with container.spare():
            try:
                self.stop(container, timeout_s, signal_name)
            except NotModified:
                log.debug("%s does not run: it is only started", container.name)
            try:
                self.start(container)
            except NotModified:
                log.debug("%s was started by someone else meanwhile", container.name)
        self._events.publish("container", "restart", container.id, container.attributes())

    def kill(self, container: Container, signal_name: str, called: str) -> None:
        """Send a container a signal.

        Args:
            container: Which.
            signal_name: Empty for SIGKILL.
            called: How the client called the container, for the error.

        Raises:
            Conflict: It does not run.
            BadParameter: There is no such signal.
        """
        number = signal_number(signal_name)
        refusal = f"Cannot kill container: {called}: Container {container.id} is not running"
        with container.lock:
            running, ended = container.running, container.runs
            if running is None:
                if self._cancel_restart(container):
                    return
                raise Conflict(refusal)
            own = signal_number(container.config.get("StopSignal") or "SIGTERM")
            if number in (signal.SIGKILL, own):
                container.state.stopped_by_user = True
            if number != signal.SIGKILL:
                try:
                    self._signal(container, running, number)
                except Conflict as error:
                    raise Conflict(refusal) from error
                return
        self._kill(container, ended)

    def pause(self, container: Container) -> None:
        """Stop all of a container's processes where they are."""
        with container.lock:
            running = self.require_running(container)
            if container.state.status == "paused":
                raise Conflict(f"Container {container.id} is already paused")
            running.pause()
            self._turn(container, "paused")
        self._events.publish("container", "pause", container.id, container.attributes())

    def unpause(self, container: Container) -> None:
        """Let them go on."""
        with container.lock:
            if container.state.status != "paused" or container.running is None:
                raise ServerError(f"Container {container.id} is not paused")
            container.running.unpause()
            self._turn(container, "running")
        self._events.publish("container", "unpause", container.id, container.attributes())

    def expect(self, container: Container) -> Callable[[], None]:
        """Have the container's start wait for a client who is told now that it is attached; return what says that it is.

        Without that, a client could start a short container and see it end before its connection has been handed over.
        """
        token = object()
        with container.lock:
            container.joining.add(token)

        def arrived() -> None:
            with container.lock:
                container.joining.discard(token)
                container.changed.notify_all()

        return arrived

    def attach(self, container: Container, attachment: Attachment) -> None:
        """Join a client to a container's streams: now if it runs, else when it is started. The socket is taken over."""
        with container.lock:
            if container.running is None and not container.removed:
                container.wait_with(attachment)
                return
            if container.running is not None:
                container.running.attach(attachment)
        attachment.sock.close()

    def require_attachable(self, container: Container) -> None:
        """Refuse to attach to a paused container, which would not answer.

        Raises:
            Conflict: It is paused.
        """
        if container.state.status == "paused":
            raise Conflict(f"container {container.id} is paused, unpause the container before attach")

    def require_running(self, container: Container) -> Running:
        """Return the hold on a container's processes.

        Raises:
            Conflict: It has none.
        """
        if container.running is None:
            raise Conflict(f"Container {container.id} is not running")
        return container.running

    def recover(self, containers: Iterable[Container]) -> None:
        """Take hold again of what an earlier engine started; apply restart policies to what ended meanwhile; end what belongs to nobody."""
        known = list(containers)
        for container in known:
            with container.lock:
                self._recover(container)
        records = {self.records(container.id) for container in known}
        for folder in self._folders.runtime.iterdir():
            if folder.is_dir() and folder not in records:
                _end_stray(folder)

    def forget(self, container: Container) -> None:
        """Drop what is kept of the runs of a container that is removed."""
        shutil.rmtree(self.records(container.id), ignore_errors=True)
        self._restarts.forget(container)

    def records(self, container_id: str) -> Path:
        """Return the folder in which a container that runs is watched over."""
        return self._folders.runtime / container_id[:SHORT]

    def close(self) -> None:
        """Start nothing any more; containers run on."""
        self._closing = True
        self._restarts.close()

    def _recover(self, container: Container) -> None:
        folder, state = self.records(container.id), container.state
        running = Running.find(folder)
        if running is not None and not state.running:
            # The engine was killed between starting it and writing that down.
            state.pid, state.started_at, state.status = running.pid, running.started_at, "running"
            state.health = Health.of(container.config.get("Healthcheck"))
        if running is not None:
            if running.paused and state.status != "paused":
                running.unpause()  # it stood still for a commit, or by a pause that nobody was told of
            elif state.status == "paused" and not running.paused:
                state.status = "running"
            with _as_far_as_the_disk_allows(container):
                self._networks.up(container.id, tell=False)
            self._hold(container, running)
            return
        container.published, container.ports = {}, []
        if state.running:
            self._note_end(container, last_exit(folder) or Exit(137, now(), "the engine was not there when it ended"))
            self._after_end(container)
        elif container.host_config["AutoRemove"]:
            self.remove(container)  # the engine was killed before it came to that
        elif self._restarts.after_engine(container):
            self._turn(container, "restarting")

    def _start(self, container: Container) -> None:
        """Start; the lock is held."""
        state, waiting = container.state, container.waiting
        container.waiting = []
        bound = ports.Published({}, {})
        try:
            try:
                make_sources(container.host_config)
                wanted = ports.bindings(
                    container.host_config["PortBindings"],
                    container.config.get("ExposedPorts") or (),
                    publish_all=container.host_config["PublishAllPorts"],
                )
                network, address = self._networks.up(container.id)
                if network == "own":
                    bound = ports.bind(wanted, self.published(), f"{container.name} ({container.id})")
                spec = self.launcher.spec(container, network=network, address=address, ports=list(bound.sockets))
                if bound.sockets:
                    container.ports, container.published = list(bound.sockets), bound.shown
                    container.keep()  # so that an engine that finds it running knows of them
                running = Running.start(spec, self.records(container.id), listeners=bound.sockets, attachments=waiting)
            except BaseException as error:
                with _as_far_as_the_disk_allows(container):
                    self._networks.down(container.id)
                container.ports, container.published = [], {}
                state.exit_code = error.exit_code if isinstance(error, StartFailed) else 128
                state.error = str(error) if isinstance(error, ApiError) else type(error).__name__
                if state.status == "restarting":
                    state.status = "exited"
                if container.host_config["AutoRemove"]:
                    self.remove(container)
                else:
                    container.keep()
                container.changed.notify_all()
                raise
        finally:
            for sock in [*bound.sockets.values(), *(each.sock for each in waiting)]:
                sock.close()
        state.status, state.pid, state.started_at = "running", running.pid, running.started_at
        state.error, state.exit_code = "", 0
        state.health = Health.of(container.config.get("Healthcheck"))
        self._events.publish("container", "start", container.id, container.attributes())
        self._hold(container, running)

    def _hold(self, container: Container, running: Running) -> None:
        self._execs.watch(running)  # before the first can be started
        container.running = running
        container.keep()
        container.changed.notify_all()
        if container.state.health:
            Monitor(container, running, self._execs, self._events).start()
        running.on_exit(lambda end: self._ended(container, running, end))

    def _ended(self, container: Container, running: Running, end: Exit) -> None:
        """Called when a run is over, by the thread that watches for it."""
        with container.lock:
            if container.running is not running or self._closing:
                return
            container.running = None
            container.ports, container.published = [], {}
            self._execs.container_ended(container)
            with _as_far_as_the_disk_allows(container):
                self._networks.down(container.id)
            self._note_end(container, end)
            attributes = container.attributes(exitCode=str(end.code))
            self._events.publish("container", "die", container.id, attributes)
            self._after_end(container)
            container.runs += 1
            container.changed.notify_all()

    def _note_end(self, container: Container, end: Exit) -> None:
        state = container.state
        state.status, state.pid = "exited", 0
        state.exit_code, state.finished_at, state.error = end.code, end.finished_at, end.error
        container.ended_with = end.code
        if state.health:
            state.health.status = "unhealthy"  # as Docker has it of one that does not run
        container.keep()

    def _after_end(self, container: Container) -> None:
        if container.host_config["AutoRemove"]:
            if not (container.spared or container.leaving):
                self.remove(container)
            return
        if self._restarts.after_end(container):
            self._turn(container, "restarting")

    def _start_again(self, container: Container) -> None:
        with container.lock:
            if not self._restarts.claim(container) or container.removed:
                return
            container.state.restarts += 1
            try:
                self._start(container)
            except ApiError as error:
                log.warning("%s could not be started again: %s", container.name, error)

    def _cancel_restart(self, container: Container) -> bool:
        """Give up a restart that was to come; tell whether there was one."""
        if not self._restarts.claim(container):
            return False
        self._turn(container, "exited")
        return True

    def _signal(self, container: Container, running: Running, number: int) -> None:
        """Send a signal, to a paused container too, which then goes on."""
        running.signal(number)
        if container.state.status == "paused":
            running.unpause()
            self._turn(container, "running")
        self._events.publish("container", "kill", container.id, container.attributes(signal=str(number)))

    def _kill(self, container: Container, ended: int) -> None:
        """End a run at once, unless it has ended: ``ended`` is the count of runs that were over before."""
        with container.lock:
            running = container.running
            if running is None or container.runs > ended:
                return
            running.kill_all()
            self._events.publish(
                "container", "kill", container.id, container.attributes(signal=str(int(signal.SIGKILL)))
            )
        if not container.await_state(lambda: container.runs > ended, KILL_S):
            raise ServerError(
                f"Cannot kill container: {container.name}: tried to kill container, but did not receive an exit event"
            )

    def _turn(self, container: Container, status: str) -> None:
        container.state.status = status  # type: ignore[assignment]  # one of the seven
        container.keep()
        container.changed.notify_all()


def _end_stray(folder: Path) -> None:
    """End what a build was running when its engine was killed, and forget what ran in a container that is gone."""
    running = Running.find(folder)
    if running is not None:
        over = threading.Event()
        running.on_exit(lambda _: over.set())
        running.kill_all()
        over.wait(KILL_S)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _as_far_as_the_disk_allows(container: Container) -> Iterator[None]:
    """Go on where something that has happened anyway can't be written down."""
    try:
        yield
    except OSError as error:
        log.error("%s: its state can't be written down: %s", container.name, error)
