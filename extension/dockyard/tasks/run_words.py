"""The values that ``docker run`` takes for its mounts and ports, as data and as docker writes them."""

import csv
import io
import os
import re
from dataclasses import dataclass
from typing import Any, Literal

from docker.errors import DockerException
from docker.utils import parse_bytes

from dockyard.errors import BadValue
from dockyard.locale import N_, translate

__all__ = ["Mount", "Port"]

Form = Literal["-v", "--mount", "--tmpfs"]
FORMS: tuple[Form, ...] = ("-v", "--mount", "--tmpfs")
VOLUME_OPTIONS = ("rw", "z", "Z", "nocopy")
MOUNT_KEYS = {"volume-nocopy", "tmpfs-size", "tmpfs-mode"}


@dataclass(frozen=True)
class Mount:
    """One mount of a container.

    Attributes:
        target: Path in the container.
        source: Folder or file of the engine's machine, or a volume's name; empty for tmpfs and unnamed volumes.
        kind: ``bind``, ``volume`` or ``tmpfs``.
        read_only: Whether the container may only read.
        options: As docker writes them, such as ``("size=64m",)``.
        form: The flag that it is written with; ``-v`` makes a missing bind source, ``--mount`` refuses it.
    """

    target: str
    source: str = ""
    kind: Literal["bind", "volume", "tmpfs"] = "volume"
    read_only: bool = False
    options: tuple[str, ...] = ()
    form: Form = "-v"

    @property
    def text(self) -> str:
        """The flag's value, such as ``/home/me/apa_folder:/usr/local/apache2/htdocs:ro``."""
        if self.form == "--tmpfs":
            return ":".join([self.target, *([",".join(self.options)] if self.options else [])])
        if self.form == "-v":
            options = [*(["ro"] if self.read_only else []), *self.options]
            return ":".join(
                [*([self.source] if self.source else []), self.target, *([",".join(options)] if options else [])]
            )
        fields = [f"type={self.kind}", *([f"source={self.source}"] if self.source else []), f"target={self.target}"]
        row = io.StringIO()
        csv.writer(row, lineterminator="").writerow([*fields, *(["readonly"] if self.read_only else []), *self.options])
        return row.getvalue()

    @property
    def path(self) -> str:
        """A bind's source as the engine needs it: absolute. A relative one starts at the working folder."""
        return os.path.abspath(os.path.expanduser(self.source))  # docker keeps links; resolve() would not

    @classmethod
    def parse(cls, form: Form, text: str) -> "Mount":
        """Return the mount that a flag's value stands for.

        Raises:
            BadValue: It can't be taken; the sentence says what is expected.
        """
        return {"-v": _from_volume, "--mount": _from_mount, "--tmpfs": _from_tmpfs}[form](text)

    def to_api(self) -> dict[str, Any]:
        """The mount as the Engine API's ``HostConfig.Mounts`` has it (for ``--mount``)."""
        made: dict[str, Any] = {"Type": self.kind, "Target": self.target, "ReadOnly": self.read_only}
        if self.source:
            made["Source"] = self.path if self.kind == "bind" else self.source
        options = dict(option.partition("=")[::2] for option in self.options)
        if "volume-nocopy" in options:
            made["VolumeOptions"] = {"NoCopy": options["volume-nocopy"] in ("", "true", "1")}
        tmpfs = {}
        if "tmpfs-size" in options:
            tmpfs["SizeBytes"] = parse_bytes(options["tmpfs-size"])
        if "tmpfs-mode" in options:
            tmpfs["Mode"] = int(options["tmpfs-mode"], 8)
        return {**made, "TmpfsOptions": tmpfs} if tmpfs else made


