"""Asks what the plan of images is made of: sources by the copier, repositories and scans by ECR.

A question without an answer is a value that says so, and a word to the person; the rest goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import CloudError, SiteUnavailable
from ris_hybrid.images.homes import is_of_another_lab
from ris_hybrid.images.plan import Known, needed_scans, platform_digest
from ris_hybrid.images.reference import at, is_name_tag
from ris_hybrid.images.values import NotHad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ris_hybrid.images.asked import Named
    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.ports import ImageCopier, RegistryImages, RegistryLogin, RegistryTags
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.settings import ImageSettings
    from ris_hybrid.images.values import Scan, StoredImage, Upstream

_EVERY = 10
"""So many sources are asked between two words of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """ECR of one environment."""

    images: RegistryImages
    tags: RegistryTags
    logins: RegistryLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSite:
    """Where images come from and where they go."""

    homes: tuple[Home, ...]
    settings: ImageSettings
    copier: Callable[[], ImageCopier]
    """Raises ``SiteUnavailable`` where no program can copy."""
    account: Callable[[str], Account]
    """By environment."""
    tell: Callable[[str], None]
    """A word of progress, or on what is not known."""

    def source(self, reference: Reference) -> Reference:
        """What is really asked for."""
        return at(reference, self.settings.default_registry, self.settings.rename)


def collect(named: Sequence[Named], site: ImageSite, *, every_name: bool = False) -> Known:
    """All that the plan needs to know.

    Args:
        named: the images jobs name.
        site: where to ask.
        every_name: judge also images whose names no job writes.
    """
    upstream = look_up(named, site)
    stored = read_stored(site)
    known = Known(upstream=upstream, stored=stored, scans={})
    return Known(upstream=upstream, stored=stored, scans=read_scans(named, site, known, every_name=every_name))


def look_up(named: Sequence[Named], site: ImageSite) -> dict[str, Upstream | NotHad]:
    """What is behind each name at its source, by normalised name.

    Names of labs without a repository are not asked for, nor images of other labs.
    """
    labs = {home.lab for home in site.homes}
    wanted = {
        one.reference.normalised: one.reference
        for one in named
        if one.reference is not None and one.lab in labs and not is_of_another_lab(one.reference, one.lab, site.homes)
    }
    if not wanted:
        return {}
    copier = site.copier()
    found: dict[str, Upstream | NotHad] = {}
    for count, (key, reference) in enumerate(wanted.items(), start=1):
        found[key] = _looked(copier, site.source(reference))
        if count % _EVERY == 0 and count < len(wanted):
            site.tell(f"{count} of {len(wanted)} images looked up at their sources")
    return found


def read_stored(site: ImageSite) -> dict[tuple[str, str], tuple[StoredImage, ...] | None]:
    """What each repository holds, by environment and repository; None where ECR did not say."""
    found: dict[tuple[str, str], tuple[StoredImage, ...] | None] = {}
    for home in site.homes:
        try:
            found[home.environment, home.repository] = site.account(home.environment).images.images(home.repository)
        except CloudError as error:
            site.tell(f"what {home.repository} holds is not known: {error.message}")
            found[home.environment, home.repository] = None
    return found


def read_scans(
    named: Sequence[Named], site: ImageSite, known: Known, *, every_name: bool
) -> dict[tuple[str, str, str], Scan | None]:
    """The scan of every image the plan judges, and of every one that has a name where asked for."""
    platform = site.settings.platform
    wanted = dict.fromkeys(needed_scans(named, site.homes, known, platform))
    if every_name:
        wanted |= dict.fromkeys(_named_ones(site.homes, known.stored, platform))
    found: dict[tuple[str, str, str], Scan | None] = {}
    for environment, repository, digest in wanted:
        try:
            scan: Scan | None = site.account(environment).images.scan(repository, digest)
        except CloudError as error:
            site.tell(f"the scan of {digest[:19]} in {repository} is not known: {error.message}")
            scan = None
        found[environment, repository, digest] = scan
    return found


def _named_ones(
    homes: Iterable[Home], stored: Mapping[tuple[str, str], tuple[StoredImage, ...] | None], platform: str
) -> Iterable[tuple[str, str, str]]:
    for home in homes:
        for image in stored.get((home.environment, home.repository)) or ():
            judged = platform_digest(image, platform)
            if judged and any(map(is_name_tag, image.tags)):
                yield home.environment, home.repository, judged


def _looked(copier: ImageCopier, source: Reference) -> Upstream | NotHad:
    try:
        found = copier.look(source)
    except SiteUnavailable as error:
        return NotHad(reason=error.message, certain=False)
    except CloudError as error:
        return NotHad(reason=f"{error.message} ({error.hint})", certain=False)
    return found or NotHad(reason=f"there is no {source}", certain=True)
