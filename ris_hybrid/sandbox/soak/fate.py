"""How the soak runs a provider's scripts, and which of the calls it kills where."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import PurePath
from random import Random
from typing import TYPE_CHECKING

from ris_hybrid import hook
from ris_hybrid.sandbox.knife import CUT_VARIABLE, POINTS, Cut, Killed, Knife, drawn
from ris_hybrid.sandbox.lsf.calls import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.lsf.calls import Runner

_SIGKILL = -9
_MOST_CALLS = 6
_OFTENER = {"requestMachines": 5.0}  # the rarest call, and the one whose death can leak machines


class Fate:
    """Draws, for every call of a script in turn, whether and where it is killed; keeps those it killed."""

    def __init__(self, seed: int, share: float, now: Callable[[], float]) -> None:
        self._draw = Random(f"fate {seed}")  # noqa: S311  # a draw of the sandbox, no secret
        self._share = share
        self._now = now
        self.kills: list[tuple[float, str]] = []
        """Virtual time and verb of each call that was killed."""

    def cut(self, what: str) -> Cut | None:
        """Where the next call is killed; None for one that lives."""
        if self._draw.random() >= self._share * _OFTENER.get(what, 1.0):
            return None
        return Cut(call=self._draw.randint(1, _MOST_CALLS), point=self._draw.choice(POINTS))

    def killed(self, what: str) -> Outcome:
        """What is left of a call that was killed."""
        self.kills.append((self._now(), what))
        return Outcome(rc=_SIGKILL, stdout=b"")


def in_process(fate: Fate) -> Runner:
    """Calls the function the scripts call. A kill is an exception nobody catches; locks go as with a process."""

    def run(argv: Sequence[str], env: Mapping[str, str], *, merged: bool) -> Outcome:  # noqa: ARG001  # one stream here
        verb, file = PurePath(argv[0]).stem, argv[-1]
        return killed_or(fate, verb, lambda: _answered(verb, file, env))

    return run


def killed_or(fate: Fate, what: str, act: Callable[[], Outcome]) -> Outcome:
    """Do it, unless fate kills it on the way; one whose calls are all made dies before it can say so."""
    cut = fate.cut(what)
    try:
        with drawn(Knife(cut=cut, end=_end)):
            outcome = act()
        if cut is None:
            return outcome
    except Killed:
        pass
    return fate.killed(what)


def _end() -> None:
    raise Killed


def _answered(verb: str, file: str, env: Mapping[str, str]) -> Outcome:
    code, answer = hook.run([verb, "-f", file], env)
    return Outcome(rc=code, stdout=f"{json.dumps(answer)}\n".encode())


def by_children(fate: Fate, children: Runner) -> Runner:
    """Real child processes, which the knife in them kills with SIGKILL."""

    def run(argv: Sequence[str], env: Mapping[str, str], *, merged: bool) -> Outcome:
        what = PurePath(argv[0]).stem
        cut = fate.cut(what)
        where = "" if cut is None else f"{cut.call} {cut.point}"
        outcome = children(argv, {**env, CUT_VARIABLE: where}, merged=merged)
        return outcome if cut is None else fate.killed(what)

    return run


@contextmanager
def entered(env: Mapping[str, str]) -> Iterator[None]:
    """This process sees the sandbox as a script would: its AWS, its LSF commands."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
