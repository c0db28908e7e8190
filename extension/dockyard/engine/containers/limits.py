"""What a container may ask for that this engine can't give. It is refused with the reason, never ignored."""

from collections.abc import Callable, Sequence
from typing import Any

from dockyard.engine.errors import BadParameter, NotSupported

__all__ = ["forbids_new_privileges", "refuse_unsupported", "refuse_unsupported_update"]

Accepts = Callable[[Any], bool]

NO_CGROUPS = "it has no control groups, so it can't limit what a container uses"
NO_PRIVILEGES = "its containers have the privileges of the engine's own user, no more and no less"
NO_KERNEL = "it shares the kernel's settings and devices with everything else on this machine"
NO_NEW_PRIVILEGES = {
    "no-new-privileges": True,
    **{f"no-new-privileges{sign}{word}": word == "true" for sign in ":=" for word in ("true", "false")},
}
ONE_RUNTIME = "it has one way to run containers, which it chooses by itself"


def _nothing(value: Any) -> bool:
    return not value


def _one_of(*values: Any) -> Accepts:
    return lambda value: not value or value in values


def _only_new_privileges(value: Any) -> bool:
    """Of ``--security-opt`` there is this one, which needs nothing but the kernel."""
    return all(each in NO_NEW_PRIVILEGES for each in value or ())


# Field of HostConfig: the command line's name for it, what is accepted, and why nothing else is.
_RULES: dict[str, tuple[str, Accepts, str]] = {
    "Memory": ("--memory", _nothing, NO_CGROUPS),
    "MemoryReservation": ("--memory-reservation", _nothing, NO_CGROUPS),
    "MemorySwap": ("--memory-swap", _one_of(-1), NO_CGROUPS),
    "MemorySwappiness": ("--memory-swappiness", _one_of(-1), NO_CGROUPS),
    "KernelMemory": ("--kernel-memory", _nothing, NO_CGROUPS),
    "KernelMemoryTCP": ("--kernel-memory-tcp", _nothing, NO_CGROUPS),
    "NanoCpus": ("--cpus", _nothing, NO_CGROUPS),
    "CpuShares": ("--cpu-shares", _nothing, NO_CGROUPS),
    "CpuPeriod": ("--cpu-period", _nothing, NO_CGROUPS),
    "CpuQuota": ("--cpu-quota", _nothing, NO_CGROUPS),
    "CpuRealtimePeriod": ("--cpu-rt-period", _nothing, NO_CGROUPS),
    "CpuRealtimeRuntime": ("--cpu-rt-runtime", _nothing, NO_CGROUPS),
    "CpusetCpus": ("--cpuset-cpus", _nothing, NO_CGROUPS),
    "CpusetMems": ("--cpuset-mems", _nothing, NO_CGROUPS),
    "PidsLimit": ("--pids-limit", _one_of(-1), NO_CGROUPS),
    "OomKillDisable": ("--oom-kill-disable", _nothing, NO_CGROUPS),
    "OomScoreAdj": ("--oom-score-adj", _nothing, NO_CGROUPS),
    "BlkioWeight": ("--blkio-weight", _nothing, NO_CGROUPS),
    "BlkioWeightDevice": ("--blkio-weight-device", _nothing, NO_CGROUPS),
    "BlkioDeviceReadBps": ("--device-read-bps", _nothing, NO_CGROUPS),
    "BlkioDeviceWriteBps": ("--device-write-bps", _nothing, NO_CGROUPS),
    "BlkioDeviceReadIOps": ("--device-read-iops", _nothing, NO_CGROUPS),
    "BlkioDeviceWriteIOps": ("--device-write-iops", _nothing, NO_CGROUPS),
    "IOMaximumIOps": ("--io-maxiops", _nothing, NO_CGROUPS),
    "IOMaximumBandwidth": ("--io-maxbandwidth", _nothing, NO_CGROUPS),
    "CgroupParent": ("--cgroup-parent", _nothing, NO_CGROUPS),
    "CgroupnsMode": ("--cgroupns", _one_of("host"), NO_CGROUPS),
    "DeviceCgroupRules": ("--device-cgroup-rule", _nothing, NO_CGROUPS),
    "Privileged": ("--privileged", _nothing, NO_PRIVILEGES),
    "CapAdd": ("--cap-add", _nothing, NO_PRIVILEGES),
    "CapDrop": ("--cap-drop", _nothing, NO_PRIVILEGES),
    "SecurityOpt": ("--security-opt", _only_new_privileges, NO_PRIVILEGES),
    "MaskedPaths": ("MaskedPaths", _nothing, NO_PRIVILEGES),
    "ReadonlyPaths": ("ReadonlyPaths", _nothing, NO_PRIVILEGES),
    "UsernsMode": ("--userns", _one_of("host"), NO_PRIVILEGES),
    "Devices": ("--device", _nothing, NO_KERNEL),
    "DeviceRequests": ("--gpus", _nothing, NO_KERNEL),
    "Sysctls": ("--sysctl", _nothing, NO_KERNEL),
    "ShmSize": ("--shm-size", _one_of(64 << 20), NO_KERNEL),
    "IpcMode": ("--ipc", _one_of("private", "shareable"), NO_KERNEL),
    "PidMode": ("--pid", _nothing, NO_KERNEL),
    "UTSMode": ("--uts", _nothing, NO_KERNEL),
    "StorageOpt": ("--storage-opt", _nothing, "it stores containers as plain folders, whose size it can't limit"),
    "Runtime": ("--runtime", _one_of("dockyard", "runc"), ONE_RUNTIME),
    "Isolation": ("--isolation", _one_of("default"), ONE_RUNTIME),
    "VolumeDriver": ("--volume-driver", _one_of("local"), "it has the local driver alone"),
}
_CONFIG_RULES: dict[str, tuple[str, Accepts, str]] = {
    "MacAddress": (
        "--mac-address",
        _nothing,
        "its containers have addresses on the loopback, which has no MAC address",
    ),
}
_UPDATE_ONLY = {"RestartPolicy"}
_LOG_OPTIONS = {"json-file": {"max-size", "max-file"}, "local": {"max-size", "max-file"}, "none": set(), "": set()}


