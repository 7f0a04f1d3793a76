"""An image's manifest: its digest, its kind, what it weighs, and which platforms an index has (pure).

Formats: OCI image manifest and index 1.1, Docker image manifest 2.2 and manifest list; schema 1 is only recognised.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.images.values import INDEXES, Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
_MACHINES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}
_PLAIN = frozenset({("amd64", "v1"), ("arm", "7"), ("arm", "v7"), ("arm64", "8"), ("arm64", "v8")})
"""Variants that are a machine's own; source: Normalize of containerd's platforms."""


def read_manifest(text: str) -> Upstream:
    """What a manifest's bytes say. Raises ``ValueError`` where they are no manifest."""
    found = _opened(text)
    kind = _kind(found)
    return Upstream(
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        media_type=kind,
        size=None if kind in INDEXES or "layers" not in found else _size(found),
        platforms=platforms_of(text) if kind in INDEXES else {},
    )


def is_schema_1(media_type: str) -> bool:
    """Whether it is Docker's first form, whose digest is not the hash of its bytes."""
    return "docker.distribution.manifest.v1+" in media_type


def platforms_of(text: str) -> dict[str, str]:
    """``linux/amd64`` or ``linux/arm/v7`` to digest, of an index; attestations have no platform that is one.

    Words are those Docker takes for the same (``x86_64`` is ``amd64``, ``arm64/v8`` is ``arm64``). An empty digest
    stands where two images are for one platform: which of them a node starts is then not for us to say. Raises
    ``ValueError`` for other text.
    """
    found: dict[str, str] = {}
    for one in _objects(_opened(text), "manifests"):
        platform = _object(one, "platform")
        system, machine, variant = (str(platform.get(key) or "").lower() for key in ("os", "architecture", "variant"))
        if system in {"", "unknown"} or "digest" not in one:
            continue
        for name in _names(system, _MACHINES.get(machine, machine), variant):
            digest = str(one["digest"])
            found[name] = digest if found.get(name, digest) == digest else ""
    return found


def _names(system: str, machine: str, variant: str) -> tuple[str, ...]:
    """What a platform is called; one with a variant that adds nothing has two names, Docker's and the written one."""
    plain = f"{system}/{machine}"
    if not variant:
        return (plain,)
    said = f"{plain}/{variant}"
    return (plain, said) if (machine, variant) in _PLAIN else (said,)


def _opened(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else None
    except RecursionError as error:
        raise ValueError("not a manifest of an image: nested too deep") from error
    opened: dict[str, Any] | None = found if isinstance(found, dict) else None
    if opened is None or not isinstance(opened.get("schemaVersion", 2), int):
        raise ValueError("not a manifest of an image")
    return opened


def _object(of: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A member; a registry gives whatever it likes."""
    (found,) = _objects({key: [of.get(key) or {}]}, key)
    return found


def _objects(of: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = of.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"not a manifest of an image: {key} is no list of objects")
    return found


def _kind(found: dict[str, Any]) -> str:
    """The media type it gives itself; an OCI one may leave it out."""
    if found.get("schemaVersion") == 1:
        return str(found.get("mediaType") or _SCHEMA_1)
    return str(found.get("mediaType") or (_OCI_INDEX if "manifests" in found else _OCI_MANIFEST))


def _size(found: dict[str, Any]) -> int:
    sizes = [part.get("size", 0) for part in (_object(found, "config"), *_objects(found, "layers"))]
    if not all(isinstance(size, int) for size in sizes):
        raise ValueError("not a manifest of an image: a size is no whole number")
    return sum(sizes)
