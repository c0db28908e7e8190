"""Containers in namespaces of their own: full speed, their own process numbers, mounts that the kernel keeps.

It needs root, or a kernel that lets users make user namespaces. There only one user exists, who is root inside; a process of another user gets one
more user namespace in which its number is the one that it expects. System calls that change users or owners then seem to succeed.
"""

import fcntl
import os
import stat

from dockyard.engine.run import libc
from dockyard.engine.run.gate import NETWORK
from dockyard.engine.run.runner import Birth, Tell
from dockyard.engine.run.seccomp import Rules
from dockyard.engine.run.spec import Mount, Process, Spec
from dockyard.engine.run.syscalls import Machine

__all__ = ["Namespaces", "candidates", "drop_capabilities"]

RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, SLAVE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 19
KEPT = NOSUID | NODEV | NOEXEC | 1024 | 2048  # and noatime, nodiratime: what a remount may not take away
OWNED = libc.CLONE_NEWNS | libc.CLONE_NEWPID | libc.CLONE_NEWUTS | libc.CLONE_NEWIPC
NS_GET_USERNS = 0xB701

# What Docker lets root in a container do: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw,
# sys_chroot, mknod, audit_write, setfcap.
CAPABILITIES = 0xA80425FB
MOST_CAPABILITIES = 41

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
PROC_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
PROC_HIDDEN = ("acpi", "kcore", "keys", "latency_stats", "timer_list", "sched_debug", "scsi")
IO_URING = ("io_uring_setup", "io_uring_enter", "io_uring_register")  # it would connect past the filter

PRETENDED = (
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setgroups",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
)


