"""Whether the clouds list our machines, and which: asked once, in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import deadline
from burst.clouds import partly
from ris_hybrid.checkup.data_bounded import MOST_S, Question, answers
from ris_hybrid.checkup.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.model import Machine
    from ris_hybrid.ports import Cloud


def look(cloud: Cloud, name: str, most_s: float = MOST_S) -> tuple[Finding, tuple[Machine, ...]]:
    """One finding, called ``name``, and the machines that are known; a cloud that does not answer has none here."""
    known: list[Machine] = []

    def ask() -> Iterator[Finding]:
        with deadline.within(most_s / 2):
            seen = partly.look(cloud)
        known.extend(seen.machines)
        unread = f"; not every cloud answers: {partly.reasons(seen.unread)}" if seen.unread else ""
        text = f"{len(seen.machines)} machines in the ledger{unread}"
        hint = "nothing is launched anywhere until it does, for caps and money count all clouds"
        yield Finding(name=name, ok=not seen.unread, text=text, hint=hint)

    (finding,) = answers([Question(name=name, ask=ask)], most_s)
    return finding, tuple(known)
