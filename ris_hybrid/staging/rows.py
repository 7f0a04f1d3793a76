"""Values of the journal as rows of its tables, and back. Paths are bytes, as the file system has them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

from ris_hybrid.data.lifecycle import StagingEvent
from ris_hybrid.data.values import Dataset, Estimate, LeftOut, StagingPlan, StagingState, Totals
from ris_hybrid.staging.values import Count, FileRow, Lease, MoveRow, Spend, Staging, Transition

Row = tuple[Any, ...]


def words(text: str) -> str:
    """Text for a TEXT column: a name's bytes that are not UTF-8 become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def plan_text(plan: StagingPlan) -> str:
    """A plan as JSON; lone surrogates stay escapes."""
    return json.dumps(asdict(plan))


def plan_of(text: str) -> StagingPlan:
    """A plan from ``plan_text``."""
    data = json.loads(text)
    left_out = tuple(LeftOut(**{**one, "examples": tuple(one["examples"])}) for one in data.pop("left_out"))
    return StagingPlan(
        dataset=Dataset(**data.pop("dataset")),
        totals=Totals(**data.pop("totals")),
        there=Totals(**data.pop("there")),
        estimate=Estimate(**data.pop("estimate")),
        left_out=left_out,
        why=tuple(data.pop("why")),
        blocked=tuple(data.pop("blocked")),
        **data,
    )


def staging_row(one: Staging) -> Row:
    """For INSERT into ``staging``."""
    times = (one.begun_at, one.verified_at, one.plan.created)
    said = (str(one.state), one.going, words(one.reason), words(one.consistency))
    return (one.staging_id, os.fsencode(one.site_path), *said, *times, plan_text(one.plan))


def staging_of(row: Row, moves: tuple[MoveRow, ...], leases: tuple[Lease, ...]) -> Staging:
    """From a row of ``staging``."""
    _, site_path, state, going, reason, consistency, begun_at, verified_at, _, plan = row
    return Staging(
        plan=plan_of(plan),
        site_path=os.fsdecode(site_path),
        state=StagingState(state),
        going=going,
        reason=reason,
        consistency=consistency,
        begun_at=begun_at,
        verified_at=verified_at,
        moves=moves,
        leases=leases,
    )


MOVE = tuple(MoveRow.__dataclass_fields__)
"""Columns of ``move`` after the staging's id, in order."""


def move_row(staging_id: str, move: MoveRow) -> Row:
    """For INSERT into ``move``."""
    return (staging_id, *(getattr(move, name) for name in MOVE[:-1]), words(move.reason))


def move_of(row: Row) -> MoveRow:
    """From a row of ``move`` without its staging's id."""
    return MoveRow(**dict(zip(MOVE, row, strict=True)))


def file_row(staging_id: str, file: FileRow) -> Row:
    """For INSERT into ``file``."""
    return (staging_id, file[0], os.fsencode(file[1]), *file[2:-1], words(file[-1]))


def file_of(row: Row) -> FileRow:
    """From a row of ``file`` without its staging's id."""
    return FileRow(row[0], os.fsdecode(row[1]), *row[2:])


def lease_row(staging_id: str, lease: Lease) -> Row:
    """For INSERT into ``lease``."""
    return (staging_id, lease.job_id, lease.state, lease.since, json.dumps(lease.results))


def lease_of(row: Row) -> Lease:
    """From a row of ``lease`` without its staging's id."""
    return Lease(job_id=row[0], state=row[1], since=row[2], results=tuple(json.loads(row[3])))


def transition_row(staging_id: str, one: Transition) -> Row:
    """For INSERT into ``transition``."""
    return (staging_id, one.at, one.actor, str(one.event), str(one.before), str(one.after), words(one.reason))


def transition_of(row: Row) -> Transition:
    """From a row of ``transition`` without number and staging's id."""
    at, actor, event, before, after, reason = row
    return Transition(
        at=at,
        actor=actor,
        event=StagingEvent(event),
        before=StagingState(before),
        after=StagingState(after),
        reason=reason,
    )


def spend_row(staging_id: str, spend: Spend) -> Row:
    """For INSERT into ``spend``."""
    return (spend.key, staging_id, spend.month, spend.kind, spend.usd, spend.bytes)


def count_of(row: Row) -> Count:
    """From a row of the grouped ``file``."""
    direction, state, files, size = row
    return Count(direction=direction, state=state, files=files, bytes=size)