class Namespaces:
    """The view of one container."""

    def __init__(self, spec: Spec, machine: Machine) -> None:
        self._spec, self._machine = spec, machine
        self.mounts = spec.mounts
        self._uid, self._gid = os.geteuid(), os.getegid()
        self._alone = self._uid != 0

    def birth(self, process: Process, join: int | None) -> Birth:
        """Return how to start a program: see :class:`View`."""
        host = self._spec.network == "host"

        def enter(tell: Tell, wait: object) -> None:
            if join is None:
                self._leave()
            else:
                self._join(join)
            pid = os.fork()
            if pid:
                tell({"pid": pid})
                os._exit(0)
            assert callable(wait)
            wait()
            if join is None:
                self._build()

        return Birth(
            forks=True,
            enter=enter,
            become=lambda: self._become(process),
            rules=Rules(missing=IO_URING, pretended=PRETENDED if self._alone else (), asked=() if host else NETWORK),
            candidates=candidates(process),
            argv=process.argv,
            env=process.env,
            cwd=process.cwd,
            reaps=self._spec.init and join is None,
            no_new_privileges=self._spec.no_new_privileges,
        )

    def remove(self) -> None:
        """Nothing is left: mounts end with the processes in them."""

    # ------------------------------------------------------------ in the child

    def _leave(self) -> None:
        """Leave the host's namespaces."""
        libc.unshare(OWNED | (libc.CLONE_NEWUSER if self._alone else 0))
        if self._alone:
            _map_user(0, self._uid, 0, self._gid)

    def _join(self, pid: int) -> None:
        """Go where the main process is."""
        if self._alone:
            # Not the main process's own, which may be one further in.
            mounts = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            owner = fcntl.ioctl(mounts, NS_GET_USERNS)
            main = os.pidfd_open(pid)
            libc.setns(owner, libc.CLONE_NEWUSER)
            for opened in (mounts, owner):
                os.close(opened)
        else:
            main = os.pidfd_open(pid)
        libc.setns(main, OWNED)
        os.close(main)

    def _build(self) -> None:
        """Put the container's tree together and make it the root."""
        root = self._spec.root
        libc.mount("", "/", flags=REC | SLAVE)
        libc.mount(root, root, flags=BIND | REC)
        os.chdir(root)
        self._build_proc(f"{root}/proc")
        self._build_dev(f"{root}/dev")
        libc.mount("/sys", f"{root}/sys", flags=BIND | REC)
        _make_read_only(f"{root}/sys")
        for mount in self._spec.mounts:
            self._put(mount, root + mount.target)
        if self._spec.read_only:
            _make_read_only(root)
        os.chdir(root)
        libc.pivot_root(self._machine.numbers["pivot_root"])
        libc.umount_lazily(".")
        os.chdir("/")
        if self._spec.hostname:
            libc.sethostname(self._spec.hostname)

    def _build_proc(self, proc: str) -> None:
        libc.mount("proc", proc, "proc", NOSUID | NODEV | NOEXEC)
        for name in PROC_READ_ONLY:
            if os.path.exists(path := f"{proc}/{name}"):
                libc.mount(path, path, flags=BIND | REC)
                _make_read_only(path)
        for name in PROC_HIDDEN:
            if os.path.isdir(path := f"{proc}/{name}"):
                libc.mount("tmpfs", path, "tmpfs", RDONLY)
            elif os.path.exists(path):
                libc.mount("/dev/null", path, flags=BIND)

    def _build_dev(self, dev: str) -> None:
        libc.mount("tmpfs", dev, "tmpfs", NOSUID, "size=65536k,mode=755")
        for name in DEVICES:
            os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
            libc.mount(f"/dev/{name}", f"{dev}/{name}", flags=BIND)
        for name, target in LINKS.items():
            os.symlink(target, f"{dev}/{name}")
        for name in ("pts", "shm", "mqueue"):
            os.mkdir(f"{dev}/{name}")
        group = "" if self._alone else ",gid=5"
        libc.mount("devpts", f"{dev}/pts", "devpts", NOSUID | NOEXEC, f"newinstance,ptmxmode=0666,mode=0620{group}")
        libc.mount("shm", f"{dev}/shm", "tmpfs", NOSUID | NODEV | NOEXEC, "mode=1777,size=65536k")
        libc.mount("mqueue", f"{dev}/mqueue", "mqueue", NOSUID | NODEV | NOEXEC)

    def _put(self, mount: Mount, target: str) -> None:
        if mount.kind == "tmpfs":
            if not os.path.isdir(target):  # one in a tmpfs can't be made beforehand
                os.makedirs(target)
            options = [f"mode={0o1777 if mount.mode is None else mount.mode:o}"]
            if mount.size_bytes is not None:
                options.append(f"size={mount.size_bytes}")
            libc.mount("tmpfs", target, "tmpfs", NOSUID | NODEV, ",".join(options))
        else:
            if not os.path.lexists(target):
                _make_place(mount.source, target)
            libc.mount(mount.source, target, flags=BIND | REC)
        if mount.read_only:
            _make_read_only(target)

    def _become(self, process: Process) -> None:
        drop_capabilities()
        if not self._alone:
            os.setgroups(process.groups)
            os.setgid(process.gid)
            os.setuid(process.uid)
        elif process.uid:
            libc.unshare(libc.CLONE_NEWUSER)
            _map_user(process.uid, 0, process.gid, 0)


def drop_capabilities() -> None:
    """Take from programs to come what Docker's containers do not have."""
    for capability in range(MOST_CAPABILITIES):
        if not CAPABILITIES >> capability & 1:
            libc.drop_bounding(capability)


def candidates(process: Process) -> tuple[str, ...]:
    """Return the paths at which a program may lie, as PATH says."""
    name = process.argv[0]
    if "/" in name or not name:
        return (name,) if name else ()
    path = next((each[5:] for each in process.env if each.startswith("PATH=")), "")
    return tuple(f"{folder or '.'}/{name}" for folder in path.split(":"))


def _map_user(uid: int, outer_uid: int, gid: int, outer_gid: int) -> None:
    """Say who this process, and it alone, is in its new user namespace."""
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        opened = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        os.write(opened, content.encode())
        os.close(opened)


def _make_read_only(target: str) -> None:
    kept = os.statvfs(target).f_flag & KEPT
    libc.mount("", target, flags=BIND | REMOUNT | RDONLY | kept)


def _make_place(source: str, target: str) -> None:
    """Make what a mount can be put on, inside a tmpfs."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if stat.S_ISDIR(os.stat(source).st_mode):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