def refuse_unsupported(config: dict[str, Any], host_config: dict[str, Any]) -> None:
    """Refuse what can't be done.

    Args:
        config: The body of ``POST /containers/create``.
        host_config: Its ``HostConfig``.

    Raises:
        NotSupported: For the first option that asks for it; the sentence names it as the command line does.
        BadParameter: For a logging driver or option that does not exist.
    """
    _check(_CONFIG_RULES, config)
    _check(_RULES, host_config)
    log = host_config.get("LogConfig") or {}
    driver = log.get("Type") or ""
    if driver not in _LOG_OPTIONS:
        raise NotSupported(f"--log-driver {driver} is not supported by this engine: it writes json-file logs, or none")
    for option in log.get("Config") or {}:
        if option not in _LOG_OPTIONS[driver]:
            raise BadParameter(f"unknown log opt '{option}' for {driver or 'json-file'} log driver")


def refuse_unsupported_update(body: dict[str, Any]) -> None:
    """As :func:`refuse_unsupported`, for the body of ``POST /containers/ID/update``."""
    _check(_RULES, body)


def forbids_new_privileges(security_options: Sequence[str] | None) -> bool:
    """Return whether a ``SecurityOpt`` that was not refused asks for ``no-new-privileges``; the last word counts."""
    return NO_NEW_PRIVILEGES[security_options[-1]] if security_options else False


def _check(rules: dict[str, tuple[str, Accepts, str]], given: dict[str, Any]) -> None:
    for field, (flag, accepts, why) in rules.items():
        if field in given and not accepts(given[field]):
            raise NotSupported(f"{flag} is not supported by this engine: {why}")
