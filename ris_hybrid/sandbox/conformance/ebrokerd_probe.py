"""The probe of the whole: jobs wait, the sandbox's ebrokerd borrows machines for them and gives them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.conformance.verdict import Probe, need
from ris_hybrid.sandbox.lsf.spec import JobRequest
from ris_hybrid.sandbox.lsf.swf import Arrival

if TYPE_CHECKING:
    from ris_hybrid.sandbox.conformance.stand import Stand

_JOBS = 5
_WITHIN_S = 2 * 3600.0


def _jobs_come_and_go(stand: Stand) -> None:
    """More jobs than the site has slots; after two hours at most all have run and nothing is borrowed any more."""
    arrivals = [Arrival(at=0.0, request=JobRequest(run_s=900, slots=4, queue="general")) for _ in range(_JOBS)]
    began = stand.now
    simulation, ebrokerd = stand.simulation(arrivals)
    while not simulation.done and stand.cluster.now < began + _WITHIN_S:
        simulation.step(simulation.next_time())
    breaches = ebrokerd.protocol_errors
    need(not breaches, f"{breaches[0].verb}: {breaches[0].what}" if breaches else "")
    need(any(sample.nodes_joined for sample in simulation.history.samples), "no machine joined, though jobs waited")
    need(simulation.done, f"jobs wait or machines are held after {_WITHIN_S / 3600:.0f} virtual hours")
    need(not stand.machines(), f"{len(stand.machines())} machines run after LSF gave everything back")


PROBES = (
    Probe(
        name="jobs come and go",
        why="Demand, request, join, idle, return: the calls one after the other, as LSF makes them.",
        run=_jobs_come_and_go,
    ),
)
