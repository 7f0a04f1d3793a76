"""Handlers for what is switched by calls of its own, and for deletions that must be told more (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.handlers.calls import Calls, finishing
from ris_hybrid.sandbox.apply.handlers.wording import filled, is_gone, unknown_to

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Props
    from ris_hybrid.sandbox.apply.handlers.parts import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A type of ``Calls`` with properties that are true or false, each with the call that makes it so.

    These calls get the type's key alone. ``leaving`` are parameters of the deletion beside the key.
    """

    calls: Calls
    switches: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Property to the calls that switch it on and off; what is not given is off."""
    leaving: Template = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    """Properties that a call in place must repeat and cannot change: a name inside a structure."""

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.calls.knows | frozenset(self.switches)

    @property
    def replace_on(self) -> frozenset[str]:
        """Those that cannot be changed in place."""
        return self.calls.replace_on | self.replaced

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Make it, then switch on what is to be on."""
        error = unknown_to(self.knows, props)
        if error is not None:
            raise error
        made = self.calls.create(aws, name, self._plain(props))
        with finishing(made):
            for prop in self.switches:
                if props.get(prop):
                    self._switch(aws, prop, Made(id=made.id, outputs={**props, **made.outputs}), on=True)
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Repeat the calls whose properties differ, and switch what differs."""
        given = self.calls.update(aws, made, self._plain(old), self._plain(new))
        for prop in self.switches:
            if bool(old.get(prop)) != bool(new.get(prop)):
                self._switch(aws, prop, made, on=bool(new.get(prop)))
        return given

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away; one that is gone is no error."""
        if not self.leaving:
            self.calls.delete(aws, made)
            return
        asked = filled({**self.calls.key, **self.leaving}, _about(aws, made))
        _taking_away(aws, self.calls.service, self.calls.delete_call, asked)

    def find(self, aws: Clients, name: str, props: Props) -> Made | None:
        """The one with the name it was to get."""
        return self.calls.find(aws, name, self._plain(props))

    def deletes_first(self, old: Props, new: Props) -> bool:
        """Whether AWS would refuse the new one beside the old one."""
        return self.calls.deletes_first(self._plain(old), self._plain(new))

    def _plain(self, props: Props) -> dict[str, Any]:
        return {prop: value for prop, value in props.items() if prop not in self.switches}

    def _switch(self, aws: Clients, prop: str, made: Made, *, on: bool) -> None:
        call = self.switches[prop][0 if on else 1]
        getattr(aws.get(self.calls.service), call)(**filled(dict(self.calls.key), _about(aws, made)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Toggle:
    """A type that is nothing but a switch; when it is deleted, it is off."""

    service: str
    prop: str
    on: str
    off: str
    key: Template = field(default_factory=dict)
    id: str = "{region}"
    others: frozenset[str] = frozenset()
    """Its other properties, which stand in the key."""

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.others | {self.prop}

    @property
    def replace_on(self) -> frozenset[str]:
        """What it switches."""
        return self.others

    def create(self, aws: Clients, name: str, props: Props) -> Made:  # noqa: ARG002  # it has no name
        """Switch it; what is not given is on."""
        error = unknown_to(self.knows, props)
        if error is not None:
            raise error
        made = Made(id=filled(self.id, _about(aws, Made(id="", outputs=props))))
        self._switch(aws, Made(id=made.id, outputs=props), on=props.get(self.prop, True))
        return made

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:  # noqa: ARG002
        """Switch it again."""
        self._switch(aws, made, on=new.get(self.prop, True))
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Switch it off."""
        _taking_away(aws, self.service, self.off, filled(dict(self.key), _about(aws, made)))

    def _switch(self, aws: Clients, made: Made, *, on: bool) -> None:
        call = self.on if on else self.off
        getattr(aws.get(self.service), call)(**filled(dict(self.key), _about(aws, made)))


def _taking_away(aws: Clients, service: str, call: str, asked: Mapping[str, Any]) -> None:
    try:
        getattr(aws.get(service), call)(**asked)
    except ClientError as error:
        if not is_gone(error.response["Error"]["Code"]):
            raise


def _about(aws: Clients, made: Made) -> dict[str, Any]:
    return {**made.outputs, "id": made.id, "region": aws.region, "account": aws.account}
