"""The three placement group actions over the layer's own groups."""

from __future__ import annotations

from ris_hybrid.model import MachineState
from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.filters import read_filters
from ris_hybrid.sandbox.aws.placement import Group
from ris_hybrid.sandbox.aws.state import State, dry_run
from ris_hybrid.sandbox.aws.wire import Answer, Call, Params, would_have_done, xml_answer


def placement_group(state: State, call: Call) -> Answer:
    """Create, describe or delete placement groups. Raises ``ApiError`` in EC2's words."""
    place, params = (call.account, call.region), call.params
    if dry_run(call):
        raise would_have_done()
    content: dict[str, ec2xml.Tree] = {}
    match call.action:
        case "CreatePlacementGroup":
            group = _read(params)
            state.groups.create(place, group)
            content = {"return": "true", "placementGroup": group.fields(place)}
        case "DeletePlacementGroup":
            state.sync(place)
            alive = {key for key, word in state.states(place).items() if word is not MachineState.TERMINATED}
            used = frozenset(state.book.records[key].group for key in alive)
            state.groups.delete(place, params.get("GroupName"), used)
            content = {"return": "true"}
        case _:
            wanted = read_filters(params)
            found = state.groups.find(place, params.values("GroupName"), params.values("GroupId"), wanted)
            content = {"placementGroupSet": [group.fields(place) for group in found]}
    return xml_answer(ec2xml.document(call.action, content))


def _read(params: Params) -> Group:
    strategy = params.get("Strategy", "cluster")
    tags = {
        tag.get("Key"): tag.get("Value")
        for one in params.items("TagSpecification")
        if one.get("ResourceType") == "placement-group"
        for tag in one.items("Tag")
    }
    return Group(
        name=params.get("GroupName"),
        group_id=moto_view.new_group_id(),
        strategy=strategy,
        partitions=(params.number("PartitionCount", 2) or 2) if strategy == "partition" else 0,
        spread_level=params.get("SpreadLevel", "rack") if strategy == "spread" else "",
        tags=tags,
    )
