"""Pulumi's names of resources: ``urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME``.

Source: Pulumi's documentation "Resource names" and ``create_urn`` of its Python SDK.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = "pulumi:pulumi:Stack"
"""The type of the stack's own resource, which no urn names as a parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Urn:
    """The parts of one."""

    stack: str
    project: str
    kinds: str
    """Its own type after its parents', with ``$`` between them."""
    name: str

    @classmethod
    def parse(cls, text: str) -> Urn:
        """The parts of ``urn:pulumi:...``; a name may have ``::`` in it."""
        stack, project, kinds, name = text.removeprefix("urn:pulumi:").split("::", 3)
        return cls(stack=stack, project=project, kinds=kinds, name=name)

    @property
    def kind(self) -> str:
        """Its own type."""
        return self.kinds.rpartition("$")[2]

    def __str__(self) -> str:
        return f"urn:pulumi:{self.stack}::{self.project}::{self.kinds}::{self.name}"


def child(stack: str, project: str, parent: str, kind: str, name: str) -> str:
    """The urn of a resource below ``parent``, a urn or empty."""
    above = Urn.parse(parent).kinds if parent else ""
    kinds = f"{above}${kind}" if above and above != ROOT else kind
    return str(Urn(stack=stack, project=project, kinds=kinds, name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """What a resource was called before: each part that is empty is as it is now."""

    urn: str = ""
    """The whole of it; the other parts are then not looked at."""
    name: str = ""
    kind: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


def before(alias: Alias, urn: str, parent: str) -> str:
    """The urn an alias stands for, of a resource that is now ``urn`` below ``parent``."""
    if alias.urn:
        return alias.urn
    now = Urn.parse(urn)
    return child(
        alias.stack or now.stack,
        alias.project or now.project,
        "" if alias.no_parent else alias.parent or parent,
        alias.kind or now.kind,
        alias.name or now.name,
    )


def formers(urn: str, parent: str, aliases: Sequence[Alias], parent_was: str = "") -> list[str]:
    """Every urn the resource may have had; a parent that was renamed renames what is below it.

    A name that begins with the parent's is taken to be made from it, as Pulumi's engine does.
    """
    found = [before(alias, urn, parent) for alias in aliases]
    if not parent_was:
        return found
    name, now, was = Urn.parse(urn).name, Urn.parse(parent).name, Urn.parse(parent_was).name
    inherited = [Alias(parent=parent_was)]
    if name.startswith(now):
        inherited.append(Alias(parent=parent_was, name=was + name[len(now) :]))
    inherited += [replace(alias, parent=parent_was) for alias in aliases if not alias.parent and not alias.no_parent]
    return found + [before(alias, urn, parent) for alias in inherited]
