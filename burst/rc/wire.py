"""The Resource Connector's JSON ⇄ our values (pure).

Source: IBM Spectrum LSF 10.1, "Configuring the resource connector", and the field list of IBM's public plug-ins.
One request object comes in a file, one object goes out on stdout. What we do not need is ignored; what we need and
cannot read is a ``WireError`` that names the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.fleet import DEFAULT_ACCOUNT, account_of
from ris_hybrid.errors import CloudError, ConfigError, NoCapacity, QuotaReached, RisHybridError
from ris_hybrid.model import Machine, MachineState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


Json = dict[str, Any]
_CAPACITY = "InsufficientCapacity"
"""What stands for words LSF does not know: NoValidHost, QuotaExceeded, ZONE_RESOURCE_POOL_EXHAUSTED ..."""
LSF_CAPACITY_CODES = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        _CAPACITY,
        "InsufficientAddressCapacity",
    }
)
"""The codes that make LSF leave a template alone for LSB_RC_TEMPLATE_REQUEST_DELAY minutes."""
ENDING: frozenset[str] = frozenset(
    {MachineState.STOPPING, MachineState.STOPPED, MachineState.SHUTTING_DOWN, MachineState.TERMINATED}
)
"""The states of a machine LSF can use no more; a state word we do not know is none of them."""
POOL_OFF = "PoolOff"
"""Our own code of a pool that is switched off."""
OUT_OF_TIME = "OutOfTime"
"""Our own code of machines that a launch had no time for: LSF is to ask for them at once, not to turn elsewhere."""
_MOST_MACHINES = 100_000  # EC2's ceiling of a fleet's capacity in a region


class WireError(ConfigError):
    """The request is not what the protocol says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRequest:
    """requestMachines: how many of which template for which account."""

    template: str
    count: int
    lab: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A machine as LSF names it; ``machine_id`` may be empty when LSF only knows the host name."""

    name: str
    machine_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRequest:
    """The policy script's request. ``raw`` goes back with only newDemand changed."""

    provider: str
    template: str
    lab: str
    new_demand: int
    raw: Json
    """LSF's own object."""


def read_machine_request(payload: object) -> MachineRequest:
    """requestMachines input."""
    body = _object(payload, "the request")
    template = _object(body.get("template"), "template")
    count = _whole(template.get("machineCount"), "template.machineCount")
    if not 1 <= count <= _MOST_MACHINES:
        raise WireError(f"template.machineCount: expected 1 to {_MOST_MACHINES}, found {_kind(count)}")
    return MachineRequest(
        template=_text(template.get("templateId"), "template.templateId"),
        count=count,
        lab=_lab(body.get("rc_account")),
    )


def read_request_ids(payload: object) -> tuple[str, ...]:
    """getRequestStatus input: the ids, in the order given, each once."""
    rows = _rows(_object(payload, "the request").get("requests"), "requests")
    ids = (_text(row.get("requestId"), f"requests[{n}].requestId") for n, row in enumerate(rows))
    return tuple(dict.fromkeys(ids))


def read_machines(payload: object) -> tuple[Named, ...]:
    """requestReturnMachines and getReturnRequests input."""
    rows = _rows(_object(payload, "the request").get("machines"), "machines")
    named = []
    for number, row in enumerate(rows):
        machine = Named(name=_optional(row.get("name")), machine_id=_optional(row.get("machineId")))
        if not machine.name and not machine.machine_id:
            raise WireError(f"machines[{number}]: expected a name or a machineId, found neither")
        named.append(machine)
    return tuple(named)


def read_demand(payload: object) -> DemandRequest:
    """The policy script's input; LSF writes some numbers as text."""
    raw = _object(_object(payload, "the input").get("request"), "request")
    demand = _whole(raw.get("newDemand"), "request.newDemand")
    if demand < 0:
        raise WireError(f"request.newDemand: expected 0 or more, found {_kind(demand)}")
    return DemandRequest(
        provider=_text(raw.get("providerName"), "request.providerName"),
        template=_text(raw.get("templateName"), "request.templateName"),
        lab=_lab(raw.get("rcAccount")),
        new_demand=demand,
        raw=raw,
    )


