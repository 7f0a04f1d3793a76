"""Checks getRequestStatus: every id answered once, known words, and nothing called complete that is not (sandbox).

What a machine's result means: for a create request ``succeed`` is up and usable, ``fail`` is dropped by LSF even
if it runs; for a return ``succeed`` is ended, ``executing`` on its way down, ``fail`` still running.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from ris_hybrid.sandbox.lsf.answers import Asked, Checked, MachineAnswer, MachineResult, RequestAnswer, RequestState
from ris_hybrid.sandbox.lsf.findings import Findings, answer_body

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STATES = ("running", "complete", "complete_with_error")
_RESULTS = ("executing", "succeed", "fail")


def check_status(rc: int, stdout: str, asked: Mapping[str, Asked]) -> Checked[tuple[RequestAnswer, ...]]:
    """Check the answer for the ids ``asked``; an id without a usable entry is simply not in the value.

    ``Checked.message`` is the top-level message, where some plug-ins put the cloud's error code.
    """
    findings = Findings("getRequestStatus", stdout)
    body, message = answer_body(rc, stdout, findings)
    if body is None or not isinstance(body.get("requests"), list):
        if body is not None:
            findings.records(body, "requests")
        return Checked(value=None, message=message, breaches=findings.all())
    answers: dict[str, RequestAnswer] = {}
    for record in findings.records(body, "requests"):
        request_id = findings.text(record, "requestId", required=True)
        if request_id not in asked or request_id in answers:
            findings.add(f"requestId {request_id!r}: not asked about, or answered twice")
            continue
        answer = _request(record, request_id, asked[request_id], findings)
        if answer is not None:
            answers[request_id] = answer
    named = {record.get("requestId") for record in body["requests"] if isinstance(record, dict)}
    for request_id in asked:
        if request_id not in named:
            findings.add(f"requestId {request_id!r}: asked about, but not answered")
    return Checked(value=tuple(answers.values()), message=findings.text(body, "message"), breaches=findings.all())


def _request(record: dict[str, Any], request_id: str, asked: Asked, findings: Findings) -> RequestAnswer | None:
    where = f"request {request_id}: "
    status = record.get("status")
    if status not in _STATES:
        findings.add(f"{where}status {json.dumps(status)[:40]} is not one of {', '.join(_STATES)}")
        return None
    machines = _machines(findings.records(record, "machines", where), where, asked, findings)
    answer = RequestAnswer(
        request_id=request_id,
        status=cast("RequestState", status),
        message=findings.text(record, "message", where),
        machines=machines,
    )
    for breach in _contradictions(answer, asked):
        findings.add(f"{where}{breach}")
    return answer


def _machines(
    records: Sequence[dict[str, Any]], where: str, asked: Asked, findings: Findings
) -> tuple[MachineAnswer, ...]:
    machines: dict[str, MachineAnswer] = {}
    for record in records:
        machine = _machine(record, where, asked, findings)
        if machine is not None and machine.machine_id in machines:
            findings.add(f"{where}machine {machine.machine_id} named twice; the second is ignored")
        elif machine is not None:
            machines[machine.machine_id] = machine
    return tuple(machines.values())


def _machine(record: dict[str, Any], where: str, asked: Asked, findings: Findings) -> MachineAnswer | None:
    machine_id = findings.text(record, "machineId", where, required=True)
    result = record.get("result")
    if result not in _RESULTS:
        findings.add(f"{where}result {json.dumps(result)[:40]} is not one of {', '.join(_RESULTS)}")
    if not machine_id or result not in _RESULTS:
        return None
    where = f"{where}{machine_id}: "
    name = findings.text(record, "name", where)
    launched = findings.whole(record, "launchtime", where)
    if asked.kind == "create" and result == "succeed" and not name:
        findings.add(f"{where}succeed without a name: LSF cannot look for it")
        result = "executing"
    return MachineAnswer(
        machine_id=machine_id,
        name=name,
        result=cast("MachineResult", result),
        status=findings.text(record, "status", where),
        launched=float(max(0, launched)),
        message=findings.text(record, "message", where),
    )


def _contradictions(answer: RequestAnswer, asked: Asked) -> list[str]:
    """What the request's status claims that its machines do not bear out."""
    count = {result: sum(machine.result == result for machine in answer.machines) for result in _RESULTS}
    breaches = []
    if len(answer.machines) > asked.machines:
        breaches.append(f"{len(answer.machines)} machines for {asked.machines} asked")
    if answer.status == "running":
        return breaches
    if asked.kind == "create" and answer.status == "complete" and count["succeed"] < asked.machines:
        breaches.append(f"complete with {count['succeed']} of {asked.machines} machines")
    if count["executing"]:
        breaches.append(f"{answer.status} with {count['executing']} machines executing")
    if asked.kind == "return" and answer.status == "complete" and count["fail"]:
        breaches.append(f"complete with {count['fail']} machines still running")
    return breaches
