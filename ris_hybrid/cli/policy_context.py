"""What the rules are told beside a plan or what AWS holds: the site's pools, its networks, and whom it trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.rules.rule import Context
    from ris_hybrid.mirror.wanted import Wanted
    from ris_hybrid.settings import BurstSettings


def context(
    burst: BurstSettings | None,
    site_cidrs: Iterable[str],
    trusted_accounts: Iterable[str],
    allocations: Iterable[Wanted] = (),
) -> Context:
    """The context for a site; no network told is one not known, for every site has some.

    Allocations are those of the site's files: a plan has not all of them, and those that are not mirrored, or stand in
    another environment, hold PHI all the same.
    """
    from burst.aws.prices import catalog
    from policies.rules.rule import Context

    return Context(
        burst=burst,
        site_cidrs=tuple(site_cidrs) or None,
        trusted_accounts=frozenset(trusted_accounts),
        known_types=frozenset(catalog()),
        phi_labs=frozenset(one.lab for one in allocations if one.secure),
    )
