"""Whether an image may be used, from what its scan found: closed wherever that is not known (pure).

Only a scan that ECR calls COMPLETE (basic) or ACTIVE (enhanced, looked at again as flaws become known) counts. What
cannot be scanned, for its kind or its size, is let through by a waiver alone, and so is an image with a finding at or
above the site's threshold. A finding of unknown severity counts as severe: nobody has said that it is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.settings import ImageSettings, ImageWaiver
    from ris_hybrid.images.values import FoundFlaw, Scan

Answer = Literal["allowed", "waived", "refused", "waiting"]
"""``waiting``: the scan is under way, look again. Only ``allowed`` and ``waived`` let an image be used."""

SCANNED = frozenset({"COMPLETE", "ACTIVE"})
UNDER_WAY = frozenset({"IN_PROGRESS", "PENDING", "NOT_FOUND"})
_UNSCANNED = {
    "UNSUPPORTED_IMAGE": "ECR cannot scan this kind of image",
    "IMAGE_SIZE_EXCEEDED": "it is too large to be scanned",
    "LIMIT_EXCEEDED": "ECR's limit of scans is reached",
    "FAILED": "its scan failed",
    "SCAN_ELIGIBILITY_EXPIRED": "it is no longer scanned, so nothing new is known of it",
    "FINDINGS_UNAVAILABLE": "its findings cannot be had",
    "IMAGE_ARCHIVED": "it is archived",
}
_RANK = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}
_NAMED = 5
"""So many findings are named in a reason; the report has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an image may be used, and why."""

    answer: Answer
    reason: str
    findings: tuple[FoundFlaw, ...] = ()
    """Those that are at or above the threshold, waived ones too."""
    waivers: tuple[ImageWaiver, ...] = ()
    """Those that were needed."""

    @property
    def is_open(self) -> bool:
        """Whether jobs may have it."""
        return self.answer in {"allowed", "waived"}


def judge(scan: Scan | None, reference: Reference, settings: ImageSettings, today: str) -> Verdict:
    """The verdict on one image under one name.

    Args:
        scan: None where ECR could not be asked.
        reference: the name it is used by, as written; waivers are for names.
        settings: threshold and waivers.
        today: ISO date.
    """
    if scan is None:
        return Verdict(answer="waiting", reason="its scan is not known: ECR could not be asked")
    waivers = tuple(one for one in settings.waivers if holds(one, today) and covers(one, reference))
    if scan.word not in SCANNED:
        return _unscanned(scan, waivers)
    return _scanned(scan, settings, waivers)


def severe(severity: str, threshold: str) -> bool:
    """Whether a severity is at or above the threshold; one we do not know is."""
    return _RANK.get(severity, max(_RANK.values())) >= _RANK[threshold]


def holds(waiver: ImageWaiver, today: str) -> bool:
    """Whether it still does on that day; its own last day included."""
    return today <= waiver.until


def covers(waiver: ImageWaiver, reference: Reference) -> bool:
    """Whether the waiver is for that name; ``*`` stands for any text."""
    pattern = ".*".join(map(re.escape, waiver.image.split("*")))
    return re.fullmatch(pattern, reference.name) is not None


def _unscanned(scan: Scan, waivers: tuple[ImageWaiver, ...]) -> Verdict:
    whole = next((one for one in waivers if not one.findings), None)
    if scan.word in UNDER_WAY:
        return Verdict(answer="waiting", reason=f"it is not scanned yet ({scan.word})")
    why = _UNSCANNED.get(scan.word, f"what ECR says of its scan is not known here: {scan.word[:60]}")
    said = f"{why}{f' ({scan.detail[:120]})' if scan.detail else ''}"
    if whole is None:
        return Verdict(answer="refused", reason=f"{said}; only a waiver lets it through")
    return Verdict(answer="waived", reason=f"{said}; {_waived_by(whole)}", waivers=(whole,))


def _scanned(scan: Scan, settings: ImageSettings, waivers: tuple[ImageWaiver, ...]) -> Verdict:
    grave = tuple(one for one in scan.findings if severe(one.severity, settings.stop_at))
    unlisted = _unlisted(scan, grave, settings.stop_at)
    whole = next((one for one in waivers if not one.findings), None)
    used = tuple(one for one in waivers if any(flaw.name in one.findings for flaw in grave))
    waived = {name for one in used for name in one.findings}
    left = [flaw for flaw in grave if flaw.name not in waived]
    if not left and not unlisted:
        if grave:
            by = "; ".join(map(_waived_by, used))
            return Verdict(answer="waived", reason=f"{_many(len(grave))} {by}", findings=grave, waivers=used)
        return Verdict(answer="allowed", reason=f"scanned: nothing {settings.stop_at} or above")
    if whole is not None:
        return Verdict(answer="waived", reason=_waived_by(whole), findings=grave, waivers=(*used, whole))
    return Verdict(answer="refused", reason=_why_not(left, unlisted, settings.stop_at), findings=grave, waivers=used)


def _unlisted(scan: Scan, grave: tuple[FoundFlaw, ...], threshold: str) -> int:
    """Severe findings that ECR counts and does not list."""
    counted = sum(count for severity, count in scan.counts.items() if severe(severity, threshold))
    return max(0, counted - len(grave))


def _why_not(left: Iterable[FoundFlaw], unlisted: int, threshold: str) -> str:
    names = [f"{one.name} ({one.severity}{', fix available' if one.fixable else ''})" for one in left]
    more = len(names) - _NAMED + unlisted if len(names) > _NAMED else unlisted
    named = ", ".join(names[:_NAMED]) + (f"{' and ' if names else ''}{more} more" if more else "")
    return f"{_many(len(names) + unlisted)} {threshold} or above: {named}"


def _waived_by(waiver: ImageWaiver) -> str:
    return f"waived until {waiver.until} by {waiver.owner}: {waiver.reason}"


def _many(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}"