def created(machine: Machine) -> Json:
    """A machine in the answer to a create id. Stopped is failed: LSF could never use it."""
    if machine.state in ENDING or machine.return_id:
        result = "fail"
    else:
        result = "succeed" if machine.state == MachineState.RUNNING and machine.name else "executing"
    row = _machine(machine, result)
    if result == "fail":
        row["message"] = f"{machine.machine_id} is {machine.state}"
    return row


def returned(machine: Machine) -> Json:
    """A machine in the answer to a return id: succeed only when it has ended."""
    return _machine(machine, "succeed" if machine.state == MachineState.TERMINATED else "executing")


def _machine(machine: Machine, result: str) -> Json:
    return {
        "machineId": machine.machine_id,
        "name": machine.name,
        "result": result,
        "status": str(machine.state),
        "privateIpAddress": machine.private_ip,
        "rcAccount": account_of(machine.lab),
        "launchtime": int(machine.launched),
        "lifeCycleType": "spot" if machine.spot else "ondemand",
    }


def request_row(request_id: str, status: str, machines: Iterable[Json], message: str = "") -> Json:
    """One entry of getRequestStatus."""
    return {"requestId": request_id, "status": status, "message": message, "machines": list(machines)}


def error_text(error: RisHybridError) -> str:
    """A message LSF can act on: what another pool may have ends in a code that turns LSF to its next template.

    That is lack of capacity, a quota (EC2 counts them by family and purchase, other clouds have their own) and a pool
    that is off. Other codes are shown as they are.
    """
    code = error.code if isinstance(error, CloudError) else ""
    if isinstance(error, NoCapacity | QuotaReached) or code == POOL_OFF:
        return f"{error.message} {code_text(code)}"
    return f"{error.message} Error Code: {code}" if code else error.message


def code_text(code: str) -> str:
    """``Error Code: X`` with a capacity code LSF knows; a cloud's word that it does not know goes before it."""
    if code in LSF_CAPACITY_CODES | {OUT_OF_TIME}:
        return f"Error Code: {code}"
    return f"({code}) Error Code: {_CAPACITY}" if code else f"Error Code: {_CAPACITY}"


def failure(verb: str, message: str) -> Json:
    """The answer that goes with exit code 1: each verb's own shape, so that LSF can always read it."""
    extra: dict[str, Json] = {
        "getAvailableTemplates": {"templates": []},
        "requestMachines": {"requestId": None},
        "getRequestStatus": {"requests": []},
        "requestReturnMachines": {"requestId": None},
        "getReturnRequests": {"requests": []},
    }
    return {"status": "error", "message": message, **extra.get(verb, {})}


def _lab(account: object) -> str:
    """The lab of an account. It is written on machines, so it must be text that can be written."""
    text = _optional(account)
    if not text.isprintable():
        raise WireError(f"rcAccount: expected the name of an account, found {_kind(account)}")
    return "" if text == DEFAULT_ACCOUNT else text


def _object(value: object, field: str) -> Json:
    if not isinstance(value, dict):
        raise WireError(f"{field}: expected an object, found {_kind(value)}")
    return value


def _rows(value: object, field: str) -> Sequence[Json]:
    if not isinstance(value, list):
        raise WireError(f"{field}: expected a list, found {_kind(value)}")
    return [_object(row, f"{field}[{number}]") for number, row in enumerate(value)]


def _text(value: object, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise WireError(f"{field}: expected text, found {_kind(value)}")
    return value


def _optional(value: object) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: object, field: str) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value) if len(value.strip()) < 10 else _MOST_MACHINES + 1
    if isinstance(value, bool) or not isinstance(value, int):
        raise WireError(f"{field}: expected a whole number, found {_kind(value)}")
    return value


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
