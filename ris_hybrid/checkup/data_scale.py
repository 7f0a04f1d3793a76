"""Spectrum Scale by its GUI nodes' REST: whether each answers, what it offers, and how AFM is.

A refused password is asked with once: GUI accounts lock, and they are the same on every GUI node.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from onprem.gpfs import rest_documents as documents
from onprem.gpfs import rest_requests as requests
from ris_hybrid.checkup.finding import Finding
from ris_hybrid.errors import Refused, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from onprem.gpfs.rest_requests import Asks
    from ris_hybrid.data.scale import CacheState
    from ris_hybrid.data.settings import DataSettings

_READS = ("filesystems/{}/filesets", "filesystems/{}/quotas", "filesystems/{}/acl/{}")
_OF_CACHES = ("filesystems/{}/afm/state",)
_OF_COS = ("filesystems/{}/filesets/cos", "bucket/keys", "nodes/afm/mapping")
_MOST = 3


def look(settings: DataSettings, http: Callable[[str], Asks]) -> Iterator[Finding]:
    """Every GUI node by itself, then AFM by the first that answers. ``http`` is REST of one address."""
    works: Asks | None = None
    for number, gui in enumerate(settings.gpfs.guis):
        one = http(gui)
        try:
            answer = one.ask(requests.reading(requests.INFO))
        except Refused as error:
            yield Finding(name=f"GUI {gui}", ok=False, text=error.message, hint=error.hint)
            if error.code == "401":
                yield from map(_not_asked, settings.gpfs.guis[number + 1 :])
                return
        except SiteUnavailable as error:
            # Another node may serve.
            last = works is None and gui == settings.gpfs.guis[-1]
            yield Finding(name=f"GUI {gui}", ok=False, text=error.message, hint=error.hint, needed=last)
        else:
            works = works or one
            yield _offers(settings, gui, answer or {})
    if works is not None:
        yield from _afm(settings, works)


def _not_asked(gui: str) -> Finding:
    text = "not asked: the password was refused already, and the account would lock"
    return Finding(name=f"GUI {gui}", ok=False, text=text, hint="mend the password first", needed=False)


def _offers(settings: DataSettings, gui: str, answer: requests.Document) -> Finding:
    """Whether its release has the paths that we ask for; one that tells none may have them."""
    offered = {_shape(path) for path in documents.paths(answer)}
    wanted = (*_READS, *(_OF_CACHES if settings.gpfs.cache else ()), *(_OF_COS if settings.afm else ()))
    lacks = [path for path in wanted if offered and path not in offered]
    version = documents.server_version(answer) or "of an unknown version"
    return Finding(
        name=f"GUI {gui}",
        ok=not lacks,
        text=f"version {version}, lacks {', '.join(lacks)}" if lacks else f"version {version}",
        hint="a later release of Spectrum Scale has them; until then capture text, or use commands",
        needed=not lacks or bool(set(lacks) & set(_READS)),
    )


def _shape(path: str) -> str:
    """A path of any release without the words that releases differ in."""
    return re.sub(r"\{[^{}]*\}", "{}", path).strip("/").removeprefix("scalemgmt/v2/")


def _afm(settings: DataSettings, http: Asks) -> Iterator[Finding]:
    gpfs = settings.gpfs
    if not (gpfs.cache or settings.afm):
        return
    gateways = documents.gateways(http.pages(requests.reading("nodes")))
    yield Finding(
        name="AFM gateways",
        ok=bool(gateways),
        text=", ".join(gateways) or "no node is one",
        hint="make a node one: mmchnode --gateway -N NODE; without it nothing leaves a cache",
    )
    for name in dict.fromkeys(filter(None, (gpfs.cache, gpfs.file_system if settings.afm else ""))):
        yield caches(name, documents.cache_states(http.pages(requests.afm_states(name)), name))


def caches(file_system: str, found: Mapping[str, CacheState]) -> Finding:
    """All AFM filesets of a file system as one finding; what is queued is no fault, a plan waits for it.

    One that nobody uses is at rest (``Inactive``): a plan of its data asks further, a check-up does not.
    """
    rest = [one for one in found.values() if one.state == "Inactive"]
    of = {
        health: [one for one in found.values() if one.health == health and one.state != "Inactive"]
        for health in ("broken", "busy", "unknown")
    }
    told = [f"{len(ones)} {health} ({_some(ones)})" for health, ones in of.items() if ones]
    told += [f"{len(rest)} not in use"] if rest else []
    return Finding(
        name=f"AFM caches of {file_system}",
        ok=not any(of.values()),
        text=f"{len(found)}: {'; '.join(told)}" if told else f"{len(found)}, nothing waits in them",
        hint="an administrator must act: what was written there does not reach home"
        if of["broken"]
        else "data below them is planned once they are flushed (ris-hybrid gpfs cache FILESET)",
        needed=bool(of["broken"]),
    )


def _some(caches_: list[CacheState]) -> str:
    shown = ", ".join(f"{one.fileset}: {one.reason or one.state}" for one in caches_[:_MOST])
    return shown + (f" and {len(caches_) - _MOST} more" if caches_[_MOST:] else "")
