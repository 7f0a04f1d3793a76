"""A line of lsb.acct in its parts: a skeleton of numbers and marks, and the strings that the marks stand for (pure).

A quoted string doubles the quotes within it. Cut at every quote, the pieces at odd places are what is inside: an empty
piece between two of them is such a doubled quote. Methods of ``str`` do the work, because a file has millions of lines:
faster than a regular expression, and unlike with ``csv`` it is still known what was quoted.
"""

from __future__ import annotations

from typing import NamedTuple

MARK = "\x01"


class Tokens(NamedTuple):
    """What is outside quotes, split at blanks, with ``MARK`` for each string; and the strings in their order."""

    skeleton: list[str]
    strings: list[str]


def tokens(line: str) -> Tokens | None:
    """None where a string is not closed, as in a line that was cut."""
    pieces = line.split('"')
    if not len(pieces) % 2:
        return None
    outside, strings = pieces[::2], pieces[1::2]
    bare = MARK.join(outside)
    if MARK + MARK in bare:
        _join(outside, strings)
        bare = MARK.join(outside)
    return Tokens(bare.split(), strings)


def _join(outside: list[str], strings: list[str]) -> None:
    """Where nothing is between two strings they are one, with a quote in it."""
    for place in range(len(outside) - 2, 0, -1):
        if not outside[place]:
            strings[place - 1 : place + 1] = [f'{strings[place - 1]}"{strings[place]}']
            del outside[place]
