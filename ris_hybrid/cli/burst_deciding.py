"""What is decided now, by thresholds or by a plan made for the asking: ``burst plan``, ``decide`` and ``explain``.

Nothing is moved, written or remembered by it: the service plans on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from burst.decide import Decision
    from burst.engine import Observed
    from burst.planner.values import Plan
    from ris_hybrid.cli.burst_site import BurstSite


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was seen and what follows."""

    observed: Observed
    decisions: tuple[Decision, ...]
    """Those that would be carried out: in mode ``shadow`` of thresholds."""
    plan: Plan | None
    """None in mode ``thresholds``."""


_DEEP = 3000
"""Jobs behind which compiling the rule takes less time than going without."""


def decided(site: BurstSite, reaching: str = "") -> Decided:
    """Ask LSF and the ledger, and decide; ``reaching`` a job, the plan goes as deep as that takes."""
    from burst import engine

    observed = engine.observe(site.scheduler, site.provider)
    settings = site.settings
    if settings.mode == "thresholds":
        return Decided(observed=observed, decisions=engine.plan(observed, settings), plan=None)
    from burst.planning import make, place_of
    from ris_hybrid import planner_wiring

    place = place_of(reaching, observed, settings) if reaching else 0
    deep = max(place, min(settings.planner.depth, len(observed.jobs))) > _DEEP
    ground = planner_wiring.ground(settings, site.data, planner_wiring.fast_rule() if deep else None)
    with show.aside():  # the solver has been seen to print
        made = make(observed, settings, ground, reaching)
    decisions = made.decisions if settings.mode == "planned" else engine.plan(observed, settings)
    return Decided(observed=observed, decisions=decisions, plan=made)
