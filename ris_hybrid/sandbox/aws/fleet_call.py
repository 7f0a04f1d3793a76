"""CreateFleet as EC2 does it: one launch per override that gives machines, one answer over all of them.

Each launch goes to moto as RunInstances: moto's own fleets put everything into the first override, drop the
template's security groups, and leave machines that cannot be ended when a subnet runs full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.aws.prices import catalog
from ris_hybrid.sandbox.aws import ec2xml, moto_view
from ris_hybrid.sandbox.aws.attributes import by_type
from ris_hybrid.sandbox.aws.fleet import PRIORITIZED, Grant, Miss, Plan, Pool, Side, plan_fleet, sides_of
from ris_hybrid.sandbox.aws.launch import Target, completed, named_template, start, where
from ris_hybrid.sandbox.aws.wire import Answer, ApiError, Call, Params, not_in_sandbox, would_have_done, xml_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place, Template
    from ris_hybrid.sandbox.aws.state import State

_OPTIONS = {"on-demand": "OnDemandOptions", "spot": "SpotOptions"}
_ECHOED = {
    "InstanceType": "instanceType",
    "SubnetId": "subnetId",
    "AvailabilityZone": "availabilityZone",
    "WeightedCapacity": "weightedCapacity",
    "Priority": "priority",
    "MaxPrice": "maxPrice",
    "ImageId": "imageId",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One override with the template version it completes."""

    template: Template
    override: Params
    target: Target

    @property
    def launch_fields(self) -> dict[str, str]:
        """As a launch request names it."""
        image = {"ImageId": image} if (image := self.override.get("ImageId")) else {}
        return image | {
            "LaunchTemplate.LaunchTemplateId": self.template.template_id,
            "LaunchTemplate.Version": self.template.version,
            "InstanceType": self.target.instance_type,
        }

    @property
    def shown(self) -> ec2xml.Tree:
        """``launchTemplateAndOverrides`` of the answer."""
        given = {xml: value for name, xml in _ECHOED.items() if (value := self.override.get(name))}
        group = self.override.get("Placement.GroupName")
        template = {"launchTemplateId": self.template.template_id, "version": self.template.version}
        overrides: dict[str, ec2xml.Tree] = {**given, **({"placement": {"groupName": group}} if group else {})}
        return {"launchTemplateSpecification": template, "overrides": overrides}


def create_fleet(state: State, call: Call, grant: int | None) -> Answer:
    """Launch an instant fleet, at most ``grant`` machines of it. Raises ``ApiError`` in EC2's words."""
    place, params = (call.account, call.region), call.params
    _supported(params)
    state.sync(place)
    choices = list(_choices(place, params))
    _all_different(choices)
    if params.flag("DryRun"):
        raise would_have_done()
    pools = [_pool(state, place, index, choice) for index, choice in enumerate(choices)]
    room = state.room(place, tuple({pool.subnet for pool in pools if pool.subnet}), grant)
    plan = plan_fleet(_sides(params), pools, room)
    return _launched(state, call, choices, plan)


def _supported(params: Params) -> None:
    kind = params.get("Type", "maintain")
    if kind != "instant":
        message = f"Fleets of type '{kind}' are not kept by the sandbox; use type 'instant'."
        raise ApiError("UnsupportedOperation", message)
    if params.get("TargetCapacitySpecification.TargetCapacityUnitType", "units") != "units":
        raise not_in_sandbox("TargetCapacityUnitType other than units")
    attributes = any(".InstanceRequirements." in name for name in params.flat)
    strategies = {params.get(f"{name}.AllocationStrategy") for name in _OPTIONS.values()}
    if attributes and strategies & PRIORITIZED:
        raise not_in_sandbox("a strategy by priority over types chosen by attributes")


def _choices(place: Place, params: Params) -> Iterator[Choice]:
    configs = params.items("LaunchTemplateConfigs")
    if not configs:
        raise ApiError("MissingParameter", "The request must contain the parameter LaunchTemplateConfigs")
    for config in configs:
        template = named_template(place, config.sub("LaunchTemplateSpecification"))
        if template is None:
            raise ApiError("MissingParameter", "Each fleet configuration needs a launch template.")
        for override in config.items("Overrides") or [Params({})]:
            for each in by_type(override):
                yield _choice(place, template, each)


def _all_different(choices: Sequence[Choice]) -> None:
    """Two subnets of one zone are one capacity pool to EC2, which takes each only once."""
    pools = {(choice.target.instance_type, choice.target.zone) for choice in choices}
    if len(pools) < len(choices):
        raise ApiError("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools.")


def _choice(place: Place, template: Template, override: Params) -> Choice:
    if template.data.get("InstanceRequirements"):
        raise not_in_sandbox("InstanceRequirements of a launch template")
    if not (override.get("ImageId") or template.data.get("ImageId")):
        raise ApiError("MissingParameter", "The launch template has no ImageId.")
    zone = override.get("AvailabilityZone") or override.get("Placement.AvailabilityZone")
    asked = Params({**override.flat, **({"Placement.AvailabilityZone": zone} if zone else {})})
    return Choice(template=template, override=override, target=where(place, asked, template.data))


