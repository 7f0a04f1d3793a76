"""How a resource is compared with what AWS has: by calls that read, property by property (sandbox).

Only what a later call can change is compared; what a creation alone decides cannot be changed behind our back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handlers.parts import Param, places
from ris_hybrid.sandbox.apply.handlers.wording import at, filled, is_gone, plain, unlisted
from ris_hybrid.sandbox.apply.sights.alike import alike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.sandbox.apply.handler import Clients, Made, Props
    from ris_hybrid.sandbox.apply.handlers.calls import Calls

Ask = Callable[["Clients", Mapping[str, Any]], Any]
"""Asks AWS about a thing whose id, inputs and outputs are given; None: it is not there."""
_AWS_OWN = "aws:"
_NO_SUCH_PAGE = "404"  # HeadObject has no body to say more


class Sight(Protocol):
    """Compares one resource with AWS. Errors of botocore pass through, but for those that say it is gone."""

    def differing(self, aws: Clients, made: Made, inputs: Props) -> Mapping[str, Any] | None:
        """By property what AWS has in place of what was asked for, None for nothing; None when the thing is gone.

        ``made`` has inputs and outputs. Where the handler's update needs it (tags, lists) it is in Pulumi's form.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One question, and where in its answer the properties are."""

    ask: Ask
    props: Mapping[str, str] = field(default_factory=dict)
    tags: str | None = None
    """Where the tags are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A type that is shown by some calls."""

    looks: tuple[Look, ...]
    params: Mapping[str, Param] = field(default_factory=dict)
    """How each property is asked for."""
    removable: frozenset[str] = frozenset()
    """What is taken off when nothing is asked for; of all others AWS's own choice is then left."""
    passing: frozenset[str] = frozenset()

    def differing(self, aws: Clients, made: Made, inputs: Props) -> Mapping[str, Any] | None:
        """As ``Sight`` has it."""
        about = {**made.outputs, "id": made.id, "region": aws.region, "account": aws.account}
        found: dict[str, Any] = {}
        for look in self.looks:
            try:
                thing = look.ask(aws, about)
            except ClientError as error:
                if says_gone(error):
                    return None
                raise
            if thing is None:
                return None
            found.update(self._differing(look, thing, inputs))
        return found

    def _differing(self, look: Look, thing: Any, inputs: Props) -> Iterator[tuple[str, Any]]:
        for prop, path in look.props.items():
            param, shown = self.params.get(prop, _PLAIN), at(path, thing)
            given = param.default if inputs.get(prop) is None else inputs[prop]
            wanted = None if given is None else param.by(given)
            if (wanted is not None or prop in self.removable) and not alike(wanted, shown, self.passing):
                yield prop, shown
        if look.tags is not None:
            tags = {key: one for key, one in unlisted(at(look.tags, thing)).items() if not key.startswith(_AWS_OWN)}
            if tags != (inputs.get("tags") or {}):
                yield "tags", tags


_PLAIN = Param("", plain)


def shown(
    calls: Calls, *looks: Look, params: Mapping[str, Param] | None = None, passing: frozenset[str] = frozenset()
) -> Shown:
    """A type of ``Calls``; ``params`` where the value is shown in another form than it is asked for."""
    asked = {**dict(places(calls.params)), **{prop: to for also in calls.also for prop, to in places(also.params)}}
    return Shown(
        looks=looks,
        params={**asked, **(params or {})},
        removable=frozenset(prop for also in calls.also if also.unset for prop in also.params),
        passing=passing,
    )


def asking(service: str, call: str, path: str = "", *, none: str = "", **parameters: Any) -> Ask:
    """A call and where in its answer the thing is; the error ``none`` stands for an empty answer."""

    def ask(aws: Clients, about: Mapping[str, Any]) -> Any:
        try:
            answer = getattr(aws.get(service), call)(**filled(parameters, about))
        except ClientError as error:
            if not none or error.response["Error"]["Code"] != none:
                raise
            return {}
        return at(path, answer)

    return ask


def says_gone(error: ClientError) -> bool:
    """Whether an error says that a thing is not there; one that does not know the call says nothing of the thing."""
    code = error.response["Error"]["Code"]
    return code == _NO_SUCH_PAGE or (is_gone(code) and "Operation" not in code)
