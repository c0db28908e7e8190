"""A service's pod: its container, and what is mounted into it (Kubernetes API reference, PodSpec)."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dockyard.compose import Attached, Project, Service
from dockyard.kubernetes.words import Names, name_of_env
from dockyard.locale import N_, translate

__all__ = ["pod"]

MOST_COPIED_BYTES = 900_000  # a ConfigMap holds 1 MiB
UNITS = {"k": "Ki", "m": "Mi", "g": "Gi", "b": ""}
ANNOTATION = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
FILE = re.compile(r"[A-Za-z0-9._-]{1,253}")


def pod(
    project: Project, service: Service, names: Names
) -> tuple[dict[str, Any], dict[str, dict[str, str]], tuple[str, ...]]:
    """Return a service's pod as a template, the files that it needs a copy of, by the ConfigMap's name, and notes."""
    name = names.service(service.name)
    copies: dict[str, dict[str, str]] = {}
    notes: list[str] = []
    volumes: list[dict[str, Any]] = []
    mounts: list[dict[str, Any]] = []
    for count, mount in enumerate(service.mounts, 1):
        volume, more = _volume(project, mount, names, f"{name}-files-{count}", copies, notes)
        if volume is None:
            continue
        if volume not in volumes:
            volumes.append(volume)
        read_only = mount.read_only or mount.kind == "bind"
        mounts.append(
            {
                "name": volume["name"],
                "mountPath": posixpath.normpath(mount.target),
                **more,
                **({"readOnly": True} if read_only else {}),
            }
        )
    annotations = dict(pair.partition("=")[::2] for pair in service.labels)
    for key in [key for key in annotations if not ANNOTATION.fullmatch(key)]:
        del annotations[key]
        notes.append(translate(N_("The label {key!r} can't be one here, and was left out.")).format(key=key))
    container = {
        "name": name,
        "image": service.image,
        **dict(_container(service, name)),
        **({"volumeMounts": mounts} if mounts else {}),
    }
    spec: dict[str, Any] = {"containers": [container]}
    if service.hostname:
        spec["hostname"] = names.dns(service.hostname)
    if service.network_mode == "host":
        spec["hostNetwork"] = True
    if service.extra_hosts:
        spec["hostAliases"] = [
            {"ip": address, "hostnames": [host]}
            for host, _, address in (each.partition(":") for each in service.extra_hosts)
        ]
    if service.stop_grace_period_ns is not None:
        spec["terminationGracePeriodSeconds"] = round(service.stop_grace_period_ns / 1e9)
    if volumes:
        spec["volumes"] = volumes
    metadata = {"labels": names.selector(name), **({"annotations": annotations} if annotations else {})}
    return {"metadata": metadata, "spec": spec}, copies, tuple(notes)


def _container(service: Service, name: str) -> Iterator[tuple[str, Any]]:
    if service.entrypoint is not None:
        yield "command", list(service.entrypoint)
    if service.command is not None:
        yield "args", list(service.command)
    if service.environment:
        yield "envFrom", [{"configMapRef": {"name": name_of_env(name)}}]
    if ports := dict.fromkeys((each.target, each.protocol.upper()) for each in service.ports):
        yield "ports", [{"containerPort": number, "protocol": protocol} for number, protocol in ports]
    if service.working_dir:
        yield "workingDir", service.working_dir
    if service.stdin_open:
        yield "stdin", True
    if service.tty:
        yield "tty", True
    if probe := _probe(service):
        yield "readinessProbe", probe
    if context := dict(_security(service)):
        yield "securityContext", context


def _security(service: Service) -> Iterator[tuple[str, Any]]:
    if found := re.fullmatch(r"(\d+)(?::(\d+))?", service.user):
        yield "runAsUser", int(found[1])
        if found[2]:
            yield "runAsGroup", int(found[2])
    if service.read_only:
        yield "readOnlyRootFilesystem", True


def _probe(service: Service) -> dict[str, Any]:
    check = service.healthcheck
    if not check or not check.test or check.test[0] == "NONE":
        return {}
    command = ["sh", "-c", *check.test[1:]] if check.test[0] == "CMD-SHELL" else list(check.test[1:])
    wanted = {
        "initialDelaySeconds": check.start_period_ns // 10**9,
        "periodSeconds": check.interval_ns // 10**9 or 30,  # Docker's own
        "timeoutSeconds": check.timeout_ns // 10**9 or 30,
        "failureThreshold": check.retries or 3,
    }
    return {"exec": {"command": command}, **{key: value for key, value in wanted.items() if value}}


def _volume(
    project: Project, mount: Attached, names: Names, copy: str, copies: dict[str, dict[str, str]], notes: list[str]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What a mount's volume is, None where there is no equivalent, and what the mount needs beside it."""
    if mount.kind == "tmpfs":
        given = dict(option.partition("=")[::2] for option in mount.options)
        memory = {"medium": "Memory", **({"sizeLimit": size} if (size := _quantity(given.get("size", ""))) else {})}
        return {"name": names.dns(f"memory{mount.target}"), "emptyDir": memory}, {}
    if mount.kind == "volume" and mount.source:
        volume = project.volume(mount.source)
        if volume.is_external:
            notes.append(translate(N_("The claim {name!r} must be there already.")).format(name=names.dns(volume.name)))
        claim = names.dns(volume.name) if volume.is_external else names.volume(volume.key)
        return {"name": names.volume(volume.key), "persistentVolumeClaim": {"claimName": claim}}, {}
    if mount.kind == "volume":
        notes.append(translate(N_("What is at {path} has no name, and goes with the pod.")).format(path=mount.target))
        return {"name": copy.replace("-files-", "-unnamed-"), "emptyDir": {}}, {}
    files = _texts(Path(mount.source))
    if files is None:
        says = translate(
            N_(
                "{source} of this machine has no equivalent: a cluster can't reach it, and it is too much, or no text, for a ConfigMap. So {target} was left out."
            )
        )
        notes.append(says.format(source=mount.source, target=mount.target))
        return None, {}
    copies[copy] = files
    only = {"subPath": next(iter(files))} if Path(mount.source).is_file() else {}
    return {"name": copy, "configMap": {"name": copy}}, only


def _quantity(size: str) -> str:
    """A size as Kubernetes writes it; empty where it is none."""
    found = re.fullmatch(r"(\d+)([kmgb]?)", size.lower())
    return f"{found[1]}{UNITS.get(found[2], '')}" if found else ""


def _texts(source: Path) -> dict[str, str] | None:
    """The files of a folder, or a file, as texts by name; None where that is not what a ConfigMap can hold."""
    try:
        files = sorted(source.iterdir()) if source.is_dir() else [source]
        if not all(each.is_file() and FILE.fullmatch(each.name) for each in files):
            return None
        if sum(each.stat().st_size for each in files) > MOST_COPIED_BYTES:
            return None
        return {each.name: each.read_text("utf-8") for each in files}
    except (OSError, UnicodeDecodeError):
        return None
