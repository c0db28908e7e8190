"""What of the Compose specification is done here. Everything else is refused by name; docs/compose.md lists the same."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dockyard.compose.tree import Fault, Path, spelled
from dockyard.locale import N_, translate

__all__ = ["FILE", "NETWORK", "SERVICE", "VOLUME", "unsupported"]

FILE = frozenset({"version", "name", "services", "networks", "volumes"})
SERVICE = frozenset(
    {
        "image", "build", "command", "entrypoint", "environment", "env_file", "ports", "expose", "volumes", "tmpfs", "networks",
        "network_mode", "depends_on", "restart", "labels", "user", "working_dir", "hostname", "healthcheck", "container_name",
        "stop_signal", "stop_grace_period", "stdin_open", "tty", "init", "read_only", "extra_hosts",
    }
)  # fmt: skip
NETWORK = frozenset({"name", "external", "driver", "driver_opts", "labels", "internal", "attachable"})
VOLUME = frozenset({"name", "external", "driver", "driver_opts", "labels"})
# Mappings within a service, each by the way to it: a star stands for every entry.
INSIDE: dict[tuple[str, ...], frozenset[str]] = {
    ("build",): frozenset({"context", "dockerfile", "args", "target", "no_cache"}),
    ("healthcheck",): frozenset({"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}),
    ("networks", "*"): frozenset({"aliases"}),
    ("depends_on", "*"): frozenset({"condition"}),
    ("env_file", "*"): frozenset({"path", "required"}),
    ("ports", "*"): frozenset({"target", "published", "host_ip", "protocol", "mode"}),
    ("volumes", "*"): frozenset({"type", "source", "target", "read_only", "bind", "volume", "tmpfs"}),
    ("volumes", "*", "bind"): frozenset({"create_host_path"}),
    ("volumes", "*", "volume"): frozenset({"nocopy"}),
    ("volumes", "*", "tmpfs"): frozenset({"size", "mode"}),
}  # fmt: skip


def unsupported(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield every key of a file that holds to the schema, and that is not done here."""
    yield from _beyond(values, FILE, ())
    for key, known in (("networks", NETWORK), ("volumes", VOLUME)):
        for name, each in (values.get(key) or {}).items():
            yield from _beyond(each or {}, known, (key, name))
            if isinstance((each or {}).get("external"), dict):
                yield _refusal((key, name, "external", "name"))
    for name, service in (values.get("services") or {}).items():
        yield from _beyond(service, SERVICE, ("services", name))
        for way, known in INSIDE.items():
            for path, found in _at(service, way, ("services", name)):
                yield from _beyond(found, known, path)


def _beyond(values: Mapping[str, Any], known: Collection[str], path: Path) -> Iterator[Fault]:
    return (_refusal((*path, key)) for key in values if key not in known and not key.startswith("x-"))


def _refusal(path: Path) -> Fault:
    says = translate(N_("{where} is not supported here; leave it out, or use docker compose itself."))
    return Fault(path, says.format(where=spelled(path)))


def _at(value: Any, way: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Each mapping that a way leads to, with its place."""
    if not way:
        if isinstance(value, dict):
            yield path, value
    elif way[0] != "*":
        if isinstance(value, dict) and way[0] in value:
            yield from _at(value[way[0]], way[1:], (*path, way[0]))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _at(each, way[1:], (*path, key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _at(each, way[1:], (*path, place))
