"""DescribeInstances and DescribeInstanceStatus over corrected states, paged by machine.

The layer decides which machines can be in the answer and writes them itself, from moto's models and its own records.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.filters import Facts, matches, read_filters, split
from ris_hybrid.sandbox.aws.lifecycle import STATE_CODE, Record
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, not_in_sandbox, would_have_done, xml_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place

_PAGE = 1000  # EC2's largest page
_ID = re.compile(r"i-[0-9a-f]{8,17}")
_STATUS_FILTERS = frozenset({"instance-state-name", "instance-state-code"})
_CHECK_FILTERS = {"instance-status.status": "instance", "system-status.status": "system"}


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
    chosen = [records[key] for key, facts in _facts(state, place, records).items() if matches(own, facts)]
    if rest:
        passing = moto_view.passing(place, rest)
        chosen = [record for record in chosen if record.machine_id in passing]
    return xml_answer(_shown(state, place, sorted(chosen, key=lambda record: record.number), size, after))


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


def _shown(state: State, place: Place, chosen: Sequence[Record], size: int, after: int) -> bytes:
    left = [record for record in chosen if record.number > after]
    items = state.shown(place, left[:size])
    launches = (
        ec2xml.reservation(one.reservation_id, one.owner_id, shown)
        for one in moto_view.reservations(place)
        if (shown := [items[key] for key in one.machine_ids if key in items])
    )
    text = "".join(f"<item>{launch}</item>" for launch in launches)
    more = f"<nextToken>{_mark(left[size - 1].number)}</nextToken>" if len(left) > size else ""
    content = f"<reservationSet>{text}</reservationSet>" if text else "<reservationSet />"
    return ec2xml.wrapped("DescribeInstances", content, more)


def describe_status(state: State, call: Call) -> Answer:
    """Status of running machines, or of all with IncludeAllInstances. Raises ``ApiError`` as DescribeInstances."""
    if dry_run(call):
        raise would_have_done()
    place, params = (call.account, call.region), call.params
    state.sync(place)
    ids = params.values("InstanceId")
    size, after = page(params, ids)
    wanted = read_filters(params)
    if unknown := set(wanted) - _STATUS_FILTERS - set(_CHECK_FILTERS):
        raise not_in_sandbox(f"filter {min(unknown)} of ec2:DescribeInstanceStatus")
    words = {name: values for name, values in wanted.items() if name in _CHECK_FILTERS}
    wanted = {name: values for name, values in wanted.items() if name not in words}
    records = known(state, place, ids) if ids else state.book.visible(place, state.clock.now())
    chosen = [
        records[key]
        for key, facts in _facts(state, place, records).items()
        if matches(wanted, facts)
        and (params.flag("IncludeAllInstances") or facts.state is MachineState.RUNNING)
        and all(_check(state, key, facts.state, _CHECK_FILTERS[name]) in values for name, values in words.items())
    ]
    chosen = [record for record in chosen if record.number > after]
    zones = moto_view.instances(place)
    now = state.clock.now()
    statuses = [
        _status(state, record.machine_id, zones[record.machine_id].zone, record.state(now, state.timing))
        for record in chosen[:size]
    ]
    content: dict[str, ec2xml.Tree] = {"instanceStatusSet": statuses}
    if len(chosen) > size:
        content["nextToken"] = _mark(chosen[size - 1].number)
    return xml_answer(ec2xml.document("DescribeInstanceStatus", content))


def _check(state: State, machine_id: str, machine_state: MachineState, check: str) -> str:
    """What one of EC2's two checks says of a machine."""
    if machine_state is not MachineState.RUNNING:
        return "not-applicable"
    return "impaired" if state.impaired.get(machine_id) == check else "ok"


def _status(state: State, machine_id: str, zone: str, machine_state: MachineState) -> ec2xml.Tree:
    return {
        "instanceId": machine_id,
        "availabilityZone": zone,
        "instanceState": {"code": str(STATE_CODE[machine_state]), "name": str(machine_state)},
        "systemStatus": _health(_check(state, machine_id, machine_state, "system")),
        "instanceStatus": _health(_check(state, machine_id, machine_state, "instance")),
    }


def _health(word: str) -> ec2xml.Tree:
    if word == "not-applicable":
        return {"status": word}
    reachable = "passed" if word == "ok" else "failed"
    return {"status": word, "details": [{"name": "reachability", "status": reachable}]}
