"""Labs that burst.yaml names must be labs of the site: a cap of a misspelt lab caps nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ris_hybrid.settings import BurstSettings


def look(settings: BurstSettings, known: Collection[str]) -> Iterator[Finding]:
    """One finding for each place that names labs."""
    places = {
        "caps.labs": tuple(settings.caps.labs),
        "budget.labs": tuple(settings.budget.labs),
        **{f"labs of pool {pool.name}": pool.labs for pool in settings.pools},
    }
    for name, labs in places.items():
        if labs:
            unknown = sorted(set(labs) - set(known))
            text = f"not in the allocations: {', '.join(unknown)}" if unknown else f"{len(labs)} known"
            yield Finding(name=name, ok=not unknown, text=text, hint="mend the names in burst.yaml or the allocations")
