"""How many slots the cluster had: as told, as the trace's header says, or as were ever in use at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.replay.stretches import peak_slots
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from burst.replay.values import Workload


def capacity_of(workload: Workload, told: int | None, header: int | None) -> tuple[int, str]:
    """Slots on-premises, and in words where the figure comes from.

    Args:
        workload: the jobs of the record.
        told: what the person said (``--slots``), or None.
        header: what the record's own header says (``MaxProcs``), or None.

    Raises:
        ConfigError: nothing says it, or a job is wider than what was told.
    """
    widest = int(workload.slots.max())
    if told is not None:
        if told < widest:
            text = f"--slots: expected at least {widest}, the slots of the widest job, found {told}"
            raise ConfigError(text, "leave wide jobs out of the record, or give the cluster's slots")
        return told, "--slots"
    if header is not None and header >= widest:
        return header, "the header's MaxProcs"
    most = peak_slots(workload)
    if not most:
        text = "the record does not say how many slots the cluster has, nor when its jobs started"
        raise ConfigError(text, "give --slots N")
    return max(widest, most), "the most slots that were in use at once in the record"