def _pool(state: State, place: Place, index: int, choice: Choice) -> Pool:
    weight, priority = choice.override.get("WeightedCapacity"), choice.override.get("Priority")
    return Pool(
        index=index,
        instance_type=choice.target.instance_type,
        zone=choice.target.zone,
        subnet=choice.target.subnet,
        weight=max(1, math.ceil(float(weight))) if weight else 1,
        priority=float(priority) if priority else None,
        usd_per_hour=known.usd_per_hour if (known := catalog().get(choice.target.instance_type)) else None,
        refusal=_refusal(state, place, choice.target),
    )


def _refusal(state: State, place: Place, target: Target) -> tuple[str, str] | None:
    if not moto_view.known_type(target.instance_type):
        return "InvalidInstanceType", f"The instance type '{target.instance_type}' does not exist."
    if target.subnet and moto_view.subnet(place, target.subnet) is None:
        return "InvalidSubnetID.NotFound", f"The subnet ID '{target.subnet}' does not exist"
    state.groups.require(place, target.group)
    return None


def _sides(params: Params) -> tuple[Side, Side]:
    options = {lifecycle: _side(lifecycle, params.sub(name)) for lifecycle, name in _OPTIONS.items()}
    target = params.sub("TargetCapacitySpecification")
    amounts = {
        name: amount
        for name in ("TotalTargetCapacity", "OnDemandTargetCapacity", "SpotTargetCapacity")
        if (amount := target.number(name)) is not None
    }
    if amounts.get("TotalTargetCapacity", 0) < 1:
        raise ApiError("InvalidParameterValue", "TotalTargetCapacity must be at least 1.")
    return sides_of(amounts, target.get("DefaultTargetCapacityType", "on-demand"), options)


def _side(lifecycle: str, options: Params) -> Side:
    side = Side(
        lifecycle=lifecycle,
        target=0,
        strategy=options.get("AllocationStrategy"),
        minimum=options.number("MinTargetCapacity", 0) or 0,
        single_type=options.flag("SingleInstanceType"),
        single_zone=options.flag("SingleAvailabilityZone"),
    )
    if side.minimum and not (side.single_type or side.single_zone):
        message = "MinTargetCapacity needs SingleInstanceType or SingleAvailabilityZone."
        raise ApiError("InvalidParameterCombination", message)
    return side


def _launched(state: State, call: Call, choices: Sequence[Choice], plan: Plan) -> Answer:
    fleet_id = moto_view.new_fleet_id()
    sets: list[ec2xml.Tree] = []
    errors: list[ec2xml.Tree] = [_error(choices, miss) for miss in plan.misses]
    for grant in plan.grants:
        choice = choices[grant.pool.index]
        form = _form(call.params, choice, grant, fleet_id)
        ordered = completed(Params(form), choice.target, choice.template, grant.count)
        answer, ids = start(state, call, ordered, choice.target.group)
        if ids:
            sets.append(_set(choice, grant, ids))
            continue
        root = ec2xml.read(answer.body)
        code, message = ec2xml.text(root, ".//Code"), ec2xml.text(root, ".//Message")
        errors.append(_error(choices, Miss(pool=grant.pool, lifecycle=grant.lifecycle, code=code, message=message)))
    content = {"fleetId": fleet_id, "errorSet": errors, "fleetInstanceSet": sets}
    return xml_answer(ec2xml.document("CreateFleet", content))


def _form(params: Params, choice: Choice, grant: Grant, fleet_id: str) -> dict[str, str]:
    form = {
        "Action": "RunInstances",
        "Version": params.get("Version"),
        "ClientToken": f"{fleet_id}-{grant.pool.index}-{grant.lifecycle}",
        **choice.launch_fields,
        **_tags(params, fleet_id),
    }
    if grant.lifecycle == "spot":
        form["InstanceMarketOptions.MarketType"] = "spot"
    return form


def _tags(params: Params, fleet_id: str) -> dict[str, str]:
    """Tags of the request for machines and volumes, and the one EC2 puts on a fleet's machines itself."""
    wanted: dict[str, dict[str, str]] = {"instance": {"aws:ec2:fleet-id": fleet_id}}
    for one in params.items("TagSpecification"):
        kind = one.get("ResourceType")
        if kind in {"instance", "volume"}:
            tags = {tag.get("Key"): tag.get("Value") for tag in one.items("Tag")}
            wanted[kind] = tags | wanted.get(kind, {})
    return tag_form(wanted)


def tag_form(wanted: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Tags by resource type as form fields."""
    form = {}
    for number, (kind, tags) in enumerate(wanted.items(), start=1):
        form[f"TagSpecification.{number}.ResourceType"] = kind
        for index, (key, value) in enumerate(tags.items(), start=1):
            form[f"TagSpecification.{number}.Tag.{index}.Key"] = key
            form[f"TagSpecification.{number}.Tag.{index}.Value"] = value
    return form


def _set(choice: Choice, grant: Grant, ids: Sequence[str]) -> ec2xml.Tree:
    return {
        "launchTemplateAndOverrides": choice.shown,
        "lifecycle": grant.lifecycle,
        "instanceIds": ids,
        "instanceType": choice.target.instance_type,
    }


def _error(choices: Sequence[Choice], miss: Miss) -> ec2xml.Tree:
    return {
        "launchTemplateAndOverrides": choices[miss.pool.index].shown,
        "lifecycle": miss.lifecycle,
        "errorCode": miss.code,
        "errorMessage": miss.message,
    }
