"""The hosts port over LSF's own commands: close, open, requeue; each change is a command line before it is run.

``badmin hclose`` and ``hopen`` act on the local host when no name is given and on every host for ``all``, so names are
checked before anything is run. A command with several hosts may stop at the first name LSF does not know (OpenLava
looks all of them up before it acts): the hosts are then done one by one. badmin of Volclava and OpenLava has no ``-C``.
Words of the answers: IBM's badmin and brequeue references for LSF 10.1, and OpenLava's and Volclava's commands.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from onprem.shell import Command
from ris_hybrid.errors import ConfigError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onprem.shell import Completed, Shell

MOST_NAMES = 100
"""Hosts or jobs on one command line."""

_COMMENT_CHARACTERS = 200  # LSF takes 512; bhosts -l has to stay readable
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_JOB_ID = re.compile(r"[0-9]+(\[[0-9]+\])?")
_NO_SUCH_HOST = re.compile(r"bad host name|unknown host|no such host", re.IGNORECASE)
_JOB_IS_OVER = re.compile(
    r"no matching job|not found|already finished|no unfinished|has not started|not started yet", re.IGNORECASE
)
_NO_SUCH_OPTION = re.compile(r"(illegal|invalid|unrecognized) option|^\s*usage\b", re.IGNORECASE | re.MULTILINE)
_DENIED = re.compile(r"permission|denied|not an? .*administrator", re.IGNORECASE)

_log = logging.getLogger(__name__)


def closing(names: Sequence[str], why: str) -> Iterator[Command]:
    """The commands that close these hosts, none for no host. Raises ``ConfigError`` for what is no host's name."""
    comment = " ".join(why.split())[:_COMMENT_CHARACTERS]
    option = ("-C", comment) if comment else ()
    yield from _commands(("badmin", "hclose", *option), names, _NAME)


def opening(names: Sequence[str]) -> Iterator[Command]:
    """The commands that open these hosts."""
    yield from _commands(("badmin", "hopen"), names, _NAME)


def requeueing(job_ids: Sequence[str]) -> Iterator[Command]:
    """The commands that put these running jobs back to pending."""
    yield from _commands(("brequeue",), job_ids, _JOB_ID)


def _commands(verb: tuple[str, ...], names: Sequence[str], form: re.Pattern[str]) -> Iterator[Command]:
    wanted = list(dict.fromkeys(names))
    odd = next((name for name in wanted if not form.fullmatch(name) or name == "all"), None)
    if odd is not None:
        raise ConfigError(
            f"{verb[0]}: {odd[:60]!r} is no name to act on", "host names and job ids come from LSF itself"
        )
    for start in range(0, len(wanted), MOST_NAMES):
        yield Command(argv=(*verb, *wanted[start : start + MOST_NAMES]))


@dataclass(frozen=True, slots=True)
class LsfHosts:
    """Closes and opens hosts of LSF (the ``Hosts`` port)."""

    shell: Shell
    timeout_s: float = field(default=30.0, kw_only=True)

    def close(self, names: Sequence[str], why: str) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        for command in closing(names, why):
            self._close(command)

    def reopen(self, names: Sequence[str]) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        for command in opening(names):
            self._one_by_one(command, self._run(command), _NO_SUCH_HOST)

    def requeue(self, job_ids: Sequence[str]) -> None:
        """See ``ris_hybrid.ports.Hosts``."""
        for command in requeueing(job_ids):
            self._one_by_one(command, self._run(command), _JOB_IS_OVER)

    def _close(self, command: Command) -> None:
        done = self._run(command)
        if done.rc and "-C" in command.argv and _NO_SUCH_OPTION.search(_said(done)):
            (plain,) = closing(_names(command), "")
            self._one_by_one(plain, self._run(plain), _NO_SUCH_HOST)
        else:
            self._one_by_one(command, done, _NO_SUCH_HOST)

    def _one_by_one(self, command: Command, done: Completed, harmless: re.Pattern[str]) -> None:
        """Where a command failed, do its names one at a time; then raise for the first that could not be done."""
        if not done.rc:
            return
        names = _names(command)
        verb = command.argv[: len(command.argv) - len(names)]
        refusals = []
        for name in names:
            alone = self._run(Command(argv=(*verb, name))) if len(names) > 1 else done
            if alone.rc and not harmless.search(_said(alone)):
                refusals.append(_refusal(verb, name, alone))
            elif alone.rc:
                _log.warning("%s %s: %s", " ".join(verb[:2]), name, _line(alone))
        if refusals:
            raise refusals[0]

    def _run(self, command: Command) -> Completed:
        return self.shell.run(replace(command, timeout_s=self.timeout_s))


def _names(command: Command) -> tuple[str, ...]:
    """What the command acts on: all behind the verb and its one option."""
    at = 1 if command.argv[0] == "brequeue" else 4 if "-C" in command.argv[:3] else 2
    return command.argv[at:]


def _refusal(verb: tuple[str, ...], name: str, done: Completed) -> SiteUnavailable:
    denied = _DENIED.search(_said(done))
    hint = "only an LSF administrator may do this" if denied else "see whether LSF is up with `lsid`, then try again"
    return SiteUnavailable(f"{' '.join(verb[:2])} {name} failed (exit code {done.rc}): {_line(done)}", hint)


def _said(done: Completed) -> str:
    return f"{done.stderr}\n{done.stdout}"


def _line(done: Completed) -> str:
    lines = dict.fromkeys(line.strip() for line in _said(done).splitlines() if line.strip())
    return " / ".join(lines)[:200] or "no message"
