"""The contract of a provider's scripts, checked strictly, answer by answer (sandbox).

Every function is pure and takes the exit code and stdout. A breach never hides the answer's effect: what LSF
could still use is in ``Checked.value``, what it could not is None. Fields and words are those of IBM's Resource
Connector plug-ins; null counts as absent in optional fields.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.lsf.answers import Checked, Reclaim, Template
from ris_hybrid.sandbox.lsf.findings import Findings, answer_body, json_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RANGE = re.compile(r"\[\s*(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)\s*\]")
# Words after which LSF leaves a template alone for a while: EC2's codes, then IBM Cloud's.
_CAPACITY = re.compile(
    r"\b(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity"
    r"|InsufficientCapacity|InsufficientAddressCapacity|cannot_start_capacity)\b"
)


def capacity_code(message: str) -> str:
    """The capacity code in a message; empty when it carries none."""
    found = _CAPACITY.search(message)
    return found[1] if found else ""


def check_templates(rc: int, stdout: str) -> Checked[tuple[Template, ...]]:
    """Check getAvailableTemplates; a template that cannot be used is left out."""
    findings = Findings("getAvailableTemplates", stdout)
    body, message = answer_body(rc, stdout, findings)
    if body is None or not isinstance(body.get("templates"), list):
        if body is not None:
            findings.records(body, "templates")
        return Checked(value=None, message=message, breaches=findings.all())
    templates: dict[str, Template] = {}
    for record in findings.records(body, "templates"):
        template = _template(record, findings)
        if template is not None and template.template_id in templates:
            findings.add(f"template {template.template_id}: named twice; the second is ignored")
        elif template is not None:
            templates[template.template_id] = template
    return Checked(value=tuple(templates.values()), breaches=findings.all())


def _template(record: dict[str, Any], findings: Findings) -> Template | None:
    template_id = findings.text(record, "templateId", required=True)
    if "_" in template_id:
        findings.add(f"templateId {template_id!r} has an underscore")
    if not template_id or "_" in template_id:
        return None
    where = f"template {template_id}: "
    attributes = record.get("attributes")
    if not isinstance(attributes, dict):
        findings.add(f"{where}attributes: expected an object")
        attributes = {}
    values = {name: _attribute(pair, f"{where}{name}: ", findings) for name, pair in attributes.items()}
    return Template(
        template_id=template_id,
        max_number=findings.whole(record, "maxNumber", where, required=True),
        slots=int(values.get("ncpus") or 0),
        priority=findings.whole(record, "priority", where),
        booleans=frozenset(
            name.lstrip("!")
            for name, pair in attributes.items()
            if isinstance(pair, list) and pair[:1] == ["Boolean"] and values[name]
        ),
        exclusive=frozenset(name[1:] for name in attributes if name.startswith("!")),
    )


def _attribute(pair: object, where: str, findings: Findings) -> float:
    """The figure of a ``[type, value]`` pair: the lower end of a range, 1 or 0 of a Boolean, 0 of a String."""
    if not isinstance(pair, list) or len(pair) != 2:
        findings.add(f"{where}expected [type, value]")
        return 0
    kind, value = pair
    if kind not in {"String", "Numeric", "Boolean"}:
        findings.add(f"{where}type {kind!r} is not String, Numeric or Boolean")
        return 0
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        findings.add(f"{where}value must be a string or a number")
        return 0
    if kind == "String":
        return 0
    if kind == "Boolean" and str(value) not in {"0", "1"}:
        findings.add(f"{where}Boolean must be 0 or 1, not {value!r}")
        return 0
    return _figure(str(value), where, findings)


def _figure(text: str, where: str, findings: Findings) -> float:
    found = _RANGE.fullmatch(text.strip())
    try:
        return float(found[1] if found else text)
    except ValueError:
        findings.add(f"{where}Numeric must be a number or [min:max], not {text!r}")
        return 0


def check_request(rc: int, stdout: str) -> Checked[str]:
    """Check requestMachines: the request id of an accepted request."""
    findings = Findings("requestMachines", stdout)
    body, message = answer_body(rc, stdout, findings)
    if body is not None:
        message = findings.text(body, "message")
    request_id = findings.text(body, "requestId", required=True) if body is not None else ""
    return Checked(value=request_id or None, message=message, breaches=findings.all())


def check_return(rc: int, stdout: str) -> Checked[str]:
    """Check requestReturnMachines. An accepted return without an id is a breach, and its value is empty."""
    findings = Findings("requestReturnMachines", stdout)
    body, message = answer_body(rc, stdout, findings)
    if body is None:
        return Checked(value=None, message=message, breaches=findings.all())
    message = findings.text(body, "message")
    request_id = findings.text(body, "requestId", required=True)
    return Checked(value=request_id, message=message, breaches=findings.all())


def check_reclaims(rc: int, stdout: str, held: Sequence[tuple[str, str]]) -> Checked[tuple[Reclaim, ...]]:
    """Check getReturnRequests against the ``(name, machineId)`` pairs asked about."""
    findings = Findings("getReturnRequests", stdout)
    body, message = answer_body(rc, stdout, findings)
    if body is None or not isinstance(body.get("requests"), list):
        if body is not None:
            findings.records(body, "requests")
        return Checked(value=None, message=message, breaches=findings.all())
    findings.text(body, "status")
    findings.text(body, "message")
    reclaims = []
    for record in findings.records(body, "requests"):
        name = findings.text(record, "machine", required=True)
        machine_id = findings.text(record, "machineId", required=True)
        grace = record.get("gracePeriod", 0)
        if isinstance(grace, bool) or not isinstance(grace, (int, float)) or grace < 0:
            findings.add(f"machine {name}: gracePeriod: expected seconds from 0, not {json.dumps(grace)[:40]}")
            grace = 0
        if (name, machine_id) in held:
            reclaims.append(Reclaim(name=name, machine_id=machine_id, grace_s=float(grace)))
        else:
            findings.add(f"machine {name} ({machine_id}): not one LSF asked about")
    return Checked(value=tuple(reclaims), breaches=findings.all())


def check_policy(rc: int, stdout: str, asked: Mapping[str, object]) -> Checked[int]:
    """Check the policy script: the machines it leaves of ``asked["newDemand"]``; None counts as 0 for LSF."""
    findings = Findings("policy", stdout)
    if rc != 0:
        findings.add(f"exit code {rc}; LSF takes this as no demand at all")
        return Checked(value=None, breaches=findings.all())
    body = json_object(stdout, findings)
    request = body.get("request") if body is not None else None
    if body is None or not isinstance(request, dict):
        if body is not None:
            findings.add("request: expected an object")
        return Checked(value=None, breaches=findings.all())
    message = findings.text(body, "message", required=True)
    changed = [key for key, value in asked.items() if key != "newDemand" and request.get(key) != value]
    if changed:
        findings.add(f"request: must be echoed, but differs in {', '.join(changed)}")
        return Checked(value=None, message=message, breaches=findings.all())
    left = request.get("newDemand")
    most = asked["newDemand"]
    if isinstance(left, bool) or not isinstance(left, int) or not isinstance(most, int) or not 0 <= left <= most:
        findings.add(f"newDemand: expected an integer from 0 to {most}, not {json.dumps(left)[:40]}")
        return Checked(value=None, message=message, breaches=findings.all())
    return Checked(value=left, message=message, breaches=findings.all())
