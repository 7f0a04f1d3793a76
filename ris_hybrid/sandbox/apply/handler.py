"""What the sandbox's engine asks of a resource type: create, update, delete with the AWS calls of the real provider.

A handler is given Pulumi's own property names (``cidrBlock``) with secrets opened and unknowns gone. It calls AWS by
botocore, which checks every parameter, so a property that does not exist fails. It knows no state but its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

Props = Mapping[str, Any]
"""Inputs or outputs of a resource, in Pulumi's names."""


class Clients(Protocol):
    """AWS clients of one sandbox; whoever makes them has refused every address that is not loopback."""

    region: str
    account: str

    def get(self, service: str) -> Any:
        """The botocore client of a service (``ec2``, ``s3``), made once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource after its creation."""

    id: str
    outputs: Props = field(default_factory=dict)
    """After ``create`` what AWS gave (``arn``, ``prefixListId``), which the engine lays over the inputs.

    Handed to ``update`` and ``delete`` it is both: inputs and what AWS gave.
    """


class Unfinished(Exception):
    """It was made, and a later call of its creation failed: the engine takes it away before it tries again."""

    def __init__(self, made: Made) -> None:
        super().__init__(made.id)
        self.made = made


class Handler(Protocol):
    """One resource type. Errors of botocore pass through: the engine stops, keeps its state and says which."""

    @property
    def replace_on(self) -> frozenset[str]:
        """Properties that cannot be changed in place."""
        ...

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it. ``name`` is what Pulumi's auto-naming would give where the properties name nothing."""
        ...

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Change it in place; gives the outputs that AWS gave anew, none when it gave none.

        Called with properties that differ outside ``replace_on``.
        """
        ...

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away; one that is gone already is no error."""
        ...


@runtime_checkable
class Knowing(Protocol):
    """A type that says which properties it understands: a preview then refuses any other before anything is made."""

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands, Pulumi's names."""
        ...


@runtime_checkable
class Exclusive(Protocol):
    """A type of which two may not have one name: where the name stays, the old copy must go before the new one comes.

    The real provider does the same for every type with a name of its own.
    """

    def deletes_first(self, old: Props, new: Props) -> bool:
        """Whether a replacement of these inputs would have the same name; ``new`` may hold what is not known yet."""
        ...


@runtime_checkable
class Findable(Protocol):
    """A type that can be found again by the name it was to get, after a run was killed in its creation."""

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """The one with that name, or the one ``props`` name; None when there is none."""
        ...


@runtime_checkable
class Readable(Protocol):
    """A type that can be imported, or looked up by ``.get()``."""

    def read(self, aws: Clients, resource_id: str) -> Made:
        """What is there under an id, inputs among its outputs; raises botocore's error when nothing is."""
        ...
