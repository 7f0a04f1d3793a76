"""Carries one file of a transfer from its source to its destination, or says why it need not, or could not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.globus.bucket import Bucket
from ris_hybrid.sandbox.globus.bulk import can_carry, carry_many
from ris_hybrid.sandbox.globus.carried import Carried
from ris_hybrid.sandbox.globus.ends import EndFailed, Folder, Found

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from ris_hybrid.sandbox.globus.ends import End
    from ris_hybrid.sandbox.globus.faults import Faults

Candidate = tuple["Found | EndFailed", str, str]
"""A file or why there is none, its source path, its destination path."""
EXISTS, SIZE, MTIME, CHECKSUM = 0, 1, 2, 3
_TRIES = 3
_FATE = {"denied": "PERMISSION_DENIED", "missing": "FILE_NOT_FOUND", "network": "CONNECTION_BROKEN"}


class Carrier:
    """Between two ends, by the options of one transfer; many threads may carry at once."""

    def __init__(self, source: End, destination: End, asked: Mapping[str, Any], faults: Faults) -> None:
        self._source, self._destination = source, destination
        self._sync = asked.get("sync_level")
        self._verify = bool(asked.get("verify_checksum"))
        self._faults = faults
        self._there: dict[str, Found] | None = None

    def know(self, there: dict[str, Found]) -> None:
        """What the destination holds: files that are not in it need not be asked for one by one."""
        self._there = there

    def carry_all(self, files: Sequence[Candidate], pool: Executor) -> list[Carried]:
        """A slice: what can be goes in one call, the rest file by file."""
        together: list[tuple[Found, str, str]] = []
        alone: list[Candidate] = []
        bulk = self._there is not None and can_carry(self._source, self._destination)
        for found, source, destination in files:
            if bulk and isinstance(found, Found) and self._needs_no_look(source, destination):
                together.append((found, source, destination))
            else:
                alone.append((found, source, destination))
        many = carry_many(together, self._source, self._destination)
        return [*many, *pool.map(lambda one: self.carry(*one), alone)]

    def _needs_no_look(self, source: str, destination: str) -> bool:
        new = destination not in (self._there or {})
        return (new or self._sync == CHECKSUM) and not self._faults.about(source)

    def carry(self, found: Found | EndFailed, source: str, destination: str) -> Carried:
        """One file; a broken connection and a checksum that does not agree are tried again."""
        if isinstance(found, EndFailed):
            return Carried(outcome="failed", source=source, destination=destination, code=found.code)
        faults, code = 0, ""
        for _ in range(_TRIES):
            fate = self._faults.of(source)
            try:
                if fate not in _FATE and self._same(found, destination):
                    return Carried(outcome="same", source=source, destination=destination, size=found.size)
                there = self._move(found, source, destination, fate)
            except EndFailed as failure:
                code = failure.code
                if code not in {"CONNECTION_BROKEN", "VERIFY_CHECKSUM"}:
                    break
                faults += 1
                continue
            done = Carried(outcome="moved", source=source, destination=destination, size=found.size)
            return replace(done, checksum=there, faults=faults)
        return Carried(outcome="failed", source=source, destination=destination, faults=faults, code=code)

    def _same(self, found: Found, destination: str) -> bool:
        """Whether the destination has it, by the level that was asked for; levels include those below them."""
        if self._sync is None or (self._there is not None and destination not in self._there):
            return False
        if self._sync == MTIME and self._put_since(found, destination):
            return True
        there = self._destination.stat(destination)
        if there is None:
            return False
        if self._sync >= SIZE and there.size != found.size:
            return False
        if self._sync == MTIME and found.mtime_ns > there.mtime_ns:
            return False
        return self._sync < CHECKSUM or self._source.checksum(found.path) == self._destination.checksum(destination)

    def _put_since(self, found: Found, destination: str) -> bool:
        """Whether the listing alone says so: as large, and put there after the file had changed last."""
        listed = (self._there or {}).get(destination)
        return listed is not None and listed.size == found.size and listed.mtime_ns >= found.mtime_ns

    def _move(self, found: Found, source: str, destination: str, fate: str) -> str:
        if fate in _FATE:
            raise EndFailed(_FATE[fate])
        if isinstance(self._source, Folder) and isinstance(self._destination, Bucket):
            there = self._destination.put(self._source.local(source), destination, found)
        elif isinstance(self._source, Bucket) and isinstance(self._destination, Folder):
            self._source.get(source, self._destination.local(destination))
            there = self._destination.checksum(destination) if self._verify else ""
        else:
            raise EndFailed("ENDPOINT_ERROR", "the sandbox moves between a folder and S3 only")
        if fate in {"damaged", "mismatch"}:
            self._damage(destination, found)
        if fate == "mismatch" or (self._verify and not self._agrees(found, there)):
            raise EndFailed("VERIFY_CHECKSUM")
        return there

    def _agrees(self, found: Found, there: str) -> bool:
        here = self._source.checksum(found.path)
        return not here or not there or here == there

    def _damage(self, destination: str, found: Found) -> None:
        """Change the first byte at the destination."""
        end = self._destination
        if isinstance(end, Folder):
            _flip(end.local(destination))
        elif isinstance(end, Bucket):
            end.spoil(destination, found)


def _flip(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:] if content else b"\0")
