"""CRC64NVME and SHA-256 of a file in one read, as S3 names them: the first is what S3 keeps, the second is provenance.

Holes of sparse files are not read: the file system says where they are (lseek(2), SEEK_DATA and SEEK_HOLE), and what
they hold is known. SHA-256 has still to go through them; CRC64NVME need not. CRC64NVME is awscrt's, which computes it
at the speed of memory. Source of the format: Amazon S3 user guide, "Checking object integrity".
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from typing import TYPE_CHECKING

from awscrt.checksums import combine_crc64nvme, crc64nvme

from ris_hybrid.data.values import Digest
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 4 * 1024 * 1024
_ZEROS = bytes(_CHUNK)


class Sums:
    """Both sums of bytes that come one after the other."""

    def __init__(self) -> None:
        self._crc, self._sha, self.size = 0, hashlib.sha256(), 0

    def add(self, data: bytes) -> None:
        """Bytes."""
        self._crc = crc64nvme(data, self._crc)
        self._sha.update(data)
        self.size += len(data)

    def add_zeros(self, count: int) -> None:
        """So many zero bytes, of which nobody has any."""
        if count:
            self._crc = combine_crc64nvme(self._crc, crc_of_zeros(count), count)
        for start in range(0, count, _CHUNK):
            self._sha.update(_ZEROS if count - start >= _CHUNK else _ZEROS[: count - start])
        self.size += count

    def digest(self) -> Digest:
        """Of what came so far."""
        return Digest(self.size, base64.b64encode(self._crc.to_bytes(8, "big")).decode(), self._sha.hexdigest())


def crc_of_zeros(count: int) -> int:
    """CRC64NVME of so many zero bytes, in as many steps as the number has binary digits."""
    whole, length = 0, 0
    for digit in f"{count:b}":
        whole, length = combine_crc64nvme(whole, whole, length), 2 * length
        if digit == "1":
            whole, length = combine_crc64nvme(whole, crc64nvme(b"\0"), 1), length + 1
    return whole


def digest_of(descriptor: int, path: str) -> Digest:
    """Of an open regular file, from its beginning.

    Raises ``SiteUnavailable`` for a file that changed meanwhile: a sum of both states is the sum of neither.
    """
    before, sums = os.fstat(descriptor), Sums()
    for start, end, is_data in extents(descriptor, before.st_size):
        if is_data:
            _read(descriptor, start, end, sums)
        else:
            sums.add_zeros(end - start)
    after = os.fstat(descriptor)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or sums.size != before.st_size:
        raise SiteUnavailable(f"{path}: changed while it was read", "try again when nobody writes it")
    return sums.digest()


def _read(descriptor: int, start: int, end: int, sums: Sums) -> None:
    while start < end:
        data = os.pread(descriptor, min(_CHUNK, end - start), start)
        if not data:  # it became shorter; the caller sees it
            return
        sums.add(data)
        start += len(data)


def extents(descriptor: int, size: int) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each part in order, and whether it is data; a file system without holes says that all is."""
    at = 0
    while at < size:
        try:
            data = min(os.lseek(descriptor, at, os.SEEK_DATA), size)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            data = size  # a hole up to the end
        if data > at:
            yield at, data, False
        if data >= size:
            return
        at = min(os.lseek(descriptor, data, os.SEEK_HOLE), size)
        yield data, at, True
