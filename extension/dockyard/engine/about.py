"""What the engine says of itself and of this machine (Docker Engine API, "System")."""

import os
import platform
import secrets
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dockyard
from dockyard.engine.clock import now
from dockyard.engine.durable import write_bytes

__all__ = ["ARCHITECTURES", "identity", "info", "version"]

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
NO_ISOLATION = (
    "WARNING: embedded engine, no isolation: containers are processes of this user and can reach all that it can"
)


def version(api: tuple[str, str], runner: str) -> dict[str, Any]:
    """Answer ``GET /version``.

    Args:
        api: The newest and the oldest version of the API.
        runner: What runs containers.
    """
    kernel, architecture = os.uname().release, ARCHITECTURES.get(platform.machine(), platform.machine())
    details = {
        "ApiVersion": api[0],
        "MinAPIVersion": api[1],
        "Arch": architecture,
        "Os": "linux",
        "KernelVersion": kernel,
        "Experimental": "false",
        "Runner": runner,
    }
    return {
        "Platform": {"Name": "Dockyard, embedded engine (no isolation)"},
        "Components": [{"Name": "Engine", "Version": dockyard.__version__, "Details": details}],
        "Version": dockyard.__version__,
        "ApiVersion": api[0],
        "MinAPIVersion": api[1],
        "GitCommit": "",
        "GoVersion": "",
        "Os": "linux",
        "Arch": architecture,
        "KernelVersion": kernel,
        "BuildTime": "",
    }


def identity(data: Path) -> str:
    """Return the engine's own ID, made up when it is first asked for and kept in its data folder: what is done is undone on the same engine."""
    file = data / "id"
    if not file.exists():
        write_bytes(file, secrets.token_hex(16).encode())
    return file.read_text()


def info(
    *,
    counts: Mapping[str, int],
    images: int,
    runner: str,
    refused: Sequence[tuple[str, str]],
    data: Path,
) -> dict[str, Any]:
    """Answer ``GET /info``.

    Args:
        counts: Containers by state.
        images: How many there are.
        runner: What runs containers.
        refused: The other runners, each with why it does not.
        data: The engine's folder.
    """
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    drive = os.statvfs(data)
    unlimited = (
        "MemoryLimit",
        "SwapLimit",
        "CpuCfsPeriod",
        "CpuCfsQuota",
        "CPUShares",
        "CPUSet",
        "PidsLimit",
        "OomKillDisable",
    )
    return {
        "ID": identity(data),
        "Containers": sum(counts.values()),
        "ContainersRunning": counts.get("running", 0),
        "ContainersPaused": counts.get("paused", 0),
        "ContainersStopped": sum(counts.values()) - counts.get("running", 0) - counts.get("paused", 0),
        "Images": images,
        "Driver": "dockyard",
        "DriverStatus": [
            ["Isolation", "none"],
            ["Runner", runner],
            *([f"Not {name}", why] for name, why in refused),
            ["Free", f"{drive.f_bavail * drive.f_frsize} bytes"],
        ],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null"],
            "Authorization": None,
            "Log": ["json-file", "local", "none"],
        },
        **dict.fromkeys(unlimited, False),
        "KernelMemoryTCP": False,
        "IPv4Forwarding": True,
        "BridgeNfIptables": False,
        "BridgeNfIp6tables": False,
        "Debug": False,
        "NFd": len(os.listdir("/proc/self/fd")),
        "NGoroutines": 0,
        "SystemTime": now(),
        "LoggingDriver": "json-file",
        "CgroupDriver": "none",
        "CgroupVersion": "1",
        "NEventsListener": 0,
        "KernelVersion": os.uname().release,
        "OperatingSystem": _distribution().get("PRETTY_NAME", "Linux"),
        "OSVersion": _distribution().get("VERSION_ID", ""),
        "OSType": "linux",
        "Architecture": platform.machine(),
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {
            "AllowNondistributableArtifactsCIDRs": [],
            "AllowNondistributableArtifactsHostnames": [],
            "InsecureRegistryCIDRs": ["127.0.0.0/8", "::1/128"],
            "IndexConfigs": {
                "docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True},
            },
            "Mirrors": [],
        },
        "NCPU": os.cpu_count() or 1,
        "MemTotal": memory_bytes,
        "GenericResources": None,
        "DockerRootDir": str(data),
        "HttpProxy": os.environ.get("http_proxy", ""),
        "HttpsProxy": os.environ.get("https_proxy", ""),
        "NoProxy": os.environ.get("no_proxy", ""),
        "Name": socket.gethostname(),
        "Labels": [],
        "ExperimentalBuild": False,
        "ServerVersion": dockyard.__version__,
        "Runtimes": {"dockyard": {"path": runner}},
        "DefaultRuntime": "dockyard",
        "Swarm": {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        },
        "LiveRestoreEnabled": True,
        "Isolation": "",
        "InitBinary": runner,
        "ContainerdCommit": {"ID": "", "Expected": ""},
        "RuncCommit": {"ID": "", "Expected": ""},
        "InitCommit": {"ID": "", "Expected": ""},
        "SecurityOptions": [],
        "Warnings": [NO_ISOLATION],
    }


def _distribution() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
