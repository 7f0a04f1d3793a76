"""Carries files between a folder of this host and the sandbox's buckets, inside its process: the sandbox's transfers.

What DataSync, FSx and Globus do over networks is one call here, and twenty thousand files take seconds. What is there
already with the same size and sum is left alone. Holes of sparse files stay holes.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onprem.checksums import digest_of
from ris_hybrid.errors import ConfigError, SiteUnavailable
from ris_hybrid.sandbox.aws import moto_objects
from ris_hybrid.sandbox.aws.moto_view import account_of
from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.data.values import Digest
    from ris_hybrid.sandbox.aws.state import State

_MODE = "x-amz-meta-file-permissions"
_MTIME = "x-amz-meta-file-mtime"
"""As FSx and DataSync name them (FSx for Lustre user guide, "POSIX metadata support"): octal mode, nanoseconds."""
_LONGEST = 1024
_FIELDS = frozenset({"account", "bucket", "prefix", "folder", "paths", "direction"})


@dataclass(slots=True, kw_only=True)
class Carried:
    """What came of it."""

    files: int = 0
    skipped: int = 0
    bytes: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    """Paths that were skipped."""

    def skips(self, path: str) -> None:
        """Note a file that is there already."""
        self.skipped += 1
        self.same.append(path)

    def failed(self, path: str, reason: str) -> None:
        """Note a file that was not carried."""
        self.failures.append({"path": path, "reason": reason})


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Between one prefix of a bucket and one folder."""

    account: str
    bucket: str
    prefix: str
    folder: Path

    def take_in(self, paths: Sequence[str]) -> Carried:
        """Folder to bucket. Raises ``ApiError`` NoSuchBucket."""
        done = Carried()
        for path in paths:
            with _noted(done, path):
                self._take_in(path, done)
        return done

    def bring_out(self, paths: Sequence[str]) -> Carried:
        """Bucket to folder; a file is there under its name when all of it is there."""
        done = Carried()
        for path in paths:
            with _noted(done, path):
                self._bring_out(path, done)
        return done

    def stored(self) -> list[str]:
        """What is below the prefix, relative to it; markers of directories left out."""
        found = (
            held.key.removeprefix(self.prefix) for held in moto_objects.below(self.account, self.bucket, self.prefix)
        )
        return sorted(key for key in found if key and not key.endswith("/"))

    def _take_in(self, path: str, done: Carried) -> None:
        key = self.prefix + path
        if len(key.encode()) > _LONGEST:
            raise ApiError("KeyTooLongError", "Your key is too long")
        descriptor = os.open(self._at(path), os.O_RDONLY | os.O_NOFOLLOW)
        try:
            digest, seen = digest_of(descriptor, path), os.fstat(descriptor)
            if _same(moto_objects.current(self.account, self.bucket, key), digest):
                done.skips(path)
                return
            posix = {_MODE: f"{seen.st_mode & 0o7777:04o}", _MTIME: f"{seen.st_mtime_ns}ns"}
            moto_objects.put_file((self.account, self.bucket, key), descriptor, digest, posix)
        finally:
            os.close(descriptor)
        done.files, done.bytes = done.files + 1, done.bytes + digest.size

    def _bring_out(self, path: str, done: Carried) -> None:
        held = moto_objects.current(self.account, self.bucket, self.prefix + path)
        if held is None:
            raise ApiError("NoSuchKey", "The specified key does not exist.")
        target = Path(self._at(path))
        if target.is_file() and _same(held, _digest(target)):
            done.skips(path)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".sandbox-{os.getpid()}")
        with draft.open("wb") as content:
            moto_objects.write_to(self.account, self.bucket, held.key, content)
        mode, mtime = held.metadata.get(_MODE, ""), held.metadata.get(_MTIME, "")
        if mode:
            draft.chmod(int(mode, 8))
        if mtime:
            os.utime(draft, ns=(int(mtime.removesuffix("ns")),) * 2)
        draft.replace(target)
        done.files, done.bytes = done.files + 1, done.bytes + held.size

    def _at(self, path: str) -> str:
        if ".." in path.split("/"):
            raise ApiError("InvalidPath", "a path that leaves its folder")
        return os.path.join(self.folder, path.lstrip("/"))  # noqa: PTH118  # pathlib tidies names


def carry(_state: State, posted: object) -> object:
    """The control route: ``{bucket, prefix, folder, paths, direction: "in"|"out"[, account]}``, paths below both."""
    if not isinstance(posted, dict) or not posted.keys() <= _FIELDS or posted.get("direction") not in {"in", "out"}:
        raise ConfigError(f"an object with {', '.join(sorted(_FIELDS))} is expected, direction in or out")
    account = str(posted.get("account") or account_of(""))
    place: Any = {"account": account, "bucket": str(posted["bucket"]), "prefix": str(posted["prefix"])}
    carrier, paths = Carrier(folder=Path(str(posted["folder"])), **place), [str(one) for one in posted["paths"]]
    try:
        done = carrier.take_in(paths) if posted["direction"] == "in" else carrier.bring_out(paths)
    except ApiError as error:
        raise ConfigError(f"{error.code}: {error.message}") from error
    counts = {"files": done.files, "skipped": done.skipped, "bytes": done.bytes}
    return {**counts, "same": done.same, "failures": done.failures}


def _same(held: moto_objects.Held | None, digest: Digest | None) -> bool:
    if held is None or digest is None:
        return False
    return (held.size, held.sums.get(moto_objects.CRC)) == (digest.size, digest.crc64nvme)


def _digest(path: Path) -> Digest:
    with path.open("rb") as content:
        return digest_of(content.fileno(), str(path))


@contextmanager
def _noted(done: Carried, path: str) -> Iterator[None]:
    """A file that fails is noted, and the others go on; a bucket there is not ends all."""
    try:
        yield
    except OSError as error:
        done.failed(path, error.strerror or type(error).__name__)
    except UnicodeEncodeError:
        done.failed(path, "the name is not UTF-8")
    except SiteUnavailable as error:
        done.failed(path, error.message)
    except ApiError as error:
        if error.code == "NoSuchBucket":
            raise
        done.failed(path, f"{error.code}: {error.message}")
