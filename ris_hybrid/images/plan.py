"""From the images jobs name to what has to be done in ECR: copied, named, un-named, or nothing, each with why (pure).

One line is one name in one repository. The step of a line depends on what is known: an image is copied first, then
judged by its scan (``ris_hybrid.images.gate``), then named; so a sync goes through the plan more than once. An image
that is judged badly later loses its name, and with it every new job; running jobs have theirs on their node already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ris_hybrid.images.gate import Verdict, judge
from ris_hybrid.images.homes import is_of_another_lab
from ris_hybrid.images.manifest import is_schema_1
from ris_hybrid.images.reference import name_tag
from ris_hybrid.images.values import INDEXES, MANIFESTS, NO_SCAN, NotHad, Scan, StoredImage, Upstream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ris_hybrid.images.asked import Named
    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.settings import ImageSettings

Step = Literal["nothing", "copy", "name", "revoke", "wait", "refuse"]
"""``copy``: bring the image in. ``name``: let jobs have it. ``revoke``: they have it and must not. ``wait``: for a
scan, or because something is not known. ``refuse``: it cannot be had, or may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found out. A value None is a question without an answer."""

    upstream: Mapping[str, Upstream | NotHad]
    """By normalised name."""
    stored: Mapping[tuple[str, str], tuple[StoredImage, ...] | None]
    """By environment and repository."""
    scans: Mapping[tuple[str, str, str], Scan | None]
    """By environment, repository and digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLine:
    """One name of one lab in one environment, and what is to be done."""

    lab: str
    written: str
    key: str
    """The normalised name."""
    step: Step
    reason: str
    environment: str = ""
    repository: str = ""
    digest: str = ""
    """Of what is, or is to be, in ECR; empty where it is not known."""
    judged: str = ""
    """Digest of the image that the scan speaks of: the platform's, where ``digest`` is an index."""
    tag: str = ""
    """The name nodes look for."""
    verdict: Verdict | None = None
    holder: str = ""
    """Digest that has the tag now; empty where nothing has."""
    jobs: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a job would find an image by that name now, and may: an older one too, while the newer is refused."""
        return bool(self.holder) and self.step != "revoke"


def plan_images(
    named: Iterable[Named], homes: Sequence[Home], known: Known, settings: ImageSettings, today: str
) -> tuple[ImageLine, ...]:
    """Every image of every lab, sorted by lab and name."""
    lines = (line for one in named for line in _lines(one, homes, known, settings, today))
    return tuple(sorted(lines, key=lambda line: (line.lab, line.key, line.environment)))


def needed_scans(
    named: Iterable[Named], homes: Sequence[Home], known: Known, platform: str
) -> tuple[tuple[str, str, str], ...]:
    """Environment, repository and digest of every image in ECR that the plan judges; ``known.scans`` is not read."""
    found = (
        (home.environment, home.repository, judged)
        for one in named
        if one.reference is not None
        for home in homes
        if home.lab == one.lab
        for judged in _to_judge(one.reference, home, known, platform)
    )
    return tuple(dict.fromkeys(found))


def platform_digest(image: Upstream | StoredImage, platform: str) -> str:
    """Of the image that nodes run; empty where the index has none for them."""
    return image.platforms.get(platform, "") if image.media_type in INDEXES else image.digest


def _to_judge(reference: Reference, home: Home, known: Known, platform: str) -> Iterator[str]:
    stored = known.stored.get((home.environment, home.repository)) or ()
    upstream = known.upstream.get(reference.normalised)
    tag = name_tag(reference)
    for image in stored:
        if tag in image.tags or (isinstance(upstream, Upstream) and image.digest == upstream.digest):
            judged = platform_digest(image, platform)
            if judged:
                yield judged


def _lines(one: Named, homes: Sequence[Home], known: Known, settings: ImageSettings, today: str) -> Iterator[ImageLine]:
    blank = ImageLine(
        lab=one.lab,
        written=one.written,
        key=one.key,
        step="refuse",
        reason=one.problem,
        jobs=one.jobs,
        scripts=one.scripts,
    )
    places = [home for home in homes if home.lab == one.lab]
    if one.reference is None:
        yield blank
    elif not places:
        whose = f"lab {one.lab}" if one.lab else "a job without a lab"
        yield replace(blank, reason=f"{whose} has no allocation in the mirror that takes images")
    elif is_of_another_lab(one.reference, one.lab, homes):
        yield replace(
            blank, reason=f"it is in the cloud already, and not of lab {one.lab}: its own registry is no source"
        )
    else:
        yield from (_Place(one.reference, home, known, settings, today).line(blank) for home in places)


@dataclass(frozen=True, slots=True)
class _Place:
    """One name in one repository."""

    reference: Reference
    home: Home
    known: Known
    settings: ImageSettings
    today: str

    def line(self, blank: ImageLine) -> ImageLine:
        """What is to be done there."""
        here = replace(
            blank,
            environment=self.home.environment,
            repository=self.home.repository,
            tag=name_tag(self.reference),
        )
        stored = self.known.stored.get((self.home.environment, self.home.repository))
        if stored is None:
            return replace(here, step="wait", reason=f"ECR of {self.home.environment} could not be asked")
        holder = next((image for image in stored if here.tag in image.tags), None)
        here = replace(here, holder=holder.digest if holder else "")
        held = self._held(here, holder)
        if held is not None and held.step == "revoke":
            return held
        return self._wanted(here, stored, held)

    def _held(self, here: ImageLine, holder: StoredImage | None) -> ImageLine | None:
        """What becomes of the image that has the name now."""
        if holder is None:
            return None
        here, verdict = self._judged(here, holder)
        if verdict.answer == "refused":
            return replace(here, step="revoke", reason=f"jobs must not have it any more: {verdict.reason}")
        if verdict.is_open:
            return replace(here, step="nothing", reason=f"in ECR; {verdict.reason}")
        if self._scan(here.judged).word == NO_SCAN:
            return replace(here, step="revoke", reason="it has a name and was never scanned")
        return replace(here, step="wait", reason=f"in ECR, and jobs keep it; {verdict.reason}")

    def _wanted(self, here: ImageLine, stored: tuple[StoredImage, ...], held: ImageLine | None) -> ImageLine:
        """What becomes of the image that is at the source."""
        upstream = self.known.upstream.get(self.reference.normalised)
        if upstream is None:
            upstream = NotHad(reason="its source was not asked", certain=False)
        if isinstance(upstream, NotHad):
            if held is not None:
                return replace(held, reason=f"{held.reason}; {upstream.reason}")
            return replace(here, step="refuse" if upstream.certain else "wait", reason=upstream.reason)
        here = replace(here, digest=upstream.digest)
        unfit = _unfit(upstream, self.settings.platform)
        if unfit:
            return replace(here, step="refuse", reason=unfit)
        if held is not None and held.holder == upstream.digest:
            return held
        image = next((one for one in stored if one.digest == upstream.digest), None)
        if image is None:
            moved = "its name means another image than the one in ECR by now" if here.holder else "it is not in ECR"
            return replace(here, step="copy", reason=moved)
        here, verdict = self._judged(here, image)
        if verdict.is_open:
            step: Step = "name"
        else:
            step = "refuse" if verdict.answer == "refused" else "wait"
        return replace(here, step=step, reason=verdict.reason)

    def _judged(self, here: ImageLine, image: StoredImage) -> tuple[ImageLine, Verdict]:
        judged = platform_digest(image, self.settings.platform)
        if not judged:
            verdict = Verdict(answer="refused", reason=_no_image(image, self.settings.platform))
        else:
            scan = self.known.scans.get((self.home.environment, self.home.repository, judged))
            verdict = judge(scan, self.reference, self.settings, self.today)
        return replace(here, digest=image.digest, judged=judged, verdict=verdict), verdict

    def _scan(self, judged: str) -> Scan:
        """The scan, or one that says nothing."""
        return self.known.scans.get((self.home.environment, self.home.repository, judged)) or Scan(word="")


def _unfit(upstream: Upstream, platform: str) -> str:
    """Why ECR or the nodes cannot take it; empty when they can."""
    if upstream.media_type not in INDEXES | MANIFESTS:
        older = is_schema_1(upstream.media_type)
        kind = upstream.media_type[:80] or "a manifest without a type"
        what = "an image of Docker's old schema 1" if older else kind
        return f"{what}: ECR takes Docker schema 2 and OCI images; push it again with a Docker of today"
    return "" if platform_digest(upstream, platform) else _no_image(upstream, platform)


def _no_image(index: Upstream | StoredImage, platform: str) -> str:
    if platform in index.platforms:
        return f"it has more than one image for {platform}: which of them nodes would start is not known"
    return f"it has no image for {platform}, only for {', '.join(sorted(index.platforms))[:200] or 'nothing'}"
