"""What a lab's images are like, and which of them could go (pure).

An image is **old** when its name means another one at the source by now, or its push is longer ago than the site
likes; **unused** when neither a job that waits or runs names it nor anything pulled it of late; **large** when ECR
will not scan it. What goes is never the site's lifecycle policy's secret: ``surplus`` is what *we* would take away,
``at_risk`` what ECR's own policy would, of images that jobs name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.images.gate import judge
from ris_hybrid.images.plan import platform_digest
from ris_hybrid.images.reference import Reference, is_anchor, is_name_tag
from ris_hybrid.images.values import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.plan import ImageLine, Known
    from ris_hybrid.images.settings import ImageSettings
    from ris_hybrid.images.values import Expiring, StoredImage

_DAY_S = 86400.0
_LARGE = 10 * 2**30
"""Research images are often larger, and scanning then says IMAGE_SIZE_EXCEEDED."""
_UNNAMED = Reference(repository="unknown")
"""Stands for a name nobody's jobs write now: no waiver is for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """One image of a lab in ECR."""

    lab: str
    environment: str
    repository: str
    digest: str
    names: tuple[str, ...]
    """What jobs call it, as far as jobs that wait or run say so."""
    days: float
    """Since its push."""
    size: int | None
    remarks: tuple[str, ...]
    """Why somebody should look at it; none when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A name in ECR that no job writes now and that jobs must not have any more."""

    environment: str
    repository: str
    tag: str
    digest: str
    reason: str


def report(
    lines: Sequence[ImageLine], homes: Iterable[Home], known: Known, settings: ImageSettings, now: float
) -> tuple[ImageReport, ...]:
    """Every image we copied, by lab and then the newest first."""
    found = [
        _one(home, image, lines, known, settings, now)
        for home in homes
        for image in known.stored.get((home.environment, home.repository)) or ()
        if any(map(is_anchor, image.tags))
    ]
    return tuple(sorted(found, key=lambda one: (one.lab, one.environment, one.days, one.digest)))


def strays(
    lines: Sequence[ImageLine], homes: Iterable[Home], known: Known, settings: ImageSettings, today: str
) -> tuple[Stray, ...]:
    """Names to take away beside those of the plan. The plan must be of all jobs: else a waiver may be overlooked."""
    planned = {(line.environment, line.repository, line.tag) for line in lines}
    found = []
    for home in homes:
        for image in known.stored.get((home.environment, home.repository)) or ():
            scan = known.scans.get((home.environment, home.repository, platform_digest(image, settings.platform)))
            verdict = judge(scan, _UNNAMED, settings, today)
            found += [
                Stray(
                    environment=home.environment,
                    repository=home.repository,
                    tag=tag,
                    digest=image.digest,
                    reason=verdict.reason,
                )
                for tag in image.tags
                if is_name_tag(tag)
                and verdict.answer == "refused"
                and (home.environment, home.repository, tag) not in planned
            ]
    return tuple(found)


def surplus(stored: Sequence[StoredImage], in_use: frozenset[str], settings: ImageSettings) -> tuple[StoredImage, ...]:
    """The images of one repository beyond those in use and the ``keep`` newest of the others, the oldest first.

    An image that an index holds stays with its index, and so does every image that we did not copy.
    """
    ours = [one for one in stored if any(map(is_anchor, one.tags)) and one.digest not in in_use]
    ours.sort(key=lambda one: (max(one.pushed_at, one.pulled_at or 0.0), one.digest), reverse=True)
    return tuple(reversed(ours[settings.keep :]))


def used_digests(lines: Iterable[ImageLine], home: Home, stored: Sequence[StoredImage]) -> frozenset[str]:
    """Digests that jobs name in one repository: at the source, and what they would get now; indexes with parts."""
    named = {
        digest
        for line in lines
        if (line.environment, line.repository) == (home.environment, home.repository)
        for digest in (line.digest, line.holder)
        if digest
    }
    parts = (part for image in stored if image.digest in named for part in image.platforms.values() if part)
    return frozenset({*named, *parts})


def at_risk(expiring: Iterable[Expiring], in_use: frozenset[str]) -> tuple[Expiring, ...]:
    """What the repository's lifecycle policy would take of that which jobs name."""
    return tuple(one for one in expiring if one.digest in in_use)


def _one(
    home: Home, image: StoredImage, lines: Sequence[ImageLine], known: Known, settings: ImageSettings, now: float
) -> ImageReport:
    mine = [
        line
        for line in lines
        if (line.environment, line.repository) == (home.environment, home.repository)
        and image.digest in {line.digest, line.holder}
    ]
    days = max(0.0, now - image.pushed_at) / _DAY_S
    size = image.size
    return ImageReport(
        lab=home.lab,
        environment=home.environment,
        repository=home.repository,
        digest=image.digest,
        names=tuple(dict.fromkeys(line.key for line in mine)),
        days=days,
        size=size,
        remarks=tuple(_remarks(image, mine, known.upstream, settings, days)),
    )


def _remarks(
    image: StoredImage, mine: Sequence[ImageLine], upstream: Mapping[str, object], settings: ImageSettings, days: float
) -> Iterable[str]:
    yield from _age(image, mine, settings, days)
    if not mine:
        pulled = "never pulled" if image.pulled_at is None else "pulled before"
        yield f"unused: no job that waits or runs names it ({pulled})"
    for line in mine:
        if line.verdict is not None and line.verdict.answer in {"refused", "waived"}:
            yield f"vulnerable: {line.verdict.reason}"
    if image.size is not None and image.size > _LARGE:
        yield f"large: {image.size / 2**30:.1f} GiB compressed, which ECR may not scan"
    for line in mine:
        source = upstream.get(line.key)
        if isinstance(source, Upstream) and _other_size(source, image):
            yield f"wrong size: {image.size} bytes in ECR, {source.size} at its source"


def _age(image: StoredImage, mine: Sequence[ImageLine], settings: ImageSettings, days: float) -> Iterable[str]:
    moved = [line.key for line in mine if image.digest == line.holder and line.digest not in {"", image.digest}]
    if moved:
        yield f"old: {', '.join(moved)} means another image at its source by now"
    if days > settings.old_after_days:
        yield f"old: pushed {days:.0f} days ago, more than {settings.old_after_days}"


def _other_size(source: Upstream, image: StoredImage) -> bool:
    """Whether layers are missing: the bytes behind one digest are the same everywhere."""
    known = source.digest == image.digest and source.size is not None and image.size is not None
    return known and source.size != image.size
