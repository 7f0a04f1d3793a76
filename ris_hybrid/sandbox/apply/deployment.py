"""One run over one stack: what each resource the program registers becomes, and what goes at the end (sandbox).

A preview decides on a copy of the state that is never written, and calls nothing.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError, RisHybridError
from ris_hybrid.sandbox.apply.cleanup import Cleanup
from ris_hybrid.sandbox.apply.diffing import difference, without_ignored
from ris_hybrid.sandbox.apply.goal import Answer
from ris_hybrid.sandbox.apply.handler import Knowing
from ris_hybrid.sandbox.apply.handlers.wording import unknown_to
from ris_hybrid.sandbox.apply.making import Making, as_record
from ris_hybrid.sandbox.apply.providers import check_provider, is_provider
from ris_hybrid.sandbox.apply.refreshing import Refreshing
from ris_hybrid.sandbox.apply.replacing import Replacing
from ris_hybrid.sandbox.apply.tally import Tally
from ris_hybrid.sandbox.apply.urns import child, formers

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.sandbox.apply.diffing import Difference
    from ris_hybrid.sandbox.apply.goal import Goal, Means
    from ris_hybrid.sandbox.apply.handler import Handler
    from ris_hybrid.sandbox.apply.state import Record, StackState


class Deployment:
    """Takes resources as the program registers them, one at a time; the first error ends it.

    A survey is a preview that finds what no run could do (unknown types and properties, broken rules) and asks AWS
    nothing. What stands in the way of a replacement is left to the run: not all that differs in a preview does then.
    """

    def __init__(
        self, state: StackState, means: Means, keep: Callable[[], None], *, dry_run: bool, survey: bool = False
    ) -> None:
        self.state, self.dry_run, self._survey = state, dry_run or survey, survey
        self.failed: RisHybridError | None = None
        self._means = means
        self._tally = Tally(state.stack, means.say, dry_run=self.dry_run)
        self._making = Making(state, means, keep)
        self._refreshing = Refreshing(state, means, self._tally)
        self._cleanup = Cleanup(state, means, self._making, self._tally, dry_run=self.dry_run)
        self._replacing = Replacing(state, means, self._cleanup)
        self._keep = keep
        self._wanted: dict[str, Goal] = {}
        self._renamed: dict[str, str] = {}
        self._outputs: dict[str, Any] = {}
        self._lock = Lock()

    def register(self, goal: Goal) -> Answer:
        """Make one resource what the program wants; raises the error that ended the run."""
        with self._lock:
            return self._guarded(lambda: self._register(goal))

    def read(self, goal: Goal, resource_id: str) -> Answer:
        """Look one up that is not ours."""
        with self._lock:
            return self._guarded(lambda: self._read(goal, resource_id))

    def set_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """What a component, or the whole stack, gives out."""
        with self._lock:
            record = self.state.find(urn)
            if record is not None:
                self.state.put(replace(record, outputs=outputs), record)
            if record is not None and not record.parent:
                self._outputs = outputs

    def fail(self, error: RisHybridError) -> None:
        """Note what ended the run; only the first counts."""
        self.failed = self.failed or error

    def finish(self) -> Deployed:
        """Ask the policies about the whole, delete what nobody wants any longer, keep the outputs."""
        if self.failed is not None:
            raise self.failed
        if self._means.policies is not None:
            live = [one for one in self.state.records if one.urn in self._wanted and not one.replaced]
            self._means.policies.check_stack(live)
        self._refreshing.mention_unread()
        self._cleanup.unwanted(self._wanted)
        self.state.outputs, self.state.built = self._outputs, True
        self._keep()
        return self.report()

    def report(self) -> Deployed:
        """What was done so far."""
        return self._tally.report()

    def _guarded(self, step: Callable[[], Answer]) -> Answer:
        if self.failed is not None:
            raise self.failed
        try:
            return step()
        except RisHybridError as error:
            self.fail(error)
            raise

    def _register(self, goal: Goal) -> Answer:
        urn = self._claim(goal)
        old = self._old(goal, urn)
        if not goal.custom or is_provider(goal.kind):
            return self._unmade(goal, urn, old)
        handler = self._handler(goal)
        old = self._refreshing.look(old, goal.ignore_changes) if old is not None else None
        if old is not None:
            goal = replace(goal, inputs=without_ignored(old.inputs, goal.inputs, goal.ignore_changes))
        self._check(urn, goal, handler)
        if old is None and goal.import_id and not self._survey:
            return self._import(goal, urn, handler)
        if old is None:
            return self._create(goal, urn, handler)
        if old.unfinished:
            return self._replace(goal, urn, handler, old, ())
        found = difference(old.inputs, goal.inputs, handler.replace_on, goal.replace_on_changes)
        return self._changed(goal, urn, handler, old, found)

    def _claim(self, goal: Goal) -> str:
        urn = child(self.state.stack, self.state.project, goal.parent, goal.kind, goal.name)
        if urn in self._wanted:
            raise ConfigError(
                f"sandbox stack {self.state.stack}: two resources are {goal.kind} {goal.name}", "name one differently"
            )
        self._wanted[urn] = goal
        return urn

    def _old(self, goal: Goal, urn: str) -> Record | None:
        old = self.state.find(urn)
        if old is not None and old.looked_up:
            self.state.drop(old)
        elif old is not None:
            return old
        for former in formers(urn, goal.parent, goal.aliases, self._renamed.get(goal.parent, "")):
            called = self.state.find(former)
            if called is not None and called.urn not in self._wanted:
                self._renamed[urn] = former
                return self.state.rename(called, urn)
        return None

    def _handler(self, goal: Goal) -> Handler:
        handler = self._means.handlers.get(goal.kind)
        if handler is None:
            raise ConfigError(
                f"sandbox stack {self.state.stack}: {goal.name}: type {goal.kind} is not known here",
                "write its handler in ris_hybrid/sandbox/apply/handlers, or leave it out of the sandbox",
            )
        return handler

    def _check(self, urn: str, goal: Goal, handler: Handler) -> None:
        unknown = unknown_to(handler.knows, goal.inputs) if isinstance(handler, Knowing) else None
        if unknown is not None:
            text = f"sandbox stack {self.state.stack}: {goal.kind} {goal.name}: {unknown.message}"
            raise ConfigError(text, unknown.hint)
        if self._means.policies is not None:
            self._means.policies.check(urn, goal)

    def _unmade(self, goal: Goal, urn: str, old: Record | None) -> Answer:
        """A component, the stack itself or a provider: nothing in AWS."""
        if is_provider(goal.kind):
            check_provider(goal, self._means.aws)
        its_id = goal.name if goal.custom else ""
        record = replace(as_record(goal, urn), id=its_id)
        self.state.put(record, old)
        return Answer(urn=urn, id=its_id, outputs=goal.inputs)

    def _create(self, goal: Goal, urn: str, handler: Handler) -> Answer:
        times = self._replacing.times_made(urn)
        self._tally.note("replace" if times else "create", urn, goal)
        if self.dry_run:
            return self._imagined(goal, urn, None)
        return _answer(self._making.create(goal, urn, handler, times + 1))

    def _changed(self, goal: Goal, urn: str, handler: Handler, old: Record, found: Difference) -> Answer:
        if found.deed == "replace":
            return self._replace(goal, urn, handler, old, found.fields)
        if found.deed == "same":
            self._tally.same += 1
            record = replace(
                as_record(goal, urn), id=old.id, inputs=goal.inputs, outputs=old.outputs, times_made=old.times_made
            )
            self.state.put(record, old)
            return _answer(record)
        self._tally.note("update", urn, goal, *found.fields)
        if self.dry_run:
            return self._imagined(goal, urn, old)
        return _answer(self._making.update(goal, urn, handler, old))

    def _replace(self, goal: Goal, urn: str, handler: Handler, old: Record, fields: tuple[str, ...]) -> Answer:
        self._tally.note("replace", urn, goal, *fields)
        if not self._survey:
            self._replacing.make_way(goal, handler, old, fields)
        if self.dry_run:
            return self._imagined(goal, urn, None)
        return _answer(self._making.create(goal, urn, handler, old.times_made + 1))

    def _import(self, goal: Goal, urn: str, handler: Handler) -> Answer:
        record = self._making.read(goal, urn, handler, goal.import_id)
        there = {name: value for name, value in record.outputs.items() if name in goal.inputs}
        # What was read lies over what was asked: where they differ, AWS has another value.
        found = difference(there, goal.inputs, frozenset())
        if found.deed != "same":
            raise ConfigError(
                f"sandbox stack {self.state.stack}: {goal.kind} {goal.name}: {goal.import_id} has other "
                f"{', '.join(found.fields)} than the program",
                "write in the program what is there, import, then change it",
            )
        self._tally.same += 1
        self._tally.mention("import", goal, goal.import_id)
        self._making.keep_read(record, None)
        return _answer(record)

    def _read(self, goal: Goal, resource_id: str) -> Answer:
        urn = self._claim(goal)
        record = replace(self._making.read(goal, urn, self._handler(goal), resource_id), looked_up=True)
        self._making.keep_read(record, self.state.find(urn))
        return _answer(record)

    def _imagined(self, goal: Goal, urn: str, old: Record | None) -> Answer:
        """A preview's answer: what comes with the run is left out, and the SDK takes it as not known."""
        kept = {name: value for name, value in old.outputs.items() if name not in old.inputs} if old else {}
        outputs = {**kept, **goal.inputs}
        record = replace(as_record(goal, urn), id=old.id if old else "", outputs=outputs)
        self.state.put(record, old)
        return _answer(record)


def _answer(record: Record) -> Answer:
    return Answer(urn=record.urn, id=record.id, outputs=record.outputs)
