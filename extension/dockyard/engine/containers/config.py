"""A container's configuration: what the client asked for, over what its image says."""

from collections.abc import Mapping
from typing import Any

from dockyard.engine.containers.signals import signal_number
from dockyard.engine.errors import BadParameter

__all__ = ["exposed_ports", "host_config", "merge", "restart_policy", "words"]

# As Docker 20.10 shows a HostConfig of which nothing was asked.
_HOST_DEFAULTS: dict[str, Any] = {
    "Binds": None,
    "ContainerIDFile": "",
    "LogConfig": {"Type": "json-file", "Config": {}},
    "NetworkMode": "default",
    "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "AutoRemove": False,
    "VolumeDriver": "",
    "VolumesFrom": None,
    "CapAdd": None,
    "CapDrop": None,
    "CgroupnsMode": "host",
    "Dns": [],
    "DnsOptions": [],
    "DnsSearch": [],
    "ExtraHosts": None,
    "GroupAdd": None,
    "IpcMode": "private",
    "Cgroup": "",
    "Links": None,
    "OomScoreAdj": 0,
    "PidMode": "",
    "Privileged": False,
    "PublishAllPorts": False,
    "ReadonlyRootfs": False,
    "SecurityOpt": None,
    "UTSMode": "",
    "UsernsMode": "",
    "ShmSize": 64 << 20,
    "Runtime": "dockyard",
    "ConsoleSize": [0, 0],
    "Isolation": "",
    "CpuShares": 0,
    "Memory": 0,
    "NanoCpus": 0,
    "CgroupParent": "",
    "BlkioWeight": 0,
    "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [],
    "BlkioDeviceWriteBps": [],
    "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": [],
    "CpuPeriod": 0,
    "CpuQuota": 0,
    "CpuRealtimePeriod": 0,
    "CpuRealtimeRuntime": 0,
    "CpusetCpus": "",
    "CpusetMems": "",
    "Devices": [],
    "DeviceCgroupRules": None,
    "DeviceRequests": None,
    "MemoryReservation": 0,
    "MemorySwap": 0,
    "MemorySwappiness": None,
    "OomKillDisable": False,
    "PidsLimit": None,
    "Ulimits": [],
    "CpuCount": 0,
    "CpuPercent": 0,
    "IOMaximumIOps": 0,
    "IOMaximumBandwidth": 0,
    "MaskedPaths": [],
    "ReadonlyPaths": [],
}
LEAST_SPAN_NS = 10**6


