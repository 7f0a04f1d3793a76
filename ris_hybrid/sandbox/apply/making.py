"""The engine's steps on one resource: create, change, replace, delete, import; each is in the state when it is done.

A creation is noted in the state before the call. If the run ends in it, or AWS answered nothing, the next run looks
for the thing by its name and goes on with it. If a later call of a creation failed, the thing is in the state as
unfinished, and the next run takes it away before it makes another.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.handler import Findable, Made, Readable, Unfinished
from ris_hybrid.sandbox.apply.leftovers import left_over
from ris_hybrid.sandbox.apply.refusals import CALL_ERRORS, is_open, named
from ris_hybrid.sandbox.apply.state import Pending, Record
from ris_hybrid.sandbox.apply.values import Secret, bare, holds, is_secret, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ris_hybrid.sandbox.apply.goal import Goal, Means
    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.state import StackState


def as_record(goal: Goal, urn: str) -> Record:
    """What is kept of a resource as the program wants it."""
    return Record(
        urn=urn,
        kind=goal.kind,
        name=goal.name,
        custom=goal.custom,
        parent=goal.parent,
        inputs=goal.inputs,
        outputs=goal.inputs,
        dependencies=goal.dependencies,
        reasons={prop: list(urns) for prop, urns in goal.reasons.items()},
        protect=goal.protect,
        retain=goal.retain,
    )


def automatic_name(urn: str, name: str, times: int) -> str:
    """Pulumi's way, a name and seven hexadecimal digits; here they follow from the urn, so a repeat finds it again."""
    return f"{name}-{sha256(f'{urn}#{times}'.encode()).hexdigest()[:7]}"


class Making:
    """Steps that reach AWS and the state."""

    def __init__(self, state: StackState, means: Means, keep: Callable[[], None]) -> None:
        self._state, self._means, self._keep = state, means, keep

    def create(self, goal: Goal, urn: str, handler: Handler, times: int = 1) -> Record:
        """Make it, or go on with what an interrupted run made."""
        name = automatic_name(urn, goal.name, times)
        before = self._state.pending.get(urn)
        if before is not None and (found := self._found(goal, handler, before.name)) is not None:
            return self._adopt(goal, urn, handler, found)
        self._state.pending[urn] = Pending(kind=goal.kind, name=name)
        self._keep()
        record = replace(as_record(goal, urn), times_made=times)
        with named(self._state.stack, goal.kind, goal.name, "create"):
            made = self._made(goal, handler, name, record)
        return self._finished(urn, _with(record, made, goal))

    def update(self, goal: Goal, urn: str, handler: Handler, old: Record) -> Record:
        """Change it in place."""
        with named(self._state.stack, goal.kind, goal.name, "update"):
            given = handler.update(self._means.aws, _made_of(old), opened(old.inputs), opened(goal.inputs))
        kept = {name: value for name, value in old.outputs.items() if name not in old.inputs}
        was = bare(old.outputs)
        fresh = {name: value for name, value in given.items() if name not in goal.inputs or value != was.get(name)}
        record = replace(as_record(goal, urn), times_made=old.times_made)
        record = _with(record, Made(id=old.id, outputs={**kept, **fresh}), goal)
        self._state.put(record, old)
        self._keep()
        return record

    def delete(self, record: Record, handler: Handler | None) -> None:
        """Take it away, and out of the state; what is left in AWS on purpose has no handler here."""
        if handler is not None:
            with named(self._state.stack, record.kind, record.name, "delete"):
                handler.delete(self._means.aws, _made_of(record))
        self._state.drop(record)
        self._keep()

    def read(self, goal: Goal, urn: str, handler: Handler, resource_id: str) -> Record:
        """What is in AWS under an id; nothing is changed."""
        if not isinstance(handler, Readable):
            raise ConfigError(f"sandbox: {goal.kind} cannot be read", "give its handler a read")
        with named(self._state.stack, goal.kind, goal.name, "read"):
            made = handler.read(self._means.aws, resource_id)
        return _with(as_record(goal, urn), made, goal)

    def keep_read(self, record: Record, old: Record | None) -> None:
        """Put what was read into the state."""
        self._state.put(record, old)
        self._keep()

    def _made(self, goal: Goal, handler: Handler, name: str, record: Record) -> Made:
        try:
            return handler.create(self._means.aws, name, opened(goal.inputs))
        except Unfinished as half:
            self._finished(record.urn, replace(_with(record, half.made, goal), unfinished=True))
            raise half.__cause__ or half from None
        except CALL_ERRORS as error:
            if not is_open(error):
                self._forget(record.urn)
            raise
        except ConfigError:
            self._forget(record.urn)
            raise

    def _found(self, goal: Goal, handler: Handler, name: str) -> Made | None:
        if isinstance(handler, Findable):
            with named(self._state.stack, goal.kind, goal.name, "find"):
                found = handler.find(self._means.aws, name, opened(goal.inputs))
            if found is not None:
                return found
        with named(self._state.stack, goal.kind, goal.name, "find"):
            ids = left_over(self._means.aws, goal.kind, opened(goal.inputs))
        known = {record.id for record in self._state.records}
        self._means.say(
            f"sandbox {self._state.stack}: an earlier run ended while it made {goal.kind} {goal.name}, and no such "
            f"name is found: it is made now; {_told(None if ids is None else [one for one in ids if one not in known])}"
        )
        return None

    def _adopt(self, goal: Goal, urn: str, handler: Handler, found: Made) -> Record:
        """Make every later call again over what is there: it may be half made."""
        whole = Made(id=found.id, outputs={**opened(goal.inputs), **found.outputs})
        with named(self._state.stack, goal.kind, goal.name, "finish"):
            given = handler.update(self._means.aws, whole, {}, opened(goal.inputs))
        # What the program asked for is there now, in its own form; AWS may show it in another.
        shown = {name: value for name, value in found.outputs.items() if name not in goal.inputs}
        return self._finished(urn, _with(as_record(goal, urn), Made(id=found.id, outputs={**shown, **given}), goal))

    def _finished(self, urn: str, record: Record) -> Record:
        self._state.pending.pop(urn, None)
        self._state.put(record)
        self._keep()
        return record

    def _forget(self, urn: str) -> None:
        del self._state.pending[urn]
        self._keep()


def _told(ids: list[str] | None) -> str:
    """What may be left of a creation of which nothing is known."""
    if ids is None:
        return "if AWS had made it under an id of its own, that one stays in the sandbox"
    return f"left over, and nobody's: {', '.join(ids)}" if ids else "nothing with its tags is left over"


def _made_of(record: Record) -> Made:
    return Made(id=record.id, outputs=opened(record.outputs))


def _with(record: Record, made: Made, goal: Goal) -> Record:
    """A record with its id and outputs: what AWS gave over what was asked, secrets still marked."""
    return replace(record, id=made.id, outputs=_marked({**goal.inputs, **made.outputs}, goal))


def _marked(outputs: Mapping[str, Any], goal: Goal) -> dict[str, Any]:
    """A secret stays one, also where AWS gives it back under another name."""
    words = {word for value in goal.inputs.values() for word in _secret_words(value)}
    return {
        name: Secret(value)
        if not is_secret(value)
        and (name in goal.secret_outputs or holds(value, lambda one: isinstance(one, str) and one in words))
        else value
        for name, value in outputs.items()
    }


def _secret_words(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _words(bare(value))
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _secret_words(one)


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _words(one)
