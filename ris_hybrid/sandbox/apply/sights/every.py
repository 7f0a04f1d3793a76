"""The sights of every family in one table, imported when a run refreshes (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.sights.sight import Sight


def sights() -> Mapping[str, Sight]:
    """By Pulumi's type token."""
    from ris_hybrid.sandbox.apply.sights import data, identity, network, serving

    return {**data.SIGHTS, **identity.SIGHTS, **network.SIGHTS, **serving.SIGHTS}
