"""What ``Calls`` is written with: properties and parameters, further calls, and the call that reads (sandbox)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.handlers.wording import camel, pascal, plain, upper_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.apply.handler import Props

Template = Mapping[str, Any]
"""Parameters with ``{id}``, ``{region}``, ``{account}`` or any ``{property}`` in them."""


@dataclass(frozen=True, slots=True)
class Param:
    """Where a property goes, and how its value is turned for AWS."""

    to: str
    """``CidrBlock``; ``Attributes.VisibilityTimeout`` for one inside a structure; empty: nowhere."""
    by: Callable[[Any], Any] = pascal
    default: Any = None
    """What is set when the property is taken away."""
    back: Callable[[Any], Any] = camel
    """How the value that AWS shows becomes Pulumi's again."""


Params = Mapping[str, str | Param | None]
"""By Pulumi's property: the parameter, or None for one that is known and needs no call of its own."""


def same(*props: str) -> dict[str, str]:
    """Properties whose parameter has their name with a capital: ``cidrBlock`` is ``CidrBlock``."""
    return {prop: upper_first(prop) for prop in props}


def as_is(*props: str) -> dict[str, str | Param | None]:
    """Properties whose parameter has their very name, as ECR and Logs write it; what is inside stays as it is too."""
    return {prop: Param(prop, by=plain) for prop in props}


@dataclass(frozen=True, slots=True)
class Also:
    """A call after the creation, where one of its properties is given; and again where one of them has changed."""

    call: str
    params: Params
    unset: str = ""
    """The call that takes them all away; it gets the key alone."""
    fixed: Template = field(default_factory=dict)
    key: Template | None = None
    """Where it is not the type's own."""
    at_creation: bool = True
    """False where the create call takes these properties too (name them in ``Calls.params`` as well)."""


@dataclass(frozen=True, slots=True)
class Read:
    """The call that describes one that is there."""

    call: str
    at: str = ""
    """Where in its answer the thing is, ``Vpcs.0``."""
    key: Template | None = None
    fixed: Template = field(default_factory=dict)


def places(params: Params) -> Iterator[tuple[str, Param]]:
    """Each property with the parameter it goes to; those that go nowhere are left out."""
    for prop, to in params.items():
        if isinstance(to, str):
            yield prop, Param(to)
        elif to is not None and to.to:
            yield prop, to


def parameters(params: Params, given: Props, *, defaults: bool = False) -> dict[str, Any]:
    """The parameters of a call for the properties that are given; ``defaults`` stand in for those that are not."""
    asked: dict[str, Any] = {}
    for prop, to in places(params):
        value = given.get(prop)
        if value is None and defaults:
            value = to.default
        if value is not None:
            _put(asked, to.to, to.by(value))
    return asked


def _put(asked: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        asked = asked.setdefault(step, {})
    asked[last] = value
