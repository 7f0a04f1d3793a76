"""Other ways to start nodes, as their documents have them, and what each can be tuned by. None chooses jobs.

With every one of them any pending job takes any node it fits (best fit, first come first served), jobs that fit
on-premises start there first, and caps and the budget hold as for ours. ``Policy.figures`` holds what differs; a figure
that is missing is the documented default below. Seconds, jobs, nodes.

- ``pairs``: LSF's THRESHOLD, a row of jobs, seconds, jobs, seconds, ...; ``step_nodes`` in ``step_s``; ``most_nodes``
- ``jobs`` pending for ``for_s``: the count's gate
- ``target_s``, ``band_s``, ``first``, ``first_most``: AQTP's
- ``shared``: whether jobs share nodes; ``batch_idle_s``, ``batch_most_s``: Karpenter's windows
- ``idle_s``: a node without jobs is returned after it; ``tick_s``: between two looks
- ours: ``depth``, ``release_ratio``, ``pacing``, ``idle_s``, ``tick_s``; ``steer_s``, from a choice until LSF has moved
  the job and asks for its nodes (0)
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal

from burst.replay.values import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    Figures = Mapping[str, float | tuple[float, ...]]
    Peer = Literal["lsf", "count", "immediate", "karpenter", "aqtp"]

MINUTE_S = 60.0

DEFAULTS: Mapping[str, Figures] = {
    "lsf": {
        "pairs": (5, 600.0, 1, 3600.0, 100, 0.0),
        "step_nodes": 5,
        "step_s": 600.0,
        "most_nodes": 100,
        "idle_s": 3600.0,
        "tick_s": 30.0,
    },
    "count": {"jobs": 1, "for_s": 0.0, "idle_s": 600.0},
    "immediate": {"shared": 1, "idle_s": 600.0},
    "karpenter": {"batch_idle_s": 1.0, "batch_most_s": 10.0, "idle_s": 0.0},
    "aqtp": {"target_s": 7200.0, "band_s": 2700.0, "first": 1, "first_most": 50, "idle_s": 600.0},
}
"""Where each is documented.

lsf
    IBM Spectrum LSF Resource Connector: the example of RC_DEMAND_POLICY in lsb.queues (THRESHOLD[[5,10] [1,60]
    [100,0]]: five jobs for ten minutes, one for an hour, or a hundred at once; then the queue asks for all of its
    pending jobs), StepValue "5:10" and MaxNumber "100" of the example policy_config.json,
    LSB_RC_EXTERNAL_HOST_IDLE_TIME 60 minutes and LSB_RC_UPDATE_INTERVAL 30 s of lsf.conf.
count
    The plain rule of many scripts: so many jobs pending ask for nodes for all that pends. No document; the first job
    counts, and a node is kept for ten minutes as by ParallelCluster.
immediate
    Slurm's power saving, as AWS ParallelCluster and AWS PCS set it up: a job that cannot start resumes nodes at once;
    ScaledownIdletime 10 minutes (ParallelCluster), scaleDownIdleTime 600 s (PCS). Jobs share nodes by cores, as
    ParallelCluster's select/cons_tres lets them; ``shared`` 0 is a node for each.
karpenter
    Settings batchIdleDuration 1 s and batchMaxDuration 10 s; consolidateAfter 0 s of a NodePool: an empty node goes at
    once (here after a second, so that the pod it was started for can bind). Moving running pods to other nodes is left
    out: batch jobs are marked do-not-disrupt.
aqtp
    Marshall, Tufo, Keahey, Provisioning Policies for Elastic Computing Environments (IPDPSW 2012), by its name's
    definition: nodes for the first n jobs, n adapted so that the average queued time stays near a target. Its own
    figures could not be checked: two hours and a band of 45 minutes are ours.
"""

_GATES: tuple[tuple[float, ...], ...] = (
    (1, 0.0),
    (5, 0.0),
    (20, 0.0),
    (100, 0.0),
    (1, 600.0),
    (1, 3600.0),
    (5, 600.0),
    (20, 600.0),
    (5, 600.0, 1, 3600.0, 100, 0.0),
)
_STEPS = ((0, 0.0), (1, 300.0), (2, 600.0), (5, 600.0), (20, 600.0), (50, 600.0))
_IDLE_MINUTES = (1, 5, 10, 30, 60)


def shipped() -> tuple[Policy, ...]:
    """Every peer as it comes."""
    kinds: tuple[Peer, ...] = ("lsf", "count", "immediate", "karpenter", "aqtp")
    return tuple(Policy(kind=kind) for kind in kinds)


def grid(kind: Peer) -> tuple[Policy, ...]:
    """The settings a site would try when it tunes this peer: 270, 105, 4, 3 and 30."""
    rows: dict[Peer, tuple[Figures, ...]] = {
        "lsf": _lsf(),
        "count": tuple(
            {"jobs": jobs, "for_s": age, "idle_s": idle * MINUTE_S}
            for jobs, age, idle in product((1, 2, 5, 10, 20, 50, 100), (0.0, 300.0, 900.0, 3600.0, 14400.0), (1, 5, 10))
        ),
        "immediate": tuple(
            {"shared": shared, "idle_s": idle * MINUTE_S} for shared, idle in ((1, 1), (1, 5), (1, 10), (0, 10))
        ),
        "karpenter": tuple({"idle_s": idle} for idle in (0.0, 30.0, 300.0)),
        "aqtp": tuple(
            {"target_s": target, "band_s": target * 3 / 8, "idle_s": idle * MINUTE_S}
            for target, idle in product((300.0, 900.0, 1800.0, 3600.0, 7200.0, 14400.0), _IDLE_MINUTES)
        ),
    }
    return tuple(Policy(kind=kind, figures=row, label=f"{kind} {_words(row)}") for row in rows[kind])


def _lsf() -> tuple[Figures, ...]:
    """Gates, steps and idle times; no MaxNumber beyond the site's own caps."""
    return tuple(
        {"pairs": gate, "step_nodes": nodes, "step_s": seconds, "most_nodes": 0, "idle_s": idle * MINUTE_S}
        for gate, (nodes, seconds), idle in product(_GATES, _STEPS, _IDLE_MINUTES)
    )


def _words(row: Figures) -> str:
    """The figures in one word each."""
    return ", ".join(f"{name} {_figure(value)}" for name, value in row.items())


def _figure(value: float | tuple[float, ...]) -> str:
    return "/".join(f"{one:g}" for one in value) if isinstance(value, tuple) else f"{value:g}"
