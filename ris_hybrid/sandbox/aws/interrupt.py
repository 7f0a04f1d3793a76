"""Spot interruptions on order: the message EventBridge would put into the queue, and the end of the machine after it.

Format of the messages: EC2 user guide, "Spot Instance interruption notices" and "EC2 instance rebalance
recommendations". An interruption comes 120 seconds before the machine is taken; a rebalance recommendation ends
nothing.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.moto_app import QUEUE

if TYPE_CHECKING:
    from ris_hybrid.sandbox.aws.lifecycle import Record
    from ris_hybrid.sandbox.aws.state import State

NOTICE_S = 120.0
_KEYS = frozenset({"machines", "kind", "queue"})
_DETAIL_TYPE = {
    "interruption": "EC2 Spot Instance Interruption Warning",
    "rebalance": "EC2 Instance Rebalance Recommendation",
}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def interrupt(state: State, posted: object) -> object:
    """``{"machines": [ids], "kind": "interruption"|"rebalance", "queue": name}``: tell, and let the end come.

    Answers ``{"queue": path of its URL, "at": when they are taken or None}``. Raises ``ConfigError`` for machines
    that are unknown, ended or no spot machines; then nothing was announced.
    """
    ids, kind, queue = _read(posted)
    now = state.clock.now()
    records = [_spot(state, machine_id) for machine_id in ids]
    path = ""
    for record in records:
        path = moto_view.post((record.account, record.region), queue, json.dumps(_event(record, kind, now)))
        if kind == "interruption":
            state.book.take(record.machine_id, now + NOTICE_S)
    return {"queue": path, "at": now + NOTICE_S if kind == "interruption" else None}


def _event(record: Record, kind: str, now: float) -> dict[str, object]:
    """What EventBridge delivers for one machine."""
    name = f"{record.machine_id} {kind} {now}"
    digest = sha256(name.encode()).hexdigest()
    detail = {"instance-id": record.machine_id}
    return {
        "version": "0",
        "id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
        "detail-type": _DETAIL_TYPE[kind],
        "source": "aws.ec2",
        "account": record.account,
        "time": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": record.region,
        "resources": [f"arn:aws:ec2:{record.region}:{record.account}:instance/{record.machine_id}"],
        "detail": detail | ({"instance-action": "terminate"} if kind == "interruption" else {}),
    }


def _read(posted: object) -> tuple[list[str], str, str]:
    if not isinstance(posted, dict) or set(posted) - _KEYS:
        raise ConfigError(f"an object with {', '.join(sorted(_KEYS))} is expected")
    ids, kind, queue = posted.get("machines"), posted.get("kind", "interruption"), posted.get("queue", QUEUE)
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise ConfigError("machines: a list of machine ids is expected")
    if kind not in _DETAIL_TYPE:
        raise ConfigError(f"kind: {' or '.join(_DETAIL_TYPE)} is expected")
    if not isinstance(queue, str) or not _NAME.fullmatch(queue):
        raise ConfigError("queue: the name of a queue is expected: letters, digits, hyphens, underscores")
    return ids, str(kind), queue


def _spot(state: State, machine_id: str) -> Record:
    """The record of a spot machine that still runs."""
    record = state.book.records.get(machine_id)
    if record is None:
        raise ConfigError(f"machines: there is no machine {machine_id}")
    place = (record.account, record.region)
    state.sync(place)
    record = state.book.records[machine_id]
    if record.ended is not None:
        raise ConfigError(f"machines: {machine_id} has ended")
    if not moto_view.instances(place)[machine_id].spot:
        raise ConfigError(f"machines: {machine_id} is no spot machine: EC2 interrupts no other")
    return record
