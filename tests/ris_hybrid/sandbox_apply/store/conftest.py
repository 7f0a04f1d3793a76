"""Handlers called as the engine calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers import account, alarms, buckets, budgets, config_rules, keys, lustre, trails
from ris_hybrid.sandbox.apply.sights.every import sights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.clients import SandboxClients
    from ris_hybrid.sandbox.apply.handler import Handler

SIGHTS = sights()
FAMILIES = (account, alarms, buckets, budgets, config_rules, keys, lustre, trails)


class Applied:
    """Makes and changes things of any type, and keeps what is known of them."""

    def __init__(self, clients: SandboxClients) -> None:
        self.of: Mapping[str, Handler] = {kind: one for family in FAMILIES for kind, one in family.HANDLERS.items()}
        self._clients = clients
        self._inputs: dict[tuple[str, str], dict[str, Any]] = {}

    def make(self, kind: str, **props: Any) -> Made:
        made = self.of[kind].create(self._clients, "auto-1234567", props)
        self._inputs[kind, made.id] = props
        self._shown(kind, made, props)
        return Made(id=made.id, outputs={**props, **made.outputs})

    def change(self, kind: str, made: Made, **new: Any) -> None:
        old = self._inputs[kind, made.id]
        wanted = {**old, **new}
        assert not {name for name in new if old.get(name) != wanted[name]} & self.of[kind].replace_on
        self.of[kind].update(self._clients, made, old, wanted)
        self._inputs[kind, made.id] = wanted
        self._shown(kind, made, wanted)

    def delete(self, kind: str, made: Made) -> None:
        self.of[kind].delete(self._clients, made)

    def _shown(self, kind: str, made: Made, props: dict[str, Any]) -> None:
        """What was just asked for is what AWS shows."""
        whole = Made(id=made.id, outputs={**props, **made.outputs})
        sight = SIGHTS.get(kind)
        assert sight is None or sight.differing(self._clients, whole, props) == {}


@pytest.fixture
def applied(clients: SandboxClients) -> Applied:
    return Applied(clients)
