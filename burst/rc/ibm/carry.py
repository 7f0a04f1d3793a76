"""One template of IBM's AWS plug-ins → one pool, and what of it could not be carried. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from burst.rc.ibm import reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ILLEGAL = re.compile(r"[^A-Za-z0-9-]+")
_CARRIED = {
    *("templateId", "maxNumber", "attributes", "vmType", "subnetId", "launchTemplateId", "priority"),
    *("placementGroupName", "interfaceType", "spotPrice", "onDemandTargetCapacityRatio", "ec2FleetConfig"),
    *("gpuextend", "instanceTags", "launchTemplateVersion"),
}
_ATTRIBUTES = {"type", "ncpus", "ncores", "nthreads", "mem"}
_ONE = 1
_MOST_AT_ONCE = 1000
RERUNNABLE = "queue-to-name"
"""Stands for the queues whose jobs may run on spot nodes; IBM's plug-ins do not ask for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that could not be carried, and why."""

    template: str
    """Empty for the provider's own configuration."""
    key: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Carried:
    """A pool's keys, in the order of burst.yaml, with a remark on those that are not plain copies."""

    template: str
    keys: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    """Booleans among the attributes: one of them is LSF's host flag."""
    left: list[Left] = field(default_factory=list)

    def leave(self, key: str, reason: str) -> None:
        """Note a key that is not carried."""
        self.left.append(Left(template=self.template, key=key, reason=reason))

    def put(self, key: str, value: Any, remark: str = "") -> None:
        """A key of the pool; nothing for an empty value."""
        if value not in (None, "", [], 0) or remark:
            self.keys[key] = value
            if remark:
                self.remarks[key] = remark


def pool(template: Mapping[str, Any], name: str, fleets: Mapping[str, Mapping[str, Any]]) -> Carried:
    """The pool of a template. ``name`` is its legal name."""
    said = str(template.get("templateId", ""))
    carried = Carried(template=said)
    carried.put("name", name, f"was {said}" if name != said else "")
    fleet = _fleet(template, fleets, carried)
    types = [*_words(template.get("vmType")), *_overrides(fleet, "InstanceType", carried)]
    unnamed = "" if types else "EDIT: no type was named; nothing is launched with this word"
    carried.put("instance_types", list(dict.fromkeys(types)) or ["type-to-name"], unnamed)
    _size(template, carried)
    _bound(template, carried)
    _template_of(template, fleet, carried)
    carried.put("subnets", list(dict.fromkeys([*_words(template.get("subnetId")), *_overrides(fleet, "SubnetId")])))
    _purchase(template, fleet, carried)
    _together(template, carried)
    carried.put("efa", template.get("interfaceType") == "efa" or None)
    carried.put("priority", _whole(template.get("priority")))
    _rest(template, carried)
    return carried


def legal(name: str, taken: Iterable[str]) -> str:
    """A pool's name: letters, digits and hyphens, none twice."""
    plain = _ILLEGAL.sub("-", name).strip("-") or "pool"
    others = set(taken)
    return next(
        one for number in range(1, 10_000) if (one := plain if number == 1 else f"{plain}-{number}") not in others
    )


def tags(text: str) -> tuple[str, ...]:
    """``key=value`` parts of instanceTags: the Java plug-in separates with ``;``, awsv2 with ``,``."""
    return tuple(part.strip() for part in text.split(";" if ";" in text else ",") if part.strip())


def _words(value: object) -> list[str]:
    listed = value if isinstance(value, list) else str(value or "").split(",")
    return [str(word).strip() for word in listed if str(word).strip()]


def _fleet(template: Mapping[str, Any], fleets: Mapping[str, Mapping[str, Any]], carried: Carried) -> Mapping[str, Any]:
    name = template.get("ec2FleetConfig")
    if not name:
        return {}
    if str(name) not in fleets:
        carried.leave("ec2FleetConfig", f"{name} is not beside the templates")
        return {}
    fleet = fleets[str(name)]
    for key in fleet:
        if key != "LaunchTemplateConfigs":
            carried.leave(f"{name}: {key}", reasons.FLEET.get(key, "is not known here"))
    return fleet


