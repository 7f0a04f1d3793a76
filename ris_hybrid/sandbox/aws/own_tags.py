"""CreateTags and DeleteTags on what only the layer knows: placement groups and capacity reservations.

moto refuses their ids. Other resources of the same call go on to moto, which shows launch templates with the tags they
were made with: those are set right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.kept import place_of, taken
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, xml_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State

_OURS = ("pg-", "cr-")


def tags(state: State, call: Call) -> Answer:
    """Write or take away tags. Raises ``ApiError`` for a thing that is not there."""
    params = call.params
    resources = params.values("ResourceId")
    own = [one for one in resources if one.startswith(_OURS)]
    for one in own:
        _write(state, call, one, params)
    others = [one for one in resources if one not in own]
    if not others:
        return xml_answer(ec2xml.document(call.action, {"return": "true"}))
    kept = [pair for pair in call.pairs if not pair[0].startswith("ResourceId.")]
    answer = state.plain(call.asking((*kept, *((f"ResourceId.{n}", one) for n, one in enumerate(others, 1)))))
    moto_view.show_tags(place_of(call), others)
    return answer


def _write(state: State, call: Call, key: str, params: Params) -> None:
    given = {tag.get("Key"): tag.get("Value") for tag in params.items("Tag")}
    drop = call.action == "DeleteTags"
    if key.startswith("pg-"):
        state.groups.retag(place_of(call), key, given, drop=drop)
        return
    missing = ApiError("InvalidCapacityReservationId.NotFound", f"The capacity reservation '{key}' does not exist.")
    held = taken(state.kept.of(place_of(call), "capacity-reservation"), key, missing)
    before = {tag["key"]: tag["value"] for tag in held["tagSet"]}
    after = {k: v for k, v in before.items() if k not in given} if drop else {**before, **given}
    held["tagSet"] = [{"key": k, "value": v} for k, v in after.items()]


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"ec2:CreateTags": tags, "ec2:DeleteTags": tags}