def host_config(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a whole HostConfig as ``inspect`` shows it.

    Raises:
        BadParameter: A restart policy that does not exist, or one that contradicts ``AutoRemove``.
    """
    asked = dict(asked or {})
    whole = dict(_HOST_DEFAULTS)
    # What says nothing is left out or shown as nothing, whichever way the client said it.
    whole |= {key: value for key, value in asked.items() if value or (value == [] and key in _HOST_DEFAULTS)}
    whole["MemorySwappiness"] = None
    if "Mounts" in whole:
        whole["Mounts"] = [
            {key: value for key, value in mount.items() if value or isinstance(value, dict)}
            for mount in whole["Mounts"]
        ]
    whole |= {"Init": asked["Init"]} if asked.get("Init") is not None else {}
    policy = whole["RestartPolicy"] = restart_policy(whole["RestartPolicy"])
    if whole["AutoRemove"] and policy["Name"] != "no":
        raise BadParameter("can't create 'AutoRemove' container with restart policy")
    log = whole["LogConfig"]
    whole["LogConfig"] = {"Type": log.get("Type") or "json-file", "Config": log.get("Config") or {}}
    whole["MaskedPaths"], whole["ReadonlyPaths"] = [], []  # nothing of /proc and /sys can be hidden
    return whole


def restart_policy(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a restart policy, whole.

    Raises:
        BadParameter: There is none such, as Docker words it.
    """
    name, count = asked.get("Name") or "no", asked.get("MaximumRetryCount") or 0
    if name not in ("no", "always", "unless-stopped", "on-failure"):
        raise BadParameter(f"invalid restart policy '{name}'")
    if name != "on-failure" and count:
        raise BadParameter(f"maximum retry count cannot be used with restart policy '{name}'")
    if count < 0:
        raise BadParameter("maximum retry count cannot be negative")
    return {"Name": name, "MaximumRetryCount": count}


def merge(asked: Mapping[str, Any], image: Mapping[str, Any], container_id: str) -> dict[str, Any]:
    """Return a whole Config: the client's over the image's.

    Args:
        asked: The body of ``POST /containers/create``.
        image: The image's ``config``.
        container_id: Whose first twelve characters are its hostname where none is given.

    Raises:
        BadParameter: Nothing says what to run, or a part can't be taken as it is.
    """
    entrypoint, command = words(asked.get("Entrypoint")), words(asked.get("Cmd"))
    if not entrypoint:
        command = command or words(image.get("Cmd"))
        entrypoint = words(image.get("Entrypoint"))
    if entrypoint == [""]:
        entrypoint = None
    if not entrypoint and not command:
        raise BadParameter("No command specified")
    config: dict[str, Any] = {
        "Hostname": asked.get("Hostname") or container_id[:12],
        "Domainname": asked.get("Domainname") or "",
        "User": asked.get("User") or image.get("User") or "",
        "AttachStdin": bool(asked.get("AttachStdin")),
        "AttachStdout": bool(asked.get("AttachStdout")),
        "AttachStderr": bool(asked.get("AttachStderr")),
        "Tty": bool(asked.get("Tty")),
        "OpenStdin": bool(asked.get("OpenStdin")),
        "StdinOnce": bool(asked.get("StdinOnce")),
        "Env": _environment(asked.get("Env"), image.get("Env")),
        "Cmd": command,
        "Image": asked["Image"],
        "Volumes": {**(image.get("Volumes") or {}), **(asked.get("Volumes") or {})} or None,
        "WorkingDir": asked.get("WorkingDir") or image.get("WorkingDir") or "",
        "Entrypoint": entrypoint,
        "OnBuild": None,
        "Labels": {**(image.get("Labels") or {}), **(asked.get("Labels") or {})},
    }
    if exposed := exposed_ports(asked, image):
        config["ExposedPorts"] = exposed
    if health := _healthcheck(asked.get("Healthcheck"), image.get("Healthcheck")):
        config["Healthcheck"] = health
    if signal := asked.get("StopSignal") or image.get("StopSignal"):
        signal_number(signal)
        config["StopSignal"] = signal
    if asked.get("StopTimeout") is not None:
        config["StopTimeout"] = int(asked["StopTimeout"])
    if shell := asked.get("Shell") or image.get("Shell"):
        config["Shell"] = shell
    if asked.get("NetworkDisabled"):
        config["NetworkDisabled"] = True
    if config["WorkingDir"] and not config["WorkingDir"].startswith("/"):
        raise BadParameter(
            f"the working directory '{config['WorkingDir']}' is invalid, it needs to be an absolute path"
        )
    return config


def words(value: Any) -> list[str] | None:
    """A command as a list, which clients may also send as one string."""
    if value is None or isinstance(value, list):
        return value or None
    return [str(value)]


def exposed_ports(asked: Mapping[str, Any], image: Mapping[str, Any]) -> dict[str, Any]:
    """Ports of the image, of the client, and those that are published."""
    published = (asked.get("HostConfig") or {}).get("PortBindings") or {}
    named = {**(image.get("ExposedPorts") or {}), **(asked.get("ExposedPorts") or {}), **published}
    return {(port if "/" in port else f"{port}/tcp"): {} for port in named}


def _environment(asked: list[str] | None, image: list[str] | None) -> list[str]:
    """The client's variables, then those of the image that it did not set."""
    for each in asked or ():
        if not each.partition("=")[0]:
            raise BadParameter(f"invalid environment variable: {each}")
    named = {each.partition("=")[0] for each in asked or ()}
    kept = [each for each in image or () if each.partition("=")[0] not in named]
    return [each for each in asked or () if "=" in each] + kept


def _healthcheck(asked: Mapping[str, Any] | None, image: Mapping[str, Any] | None) -> dict[str, Any]:
    """The client's health check with the image's parts where it leaves them open.

    Raises:
        BadParameter: A span below Docker's least, or a negative count.
    """
    whole = {**(image or {}), **{key: value for key, value in (asked or {}).items() if value}}
    for name in ("Interval", "Timeout", "StartPeriod"):
        span_ns = int(whole.get(name) or 0)
        if span_ns and span_ns < LEAST_SPAN_NS:
            raise BadParameter(f"{name} in Healthcheck cannot be less than 1ms")
    if int(whole.get("Retries") or 0) < 0:
        raise BadParameter("Retries in Healthcheck cannot be negative")
    return whole
