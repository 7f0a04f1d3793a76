"""What fake files and objects hold: bytes, or a size and a seed that stand for so many bytes."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from awscrt.checksums import crc64nvme

from ris_hybrid.data.values import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Content: ``data`` when it is given, else ``size`` bytes that nobody ever made; equal seeds are equal content."""

    data: bytes | None = None
    sparse_size: int = 0
    seed: str = ""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.sparse_size if self.data is None else len(self.data)

    def digest(self) -> Digest:
        """What a reader of it computes; sparse content has sums that only agree with themselves."""
        if self.data is None:
            made = hashlib.sha256(f"{self.sparse_size}:{self.seed}".encode())
            return Digest(self.size, base64.b64encode(made.digest()[:8]).decode(), made.hexdigest())
        crc = crc64nvme(self.data).to_bytes(8, "big")
        return Digest(self.size, base64.b64encode(crc).decode(), hashlib.sha256(self.data).hexdigest())

    def damaged(self) -> Blob:
        """Other content of the same size, as a transfer that goes wrong makes it."""
        if self.data:
            return Blob(data=bytes([self.data[0] ^ 1]) + self.data[1:])
        return Blob(sparse_size=self.sparse_size, seed=f"{self.seed}, damaged")


def blob(content: bytes | tuple[int, str]) -> Blob:
    """Of bytes, or of a size and a seed."""
    return Blob(data=content) if isinstance(content, bytes) else Blob(sparse_size=content[0], seed=content[1])
