"""User data as EC2 takes it: text while it fits, gzipped where it is longer, which cloud-init reads as well (pure).

EC2's bound is on the bytes before base64 (EC2 user guide, "Run commands when you launch an EC2 instance"). What was
packed is unpacked wherever it is read, so that people and rules see the text.
"""

from __future__ import annotations

import gzip
import re
import zlib
from contextlib import suppress

MOST_BYTES = 16384
"""EC2's bound, before base64."""
SCRATCH = "@ris-scratch@"
"""Stands in user data for the environment's file system of FSx for Lustre, until the stack of the nodes is built."""
_ADDRESS = r"[A-Za-z0-9.-]+@tcp:/[A-Za-z0-9]+"
_MAGIC = b"\x1f\x8b"
_MOST_UNPACKED = 1 << 20
"""Nobody's user data is longer; what claims to be is not unpacked to its end."""


def packed(text: str) -> bytes:
    """The bytes to send; the same text gives the same bytes."""
    plain = text.encode()
    return plain if len(plain) <= MOST_BYTES else gzip.compress(plain, 9, mtime=0)


def filled(text: str, dns_name: str, mount_name: str) -> str:
    """With the address of that file system (FSx for Lustre user guide, "Mounting from an Amazon EC2 instance")."""
    return text.replace(SCRATCH, f"{dns_name}@tcp:/{mount_name}")


def is_filled_from(found: str, text: str) -> bool:
    """Whether what a node starts with is this text, whichever file system it was filled in with."""
    return re.fullmatch(re.escape(text.strip()).replace(re.escape(SCRATCH), _ADDRESS), found.strip()) is not None


def unpacked(data: bytes) -> str:
    """The text of what was sent, packed or not; what is neither is shown as well as it can be."""
    if data.startswith(_MAGIC):
        with suppress(zlib.error):  # no gzip after all: shown as it is
            data = zlib.decompressobj(wbits=31).decompress(data, _MOST_UNPACKED)
    return data.decode("utf-8", "replace")
