"""What one run over one stack did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Deed = Literal["create", "update", "replace", "delete", "keep"]
"""``keep``: it would be deleted, but is protected or is to be left in AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource that changes."""

    deed: Deed
    urn: str
    """Pulumi's name of it."""
    kind: str
    """Its type, ``aws:s3/bucket:Bucket``."""
    name: str
    fields: tuple[str, ...] = ()
    """The properties that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One stack after a run."""

    stack: str
    changes: tuple[Change, ...]
    same: int
    """Resources that stay as they are."""
    sandbox: bool
