"""``bqueues``: queues with their slots, pending and running (sandbox). PEND and RUN count slots, PJOBS counts jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.model import JobStatus
from ris_hybrid.sandbox.lsf.formats import Field, json_record, json_text, parse_layout, text_table
from ris_hybrid.sandbox.lsf.options import Syntax, parse
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.records import JobView
    from ris_hybrid.sandbox.lsf.spec import QueueSpec

SYNTAX = Syntax(
    command="bqueues",
    flags=frozenset({"w", "json", "noheader"}),
    valued=frozenset({"o"}),
    usage='bqueues [-w] [-noheader] [-o "field ..." [-json]] [queue_name ...]',
)

_NAMES = ["max", "jl_u", "jl_p", "jl_h", "njobs", "pend", "run", "susp", "rsv", "ususp", "ssusp", "pjobs"]
FIELDS = (
    Field(name="queue_name", width=15, aliases=("qname",)),
    Field(name="description", width=15, aliases=("desc",)),
    Field(name="priority", aliases=("prio",)),
    Field(name="status", width=12, aliases=("stat",)),
    *(Field(name=name, width=5) for name in _NAMES),
)


def bqueues(cluster: Cluster, argv: Sequence[str], env: Mapping[str, str]) -> Reply:
    """All queues by priority, or those named; an unknown name is an error beside the known ones."""
    given = parse(SYNTAX, argv)
    layout_text = given.last("o") or env.get("LSB_BQUEUES_FORMAT", "")
    if "json" in given.flags and not layout_text:
        raise SYNTAX.fail("-json needs -o")
    queues = sorted(cluster.spec.queues, key=lambda queue: -queue.priority)
    if given.operands:
        queues = [queue for queue in queues if queue.name in given.operands]
    known = {queue.name for queue in queues}
    errors = "".join(f"{name}: No such queue\n" for name in given.operands if name not in known)
    records = _records(queues, cluster.jobs())
    if "json" in given.flags:
        layout = parse_layout(layout_text, FIELDS)
        text = json_text("bqueues", "QUEUES", [json_record(layout, record) for record in records])
    elif layout_text and "w" not in given.flags:
        text = text_table(parse_layout(layout_text, FIELDS), records, header="noheader" not in given.flags)
    else:
        text = _table(records, wide="w" in given.flags, header="noheader" not in given.flags) if records else ""
    return Reply(rc=FAILED if errors else 0, stdout=text, stderr=errors)


def _records(queues: Sequence[QueueSpec], jobs: Sequence[JobView]) -> list[dict[str, str]]:
    pending = dict.fromkeys((queue.name for queue in queues), 0)
    running, pending_jobs = dict(pending), dict(pending)
    for job in jobs:
        if job.queue not in pending:
            continue
        if job.status is JobStatus.RUN:
            running[job.queue] += job.request.slots
        else:
            pending[job.queue] += job.request.slots
            pending_jobs[job.queue] += 1
    return [_record(queue, pending[queue.name], running[queue.name], pending_jobs[queue.name]) for queue in queues]


def _record(queue: QueueSpec, pending: int, running: int, pending_jobs: int) -> dict[str, str]:
    opened = "Open" if queue.is_open else "Closed"
    active = "Active" if queue.is_active else "Inact"
    unset = dict.fromkeys(("description", "jl_u", "jl_p", "jl_h"), "")
    zero = dict.fromkeys(("susp", "rsv", "ususp", "ssusp"), "0")
    return {
        **unset,
        **zero,
        "queue_name": queue.name,
        "priority": str(queue.priority),
        "status": f"{opened}:{active}",
        "max": "" if queue.max_slots is None else str(queue.max_slots),
        "njobs": str(pending + running),
        "pend": str(pending),
        "run": str(running),
        "pjobs": str(pending_jobs),
    }


def _table(records: Sequence[Mapping[str, str]], *, wide: bool, header: bool) -> str:
    """The fixed columns; without ``-w`` a queue name is cut to 15 characters."""
    top = "QUEUE_NAME      PRIO STATUS          MAX JL/U JL/P JL/H NJOBS  PEND   RUN  SUSP"
    lines = [top + ("  RSV PJOBS" if wide else "")] if header else []
    for record in records:
        value = {name: text or "-" for name, text in record.items()}
        name = value["queue_name"] if wide else value["queue_name"][:15]
        line = f"{name:<15} {value['priority']:>3}  {value['status']:<15}{value['max']:>4}"
        line += "".join(f"{value[name]:>5}" for name in ("jl_u", "jl_p", "jl_h"))
        line += "".join(f"{value[name]:>6}" for name in ("njobs", "pend", "run", "susp"))
        lines.append(line + (f"{value['rsv']:>5}{value['pjobs']:>6}" if wide else ""))
    return "".join(f"{line}\n" for line in lines)
