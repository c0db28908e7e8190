"""Headers of a tar stream as the engine sends it (POSIX.1-2017, "ustar Interchange Format"; pax where that is too short)."""

import struct
import tarfile
from dataclasses import dataclass, field

__all__ = ["BLOCK_BYTES", "END", "Header", "padding"]

BLOCK_BYTES = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK_BYTES)
# What the fields of a plain ustar header hold.
LONGEST_NAME, LARGEST_ID, LARGEST_NUMBER = 100, 0o7777777, 0o77777777777
CHECKSUM = slice(148, 156)
_BLOCK = struct.Struct("100s8s8s8s12s12s8sc100s8s64x8s8s167x")


@dataclass(frozen=True)
class Header:
    """What stands before a file's bytes.

    Attributes:
        name: With a slash at the end for a folder.
        type: One of ``tarfile``'s types.
        mode: Permissions with the bits of the file's type, as Docker writes them.
        uid: Owner.
        gid: Group.
        size_bytes: What follows.
        changed: Seconds since 1970.
        link: Where a link leads.
        device: Major and minor number.
        records: More, in pax form.
    """

    name: str
    type: bytes
    mode: int
    uid: int
    gid: int
    size_bytes: int = 0
    changed: int = 0
    link: str = ""
    device: tuple[int, int] = (0, 0)
    records: dict[str, str] = field(default_factory=dict)

    def __bytes__(self) -> bytes:
        """The header, one block where that is enough."""
        return self._plain() if self._is_plain() else self._extended()

    def _is_plain(self) -> bool:
        return (
            not self.records
            and self.name.isascii()
            and self.link.isascii()
            and max(len(self.name), len(self.link)) <= LONGEST_NAME
            and max(self.uid, self.gid) <= LARGEST_ID
            and 0 <= self.changed <= LARGEST_NUMBER
            and self.size_bytes <= LARGEST_NUMBER
        )

    def _plain(self) -> bytes:
        """As ``tarfile`` would write it, in a tenth of the time; most files of a tree take this way."""
        block = _BLOCK.pack(
            self.name.encode(),
            b"%07o" % self.mode,
            b"%07o" % self.uid,
            b"%07o" % self.gid,
            b"%011o" % self.size_bytes,
            b"%011o" % self.changed,
            b" " * 8,  # as it counts in its own checksum
            self.type,
            self.link.encode(),
            b"ustar\x0000",
            b"%07o" % self.device[0],
            b"%07o" % self.device[1],
        )
        return b"%b%06o\0 %b" % (block[: CHECKSUM.start], sum(block), block[CHECKSUM.stop :])

    def _extended(self) -> bytes:
        """With a pax header before it. ``tarfile`` leaves the type's bits out of the mode; readers take them from the type."""
        info = tarfile.TarInfo(self.name)
        info.type, info.mode, info.uid, info.gid = self.type, self.mode, self.uid, self.gid
        info.size, info.mtime, info.linkname = self.size_bytes, self.changed, self.link
        info.devmajor, info.devminor = self.device
        info.pax_headers = self.records
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padding(size_bytes: int) -> bytes:
    """What follows a file's bytes, up to the next block."""
    return bytes(-size_bytes % BLOCK_BYTES)
