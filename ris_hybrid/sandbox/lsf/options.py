"""LSF's command-line options: one dash, whole words, a separate argument (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """What one command understands. ``options_first``: the first operand ends the options, as for bsub."""

    command: str
    flags: frozenset[str]
    valued: frozenset[str]
    usage: str
    options_first: bool = False

    def fail(self, problem: str) -> ConfigError:
        """A usage error to raise: the problem, then how the command is used."""
        return ConfigError(f"{self.command}: {problem}\nUsage: {self.usage}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Flags that were set, the values of each option in the order given, and what was left."""

    flags: frozenset[str]
    values: Mapping[str, tuple[str, ...]]
    operands: tuple[str, ...]

    def last(self, option: str) -> str | None:
        """The value that counts when an option may be given once."""
        given = self.values.get(option)
        return given[-1] if given else None


def parse(syntax: Syntax, argv: Sequence[str]) -> Parsed:
    """Sort arguments into flags, values and operands; ``ConfigError`` with the usage for an unknown option."""
    flags: set[str] = set()
    values: dict[str, tuple[str, ...]] = {}
    operands: list[str] = []
    words = list(argv)
    while words:
        word = words.pop(0)
        if not _is_option(word):
            operands.append(word)
            if syntax.options_first:
                operands += words
                break
        elif word[1:] in syntax.flags:
            flags.add(word[1:])
        elif word[1:] not in syntax.valued:
            raise syntax.fail(f"illegal option -- {word[1:]}")
        elif not words:
            raise syntax.fail(f"option requires an argument -- {word[1:]}")
        else:
            values[word[1:]] = (*values.get(word[1:], ()), words.pop(0))
    return Parsed(flags=frozenset(flags), values=values, operands=tuple(operands))


def _is_option(word: str) -> bool:
    return len(word) > 1 and word[0] == "-"
