"""A container's ``/etc/resolv.conf``: this machine's, under what a client asked for."""

from collections.abc import Sequence

__all__ = ["resolv_conf"]

OWN = "/etc/resolv.conf"


def resolv_conf(servers: Sequence[str] = (), search: Sequence[str] = (), options: Sequence[str] = ()) -> str:
    """Return the file's text; what is given replaces this machine's lines of the same kind."""
    try:
        with open(OWN, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        lines = []
    replaced = [
        *(["nameserver"] if servers else []),
        *(["search", "domain"] if search else []),
        *(["options"] if options else []),
    ]
    lines = [line for line in lines if line.split(maxsplit=1)[:1] == [] or line.split(maxsplit=1)[0] not in replaced]
    lines += [f"nameserver {address}" for address in servers]
    lines += [f"search {' '.join(search)}"] if search else []
    lines += [f"options {' '.join(options)}"] if options else []
    return "".join(f"{line}\n" for line in lines)
