"""All rules over what is held, and what waivers leave of it (pure)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from policies.rules.all_rules import KINDS, RULES
from policies.rules.rule import not_known
from ris_hybrid.holdings.values import Holdings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.rules.rule import Context, Rule, Severity, State, Verdict
    from ris_hybrid.config.waiver import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule that one thing does not keep, or for which that is not known."""

    rule: str
    resource: str
    """``bucket wustl-ris-wucci-1f2e3d``; ``burst.yaml``; ``account 123456789012``."""
    severity: Severity
    state: State
    message: str
    fix: str
    controls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule} [{', '.join(self.controls)}]: {self.resource}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A broken rule somebody answers for."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What came of it; nothing is left out."""

    violations: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    unknown: tuple[Finding, ...] = ()
    unused: tuple[Waiver, ...] = ()
    """Waivers that waived nothing: take them out."""

    @property
    def mandatory(self) -> tuple[Finding, ...]:
        """Those that stop what was about to be done."""
        return tuple(one for one in self.violations if one.severity == "mandatory")


def judge(holdings: Holdings, context: Context, rules: Sequence[Rule[Any]] = RULES) -> tuple[Finding, ...]:
    """Every answer but *holds*, by rule, then by resource."""
    found = [one for rule in rules for one in _findings(rule, holdings, context)]
    return tuple(sorted(found, key=lambda one: (one.rule, one.resource)))


def settle(findings: Sequence[Finding], waivers: Sequence[Waiver], today: str) -> Verdicts:
    """What counts, what is waived, what is not known; ``today`` is an ISO date.

    A waiver that is over counts no more, and the finding says so. One that is over or meets nothing is ``unused``.
    """
    violations: list[Finding] = []
    waived: list[Waived] = []
    for each in (one for one in findings if one.state == "broken"):
        meant = [one for one in waivers if _meets(one, each)]
        standing = next((one for one in meant if one.until >= today), None)
        if standing:
            waived.append(Waived(finding=each, waiver=standing))
        else:
            over = "".join(f" (its waiver ended on {one.until}: {one.where})" for one in meant[:1])
            violations.append(replace(each, message=f"{each.message}{over}"))
    used = {one.waiver for one in waived}
    return Verdicts(
        violations=tuple(violations),
        waived=tuple(waived),
        unknown=tuple(one for one in findings if one.state == "not known"),
        unused=tuple(one for one in waivers if one not in used),
    )


def called(value: Any) -> str:  # any of the values
    """How a value is named in findings and waivers."""
    word, _ = KINDS[type(value)]
    return f"{word} {getattr(value, 'name', '') or getattr(value, 'account', '')}"


def finding(rule: Rule[Any], resource: str, verdict: Verdict) -> Finding:
    """One answer with all a person needs to act on it."""
    return Finding(
        rule=rule.name,
        resource=resource,
        severity=rule.severity,
        state=verdict.state,
        message=verdict.message,
        fix=rule.fix,
        controls=tuple(map(str, rule.controls)),
    )


def _findings(rule: Rule[Any], holdings: Holdings, context: Context) -> Iterator[Finding]:
    for resource, verdict in _answers(rule, holdings, context):
        if verdict.state != "holds":
            yield finding(rule, resource, verdict)


def _answers(rule: Rule[Any], holdings: Holdings, context: Context) -> Iterator[tuple[str, Verdict]]:
    for subject in rule.subjects:
        if subject is Holdings:
            yield f"account {holdings.account}", rule.judge(holdings, context)
        elif subject not in KINDS:
            if context.burst is not None:
                yield "burst.yaml", rule.judge(context.burst, context)
        else:
            values = getattr(holdings, KINDS[subject][1])
            if values is None:
                yield KINDS[subject][1].replace("_", " "), not_known("none of them could be listed")
            for value in values or ():
                yield called(value), rule.judge(value, context)


def _meets(waiver: Waiver, found: Finding) -> bool:
    # Only '*' is a pattern: the others that fnmatch knows may stand in names.
    pattern = waiver.resource.replace("[", "[[]").replace("?", "[?]")
    return waiver.rule == found.rule and fnmatchcase(found.resource, pattern)
