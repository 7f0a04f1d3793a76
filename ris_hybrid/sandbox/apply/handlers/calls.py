"""A handler as data: which call creates, which property is which parameter, what names it, how it is tagged.

``Calls`` is a ``Handler`` and knows exactly the properties it names; any other is an error. A property of ``params``
goes into the create call and is replaced on change; one of an ``Also`` can be changed in place.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Made, Unfinished
from ris_hybrid.sandbox.apply.handlers.parts import parameters, places
from ris_hybrid.sandbox.apply.handlers.tagging import Tags
from ris_hybrid.sandbox.apply.handlers.wording import at, camel, filled, is_gone, unknown_to, unlisted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.apply.handler import Clients, Props
    from ris_hybrid.sandbox.apply.handlers.parts import Also, Params, Read, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A resource type as AWS calls."""

    service: str
    create_call: str
    id: str
    """Where the id is in the created thing (``VpcId``), or a template (``{name}``)."""
    at: str = ""
    """Where the created thing is in the answer (``Vpc``)."""
    params: Params = field(default_factory=dict)
    fixed: Template = field(default_factory=dict)
    """Parameters of the create call that are always the same, or templates of properties."""
    named: str = ""
    """The property that gets Pulumi's automatic name when it is not given."""
    key: Template = field(default_factory=dict)
    """What names the thing in every later call."""
    delete_call: str = ""
    """Empty: nothing is there to delete (an account-wide setting)."""
    also: Sequence[Also] = ()
    tags: Tags | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    """By Pulumi's name: where it is in the created thing, or a template with ``{id}``."""
    reading: Read | None = None

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        later = {prop for also in self.also for prop in also.params}
        return frozenset(self.params) | later | ({"tags"} if self.tags else set())

    @property
    def replace_on(self) -> frozenset[str]:
        """Those that only the create call takes."""
        silent = {prop for prop, to in self.params.items() if to is None}
        later = {prop for also in self.also for prop in also.params}
        return frozenset(self.params) - silent - later

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it, then make every other call its properties need; ``Unfinished`` when one of those fails."""
        _refuse(unknown_to(self.knows, props))
        given = {**props, **({self.named: props.get(self.named) or name} if self.named else {})}
        asked = {**filled(dict(self.fixed), _about(aws, "", given)), **parameters(self.params, given)}
        if self.tags and self.tags.at_creation and given.get("tags"):
            asked[self.tags.creation_param or self.tags.param] = self.tags.at_creation(self.tags.form(given["tags"]))
        answer = _ask(aws, self.service, self.create_call, asked)
        made = self._made(aws, at(self.at, answer), given)
        with finishing(made):
            self._finish(aws, made, given)
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Repeat the calls whose properties differ."""
        _refuse(unknown_to(self.knows, new))
        for also in self.also:
            if any(old.get(prop) != new.get(prop) for prop in also.params):
                self._also(aws, also, made, new)
        if self.tags and old.get("tags") != new.get("tags"):
            self._tag(aws, made, old.get("tags") or {}, new.get("tags") or {})
            return {"tagsAll": new.get("tags") or {}}
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away; one that is gone is no error."""
        if not self.delete_call:
            return
        try:
            _ask(aws, self.service, self.delete_call, filled(dict(self.key), _about(aws, made.id, made.outputs)))
        except ClientError as error:
            if not is_gone(error.response["Error"]["Code"]):
                raise

    def read(self, aws: Clients, resource_id: str) -> Made:
        """What is there, inputs among its outputs; raises ``ConfigError`` for a type no call describes."""
        if self.reading is None:
            raise ConfigError("the sandbox cannot read this type", "give its handler a Read")
        key = self.key if self.reading.key is None else self.reading.key
        asked = {**self.reading.fixed, **filled(dict(key), _about(aws, resource_id, {}))}
        found = at(self.reading.at, _ask(aws, self.service, self.reading.call, asked))
        if found is None:
            raise ConfigError(f"the sandbox's AWS has no {resource_id}", "give the id of one that is there")
        inputs = self._inputs(found)
        return Made(id=resource_id, outputs={**inputs, **self._outputs(aws, resource_id, found, inputs)})

    def _inputs(self, found: Any) -> dict[str, Any]:
        params = [*places(self.params), *(place for also in self.also for place in places(also.params))]
        shown = {prop: to.back(at(to.to, found)) for prop, to in params if at(to.to, found) is not None}
        tagged = unlisted(found.get(self.tags.param)) if self.tags else {}
        return {**shown, **({"tags": tagged} if tagged else {})}

    def deletes_first(self, old: Props, new: Props) -> bool:
        """Whether the name of ours that it has, or that its id is, stays the same."""
        names = re.findall(r"\{(\w+)\}", self.id) or ([self.named] if self.named else [])
        return bool(names) and all(old.get(name) is not None and old.get(name) == new.get(name) for name in names)

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """The one of that name, for types whose id is a name of ours; None where there is none, or no telling."""
        if self.reading is None or "{" not in self.id:
            return None
        given = {**props, **({self.named: props.get(self.named) or name} if self.named else {})}
        try:
            return self.read(aws, filled(self.id, _about(aws, "", given)))
        except ClientError as error:
            if is_gone(error.response["Error"]["Code"]):
                return None
            raise

    def _made(self, aws: Clients, thing: Any, given: Props) -> Made:
        its_id = filled(self.id, _about(aws, "", given)) if "{" in self.id else at(self.id, thing)
        outputs = self._outputs(aws, its_id, thing, given)
        if self.named:
            outputs[self.named] = given[self.named]
        return Made(id=its_id, outputs=outputs)

    def _outputs(self, aws: Clients, its_id: str, thing: Any, given: Props) -> dict[str, Any]:
        about = _about(aws, its_id, given)
        wanted = self.outputs.items()
        found = {name: filled(to, about) if "{" in to else camel(at(to, thing)) for name, to in wanted}
        tagged = {"tagsAll": given.get("tags") or {}} if self.tags else {}
        return {**{name: value for name, value in found.items() if value is not None}, **tagged}

    def _finish(self, aws: Clients, made: Made, given: Props) -> None:
        whole = Made(id=made.id, outputs={**given, **made.outputs})
        for also in self.also:
            if also.at_creation and any(given.get(prop) is not None for prop in also.params):
                self._also(aws, also, whole, given)
        if self.tags and self.tags.at_creation is None:
            self._tag(aws, whole, {}, given.get("tags") or {})

    def _also(self, aws: Clients, also: Also, made: Made, new: Props) -> None:
        about = _about(aws, made.id, {**made.outputs, **new})
        key = filled(dict(self.key if also.key is None else also.key), about)
        asked = parameters(also.params, new, defaults=True)
        if not asked and also.unset:
            _ask(aws, self.service, also.unset, key)
        elif not asked:
            raise ConfigError(f"the sandbox cannot take away {', '.join(also.params)}", "give a value in its place")
        else:
            _ask(aws, self.service, also.call, {**filled(dict(also.fixed), about), **key, **asked})

    def _tag(self, aws: Clients, made: Made, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        tags = self.tags or Tags()
        key = filled(dict(tags.key), _about(aws, made.id, made.outputs))
        if gone := [name for name in old if name not in new]:
            _ask(aws, self.service, tags.take, {**key, tags.take_param: tags.take_form(gone)})
        if fresh := {name: value for name, value in new.items() if old.get(name) != value}:
            _ask(aws, self.service, tags.put, {**key, tags.param: tags.form(fresh)})


@contextmanager
def finishing(made: Made) -> Iterator[None]:
    """Around the calls after the one that created: an error in them leaves word of what is there already.

    Raises:
        Unfinished: with it, so that the engine takes it away before it tries again.
    """
    try:
        yield
    except (BotoCoreError, ClientError, ConfigError) as error:
        raise Unfinished(made) from error


def _refuse(error: ConfigError | None) -> None:
    if error is not None:
        raise error


def _ask(aws: Clients, service: str, call: str, parameters: Mapping[str, Any]) -> Any:
    return getattr(aws.get(service), call)(**parameters)


def _about(aws: Clients, its_id: str, props: Props) -> dict[str, Any]:
    return {**props, "id": its_id, "region": aws.region, "account": aws.account}
