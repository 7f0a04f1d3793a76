"""One walker for all versions: a record's tokens against a layout, part by part, counts deciding how far (pure).

Of each run of fixed fields it is checked that strings stand where strings belong and numbers where numbers do, so that
a record which is shifted by one field fits nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from onprem.lsf.acct.layout import Field, Repeat
from onprem.lsf.acct.program import NOWHERE, Place, Program, Run
from onprem.lsf.acct.tokens import MARK

if TYPE_CHECKING:
    from onprem.lsf.acct.tokens import Tokens


_MOST = 2**63


class Misfit(Exception):
    """Why a record does not follow the layout. The reader counts it; it names fields, never what stood in them."""


class Walked(NamedTuple):
    """A record that fits: its tokens and where each part begins, in tokens and in strings."""

    places: dict[str, Place]
    skeleton: list[str]
    strings: list[str]
    starts: list[int]
    string_starts: list[int]
    """One more than parts reached: the last is where the walk ended."""
    length: int
    """Tokens that the walk covered; more means fields that nobody knows yet."""

    def string(self, name: str) -> str:
        """Of a field that stands once; empty where the record ended before it."""
        part, offset = self.places.get(name, NOWHERE)
        starts = self.string_starts
        if part + 1 < len(starts) and (at := starts[part] + offset) < starts[-1]:
            return self.strings[at]
        return ""

    def number(self, name: str) -> int | None:
        """None where the record ended before it. Raises ``Misfit`` for what is no whole number."""
        part, offset = self.places.get(name, NOWHERE)
        starts = self.starts
        if part < len(starts) and (at := starts[part] + offset) < self.length:
            return whole(self.skeleton[at], name)
        return None

    def needed(self, name: str) -> int:
        """Of a field that all versions have. Raises ``Misfit`` for what is no whole number."""
        part, offset = self.places[name]
        return whole(self.skeleton[self.starts[part] + offset], name)

    def entries(self, count: str) -> list[str]:
        """The strings of a repeated part whose entry is one string: hosts."""
        part, _ = self.places[count]
        return self.strings[self.string_starts[part] : self.string_starts[part + 1]] if part < len(self.starts) else []


def walk(record: Tokens, program: Program) -> Walked:
    """Follow the layout to the end of the record. Raises ``Misfit``."""
    skeleton = record.skeleton
    length = len(skeleton)
    at = strings = 0
    starts: list[int] = []
    string_starts: list[int] = []
    for part in program.parts:
        if at >= length:
            break
        starts.append(at)
        string_starts.append(strings)
        if isinstance(part, Run):
            end = at + part.length
            here = skeleton[at:end]
            if end > length or here.count(MARK) != part.strings or part.pick(here) != part.marks:
                _examine(part, here)
                strings += here.count(MARK)
            else:
                strings += part.strings
            at = min(end, length)
        elif skeleton[at] == "0":
            at += 1
        else:
            at, strings = _repeated(part, record, at, strings)
    _long_enough(program, starts, at)
    string_starts.append(strings)
    return Walked(program.places, skeleton, record.strings, starts, string_starts, at)


def whole(token: str, name: str) -> int:
    """The number. Raises ``Misfit``."""
    try:
        number = int(token)
    except ValueError:
        raise Misfit(f"{name}: expected a number") from None
    if -_MOST <= number <= _MOST:
        return number
    raise Misfit(f"{name}: no number of LSF's is so large")


def _examine(run: Run, here: list[str]) -> None:
    """A run cut short by the record's end fits as far as it goes; else name the first field that does not."""
    for token, name, quoted in zip(here, run.names, run.quoted, strict=False):
        if (token == MARK) is not quoted:
            raise Misfit(f"{name}: expected {'a string' if quoted else 'a number'}")


def _repeated(part: Repeat, record: Tokens, at: int, strings: int) -> tuple[int, int]:
    """Where the entries end, in tokens and strings."""
    count = whole(record.skeleton[at], part.counted_by)
    at += 1
    if count < 0:
        raise Misfit(f"{part.counted_by}: is negative")
    if len(part.entry) == 1:
        return _hosts(part, record, at, strings, count)
    if all(isinstance(field, Field) for field in part.entry):
        return _flat(part, record, at, strings, count)
    for _ in range(count):
        at, strings = _nested(part, record, at, strings)
    return at, strings


def _hosts(part: Repeat, record: Tokens, at: int, strings: int, count: int) -> tuple[int, int]:
    """Entries of one string each. Fewer of them, written ``16*host``, may stand for so many slots.

    No record has been seen that counts slots but lists hosts; IBM's words for ``numAllocSlots`` allow it.
    """
    if record.skeleton[at : at + count].count(MARK) == count:
        return at + count, strings + count
    slots = taken = 0
    while slots < count and record.skeleton[at + taken : at + taken + 1] == [MARK]:
        slots += slots_of(record.strings[strings + taken])
        taken += 1
    if slots != count:
        raise Misfit(f"{part.counted_by}: expected so many strings")
    return at + taken, strings + taken


def _flat(part: Repeat, record: Tokens, at: int, strings: int, count: int) -> tuple[int, int]:
    """Entries of as many fields each. A string without quotes is taken, because 9.11 writes host names so."""
    width = len(part.entry)
    end = at + count * width
    if end > len(record.skeleton):
        raise Misfit(f"{part.counted_by}: ends within an entry")
    for offset, (name, quoted) in enumerate(part.entry):
        marks = record.skeleton[at + offset : end : width].count(MARK)
        if marks and not quoted:
            raise Misfit(f"{part.counted_by}, {name}: expected a number")
        strings += marks
    return end, strings


def _nested(part: Repeat, record: Tokens, at: int, strings: int) -> tuple[int, int]:
    """One entry that has a repeated part itself."""
    for field in part.entry:
        if at >= len(record.skeleton):
            raise Misfit(f"{part.counted_by}: ends within an entry")
        if isinstance(field, Repeat):
            at, strings = _repeated(field, record, at, strings)
        else:
            at, strings = at + 1, strings + (record.skeleton[at] == MARK)
    return at, strings


def slots_of(host: str) -> int:
    """16 of ``16*host``, 1 of a plain name (LSF_HPC_EXTENSIONS=SHORT_EVENTFILE writes the first)."""
    times, star, _ = host.partition("*")
    return int(times) if star and times.isdecimal() and times.isascii() and len(times) <= 9 else 1


def _long_enough(program: Program, starts: list[int], at: int) -> None:
    reached = len(starts) - 1
    if reached < program.least or (reached == program.least and at - starts[-1] < program.least_in_part):
        raise Misfit("ends too early for its version")