def _configs(fleet: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = fleet.get("LaunchTemplateConfigs")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _overrides(fleet: Mapping[str, Any], key: str, carried: Carried | None = None) -> list[str]:
    listed = [config.get("Overrides") for config in _configs(fleet)]
    rows = [row for some in listed if isinstance(some, list) for row in some if isinstance(row, dict)]
    rows.sort(key=lambda row: _number(row.get("Priority")) or 0.0)
    for other in dict.fromkeys(word for row in rows for word in row):
        if carried is not None and other not in {"InstanceType", "SubnetId", "Priority"}:
            carried.leave(f"Overrides: {other}", reasons.OVERRIDE.get(other, "is not known here"))
    return [word for row in rows for word in _words(row.get(key))]


def _size(template: Mapping[str, Any], carried: Carried) -> None:
    given = template.get("attributes")
    attributes: Mapping[str, Any] = given if isinstance(given, dict) else {}
    values = {name: value for name, pair in attributes.items() if (value := _attribute(pair)) is not None}
    for key, name in (("slots", "ncpus"), ("memory_mib", "mem")):
        carried.put(key, _figure(values[name]) if name in values else None)
    gpus = dict(tags_of(str(template.get("gpuextend") or ""))).get("ngpus")
    carried.put("gpus", _figure(gpus) if gpus else None)
    for name in attributes:
        if name in _ATTRIBUTES:
            continue
        if _kind(attributes[name]) == "boolean":
            carried.flags.append(name)
        else:
            carried.leave(f"attributes: {name}", "templates advertise type, ncpus, ncores, mem and the host flag")


def tags_of(text: str) -> tuple[tuple[str, str], ...]:
    """Keys and values of a ``key=value;...`` text."""
    return tuple((key.strip(), value.strip()) for key, _, value in (part.partition("=") for part in tags(text)))


def _attribute(pair: object) -> object:
    return pair[1] if isinstance(pair, list) and len(pair) > 1 else None


def _kind(pair: object) -> str:
    return str(pair[0]).lower() if isinstance(pair, list) and pair else ""


def _figure(value: object) -> int:
    """A number, or the least of a range ``[min:max]``; at least 1."""
    found = re.search(r"\d+(\.\d+)?", str(value or ""))
    return max(_ONE, ceil(float(found[0]))) if found else _ONE


def _whole(value: object) -> int | None:
    text = str(value if value is not None else "")
    return int(text) if re.fullmatch(r"-?\d+", text) else None


def _number(value: object) -> float | None:
    text = str(value if value is not None else "")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _bound(template: Mapping[str, Any], carried: Carried) -> None:
    most = _whole(template.get("maxNumber"))
    if most is not None and most >= 0:
        carried.keys["max_nodes"] = most
        if most == 0:
            carried.remarks["max_nodes"] = "EDIT: was 0, nothing is launched until it is more"
    else:
        said = "no limit" if most == -1 else "not given"
        carried.put("max_nodes", 1, f"EDIT: maxNumber was {said}")


def _template_of(template: Mapping[str, Any], fleet: Mapping[str, Any], carried: Carried) -> None:
    said = [one.get("LaunchTemplateSpecification") for one in _configs(fleet)]
    named = [one for one in said if isinstance(one, dict)]
    ids = [str(one.get("LaunchTemplateId") or one.get("LaunchTemplateName") or "") for one in named]
    launch = str(template.get("launchTemplateId") or next(filter(None, ids), ""))
    carried.put("launch_template", launch)
    others = sorted({one for one in ids if one} - {launch})
    if others:
        carried.leave("LaunchTemplateConfigs", f"a pool has one launch template; not carried: {', '.join(others)}")
    version = template.get("launchTemplateVersion") or next((one["Version"] for one in named if one.get("Version")), "")
    if version and version != "$Default":
        carried.leave(
            "launchTemplateVersion", f"{version}: the template's default version is used; make it the default"
        )


def _purchase(template: Mapping[str, Any], fleet: Mapping[str, Any], carried: Carried) -> None:
    target = fleet.get("TargetCapacitySpecification")
    default = target.get("DefaultTargetCapacityType") if isinstance(target, dict) else None
    ratio = _number(template.get("onDemandTargetCapacityRatio"))
    if ratio is not None and 0 < ratio < 1:
        carried.put("purchase", "mixed")
        carried.put("on_demand_ratio", ratio)
    elif ratio is not None:
        carried.put("purchase", "on-demand" if ratio >= 1 else "spot")
    elif template.get("spotPrice") or default == "spot":
        carried.put("purchase", "spot")
    if carried.keys.get("purchase", "on-demand") != "on-demand":
        carried.put("queues", [RERUNNABLE], "EDIT: queues whose jobs may be started again")
    if template.get("spotPrice"):
        carried.leave("spotPrice", reasons.OVERRIDE["MaxPrice"])


def _together(template: Mapping[str, Any], carried: Carried) -> None:
    """A placement group lies in one zone, so our pools launch into one all or nothing."""
    group = ",".join(_words(template.get("placementGroupName")))
    if not group:
        return
    if carried.keys.get("purchase") == "mixed" or carried.keys["max_nodes"] > _MOST_AT_ONCE:
        carried.leave("placementGroupName", f"{group}: such a launch is all or nothing, at most 1000 of one kind")
        return
    carried.put("placement_group", group)
    carried.put("all_or_none", True, "EDIT: a group lies in one zone, so a launch gets every node or none")


def _rest(template: Mapping[str, Any], carried: Carried) -> None:
    for tag in tags(str(template.get("instanceTags") or "")):
        carried.leave("instanceTags", f"{tag}: put it into the launch template's tags")
    for key, value in tags_of(str(template.get("gpuextend") or "")):
        if key != "ngpus":
            carried.leave("gpuextend", f"{key}={value}: is reported by the node itself")
    for key, value in template.items():
        if key not in _CARRIED and value not in (None, "", []):
            carried.leave(key, reasons.TEMPLATE.get(key, "is not known here"))
