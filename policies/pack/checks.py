"""The rules as checks of Pulumi's: over each resource as it comes, and over the whole stack, each in two degrees.

A rule that is broken by what a resource says itself is told at that resource, before it is made. One that takes
several resources (a bucket and the policy of its own) is told when the stack is complete, and only once. What is not
known is never a violation. There are four checks, not one a rule: Pulumi's server reads a resource's properties anew
for each check, which with one a rule takes ten times as long as the rules themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.deserialize import serialize_properties
from pulumi_policy.proxy import (
    UNKNOWN_ARRAY_VALUE,
    UNKNOWN_BOOLEAN_VALUE,
    UNKNOWN_NUMBER_VALUE,
    UNKNOWN_OBJECT_VALUE,
    UNKNOWN_STRING_VALUE,
)

from policies.from_pulumi.registered import UNKNOWN, Resource, Stack, kind_of
from policies.from_pulumi.stack import READERS, registered, value_of
from policies.judge import called, finding, judge, settle
from policies.rules.all_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_policy import (
        Policy,
        PolicyResource,
        ReportViolation,
        ResourceValidationArgs,
        StackValidationArgs,
    )

    from policies.judge import Finding
    from policies.pack.told import Told
    from policies.rules.rule import Rule, Severity

_SENTINELS = frozenset(
    {
        UNKNOWN_ARRAY_VALUE,
        UNKNOWN_BOOLEAN_VALUE,
        UNKNOWN_NUMBER_VALUE,
        UNKNOWN_OBJECT_VALUE,
        UNKNOWN_STRING_VALUE,
    }
)


def checks(told: Told) -> list[Policy]:
    """All of the pack."""
    return [
        _each("each-resource", "mandatory", told),
        _each("each-resource-advisory", "advisory", told),
        _whole("whole-stack", "mandatory", told),
        _whole("whole-stack-advisory", "advisory", told),
    ]


def _each(name: str, severity: Severity, told: Told) -> ResourceValidationPolicy:
    rules = _rules(severity)

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if kind_of(args.resource_type) in READERS:
            one = Resource(type=args.resource_type, name=args.name, urn=args.urn, props=_plain_props(args.props))
            for each in settle(_broken_alone(one, rules, told), told.waivers, told.today).violations:
                report(_said(each), args.urn)

    return ResourceValidationPolicy(
        name=name,
        description=f"Rules a resource keeps by itself, {severity}.",
        validate=validate,
        enforcement_level=_level(severity),
    )


def _whole(name: str, severity: Severity, told: Told) -> StackValidationPolicy:
    rules = _rules(severity)

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = _stack([_resource(one) for one in args.resources], told, whole=True)
        urns = {called(value): one.urn for one in stack.resources if (value := value_of(one, stack)) is not None}
        before = {found for one in stack.resources for found in _broken_alone(one, rules, told)}
        for each in settle(judge(registered(stack), told.context, rules), told.waivers, told.today).violations:
            if each not in before:
                report(_said(each), urns.get(each.resource))

    return StackValidationPolicy(
        name=name,
        description=f"Rules several resources of a stack keep together, {severity}.",
        validate=validate,
        enforcement_level=_level(severity),
    )


def _rules(severity: Severity) -> list[Rule[Any]]:
    return [rule for rule in RULES if rule.severity == severity]


def _broken_alone(one: Resource, rules: Sequence[Rule[Any]], told: Told) -> list[Finding]:
    """What is wrong with a resource that nothing beside it is needed for."""
    value = value_of(one, _stack([one], told, whole=False))
    asked = [(rule, rule.judge(value, told.context)) for rule in rules if type(value) in rule.subjects]
    return [finding(rule, called(value), verdict) for rule, verdict in asked if verdict.state == "broken"]


def _said(found: Finding) -> str:
    return f"{found}. To mend it: {found.fix}."


def _stack(resources: list[Resource], told: Told, *, whole: bool) -> Stack:
    return Stack(resources=resources, whole=whole, account=told.account, region=told.region)


def _resource(one: PolicyResource) -> Resource:
    return Resource(
        type=one.resource_type,
        name=one.name,
        urn=one.urn,
        props=_plain_props(one.props),
        property_dependencies={
            key: tuple(source.urn for source in sources) for key, sources in one.property_dependencies.items()
        },
    )


def _plain_props(props: Any) -> dict[str, Any]:  # Pulumi's proxies
    plain = _plain(serialize_properties(props))
    return plain if isinstance(plain, dict) else {}


def _plain(value: Any) -> Any:  # JSON
    """Pulumi's stand-ins for what is not known yet become ours; numbers that are whole become so."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str) and value in _SENTINELS:
        return UNKNOWN
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _level(severity: Severity) -> EnforcementLevel:
    return EnforcementLevel.MANDATORY if severity == "mandatory" else EnforcementLevel.ADVISORY
