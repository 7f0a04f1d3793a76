"""What a program asks of the engine for one resource, and what it is told (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.sandbox.apply.handler import Clients, Handler
    from ris_hybrid.sandbox.apply.sights.sight import Sight
    from ris_hybrid.sandbox.apply.state import Record
    from ris_hybrid.sandbox.apply.urns import Alias


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One resource as the program wants it."""

    kind: str
    name: str
    custom: bool = True
    parent: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By property the urns it comes from."""
    protect: bool = False
    retain: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_first: bool | None = None
    """None: the type's own way."""
    aliases: tuple[Alias, ...] = ()
    import_id: str = ""
    secret_outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the program is told: an empty id, and a property that is left out of a preview, are not known yet."""

    urn: str
    id: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)


class Policies(Protocol):
    """The policy pack. Both raise ``PolicyViolation`` for what a mandatory rule forbids."""

    def check(self, urn: str, goal: Goal) -> None:
        """One resource, before anything of it is made."""
        ...

    def check_stack(self, resources: Sequence[Record]) -> None:
        """All resources of the stack, with what AWS gave them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a run works with."""

    handlers: Mapping[str, Handler]
    aws: Clients
    say: Callable[[str], None]
    """Takes one line for the person who watches."""
    policies: Policies | None = None
    sights: Mapping[str, Sight] = field(default_factory=dict)
    """By type how AWS is asked what it has; without any, the state is believed."""
