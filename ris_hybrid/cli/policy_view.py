"""How ``ris-hybrid policy`` shows rules and what is broken."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from policies.examples.both_ways import example
from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.judge import Finding, Verdicts
    from policies.rules.rule import Rule

_NAMED = {"Holdings": "account as a whole", "BurstSettings": "burst.yaml", "Instance": "machine"}


def rule_json(rule: Rule[Any]) -> dict[str, object]:
    """A rule as data."""
    return {
        "rule": rule.name,
        "severity": rule.severity,
        "protects": rule.protects,
        "about": _about(rule),
        "controls": [{"standard": one.standard, "id": one.id} for one in rule.controls],
        "fix": rule.fix,
    }


def explained_json(rule: Rule[Any]) -> dict[str, object]:
    """A rule as data, with what keeps it and what breaks it: the fields in which the two examples differ."""
    shown = example(rule).differ()
    sides = (("keeps", 0), ("breaks", 1))
    examples = {title: {name: _plain(values[side]) for name, values in shown.items()} for title, side in sides}
    return {**rule_json(rule), **examples}


def show_rules(rules: Sequence[Rule[Any]]) -> None:
    """All of them as a table."""
    columns = ("RULE", "SEVERITY", "CONTROLS", "WHAT")
    show.table(columns, [(one.name, one.severity, list(map(str, one.controls)), one.protects) for one in rules])
    show.note(f"rules: {len(rules)}; see `ris-hybrid policy explain RULE`")


def markdown(rules: Sequence[Rule[Any]]) -> str:
    """The table of docs/security.md."""
    rows = [
        f"| `{one.name}` | {one.severity} | {_about(one)} | {one.protects} | {'; '.join(map(str, one.controls))} |"
        for one in rules
    ]
    head = ["| Rule | Severity | About | What it protects | Controls |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows])


def show_rule(rule: Rule[Any]) -> None:
    """One rule with its examples."""
    facts = {"rule": rule.name, "severity": rule.severity, "protects": rule.protects, "about": _about(rule)}
    show.fields({**facts, "controls": list(map(str, rule.controls)), "fix": rule.fix})
    shown = example(rule).differ()
    for title, side in (("keeps it", 0), ("breaks it", 1)):
        show.line()
        show.line(f"{title}:")
        for name, values in shown.items():
            for text in _texts(values[side]):
                show.line(f"  {name} = {text}")


def verdicts_json(verdicts: Verdicts) -> dict[str, object]:
    """What came of a check as data."""
    return {
        "violations": [_finding(one) for one in verdicts.violations],
        "waived": [{**_finding(one.finding), "waiver": asdict(one.waiver)} for one in verdicts.waived],
        "unknown": [_finding(one) for one in verdicts.unknown],
        "unused_waivers": [asdict(one) for one in verdicts.unused],
    }


def show_verdicts(verdicts: Verdicts, *, live: bool) -> None:
    """What came of a check, broken rules first; what a plan cannot know is only counted."""
    rows: list[tuple[str, ...]] = [(one.rule, one.severity, one.resource, one.message) for one in verdicts.violations]
    waived = [(one.finding, one.waiver) for one in verdicts.waived]
    rows += [
        (one.rule, "waived", one.resource, f"{one.message}; {by.owner} until {by.until} ({by.ticket}): {by.reason}")
        for one, by in waived
    ]
    rows += [(one.rule, "not known", one.resource, one.message) for one in verdicts.unknown] if live else []
    if rows:
        show.table(("RULE", "VERDICT", "RESOURCE", "WHAT"), rows)
    for waiver in verdicts.unused:
        show.warn(f"{waiver.where}: the waiver of {waiver.rule} for {waiver.resource} waives nothing: take it out")
    counts = f"broken: {len(verdicts.violations)}; waived: {len(waived)}; not known: {len(verdicts.unknown)}"
    show.note(counts if live or not verdicts.unknown else f"{counts} (the stacks decide: see {_asked(verdicts)})")


def _asked(verdicts: Verdicts) -> str:
    rules = [name for name, _ in groupby(sorted(one.rule for one in verdicts.unknown))]
    return f"the policy pack and --live for {len(rules)} rules"


def _finding(one: Finding) -> dict[str, object]:
    return asdict(one)


def _about(rule: Rule[Any]) -> str:
    """The classes of values and the scopes in words."""
    names = [_NAMED.get(kind.__name__) or _words(kind.__name__) for kind in rule.subjects]
    return ", ".join(names) + (f" ({rule.about})" if rule.about else "")


def _words(name: str) -> str:
    """``LaunchTemplate`` as ``launch template``."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name).strip()


def _texts(value: object) -> list[str]:
    """A value as JSON; statements and parts of a value each on a line of their own."""
    if value in ((), "", {}):
        return ["nothing"]
    parts = value if isinstance(value, tuple) and not all(isinstance(one, str) for one in value) else (value,)
    return [json.dumps(_fields(one)) for one in parts]


def _plain(value: object) -> object:
    """A value as what JSON knows."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _fields(value)


def _fields(value: object) -> object:
    """A dataclass as its fields; anything else as it is."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
