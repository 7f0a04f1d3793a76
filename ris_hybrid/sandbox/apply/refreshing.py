"""What AWS really has, in place of what the state remembers: a change behind our back is then seen, and mended.

As ``pulumi up --refresh``: what somebody changed differs from the program and is updated, what somebody deleted is
created again. It is asked as the program registers each resource, so that nothing is asked of what goes anyway.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.apply.diffing import difference, without_ignored
from ris_hybrid.sandbox.apply.handler import Made
from ris_hybrid.sandbox.apply.refusals import named
from ris_hybrid.sandbox.apply.values import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.sandbox.apply.goal import Means
    from ris_hybrid.sandbox.apply.state import Record, StackState
    from ris_hybrid.sandbox.apply.tally import Tally


class Refreshing:
    """Asks AWS where the means have sights; without them the state is believed."""

    def __init__(self, state: StackState, means: Means, tally: Tally) -> None:
        self._state, self._means, self._tally = state, means, tally
        self._unread: Counter[str] = Counter()

    def look(self, record: Record, ignored: Sequence[str] = ()) -> Record | None:
        """The record with the inputs that AWS has; None, and out of the state, when the thing is gone.

        What the program ignores is not said to be changed: others are meant to write it.
        """
        if not self._means.sights or record.unfinished:
            return record
        sight = self._means.sights.get(record.kind)
        if sight is None:
            self._unread[record.kind] += 1
            return record
        made = Made(id=record.id, outputs=opened({**record.inputs, **record.outputs}))
        with named(self._state.stack, record.kind, record.name, "read"):
            found = sight.differing(self._means.aws, made, opened(record.inputs))
        if found is None:
            self._tally.say(f"{record.kind} {record.name} is gone from AWS")
            self._state.drop(record)
            return None
        return self._with(record, found, ignored) if found else record

    def mention_unread(self) -> None:
        """Say once what was not compared."""
        if self._unread:
            kinds = ", ".join(f"{kind.rpartition(':')[2]} ({count})" for kind, count in sorted(self._unread.items()))
            self._tally.say(f"not compared with AWS, for the sandbox cannot read them: {kinds}")

    def _with(self, record: Record, found: Mapping[str, Any], ignored: Sequence[str]) -> Record:
        shown = json.loads(json.dumps(dict(found), default=str))
        inputs = {prop: value for prop, value in {**record.inputs, **shown}.items() if value is not None}
        changed = difference(record.inputs, without_ignored(record.inputs, inputs, ignored), frozenset()).fields
        if changed:
            self._tally.say(f"{record.kind} {record.name} was changed behind our back: {', '.join(changed)}")
        fresh = replace(record, inputs=inputs)
        self._state.put(fresh, record)
        return fresh
