"""The policy pack's rules asked in this process: the same predicates, without the pack's process (sandbox).

For a sandbox that is built while somebody waits; ``ris-hybrid sandbox up`` asks the pack as Pulumi does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import UNKNOWN as NOT_KNOWN
from policies.from_pulumi.registered import Resource, Stack
from policies.from_pulumi.stack import READERS, registered, value_of
from policies.judge import called, finding, judge, settle
from policies.plan import enforce
from policies.rules.all_rules import RULES
from ris_hybrid.sandbox.apply.clients import ACCOUNT
from ris_hybrid.sandbox.apply.values import UNKNOWN, bare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.rules.rule import Context
    from ris_hybrid.sandbox.apply.goal import Goal
    from ris_hybrid.sandbox.apply.state import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The port ``Policies`` of the engine; raises ``PolicyViolation`` with every mandatory rule that is broken."""

    context: Context
    region: str

    def check(self, urn: str, goal: Goal) -> None:
        """What a resource says itself, before it is made."""
        if goal.kind in READERS:
            one = Resource(type=goal.kind, name=goal.name, urn=urn, props=_plain(goal.inputs))
            value = value_of(one, self._stack([one], whole=False))
            asked = [(rule, rule.judge(value, self.context)) for rule in RULES if type(value) in rule.subjects]
            enforce(settle([finding(rule, called(value), verdict) for rule, verdict in asked], (), ""))

    def check_stack(self, resources: Sequence[Record]) -> None:
        """What the stack's resources keep together."""
        stack = self._stack([_resource(one) for one in resources if one.custom], whole=True)
        enforce(settle(judge(registered(stack), self.context), (), ""))

    def _stack(self, resources: list[Resource], *, whole: bool) -> Stack:
        return Stack(resources=resources, whole=whole, account=ACCOUNT, region=self.region)


def _resource(one: Record) -> Resource:
    return Resource(
        type=one.kind,
        name=one.name,
        urn=one.urn,
        props=_plain({**one.outputs, "id": one.id}),
        property_dependencies={prop: tuple(urns) for prop, urns in one.reasons.items()},
    )


def _plain(props: dict[str, Any]) -> dict[str, Any]:
    """Without marks of secrecy; what is not known is the rules' own mark."""
    return {name: _known(value) for name, value in bare(props).items()}


def _known(value: Any) -> Any:  # JSON
    if isinstance(value, dict):
        return {key: _known(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_known(one) for one in value]
    return NOT_KNOWN if value is UNKNOWN else value
