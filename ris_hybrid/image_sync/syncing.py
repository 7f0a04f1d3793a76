"""Makes the plan of images true: copies, names and un-names, a round at a time, until nothing more can be done now.

Every step may be repeated, and a run that is broken off anywhere leaves nothing that the next one does not mend: a
copy without a name is named once it is judged, and a name is taken from the old image before the new one gets it. One
image that fails does not stop the others. A name goes away first of all: what must not be used is not used meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import CloudError, Refused, RisHybridError, SiteUnavailable
from ris_hybrid.image_sync.collecting import collect, read_scans, read_stored
from ris_hybrid.images.plan import Known, plan_images
from ris_hybrid.images.reference import Reference, anchor_tag, is_anchor, parse
from ris_hybrid.images.report import strays, surplus, used_digests
from ris_hybrid.images.values import NO_SCAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.image_sync.collecting import ImageSite
    from ris_hybrid.images.asked import Named
    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.plan import ImageLine
    from ris_hybrid.images.ports import ImageCopier
    from ris_hybrid.images.values import Login, StoredImage

_ORDER = {"revoke": 0, "name": 1, "copy": 2}
_MOST_ROUNDS = 5
"""Un-name, copy, scan, judge and name: a line takes no more steps than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that was done, or was not and why."""

    step: str
    """``copy``, ``scan``, ``name``, ``revoke`` or ``retire``."""
    what: str
    """The image by its normalised name, or its tag or digest where no job names it."""
    environment: str
    repository: str
    digest: str
    reason: str
    failed: str = ""
    """Why it was not done; empty when it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync did, and how things stand after it."""

    deeds: tuple[Deed, ...]
    lines: tuple[ImageLine, ...]
    known: Known
    failure: RisHybridError | None = None
    """The first one."""


@dataclass(slots=True)
class _Run:
    """A sync under way."""

    site: ImageSite
    named: Sequence[Named]
    today: str
    whole: bool
    """Whether the names are those of every job that waits or runs."""
    deeds: list[Deed] = field(default_factory=list)
    failure: RisHybridError | None = None
    tried: set[tuple[str, str, str]] = field(default_factory=set)
    asked: set[tuple[str, str, str]] = field(default_factory=set)
    """Images whose scan was asked for."""
    copier: ImageCopier | None = None

    def lines(self, known: Known) -> tuple[ImageLine, ...]:
        return plan_images(self.named, self.site.homes, known, self.site.settings, self.today)

    def again(self, known: Known) -> Known:
        """The same with what ECR holds now; sources were asked a moment ago."""
        fresh = replace(known, stored=read_stored(self.site), scans={})
        return replace(fresh, scans=read_scans(self.named, self.site, fresh, every_name=self.whole))

    def step(self, line: ImageLine) -> None:
        """Do what a line says, once in a run."""
        self.tried.add(_key(line))
        self.site.tell(f"{line.step} {line.key} in {line.environment} for {line.lab}: {line.reason}")
        digest = line.holder if line.step == "revoke" else line.digest
        deed = Deed(
            step=line.step,
            what=line.key,
            environment=line.environment,
            repository=line.repository,
            digest=digest,
            reason=line.reason,
        )
        try:
            self._do(line)
        except (CloudError, SiteUnavailable) as error:
            self.failed(deed, error)
        else:
            self.deeds.append(deed)

    def ask_scans(self, lines: Sequence[ImageLine], known: Known) -> bool:
        """Have images scanned that wait for it and never were; whether there was any."""
        waiting = [(one.environment, one.repository, one.judged) for one in lines if one.step == "wait" and one.judged]
        unscanned = {one for one in waiting if (scan := known.scans.get(one)) is not None and scan.word == NO_SCAN}
        asked = sorted(unscanned - self.asked)
        self.asked |= unscanned
        for environment, repository, digest in asked:
            deed = Deed(
                step="scan",
                what=digest[:19],
                environment=environment,
                repository=repository,
                digest=digest,
                reason="it was pushed and not scanned",
            )
            try:
                self.site.account(environment).tags.ask_scan(repository, digest)
            except CloudError as error:
                self.failed(deed, error)
            else:
                self.deeds.append(deed)
        return bool(asked)

    def failed(self, deed: Deed, error: RisHybridError) -> None:
        """Note what was not done."""
        self.failure = self.failure or error
        self.deeds.append(replace(deed, failed=error.message))

    def _do(self, line: ImageLine) -> None:
        tags = self.site.account(line.environment).tags
        match line.step:
            case "revoke":
                tags.untag(line.repository, line.tag)
            case "name":
                if line.holder:
                    tags.untag(line.repository, line.tag)
                tags.tag(line.repository, line.digest, line.tag)
            case _:
                self._copy(line)

    def _copy(self, line: ImageLine) -> None:
        home = next(one for one in self.site.homes if (one.lab, one.environment) == (line.lab, line.environment))
        login = self._login(home)
        target = Reference(registry=login.host, repository=home.repository, tag=anchor_tag(line.digest))
        self.copier = self.copier or self.site.copier()
        self.copier.copy(self.site.source(parse(line.key)).pinned(line.digest), target, login)

    def _login(self, home: Home) -> Login:
        """A new one for each copy: it holds for twelve hours, and a copy may take six of them.

        Raises ``Refused`` when it is another account's.
        """
        login = self.site.account(home.environment).logins.login()
        if login.host != home.host:
            raise Refused(
                f"the credentials for {home.environment} are for {login.host}, its images are in {home.host}",
                "give the profile of that environment in mirror.yaml",
            )
        return replace(login, host=self.site.settings.registry) if self.site.settings.registry else login


def sync(named: Sequence[Named], site: ImageSite, today: str, *, whole: bool) -> Synced:
    """Do what can be done now.

    Args:
        named: the images jobs name.
        site: where they come from and go.
        today: ISO date, for waivers.
        whole: whether ``named`` is of every job that waits or runs; else no other name is touched.
    """
    run = _Run(site, named, today, whole)
    known = collect(named, site, every_name=whole)
    for _ in range(_MOST_ROUNDS):
        steps = sorted(
            (line for line in run.lines(known) if line.step in _ORDER and _key(line) not in run.tried),
            key=lambda line: _ORDER[line.step],
        )
        for line in steps:
            if _key(line) not in run.tried:
                run.step(line)
        if not run.ask_scans(run.lines(known), known) and not steps:
            break
        known = run.again(known)
    lines = run.lines(known)
    if whole:
        _revoke_strays(run, lines, known)
    return Synced(deeds=tuple(run.deeds), lines=lines, known=known, failure=run.failure)


def retire(synced: Synced, site: ImageSite) -> Synced:
    """Take images away that no job names, beyond those that are kept. What is not known is left alone.

    To be called after a whole sync alone. An image goes with its last tag; what an index held follows by the
    repository's own lifecycle policy.
    """
    run = _Run(site, (), "", whole=True, deeds=list(synced.deeds), failure=synced.failure)
    for home in site.homes:
        stored = synced.known.stored.get((home.environment, home.repository)) or ()
        used = used_digests(synced.lines, home, stored)
        for image in surplus(stored, used, site.settings):
            _retire(run, home, image)
    return replace(synced, deeds=tuple(run.deeds), failure=run.failure)


def _retire(run: _Run, home: Home, image: StoredImage) -> None:
    deed = Deed(
        step="retire",
        what=image.digest[:19],
        environment=home.environment,
        repository=home.repository,
        digest=image.digest,
        reason=f"no job names it, and it is not among the {run.site.settings.keep} newest others",
    )
    tags = run.site.account(home.environment).tags
    try:
        for tag in sorted(image.tags, key=is_anchor):  # the anchor last: without it the rest would be lost from sight
            tags.untag(home.repository, tag)
    except CloudError as error:
        run.failed(deed, error)
    else:
        run.deeds.append(deed)


def _revoke_strays(run: _Run, lines: Sequence[ImageLine], known: Known) -> None:
    for stray in strays(lines, run.site.homes, known, run.site.settings, run.today):
        deed = Deed(
            step="revoke",
            what=stray.tag,
            environment=stray.environment,
            repository=stray.repository,
            digest=stray.digest,
            reason=stray.reason,
        )
        try:
            run.site.account(stray.environment).tags.untag(stray.repository, stray.tag)
        except CloudError as error:
            run.failed(deed, error)
        else:
            run.deeds.append(deed)


def _key(line: ImageLine) -> tuple[str, str, str]:
    """What makes two lines the same work: one copy serves every name of an image."""
    name = "" if line.step == "copy" else line.tag
    return line.step, f"{line.environment} {line.repository}", f"{name} {line.digest}"
