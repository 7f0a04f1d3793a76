"""DescribeInstances and DescribeInstanceStatus over corrected states, paged by machine.

The layer decides which machines can be in the answer, moto describes just those, and the texts that moto does not
know are put in.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.filters import Facts, form, matches, read_filters, split
from ris_hybrid.sandbox.aws.lifecycle import STATE_CODE, Record
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, not_in_sandbox, would_have_done, xml_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place

_PAGE = 1000  # EC2's largest page
_ID = re.compile(r"i-[0-9a-f]{8,17}")
_STATUS_FILTERS = frozenset({"instance-state-name", "instance-state-code"})


def known(state: State, place: Place, ids: Sequence[str]) -> dict[str, Record]:
    """The records of these ids. Raises ``ApiError`` for ids EC2 would not know (any more)."""
    visible = state.book.visible(place, state.clock.now())
    if odd := [one for one in ids if not _ID.fullmatch(one)]:
        raise ApiError("InvalidInstanceID.Malformed", f'Invalid id: "{odd[0]}"')
    if missing := [one for one in ids if one not in visible]:
        words = f"ID '{missing[0]}' does" if len(missing) == 1 else f"IDs '{', '.join(missing)}' do"
        raise ApiError("InvalidInstanceID.NotFound", f"The instance {words} not exist")
    return {one: visible[one] for one in ids}


def describe_instances(state: State, call: Call) -> Answer:
    """Every machine EC2 would show. Raises ``ApiError`` for unknown ids, filters and page marks."""
    if dry_run(call):
        return state.moto.answer(call)
    place, params = (call.account, call.region), call.params
    state.sync(place)
    ids = params.values("InstanceId")
    size, after = page(params, ids)
    own, rest = split(read_filters(params))
    for name in rest:
        if name not in moto_view.known_filters():
            raise not_in_sandbox(f"filter {name} of ec2:DescribeInstances")
    records = known(state, place, ids) if ids else state.book.visible(place, state.clock.now())
    wanted = [key for key, facts in _facts(state, place, records).items() if matches(own, facts)]
    asked = form({**rest, "instance-id": _both(wanted, rest.get("instance-id"))})
    head = [("Action", "DescribeInstances"), ("Version", params.get("Version")), ("MaxResults", "1000000")]
    answer = state.moto.answer(call.asking([*head, *asked]))
    return answer.saying(_shown(state, place, answer, size, after)) if answer.ok else answer


def _both(wanted: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    """The ids that may be shown; never an empty list, which moto would take as no filter."""
    return [one for one in wanted if asked is None or one in asked] or ["none"]


def _facts(state: State, place: Place, records: dict[str, Record]) -> dict[str, Facts]:
    seen, now = moto_view.instances(place), state.clock.now()
    return {
        key: Facts(
            state=record.state(now, state.timing),
            launched=record.launched,
            group=record.group,
            spot=seen[key].spot,
            token=seen[key].token,
            tags=seen[key].tags,
        )
        for key, record in records.items()
    }


def page(params: Params, ids: Sequence[str]) -> tuple[int, int]:
    """Machines per page, and the number of the last one shown (-1 at the start). Raises ``ApiError``."""
    size, mark = params.number("MaxResults"), params.get("NextToken")
    if size is not None and ids:
        message = "The parameter instancesSet cannot be used with the parameter maxResults"
        raise ApiError("InvalidParameterCombination", message)
    if size is not None and not 5 <= size <= _PAGE:
        raise ApiError("InvalidParameterValue", f"Value ({size}) for parameter maxResults must be 5 to {_PAGE}.")
    if not mark:
        return size or _PAGE, -1
    try:
        return size or _PAGE, int(base64.b64decode(mark, validate=True))
    except (binascii.Error, ValueError):
        raise ApiError("InvalidNextToken", f"The token '{mark}' is not valid.") from None


def _mark(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()


def _shown(state: State, place: Place, answer: Answer, size: int, after: int) -> bytes:
    root = ec2xml.read(answer.body)
    shown, last = 0, -1
    ec2xml.drop(root, "nextToken")
    for group, item in list(ec2xml.instances(root)):
        number = state.book.records[ec2xml.text(item, "instanceId")].number
        if number <= after or shown > size:
            group.remove(item)
            continue
        shown += 1
        if shown > size:  # one more than fits: there is a next page
            group.remove(item)
            ec2xml.put(root, "nextToken", _mark(last))
        else:
            state.correct(item, place)
            last = number
    ec2xml.prune(root, "reservationSet", "instancesSet/item")
    return ec2xml.write(root)


def describe_status(state: State, call: Call) -> Answer:
    """Status of running machines, or of all with IncludeAllInstances. Raises ``ApiError`` as DescribeInstances."""
    if dry_run(call):
        raise would_have_done()
    place, params = (call.account, call.region), call.params
    state.sync(place)
    ids = params.values("InstanceId")
    size, after = page(params, ids)
    wanted = read_filters(params)
    if unknown := set(wanted) - _STATUS_FILTERS:
        raise not_in_sandbox(f"filter {min(unknown)} of ec2:DescribeInstanceStatus")
    records = known(state, place, ids) if ids else state.book.visible(place, state.clock.now())
    chosen = [
        records[key]
        for key, facts in _facts(state, place, records).items()
        if matches(wanted, facts) and (params.flag("IncludeAllInstances") or facts.state is MachineState.RUNNING)
    ]
    chosen = [record for record in chosen if record.number > after]
    zones = moto_view.instances(place)
    now = state.clock.now()
    statuses = [
        _status(record.machine_id, zones[record.machine_id].zone, record.state(now, state.timing))
        for record in chosen[:size]
    ]
    content: dict[str, ec2xml.Tree] = {"instanceStatusSet": statuses}
    if len(chosen) > size:
        content["nextToken"] = _mark(chosen[size - 1].number)
    return xml_answer(ec2xml.document("DescribeInstanceStatus", content))


def _status(machine_id: str, zone: str, state: MachineState) -> ec2xml.Tree:
    health: ec2xml.Tree = {"status": "not-applicable"}
    if state is MachineState.RUNNING:
        health = {"status": "ok", "details": [{"name": "reachability", "status": "passed"}]}
    return {
        "instanceId": machine_id,
        "availabilityZone": zone,
        "instanceState": {"code": str(STATE_CODE[state]), "name": str(state)},
        "systemStatus": health,
        "instanceStatus": health,
    }
