"""Questions that are asked side by side, each given a few seconds: what does not answer by then is one finding.

Clients have time-outs of their own, but a name server that hangs or five tries in a row add up to minutes.
"""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from ris_hybrid.checkup.finding import Finding
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something to look at. ``ask`` may raise ``RisHybridError``; what it said before that is kept."""

    name: str
    """Of the finding that says why there is no (further) answer; no other finding has it."""
    ask: Callable[[], Iterable[Finding]]


@dataclass(slots=True)
class _Answer:
    findings: list[Finding] = field(default_factory=list)
    error: BaseException | None = None


def answers(questions: Sequence[Question], most_s: float = MOST_S) -> Iterator[Finding]:
    """The findings, in the order of the questions. A bug in one of them is raised here."""
    end = monotonic() + most_s
    begun = [(question, *_begun(question)) for question in questions]
    for question, thread, answer in begun:
        thread.join(max(end - monotonic(), 0.0))
        late = thread.is_alive()
        yield from tuple(answer.findings)
        if late:
            text = f"no whole answer within {most_s:g} s"
            yield Finding(name=question.name, ok=False, text=text, hint="see whether it is up and reached from here")
        elif answer.error is not None:
            raise answer.error


def _begun(question: Question) -> tuple[Thread, _Answer]:
    answer = _Answer()

    def work() -> None:
        try:
            for finding in question.ask():
                answer.findings.append(finding)
        except RisHybridError as error:
            answer.findings.append(Finding(name=question.name, ok=False, text=error.message, hint=error.hint))
        except OSError as error:  # a folder on the way that this user may not enter, say
            text = f"{error.filename or question.name}: {error.strerror or error}"
            answer.findings.append(Finding(name=question.name, ok=False, text=text, hint="see who may read it"))
        except BaseException as error:  # noqa: BLE001 - handed on to the caller's thread, which raises it
            answer.error = error

    # A daemon: a call that hangs must not keep the command from ending.
    thread = Thread(target=copy_context().run, args=(work,), daemon=True)
    thread.start()
    return thread, answer
