"""ebrokerd's query round, LSF's side: joining, idle, time to live, silent hosts, and how a host leaves (sandbox)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.holdings import Holding, Stage
from ris_hybrid.sandbox.lsf.rcevents import Joined, Lost, ReturnStarted
from ris_hybrid.sandbox.lsf.spec import BorrowedHost

if TYPE_CHECKING:
    from ris_hybrid.sandbox.lsf.desk import Desk
    from ris_hybrid.sandbox.lsf.spec import HostView

_CLOSED = "closed_RC"
_SILENT = {"unavail", "unreach", "closed_LIM"}


def join(desk: Desk, holding: Holding) -> None:
    """Let a machine that is ready join, if it is really running; else it is looked at again at the next query."""
    borrower = holding.borrower
    if desk.room.state(holding.machine_id, holding.name) != "running":
        desk.book.keep(replace(holding, join_at=math.inf))
        return
    desk.cluster.borrow(
        BorrowedHost(
            name=holding.name,
            slots=holding.slots,
            account=borrower.account,
            provider=borrower.provider,
            template=borrower.template,
            machine_id=holding.machine_id,
            resources=holding.resources,
        )
    )
    desk.book.keep(replace(holding, stage=Stage.JOINED, joined_at=desk.now))
    desk.tell(
        Joined(
            at=desk.now,
            borrower=borrower,
            machine_id=holding.machine_id,
            name=holding.name,
            slots=holding.slots,
        )
    )


def look_at_hosts(desk: Desk) -> None:
    """Apply LSF's rules to every machine that has not left: those that may, leave."""
    timeouts = {provider.name: provider.host_timeout_s for provider in desk.conf.providers}
    for holding in desk.book.at_stage(Stage.BOOTING, Stage.JOINED, Stage.DRAINING):
        if holding.stage is Stage.BOOTING:
            _look_at_booting(desk, holding, timeouts[holding.borrower.provider])
        else:
            _look_at_joined(desk, holding)


def _look_at_booting(desk: Desk, holding: Holding, timeout_s: float) -> None:
    if desk.now - holding.allocated_at >= timeout_s:
        leave(desk, holding, f"did not join within {timeout_s / 60:g} min")
    elif math.isinf(holding.join_at):
        join(desk, holding)


def _look_at_joined(desk: Desk, holding: Holding) -> None:
    view = desk.cluster.host(holding.name)
    if view is None:
        leave(desk, holding, "removed from the cluster")
        return
    if view.status not in _SILENT and desk.room.state(holding.machine_id, holding.name) == "gone":
        desk.cluster.unavailable(holding.name)
        view = desk.cluster.host(holding.name) or view
    if view.status in _SILENT:
        _look_at_silent(desk, holding, view)
    elif holding.stage is Stage.JOINED:
        _look_at_open(desk, holding, view)
    elif view.jobs == 0 or desk.now >= holding.leave_at:
        leave(desk, holding, holding.why)


def _look_at_silent(desk: Desk, holding: Holding, view: HostView) -> None:
    """LSB_RC_EXTERNAL_HOST_ABNORMAL_TIME: an empty host goes back after the soft time, any after the hard one.

    One the provider wants back is not waited for.
    """
    if holding.abnormal_since is None:
        holding = replace(holding, abnormal_since=desk.now)
        desk.book.keep(holding)
        desk.tell(Lost(at=desk.now, borrower=holding.borrower, machine_id=holding.machine_id, name=holding.name))
    silent_s = desk.now - (holding.abnormal_since or 0.0)
    limit_s = desk.conf.abnormal_soft_s if view.jobs == 0 else desk.conf.abnormal_hard_s
    if desk.now >= holding.leave_at or (holding.stage is Stage.DRAINING and view.jobs == 0):
        leave(desk, holding, holding.why)
    elif silent_s >= limit_s:
        leave(desk, holding, f"no answer for {silent_s / 60:g} min")


def _look_at_open(desk: Desk, holding: Holding, view: HostView) -> None:
    conf = desk.conf
    if conf.ttl_s and desk.now - holding.joined_at >= conf.ttl_s:
        drain(desk, holding, "time to live", math.inf)
    elif conf.idle_s and view.idle_since is not None and desk.now - view.idle_since >= conf.idle_s:
        drain(desk, holding, "idle", math.inf)


def drain(desk: Desk, holding: Holding, why: str, leave_at: float) -> None:
    """Close the host; it leaves at once if it runs nothing or its time is up, else when either comes true."""
    view = desk.cluster.host(holding.name)
    if view is not None and view.status not in _SILENT:
        desk.cluster.close(holding.name, _CLOSED)
        view = desk.cluster.host(holding.name)  # a job may have started just before
    holding = replace(holding, stage=Stage.DRAINING, why=why, leave_at=leave_at)
    desk.book.keep(holding)
    if view is None or view.jobs == 0 or desk.now >= leave_at:
        leave(desk, holding, why)


def leave(desk: Desk, holding: Holding, why: str) -> None:
    """Take the machine out of the cluster; its jobs are requeued or end. It waits to be handed back."""
    if holding.stage is not Stage.BOOTING and desk.cluster.host(holding.name) is not None:
        desk.cluster.release(holding.name)
    desk.book.keep(replace(holding, stage=Stage.LEAVING, why=why, updated_at=desk.now))
    desk.tell(
        ReturnStarted(
            at=desk.now,
            borrower=holding.borrower,
            machine_id=holding.machine_id,
            name=holding.name,
            why=why,
        )
    )
