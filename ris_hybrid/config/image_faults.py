"""What is wrong with the ``images`` of a data.yaml whose types are right (pure)."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from ris_hybrid.config.figures import below
from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.images.settings import ImageSettings, ImageWaiver

_REGISTRY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?")
_FINDING = re.compile(r"[A-Z][A-Z0-9]*-[A-Za-z0-9-]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def image_faults(images: ImageSettings) -> Iterator[Fault]:
    """Every one."""
    yield from _hosts(images)
    yield from below(("images", "old_after_days"), images.old_after_days, 1)
    yield from below(("images", "keep"), images.keep, 1)
    if not _PLATFORM.fullmatch(images.platform):
        yield ("images", "platform"), f"expected a platform such as linux/amd64, found {found(images.platform)}"
    for index, waiver in enumerate(images.waivers):
        for key, text in _waiver(waiver):
            yield ("images", "waivers", index, *key), text


def _hosts(images: ImageSettings) -> Iterator[Fault]:
    for key in ("default_registry", "registry"):
        host = getattr(images, key)
        if not _REGISTRY.fullmatch(host) and (host or key == "default_registry"):
            yield ("images", key), f"expected the host of a registry, found {found(host)}"
    for name, host in images.rename.items():
        for text in (name, host):
            if not _REGISTRY.fullmatch(text):
                yield ("images", "rename", name), f"expected hosts of registries, found {found(text)}"


def _waiver(waiver: ImageWaiver) -> Iterator[Fault]:
    for key in ("image", "reason", "owner"):
        if not getattr(waiver, key).strip():
            yield (key,), "expected text, found nothing: a waiver says what, why and who"
    if not _is_day(waiver.until):
        yield ("until",), f"expected a day such as 2027-01-31, found {found(waiver.until)}"
    for index, finding in enumerate(waiver.findings):
        if not _FINDING.fullmatch(finding):
            yield ("findings", index), f"expected an id such as CVE-2026-1234, found {found(finding)}"


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:  # the 30th of February
        return False
    return True
