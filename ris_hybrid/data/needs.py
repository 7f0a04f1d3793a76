"""What a job said → the datasets it reads and writes, with where each was found (pure).

In order of trust: the words ``data=PATH`` and ``results=PATH`` of its description (``bsub -Jd``), which are then all
that counts; else what its container is given (LSF_DOCKER_VOLUMES), where it was submitted from, and absolute paths of
its command, and relative ones that go up. A volume of a whole allocation is a need for the whole allocation: a job
that needs less should say so.
``data=none`` says that it needs nothing.

``/cache1/fs1/<name>`` and ``/storage1/fs1/<name>`` are the same data. Paths within the container are taken back to the
site's by the volumes. Nothing here looks at a file system, so a path of a command may be a file: ``maybe_file``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.data.keys import shown
from ris_hybrid.data.paths_in_text import climbing_in, paths_in
from ris_hybrid.data.places import NoPlace, Roots, place
from ris_hybrid.data.values import Dataset
from ris_hybrid.data.volumes import at_site, volumes
from ris_hybrid.images.asked import images_in, is_unclear

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.job_ask import JobAsk

_WORD = re.compile(r"""(?:(?<=\s)|^)(data|results)=((?:"[^"]*"|'[^']*'|[^\s])+)""")
_ONE = re.compile(r"""(?:"[^"]*"|'[^']*'|[^,])*""")
_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
_NOTHING = "none"
_FIELDS = {"cwd": "where it was submitted from", "command": "its command", "description": "its description"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One dataset, and where the job named it."""

    dataset: Dataset
    source: str
    """``data=``, ``results=``, ``volume``, ``cwd`` or ``command``."""
    maybe_file: bool = False
    """The path may be a file's: then its directory is the dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNeeds:
    """What one job needs. No need is covered by another of the same list."""

    job_id: str
    lab: str
    reads: tuple[Need, ...] = ()
    writes: tuple[Need, ...] = ()
    """Where results may come to be."""
    strange: tuple[str, ...] = ()
    """Paths that should be an allocation's and are not, each with why: the job's needs are then not known."""
    said: bool = False
    """It says in words (``data=``) what it reads: then nothing else is guessed."""
    none: bool = False
    """It says that it reads no data."""
    not_printed: tuple[str, ...] = ()
    """What the scheduler did not tell, so that needs may be missing."""

    @property
    def found(self) -> bool:
        """Whether anything is known of what it needs."""
        return bool(self.reads or self.writes or self.none)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A path a job named, and as what."""

    path: str
    source: str
    read: bool
    write: bool
    maybe_file: bool = False


def needs_of(ask: JobAsk, roots: tuple[str, ...], directories: Mapping[str, str]) -> JobNeeds:
    """The needs of one job.

    Args:
        ask: as its submission has it.
        roots: directories of allocations, ``Needs.roots``.
        directories: name of a directory below a root to its allocation.
    """
    words = list(_words(ask.description or ""))
    sites = Roots(roots=roots, directories=directories)
    named = [(one, place(one.path, sites)) for one in _named(ask, words, sites) if one.path != _NOTHING]
    reads = _least(_need(one, found) for one, found in named if one.read and isinstance(found, Dataset))
    writes = _least(_need(one, found) for one, found in named if one.write and isinstance(found, Dataset))
    return JobNeeds(
        job_id=ask.job_id,
        lab=ask.lab,
        reads=reads,
        writes=writes,
        strange=tuple(dict.fromkeys(_strange(named))),
        said=any(source == "data=" for source, _ in words),
        none=("data=", _NOTHING) in words and not reads,
        not_printed=tuple(_not_printed(ask)),
    )


def _not_printed(ask: JobAsk) -> Iterator[str]:
    """A container sees what it is given and nothing else, under names of its own: without them its paths say little."""
    yield from (text for key, text in _FIELDS.items() if getattr(ask, key) is None)
    if ask.volumes is None and ask.esub is not None and (images_in(ask.esub) or is_unclear(ask.esub)):
        yield "what its container is given"


def _need(one: _Named, dataset: Dataset) -> Need:
    return Need(dataset=dataset, source=one.source, maybe_file=one.maybe_file)


def _strange(named: Iterable[tuple[_Named, Dataset | NoPlace]]) -> Iterator[str]:
    """A path said in words that is none of ours is a mistake; one that was guessed may be of something else."""
    for one, found in named:
        if isinstance(found, NoPlace) and ((found.strange and one.read) or one.source.endswith("=")):
            yield f"{one.source} {shown(one.path)}: {found.reason}"


def _words(description: str) -> Iterator[tuple[str, str]]:
    for match in _WORD.finditer(description):
        text, at = match[2], 0
        while at <= len(text):  # a comma at the end is followed by a path that is none, and so is strange
            one = _ONE.match(text, at)
            found = one[0] if one else ""
            yield f"{match[1]}=", _QUOTED.sub(lambda quoted: quoted[1] or quoted[2] or "", found)
            at += len(found) + 1


def _named(ask: JobAsk, words: Iterable[tuple[str, str]], roots: Roots) -> Iterator[_Named]:
    """Every path, each in the widest sense that is still open: a word of a kind closes the guesses of that kind."""
    said = {source for source, _ in words}
    for source, path in words:
        yield _Named(path=path, source=source, read=source == "data=", write=source == "results=", maybe_file=True)
    reads, writes = "data=" not in said, "results=" not in said
    for one in _guessed(ask, roots):
        if (one.read and reads) or (one.write and writes):
            yield _Named(
                path=one.path,
                source=one.source,
                read=one.read and reads,
                write=one.write and writes,
                maybe_file=one.maybe_file,
            )


def _guessed(ask: JobAsk, roots: Roots) -> Iterator[_Named]:
    mapped = volumes(ask.volumes or "")
    for volume in mapped:
        yield _Named(path=volume.source, source="volume", read=True, write=volume.writable)
    if ask.cwd:
        yield _Named(path=ask.cwd, source="cwd", read=True, write=True)
        for path in climbing_in(ask.command or ""):
            yield _Named(path=f"{ask.cwd}/{path}", source="command", read=True, write=False, maybe_file=True)
    beginnings = (*roots.roots, *(volume.target for volume in mapped))
    for path, is_directory in paths_in(ask.command or "", beginnings):
        site = at_site(path, mapped) or path
        yield _Named(path=site, source="command", read=True, write=False, maybe_file=not is_directory)


def _least(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Those that no other covers, by name; of two for one dataset the first, and a directory before a maybe."""
    kept: list[Need] = []
    for need in sorted(needs, key=lambda one: (one.dataset.allocation, one.dataset.prefix, one.maybe_file)):
        if not any(other.dataset.covers(need.dataset) for other in kept):
            kept.append(need)
    return tuple(kept)