@dataclass(frozen=True)
class Port:
    """One published port.

    Attributes:
        container_port: Port in the container.
        host_port: Port on the engine's machine; None lets the engine choose.
        host_ip: Address there; empty for all.
        protocol: ``tcp``, ``udp`` or ``sctp``.
    """

    container_port: int
    host_port: int | None = None
    host_ip: str = ""
    protocol: str = "tcp"

    @property
    def text(self) -> str:
        """The value of ``-p``, such as ``8080:80``."""
        host = "" if self.host_port is None else str(self.host_port)
        ip = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        front = f"{ip}:{host}:" if ip else f"{host}:" if host else ""
        return f"{front}{self.container_port}" + ("" if self.protocol == "tcp" else f"/{self.protocol}")

    @property
    def key(self) -> str:
        """The port as the Engine API names it: ``80/tcp``."""
        return f"{self.container_port}/{self.protocol}"

    @classmethod
    def parse(cls, text: str) -> "Port":
        """Return the port that ``[[IP:]HOST:]CONTAINER[/PROTOCOL]`` stands for.

        Raises:
            BadValue: It is no such thing, or a number is not a port.
        """
        found = re.fullmatch(
            r"(?:(?:(?P<ip>\[[0-9a-fA-F:.]+\]|[0-9.]+):)?(?P<host>\d*):)?(?P<inner>\d+)(?:/(?P<protocol>tcp|udp|sctp))?",
            text,
        )
        numbers = [int(found[name]) for name in ("host", "inner") if found[name]] if found else []
        if not found or any(not 0 < number < 65536 for number in numbers):
            raise BadValue(flag="-p", value=text, expected=translate(N_("write HOST:CONTAINER, such as 8080:80")))
        host = int(found["host"]) if found["host"] else None
        return cls(int(found["inner"]), host, (found["ip"] or "").strip("[]"), found["protocol"] or "tcp")


def _from_volume(text: str) -> Mount:
    parts = text.split(":")
    expected = translate(N_("write SOURCE:TARGET or SOURCE:TARGET:ro, with an absolute TARGET"))
    if len(parts) > 3 or not all(parts):
        raise BadValue(flag="-v", value=text, expected=expected)
    source, target = ("", parts[0]) if len(parts) == 1 else (parts[0], parts[1])
    if not target.startswith("/"):
        raise BadValue(flag="-v", value=text, expected=expected)
    options = parts[2].split(",") if len(parts) == 3 else []
    for option in options:
        if option not in (*VOLUME_OPTIONS, "ro"):
            raise BadValue(flag="-v", value=option, expected=translate(N_("the options are ro, rw, nocopy, z and Z")))
    kind: Literal["bind", "volume"] = "bind" if source.startswith(("/", ".", "~")) else "volume"
    return Mount(target, source, kind, "ro" in options, tuple(option for option in options if option != "ro"), "-v")


def _from_mount(text: str) -> Mount:
    given: dict[str, str] = {}
    for part in next(csv.reader([text])):
        key, _, value = part.partition("=")
        given[{"src": "source", "destination": "target", "dst": "target", "ro": "readonly"}.get(key, key)] = value
    kind = given.pop("type", "volume")
    source, target = given.pop("source", ""), given.pop("target", "")
    read_only = given.pop("readonly", "false") in ("", "true", "1")
    if unknown := next((key for key in given if key not in MOUNT_KEYS), None):
        raise BadValue(
            flag="--mount",
            value=unknown,
            expected=translate(
                N_("the keys are type, source, target, readonly, volume-nocopy, tmpfs-size and tmpfs-mode")
            ),
        )
    if kind not in ("bind", "volume", "tmpfs") or not target.startswith("/") or (kind == "bind" and not source):
        raise BadValue(
            flag="--mount",
            value=text,
            expected=translate(N_("write type=bind,source=FOLDER,target=/PATH (or type=volume, or type=tmpfs)")),
        )
    if "tmpfs-size" in given:
        _size(given["tmpfs-size"], "--mount")
    if not re.fullmatch(r"[0-7]*", given.get("tmpfs-mode", "")):
        raise BadValue(
            flag="--mount", value=given["tmpfs-mode"], expected=translate(N_("a mode is octal, such as 1777"))
        )
    options = tuple(f"{key}={value}" if value else key for key, value in given.items())
    return Mount(target, source, kind, read_only, options, "--mount")  # type: ignore[arg-type]  # kind was checked above


def _from_tmpfs(text: str) -> Mount:
    target, _, options = text.partition(":")
    if not target.startswith("/"):
        raise BadValue(flag="--tmpfs", value=text, expected=translate(N_("write /PATH or /PATH:size=64m,mode=1777")))
    given = tuple(filter(None, options.split(",")))
    for option in given:
        name, _, value = option.partition("=")
        if name == "size" and not re.fullmatch(r"\d+[bkmgBKMG%]?", value):
            raise BadValue(flag="--tmpfs", value=option, expected=translate(N_("a size is a number with b, k, m or g")))
        if name == "mode" and not re.fullmatch(r"[0-7]{1,4}", value):
            raise BadValue(flag="--tmpfs", value=option, expected=translate(N_("a mode is octal, such as 1777")))
    return Mount(target, "", "tmpfs", False, given, "--tmpfs")


def _size(text: str, flag: str) -> int:
    try:
        return int(parse_bytes(text))
    except DockerException as error:
        raise BadValue(flag=flag, value=text, expected=translate(N_("a size is a number with b, k, m or g"))) from error
