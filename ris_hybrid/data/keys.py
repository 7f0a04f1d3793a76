r"""Paths of a dataset ⇄ keys of S3: the same words behind a prefix, or the reason why there is no such key.

Paths are bytes at the site; here they are text with bytes that are not UTF-8 as lone surrogates (``os.fsdecode``).
Source of the rules: Amazon S3 User Guide, "Naming Amazon S3 objects": a key is UTF-8, at most 1,024 bytes. Segments
``.`` and ``..`` and empty ones are legal there, but what mounts a bucket as directories cannot show them, and a control
character breaks lists that have a path a line. FSx skips keys it cannot export without a word; we say so before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 1024
"""Bytes of a key, UTF-8."""

NOT_UTF8 = "name is not UTF-8"
CONTROL = "control character in the name"
EMPTY_SEGMENT = "path has an empty segment"
DOTS = "path has a segment of dots"
NO_NAME = "path is empty"
TOO_LONG = f"key longer than {LONGEST} bytes"

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|//|^/|/$|(?:^|/)\.\.?(?:/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # two separators as well: they end a line for many readers
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_RAW_BYTES = range(0xDC80, 0xDD00)  # what os.fsdecode makes of bytes 0x80 to 0xff
_LATIN, _PLANE = 0xFF, 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class NoKey:
    """A path that cannot be a key."""

    reason: str
    """One of this module's reasons."""


def key_of(prefix: str, path: str) -> str | NoKey:
    """The key of a path below a dataset; ``prefix`` is ``Dataset.prefix``."""
    reason = why_not(prefix, path)
    return NoKey(reason=reason) if reason else prefix + path


def path_of(prefix: str, key: str) -> str | None:
    """The path a key stands for; None for one of another dataset, or one that no path has (a directory's marker)."""
    path = key.removeprefix(prefix)
    return None if not key.startswith(prefix) or why_not(prefix, path) else path


def why_not(prefix: str, path: str) -> str:
    """Why a path has no key; empty when it has one."""
    key = prefix + path
    if not path or _ODD.search(key):
        return _odd(key) if path else NO_NAME
    return TOO_LONG if len(key) * 4 > LONGEST and len(key.encode()) > LONGEST else ""


def _odd(key: str) -> str:
    if _SURROGATE.search(key):
        return NOT_UTF8
    if _CONTROL.search(key):
        return CONTROL
    return EMPTY_SEGMENT if key.startswith("/") or key.endswith("/") or "//" in key else DOTS


def shown(path: str) -> str:
    r"""A path for people: one line, every other path another line.

    Bytes that are not UTF-8 are ``\xNN``, characters that cannot be seen ``\uNNNN``, a backslash is ``\\``.
    """
    if path.isprintable() and "\\" not in path:
        return path
    return "".join(map(_sign, path))


def _sign(sign: str) -> str:
    if sign in _SHORT:
        return _SHORT[sign]
    if sign.isprintable():
        return sign
    code = ord(sign)
    if code in _RAW_BYTES:
        return f"\\x{code & _LATIN:02x}"
    return f"\\u{code:04x}" if code <= _PLANE else f"\\U{code:08x}"
