"""All rules over one plan, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules import RULES, Subject
from ris_hybrid.errors import PolicyViolation

if TYPE_CHECKING:
    from collections.abc import Collection

    from policies.rules import NetworkJson, Violation
    from ris_hybrid.settings import BurstSettings


def check(
    network: NetworkJson, burst: BurstSettings, *, phi_labs: Collection[str], known_types: Collection[str]
) -> tuple[Violation, ...]:
    """The rules that are broken, by rule name; empty when the plan may be built."""
    subject = Subject(network=network, burst=burst, phi_labs=frozenset(phi_labs), known_types=frozenset(known_types))
    broken = (rule(subject) for rule in RULES)
    return tuple(sorted((one for one in broken if one), key=lambda one: one.rule))


def enforce(violations: Collection[Violation]) -> None:
    """Raise ``PolicyViolation`` that lists every broken rule and how to mend it; none: do nothing."""
    if violations:
        message = "\n".join(f"{one.rule} [{one.control}]: {one.message}" for one in violations)
        raise PolicyViolation(message, "\n".join(f"{one.rule}: {one.fix}" for one in violations))
