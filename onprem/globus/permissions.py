"""Access rules and memberships as they are, against what the plan wants: changes with reasons (pure).

Rules are matched by principal kind, principal and path. Only rules of groups that are ours are ever taken away; what
others gave is kept and named. Nothing is taken away on missing knowledge, nor much at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from onprem.globus.grants import Grant

Deed = Literal["add", "change", "delete", "keep"]
MOST_RULES = 1000
"""Of one collection, Globus."""
MOST_EFFECTIVE = 100
"""That count for one user on one collection, Globus."""
_FEW = 10
_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An access rule as Globus has it, or is to have it."""

    kind: str
    """``group``, ``identity``, ``all_authenticated_users``, ``anonymous``."""
    principal: str
    """Id; empty for a group that is yet to be made."""
    path: str
    permissions: str
    rule_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One thing to do, or not to do, about a rule."""

    deed: Deed
    rule: Rule
    name: str
    """Of the principal, for people."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What changes in one Globus group."""

    group: str
    """The directory's name of it."""
    name: str
    """Globus's name of it."""
    group_id: str
    """Empty: it is to be made."""
    add: tuple[str, ...] = ()
    """Identities."""
    remove: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """People without a Globus identity, by user name, and groups the site's listing has not."""
    held: str = ""
    """Why nobody is removed though some would be."""


def rule_of(document: Mapping[str, Any]) -> Rule:
    """From Globus's ``access`` document."""
    return Rule(
        kind=str(document["principal_type"]),
        principal=str(document.get("principal", "")),
        path=str(document["path"]),
        permissions=str(document["permissions"]),
        rule_id=str(document.get("id") or ""),
    )


def rule_changes(
    grants: Iterable[Grant], current: Iterable[Rule], ids: Mapping[str, str], *, many: bool = False
) -> tuple[RuleChange, ...]:
    """What makes the rules those of the plan; ``ids`` has our Globus groups by the directory's name, case-folded.

    ``many`` lets more than half of the rules be taken away at once.
    """
    have = {(rule.kind, rule.principal, rule.path): rule for rule in current}
    names = {group_id: name for name, group_id in ids.items()}
    changes: list[RuleChange] = []
    for grant in grants:
        group_id = ids.get(grant.group.casefold(), "")
        wanted = Rule(kind="group", principal=group_id, path=grant.path, permissions=grant.permissions)
        found = have.pop(("group", group_id, grant.path), None)
        changes.append(_change(wanted, found, grant))
    extra = [_extra(rule, names) for rule in have.values()]
    return (*changes, *_braked(extra, len(have) + len(changes), many=many))


def membership(
    group: tuple[str, str, str],
    wanted: tuple[tuple[str, ...], tuple[str, ...]],
    state: GroupState,
    *,
    many: bool = False,
) -> Membership:
    """What changes in a group: (directory's name, Globus's name, id); ``wanted`` are its people and what is unknown."""
    people, unknown_groups = wanted
    nobody = tuple(name for name in people if name not in state.identities)
    ids = {state.identities[name] for name in people if name in state.identities}
    remove = tuple(sorted(one for one, role in state.members.items() if role == "member" and one not in ids))
    held = _why_held(group[0], unknown_groups, len(remove), len(state.members), many=many)
    return Membership(
        group=group[0],
        name=group[1],
        group_id=group[2],
        add=tuple(sorted(ids - state.members.keys())),
        remove=() if held else remove,
        unknown=(*nobody, *unknown_groups),
        held=held if remove else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """What Globus says."""

    members: Mapping[str, str]
    """Identity to role, of one group; empty for one that is yet to be made."""
    identities: Mapping[str, str]
    """User name at the site, case-folded, to identity; who is not in it has none."""


def over_limits(changes: Iterable[RuleChange], members: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Which of Globus's limits the rules would pass; ``members`` are identities by group id."""
    rules = [change.rule for change in changes if change.deed != "delete"]
    if len(rules) > MOST_RULES:
        yield f"{len(rules)} access rules; a collection has room for {MOST_RULES}"
    each = Counter(rule.principal for rule in rules)
    effective: Counter[str] = Counter()
    for principal, count in each.items():
        for person in members.get(principal, (principal,)):
            effective[person] += count
    for person, count in effective.items():
        if person and count > MOST_EFFECTIVE:
            yield f"{count} access rules count for identity {person}; Globus heeds {MOST_EFFECTIVE}"


def _change(wanted: Rule, found: Rule | None, grant: Grant) -> RuleChange:
    if found is None:
        return RuleChange(deed="add", rule=wanted, name=grant.group, reason=grant.reason)
    kept = Rule(
        kind=found.kind,
        principal=found.principal,
        path=found.path,
        permissions=wanted.permissions,
        rule_id=found.rule_id,
    )
    if found.permissions == wanted.permissions:
        return RuleChange(deed="keep", rule=kept, name=grant.group, reason=grant.reason)
    reason = f"{grant.reason}: {found.permissions} becomes {wanted.permissions}"
    return RuleChange(deed="change", rule=kept, name=grant.group, reason=reason)


def _extra(rule: Rule, names: Mapping[str, str]) -> RuleChange:
    if rule.kind == "group" and rule.principal in names:
        reason = "the plan gives this group nothing here any more"
        return RuleChange(deed="delete", rule=rule, name=names[rule.principal], reason=reason)
    reason = "given by somebody else: its principal is none of ours"
    return RuleChange(deed="keep", rule=rule, name=rule.principal or rule.kind, reason=reason)


def _braked(extra: list[RuleChange], rules: int, *, many: bool) -> Iterator[RuleChange]:
    going = sum(change.deed == "delete" for change in extra)
    held = not many and going > _FEW and going > rules * _SHARE
    for change in extra:
        if held and change.deed == "delete":
            reason = f"held: {going} of {rules} rules would go at once; {change.reason}"
            yield RuleChange(deed="keep", rule=change.rule, name=change.name, reason=reason)
        else:
            yield change


def _why_held(group: str, unknown: tuple[str, ...], going: int, members: int, *, many: bool) -> str:
    if group in unknown:
        return "the site's listing has no such group: who is in it is not known"
    if unknown:
        return f"not known who is in {', '.join(unknown)}"
    if not many and going > _FEW and going > members * _SHARE:
        return f"{going} of {members} members would go at once"
    return ""
