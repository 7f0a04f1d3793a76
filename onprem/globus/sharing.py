"""An allocation's permissions on its guest collection: read, planned against what the mirror wants, applied.

Order of an apply: groups first, then who is in them, then rules given or changed, and only then rules taken away.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from onprem.globus.grants import grants, group_name, people
from onprem.globus.permissions import GroupState, membership, over_limits, rule_changes, rule_of
from onprem.globus.standing import objections
from ris_hybrid.errors import PolicyViolation, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onprem.globus.directory import Directory
    from onprem.globus.permissions import Membership, Rule, RuleChange
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus
    from ris_hybrid.mirror.values import AllocationPlan

_ORDER = {"add": 0, "change": 1, "delete": 2, "keep": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingPlan:
    """What is to change for one allocation, and what is not and why."""

    allocation: str
    collection: str
    high_assurance: bool
    groups: tuple[Membership, ...]
    rules: tuple[RuleChange, ...]
    findings: tuple[str, ...]
    """Limits that would be passed: then nothing is applied."""

    @property
    def changes(self) -> int:
        """How many things an apply does."""
        groups = sum(len(one.add) + len(one.remove) + (not one.group_id) for one in self.groups)
        return groups + sum(one.deed != "keep" for one in self.rules)


class Sharing:
    """Guest collections that data.yaml names."""

    def __init__(self, service: Service, directory: Directory, settings: Globus) -> None:
        self._service, self._directory, self._settings = service, directory, settings

    def plan(
        self, allocation: AllocationPlan, listing: Mapping[str, tuple[str, ...]], *, many: bool = False
    ) -> SharingPlan:
        """What changes; ``listing`` has the site's groups. ``many`` lets the brakes go.

        Raises ``Refused`` for PHI on a collection that is not high assurance, ``CloudError`` where Globus cannot tell.
        """
        collection = self._settings.guest_collections[allocation.name]
        document = self._service.collection(collection)
        against = list(objections(allocation.data_class, self._settings, (document,)))
        if against:
            hint = "give the allocation a high-assurance guest collection"
            raise Refused("; ".join(against), hint, "NotHighAssurance")
        wanted = grants(allocation)
        groups, members = self._groups(allocation, listing, many=many)
        ids = {one.group.casefold(): one.group_id for one in groups if one.group_id}
        rules = rule_changes(wanted, self._rules(collection), ids, many=many)
        return SharingPlan(
            allocation=allocation.name,
            collection=collection,
            high_assurance=document.get("high_assurance") is True,
            groups=groups,
            rules=rules,
            findings=tuple(over_limits(rules, members)),
        )

    def apply(self, plan: SharingPlan, tell: Callable[[str], None]) -> None:
        """Do what is planned; again it changes nothing. Raises ``PolicyViolation`` where a limit would be passed."""
        if plan.findings:
            raise PolicyViolation("; ".join(plan.findings), "give fewer projects groups of their own")
        made = {one.group.casefold(): self._group(one, plan, tell) for one in plan.groups}
        for change in sorted(plan.rules, key=lambda change: _ORDER[change.deed]):
            principal = change.rule.principal or made[change.name.casefold()]
            if change.deed != "keep":
                tell(f"{plan.allocation}: {change.deed} {change.rule.permissions} on a directory for {change.name}")
                self._rule(plan.collection, change, principal)

    def _groups(
        self, allocation: AllocationPlan, listing: Mapping[str, tuple[str, ...]], *, many: bool
    ) -> tuple[tuple[Membership, ...], dict[str, set[str]]]:
        """What changes in the groups, and who will be in each, by id."""
        have = self._directory.groups()
        names = dict.fromkeys(one.group for one in grants(allocation))
        wanted = {name: people(name, listing) for name in names}
        identities = self._identities([person for each, _ in wanted.values() for person in each])
        found, members = [], {}
        for name, told in wanted.items():
            called = group_name(name, allocation.data_class)
            group_id = have.get(called, "")
            state = GroupState(members=self._directory.members(group_id) if group_id else {}, identities=identities)
            change = membership((name, called, group_id), told, state, many=many)
            found.append(change)
            members[group_id] = {*state.members, *change.add} - set(change.remove)
        return tuple(found), members

    def _identities(self, names: list[str]) -> dict[str, str]:
        """By user name at the site. Every name is asked for with the site's domain behind it."""
        domain = self._settings.identity_domain
        asked = {f"{name}@{domain}".casefold(): name for name in dict.fromkeys(names)}
        found = self._directory.identities(list(asked))
        return {asked[username]: identity for username, identity in found.items() if username in asked}

    def _rules(self, collection: str) -> list[Rule]:
        client = self._service.client
        answer = self._service.ask(
            f"listing access rules of {collection}", lambda: client.endpoint_acl_list(collection)
        )
        return [rule_of(one) for one in answer["DATA"] if not one.get("role_id")]

    def _group(self, one: Membership, plan: SharingPlan, tell: Callable[[str], None]) -> str:
        group_id = one.group_id
        if not group_id:
            tell(f"{plan.allocation}: make group {one.name}")
            group_id = self._directory.make(one.name, high_assurance=plan.high_assurance)
        if one.add or one.remove:
            tell(f"{plan.allocation}: group {one.name}: {len(one.add)} come, {len(one.remove)} go")
            self._directory.change(group_id, one.add, one.remove)
        return group_id

    def _rule(self, collection: str, change: RuleChange, principal: str) -> None:
        client, rule = self._service.client, change.rule
        document = {
            "DATA_TYPE": "access",
            "principal_type": rule.kind,
            "principal": principal,
            "path": rule.path,
            "permissions": rule.permissions,
        }
        match change.deed:
            case "add":
                call = partial(client.add_endpoint_acl_rule, collection, document)
            case "change":
                call = partial(client.update_endpoint_acl_rule, collection, rule.rule_id, document)
            case _:
                call = partial(client.delete_endpoint_acl_rule, collection, rule.rule_id)
        self._service.ask(f"changing access rules of {collection}", call)
