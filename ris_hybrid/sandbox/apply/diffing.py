"""Whether a resource stays, changes in place or is made anew: from what was asked for last time and now (pure).

The rules are ours, not the provider's: every property that differs counts, and the handler says which of them cannot
be changed in place. A value that is not known yet differs from every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ris_hybrid.sandbox.apply.paths import carried_over, found, parsed
from ris_hybrid.sandbox.apply.values import bare, is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is to be done, because of which properties."""

    deed: Literal["same", "update", "replace"]
    fields: tuple[str, ...] = ()


def without_ignored(old: Mapping[str, Any], new: Mapping[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    """What is asked for now, where changes are ignored as it was."""
    kept = dict(new)
    for path in ignored:
        kept = carried_over(parsed(path), dict(old), kept)
    return kept


def difference(
    old: Mapping[str, Any], new: Mapping[str, Any], replace_on: frozenset[str], replace_on_changes: Iterable[str] = ()
) -> Difference:
    """Of the properties of one resource; ``new`` is already ``without_ignored``."""
    fields = tuple(sorted(name for name in {*old, *new} if _differs(old.get(name), new.get(name))))
    if not fields:
        return Difference(deed="same")
    forced = any(_differs(found(path, dict(old)), found(path, dict(new))) for path in map(parsed, replace_on_changes))
    return Difference(deed="replace" if forced or replace_on.intersection(fields) else "update", fields=fields)


def _differs(old: Any, new: Any) -> bool:
    return is_unknown(new) or bool(bare(old) != bare(new))
