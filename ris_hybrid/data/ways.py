"""Which way a dataset goes to the cloud: a table of what rules a way out, then one of preferences (pure).

Both tables are data, so that people read the rule that is applied. Sources of the limits: IBM, "AFM to cloud object
storage" (static keys, one gateway writes a file, hard links only in local updates); AWS DataSync quotas (50 million
items of a task in basic mode); the site's policy that PHI moves over high-assurance collections alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, get_args

from ris_hybrid.data.values import Way

if TYPE_CHECKING:
    from ris_hybrid.data.settings import DataSettings
    from ris_hybrid.data.values import Totals
    from ris_hybrid.mirror.values import DataClass

WAYS: tuple[Way, ...] = get_args(Way)

_GIB = 1024**3
_MANY = 100_000
_SMALL = 256 * 1024
_DATASYNC_ITEMS = 50_000_000
_GLOBUS_FILES = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of a dataset when its way is chosen."""

    allocation: str
    site_path: str
    """Its directory as the site names it, below ``/storage1/fs1``."""
    bucket: str
    data_class: DataClass
    totals: Totals
    """All of it: there or not, and what cannot be copied too."""
    on_tape: int = 0
    """Files whose blocks are on tape alone."""
    writes: bool = False
    """Whether jobs write into it."""
    cached: bool = False
    """Whether the site's batch nodes write to it by an AFM cache."""
    hard_links: int = 0
    landing: str = ""
    """Where the allocation's AFM fileset over its bucket is linked, as the listing says; empty when it does not."""

    @property
    def phi(self) -> bool:
        """Whether it may hold PHI."""
        return self.data_class == "phi"

    @property
    def many_small(self) -> bool:
        """So many files so small that their number takes longer than their bytes."""
        files = self.totals.files
        return files >= _MANY and self.totals.bytes < files * _SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The way, or none; ``why`` has a line for the choice and one for each way not taken."""

    way: Way | None
    why: tuple[str, ...]


class RuleRow(NamedTuple):
    """One line of the rule, for people."""

    condition: str
    way: str
    """The way that is taken, or ``not afm`` for one that is ruled out."""
    reason: str


_Test = Callable[[Situation, "DataSettings"], bool]


class _Rule(NamedTuple):
    way: Way
    holds: _Test
    condition: str
    reason: str


def _below(path: str, roots: tuple[str, ...]) -> bool:
    return any(f"{path}/".startswith(f"{root.rstrip('/')}/") for root in roots)


def _collection(settings: DataSettings) -> tuple[str, ...]:
    return (settings.globus.site_base,) if settings.globus else ()


def _afm_lacks(seen: Situation, settings: DataSettings) -> bool:
    return settings.afm is None or seen.allocation not in settings.afm.filesets


_RULED_OUT: tuple[_Rule, ...] = (
    _Rule("globus", lambda _, its: its.globus is None, "no globus in data.yaml", "it is not set up"),
    _Rule(
        "globus",
        lambda seen, its: seen.phi and not (its.globus and its.globus.high_assurance),
        "PHI, and globus.high_assurance is false",
        "PHI moves by high-assurance collections alone",
    ),
    _Rule(
        "globus",
        lambda seen, its: not _below(seen.site_path, _collection(its)),
        "path not below globus.site_base",
        "the site's collection does not have this path",
    ),
    _Rule(
        "globus",
        lambda seen, _: seen.totals.files > _GLOBUS_FILES,
        "more than 100,000,000 files",
        "a task takes no more files",
    ),
    _Rule("afm", _afm_lacks, "allocation not in afm.filesets", "the allocation has no fileset over its bucket"),
    _Rule("afm", lambda seen, _: seen.phi, "PHI", "its access keys do not expire: PHI must not rest on those"),
    _Rule(
        "afm",
        lambda seen, its: seen.bucket not in (its.afm.key_files if its.afm else ()),
        "bucket not in afm.key_files",
        "there is no key file for the bucket",
    ),
    _Rule(
        "afm",
        lambda seen, _: not seen.landing or not _below(seen.site_path, (seen.landing,)),
        "path not in the AFM fileset, or where that is linked is not known",
        "the data is not in that fileset: it would have to be copied there first",
    ),
    _Rule("afm", lambda seen, _: seen.hard_links > 0, "hard links", "AFM to object storage takes no hard links"),
    _Rule("datasync", lambda _, its: its.datasync is None, "no datasync in data.yaml", "it is not set up"),
    _Rule(
        "datasync",
        lambda seen, its: seen.phi and not (its.datasync and its.datasync.high_assurance),
        "PHI, and datasync.high_assurance is false",
        "the agent and its export may not see PHI",
    ),
    _Rule(
        "datasync",
        lambda seen, _: seen.totals.files > _DATASYNC_ITEMS,
        "more than 50,000,000 files",
        "a task in basic mode takes no more",
    ),
    _Rule("mount", lambda _, its: its.mounted is None, "no mounted in data.yaml", "nodes do not reach the site"),
    _Rule(
        "mount",
        lambda seen, its: seen.phi and not (its.mounted and its.mounted.phi),
        "PHI, and mounted.phi is false",
        "the mount may not carry PHI",
    ),
    _Rule(
        "mount",
        lambda seen, its: not _below(seen.site_path, its.mounted.paths if its.mounted else ()),
        "path not below mounted.paths",
        "nodes do not mount this path",
    ),
    _Rule(
        "mount",
        lambda seen, its: seen.totals.bytes > (its.mounted.most_gib if its.mounted else 0) * _GIB,
        "more than mounted.most_gib",
        "too much to read over the VPN, again for every node",
    ),
    _Rule(
        "mount",
        lambda seen, _: seen.on_tape > 0,
        "files on tape",
        "a job that opens those would recall them",
    ),
    _Rule(
        "mount",
        lambda seen, _: seen.writes and seen.cached,
        "jobs write, and the site's batch nodes write by an AFM cache",
        "two would write one place without knowing of each other",
    ),
)

_PREFERRED: tuple[_Rule, ...] = (
    _Rule(
        "mount",
        lambda _s, _i: True,
        "not ruled out: small enough for the VPN",
        "small enough to be read over the VPN: nothing is copied, and results are at the site at once",
    ),
    _Rule(
        "afm",
        lambda _s, _i: True,
        "not ruled out: the data is in the allocation's AFM fileset",
        "the storage engineers keep it in a fileset over the bucket",
    ),
    _Rule(
        "datasync",
        lambda seen, _: seen.many_small and not seen.phi,
        "100,000 files or more, below 256 KiB on average, no PHI",
        "many small files: their number takes the time, and DataSync moves more of them at once",
    ),
    _Rule(
        "globus",
        lambda _s, _i: True,
        "not ruled out",
        "the plain way: checksums on both ends, and no charge by volume",
    ),
    _Rule(
        "datasync",
        lambda _s, _i: True,
        "not ruled out, and no other way is left",
        "the way that is left, at a charge by volume",
    ),
)


def choose(seen: Situation, settings: DataSettings) -> Choice:
    """The first preferred way that nothing rules out."""
    against = {way: _against(way, seen, settings) for way in WAYS}
    taken = next(
        (rule for rule in _PREFERRED if not against[rule.way] and rule.holds(seen, settings)),
        None,
    )
    if taken is None:
        return Choice(way=None, why=tuple(f"{way}: not taken: {against[way]}" for way in WAYS))
    others = (
        f"{way}: not taken: {against[way] or f'possible, but {taken.way} comes first here'}"
        for way in WAYS
        if way != taken.way
    )
    return Choice(way=taken.way, why=(f"{taken.way}: {taken.reason}", *others))


def rule_table() -> tuple[RuleRow, ...]:
    """The rule as it is applied: what rules a way out, then the order in which those that are left are taken."""
    out = (RuleRow(rule.condition, f"not {rule.way}", rule.reason) for rule in _RULED_OUT)
    return (*out, *(RuleRow(rule.condition, rule.way, rule.reason) for rule in _PREFERRED))


def _against(way: Way, seen: Situation, settings: DataSettings) -> str:
    """The first thing that rules a way out; empty when nothing does. That it is not set up comes before all else."""
    return next((rule.reason for rule in _RULED_OUT if rule.way == way and rule.holds(seen, settings)), "")
