"""What LSF asks of a plug-in, answer by answer, each checked as strictly as the sandbox's ebrokerd checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ris_hybrid.sandbox.conformance.verdict import Unmet, need
from ris_hybrid.sandbox.lsf.answers import Asked
from ris_hybrid.sandbox.lsf.protocol import check_reclaims, check_request, check_return, check_templates
from ris_hybrid.sandbox.lsf.statuses import check_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ris_hybrid.sandbox.conformance.process import Ran
    from ris_hybrid.sandbox.conformance.stand import Stand
    from ris_hybrid.sandbox.lsf.answers import Checked, MachineAnswer, Reclaim, RequestAnswer, Template

T = TypeVar("T")

ACCOUNT = "default"
UNLIMITED = 1000
"""The machines we take a template without a limit to have."""
_POLLS = 10


def templates(stand: Stand) -> tuple[Template, ...]:
    """What the plug-in offers; at least one template."""
    ran = stand.call("getAvailableTemplates", {})
    found = _sound(ran, check_templates(ran.rc, ran.stdout))
    need(found, "getAvailableTemplates: no template")
    return found


def largest(stand: Stand) -> tuple[str, int]:
    """The template LSF may ask most machines of, and how many."""
    most = max(templates(stand), key=_limit)
    return most.template_id, _limit(most)


def smallest(stand: Stand) -> tuple[str, int]:
    """The template LSF may ask fewest machines of, and how many."""
    least = min(templates(stand), key=_limit)
    return least.template_id, _limit(least)


def _limit(template: Template) -> int:
    return template.max_number if template.max_number > 0 else UNLIMITED


def asking(template_id: str, count: object) -> dict[str, object]:
    """The input of requestMachines."""
    return {"template": {"templateId": template_id, "machineCount": count}, "rc_account": ACCOUNT, "userData": {}}


def request(stand: Stand, template_id: str, count: int) -> str:
    """Ask for machines; the request id."""
    ran = stand.call("requestMachines", asking(template_id, count))
    return accepted(ran)


def accepted(ran: Ran) -> str:
    """The request id of a requestMachines that must have worked."""
    checked = check_request(ran.rc, ran.stdout)
    return _sound(ran, checked)


def refused(ran: Ran) -> str:
    """The message of a requestMachines that must have failed."""
    checked = check_request(ran.rc, ran.stdout)
    need(checked.value is None, f"requestMachines: exit {ran.rc} and a request id where nothing was launched")
    need(not checked.breaches, f"requestMachines: {checked.breaches[0].what if checked.breaches else ''}")
    need(ran.rc == 1, f"requestMachines: exit {ran.rc}, not 1")
    return checked.message


def status(stand: Stand, asked: Mapping[str, Asked]) -> dict[str, RequestAnswer]:
    """How requests stand, by id."""
    ran = stand.call("getRequestStatus", {"requests": [{"requestId": one} for one in asked]})
    answers = _sound(ran, check_status(ran.rc, ran.stdout, asked))
    return {answer.request_id: answer for answer in answers}


def settled(stand: Stand, request_id: str, asked: Asked) -> RequestAnswer:
    """How a request stands once it is no longer running; virtual time passes meanwhile."""
    for _ in range(_POLLS):
        answer = status(stand, {request_id: asked})[request_id]
        if answer.status != "running":
            return answer
        stand.later(60)
    raise Unmet(f"getRequestStatus: {asked.kind} request still running after {_POLLS} virtual minutes")


def launched(stand: Stand, template_id: str, count: int) -> tuple[str, tuple[MachineAnswer, ...]]:
    """Ask for machines and wait until they run: request id and machines."""
    request_id = request(stand, template_id, count)
    answer = settled(stand, request_id, Asked(kind="create", machines=count))
    need(answer.status == "complete", f"getRequestStatus: {answer.status}, not complete, of {count} that run")
    return request_id, answer.machines


def named(machines: Iterable[MachineAnswer]) -> list[dict[str, str]]:
    """Machines as LSF names them."""
    return [{"name": one.name, "machineId": one.machine_id} for one in machines]


def give_back(stand: Stand, machines: Sequence[Mapping[str, str]]) -> str:
    """Return machines; the return id."""
    ran = stand.call("requestReturnMachines", {"machines": list(machines)})
    checked = check_return(ran.rc, ran.stdout)
    need(checked.value is not None, f"requestReturnMachines: exit {ran.rc}: {checked.message or ran.tail}")
    return _sound(ran, checked)


def reclaims(stand: Stand, machines: Sequence[Mapping[str, str]]) -> tuple[Reclaim, ...]:
    """Which of these the plug-in wants back or has lost."""
    ran = stand.call("getReturnRequests", {"machines": list(machines)})
    held = [(one["name"], one["machineId"]) for one in machines]
    return _sound(ran, check_reclaims(ran.rc, ran.stdout, held))


def _sound(ran: Ran, checked: Checked[T]) -> T:
    if checked.breaches:
        raise Unmet(f"{ran.verb}: {checked.breaches[0].what}")
    if checked.value is None:
        raise Unmet(f"{ran.verb}: exit {ran.rc}: {checked.message or ran.tail or 'no message'}")
    return checked.value
