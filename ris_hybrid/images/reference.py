"""An image's name as jobs write it, taken apart and put together again; and the tag that nodes find it by.

Grammar: the distribution project's reference grammar (``[host[:port]/]path[:tag][@digest]``). As Docker reads it, the
first part is a host when it holds ``.`` or ``:`` or is ``localhost``. Docker takes ``Word/x`` for a host too, for its
upper case; such a host has no name that DNS knows, and is refused here. No default registry is ever put into a
reference: ``at`` adds it where an image is asked for, so that stored names stay what people wrote.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST = "latest"
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])"
    r"(?::[0-9]+)?"
)
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LONGEST = 255
"""Of host and path together, in the distribution project's grammar."""
_HUB = "docker.io"
_HUB_NAMES = frozenset({_HUB, "index.docker.io", "registry-1.docker.io"})
_OFFICIAL = "library"
_NAMED = "ref-"
_ANCHOR = "d-"
_HEX = 32
_HINT = "expected [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST], the name in lower case"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reference:
    """One image as it was named; what was not written is empty."""

    registry: str = ""
    repository: str
    tag: str = ""
    digest: str = ""
    """``sha256:`` and 64 hex digits."""

    def __str__(self) -> str:
        host = f"{self.registry}/" if self.registry else ""
        tag = f":{self.tag}" if self.tag else ""
        return f"{host}{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def name(self) -> str:
        """Without tag and digest."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def normalised(self) -> str:
        """One text for what means the same: a digest makes the tag empty words, and no tag is ``latest``."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag or LATEST}"

    @property
    def moves(self) -> bool:
        """Whether another image may be behind it tomorrow."""
        return not self.digest

    def pinned(self, digest: str) -> Reference:
        """The image with that digest, of the same repository."""
        return Reference(registry=self.registry, repository=self.repository, digest=digest)


def parse(written: str) -> Reference:
    """What a user wrote, without quotes around it.

    Raises:
        ConfigError: it names no image that Docker would pull.
    """
    text, at, digest = written.strip().partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise _refused(written, f"expected sha256: and 64 digits behind the @, found {digest[:80]!r}")
    host, rest = _host(text)
    if host and not _HOST.fullmatch(host):
        raise _refused(written, f"{host[:80]!r} is no host of a registry")
    path, colon, tag = rest.partition(":")
    if not _PATH.fullmatch(path):
        upper = " (Docker takes no upper case there)" if path != path.lower() else ""
        raise _refused(written, f"{path[:80]!r} is no name of a repository{upper}")
    if colon and not _TAG.fullmatch(tag):
        raise _refused(written, f"{tag[:80]!r} is no tag")
    found = Reference(registry=host.lower(), repository=path, tag=tag, digest=digest)
    if len(found.name) > _LONGEST:
        raise _refused(written, f"its name has {len(found.name)} characters, {_LONGEST} are the most")
    return found


def at(reference: Reference, default_registry: str, renamed: Mapping[str, str] | None = None) -> Reference:
    """The reference with the host it is really asked of, and Docker Hub's ``library/`` where it goes without saying."""
    host = reference.registry or default_registry
    host = _HUB if host in _HUB_NAMES else host
    official = host == _HUB and "/" not in reference.repository
    return Reference(
        registry=(renamed or {}).get(host, host),
        repository=f"{_OFFICIAL}/{reference.repository}" if official else reference.repository,
        tag=reference.tag or ("" if reference.digest else LATEST),
        digest=reference.digest,
    )


def name_tag(reference: Reference) -> str:
    """The tag in ECR that says which image a written name is: nodes work it out by themselves."""
    return f"{_NAMED}{hashlib.sha256(reference.normalised.encode()).hexdigest()[:_HEX]}"


def anchor_tag(digest: str) -> str:
    """The tag each copy is pushed under; it never moves, and keeps the image when its other tags go."""
    return f"{_ANCHOR}{digest.removeprefix('sha256:')}"


def is_name_tag(tag: str) -> bool:
    """Whether a tag is one of ``name_tag``."""
    return re.fullmatch(rf"{_NAMED}[0-9a-f]{{{_HEX}}}", tag) is not None


def is_anchor(tag: str) -> bool:
    """Whether a tag is one of ``anchor_tag``."""
    return re.fullmatch(rf"{_ANCHOR}[0-9a-f]{{64}}", tag) is not None


def _host(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    named = any(sign in first for sign in ".:") or first == "localhost"
    return (first, rest) if slash and named else ("", text)


def _refused(written: str, why: str) -> ConfigError:
    return ConfigError(f"image {written.strip()[:300]!r}: {why}", _HINT)
