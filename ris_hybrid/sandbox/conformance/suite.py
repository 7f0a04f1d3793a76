"""Every probe in order, and the run over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.conformance import capacity_probes, ebrokerd_probe, fault_probes, fleet_probes, protocol_probes
from ris_hybrid.sandbox.conformance.verdict import Probe, Report, Row, Unmet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ris_hybrid.sandbox.conformance.stand import Stand

PROBES: tuple[Probe, ...] = (
    *protocol_probes.FIRST,
    *ebrokerd_probe.PROBES,
    *capacity_probes.PROBES,
    *fault_probes.PROBES,
    *fleet_probes.PROBES,
    *protocol_probes.LAST,
)
"""The last ones look at every call of those before them."""


def run(stand: Stand, provider: str, probes: Sequence[Probe], told: Callable[[Row], None]) -> Report:
    """Try a plug-in; ``told`` hears of each probe when it is over."""
    rows = []
    for probe in probes:
        stand.fresh()
        with stand.lsf():
            row = _tried(stand, probe)
        told(row)
        rows.append(row)
    return Report(provider=provider, rows=tuple(rows))


def _tried(stand: Stand, probe: Probe) -> Row:
    try:
        probe.run(stand)
    except Unmet as reason:
        return Row(probe=probe.name, passed=False, reason=str(reason))
    return Row(probe=probe.name, passed=True, reason="")
