"""Registries in a folder, which the sandbox's skopeo and crane read, and the commands themselves (sandbox).

``ROOT/HOST/REPOSITORY/_tags/TAG`` holds a digest, ``ROOT/HOST/REPOSITORY/_manifests/HEX`` a manifest's bytes. A file
``ROOT/HOST/LOGIN`` with ``user:password`` asks for that log-in, one named ``LIMIT`` refuses as a registry does that
was asked too often. Layers have no bytes: a manifest only says what they weigh.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.images import program

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMANDS = ("skopeo", "crane")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def manifest(word: str, sizes: tuple[int, ...] = (1000,), kind: str = MANIFEST) -> str:
    """An image that is another for another word; ``sizes`` are its layers' bytes."""
    hashed = [hashlib.sha256(f"{word} {at}".encode()).hexdigest() for at in range(len(sizes) + 1)]
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{hashed[-1]}", "size": 100}
    layers = [
        {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": f"sha256:{one}", "size": size}
        for one, size in zip(hashed, sizes, strict=False)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers})


def index(parts: Mapping[str, str]) -> str:
    """An index of images by platform (``linux/amd64``)."""
    rows = []
    for platform, text in parts.items():
        system, _, machine = platform.partition("/")
        where = {"os": system, "architecture": machine}
        rows.append({"mediaType": MANIFEST, "digest": digest(text), "size": len(text), "platform": where})
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows})


def digest(text: str) -> str:
    """Of a manifest's bytes."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def push(root: Path, name: str, *texts: str) -> str:
    """Put manifests under ``HOST/REPOSITORY:TAG``; the last one has the tag, and its digest is the answer."""
    path, _, tag = name.rpartition(":")
    folder = root / path
    for kept in ("_tags", "_manifests"):
        (folder / kept).mkdir(parents=True, exist_ok=True)
    for text in texts:
        (folder / "_manifests" / digest(text).removeprefix("sha256:")).write_text(text, encoding="utf-8")
    (folder / "_tags" / tag).write_text(digest(texts[-1]), encoding="utf-8")
    return digest(texts[-1])


def stocked(bin_dir: Path, root: Path) -> None:
    """The commands, over registries with the example's two images: one alone, and one of two platforms."""
    install_commands(bin_dir, root)
    push(root, "docker.io/library/ubuntu:22.04", manifest("ubuntu"))
    arms = {f"linux/{name}": manifest(f"samtools {name}") for name in ("amd64", "arm64")}
    push(root, "quay.io/biocontainers/samtools:1.19", *arms.values(), index(arms))


def install_commands(bin_dir: Path, root: Path, names: tuple[str, ...] = COMMANDS) -> tuple[Path, ...]:
    """Write ``skopeo`` and ``crane`` as small executables over the registries of a folder."""
    bin_dir.mkdir(parents=True, exist_ok=True)
    start = shlex.join([sys.executable, "-I", "-S", str(Path(program.__file__).resolve()), str(root)])
    written = []
    for name in names:
        path = bin_dir / name
        path.write_text(f'#!/bin/sh\nexec {start} {name} "$@"\n', encoding="utf-8")
        path.chmod(0o755)
        written.append(path)
    return tuple(written)
