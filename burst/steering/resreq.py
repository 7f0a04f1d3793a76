"""The flag in a job's own resource requirement: put in, found, and taken out again to the letter (pure).

``bmod -R`` replaces the whole text, so the rest of it must come through unharmed. Ours is one term at the beginning of
the select part, with the flag in parentheses of its own, which tells it from a flag that the job's owner wrote:

    rusage[mem=4]              select[(risburst)] rusage[mem=4]
    select[mem>9] span[...]    select[(risburst) && (mem>9)] span[...]
    mem>9 order[ut]            (risburst) && (mem>9) order[ut]

Grammar: IBM Spectrum LSF 10.1, "Resource requirement strings" and bsub -R: sections select, order, rusage, span, same,
cu and affinity; ``select`` may be left out, is there once, and its operators are those of C; braces make a compound or
an alternative. What does not fit that is left as it is: a requirement that comes back wrong costs its owner a job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SECTIONS = frozenset({"select", "order", "rusage", "span", "same", "cu", "affinity"})
_OPENING = re.compile(r"(\w+)\s*\[")
_KEYWORD = re.compile(r"\bselect\s*\[$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

Standing = Literal["ours", "theirs", "none"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A requirement that is not edited, and why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """``head + select + tail`` is the text; ``select`` without its keyword and brackets, None where there is none."""

    head: str
    select: str | None
    tail: str

    @property
    def named(self) -> bool:
        """Whether the word ``select`` stands before it."""
        return self.head != ""


def with_flag(text: str, flag: str) -> str | Fixed:
    """The requirement with our term; one that has it stays as it is."""
    text = text.strip()
    standing = standing_of(text, flag)
    if standing != "none":
        return text if standing == "ours" else Fixed(f"its owner's own requirement names {flag}")
    split = _split(text)
    if isinstance(split, Fixed):
        return split
    if split.select is None:
        return f"select[({flag})] {text}".rstrip()
    body = split.select if split.named else split.select.rstrip()
    return f"{split.head}({flag}) && ({body}){split.select[len(body) :]}{split.tail}"


def without_flag(text: str, flag: str) -> str | Fixed:
    """The requirement without our term; one that has it not stays as it is."""
    text = text.strip()
    split = _split(text)
    if isinstance(split, Fixed):
        return split
    theirs = _theirs(split, flag)
    if theirs is None:
        return text
    if not theirs:
        return f"{_KEYWORD.sub('', split.head)}{split.tail[1:]}".strip()
    gap = "" if split.named else " " * (len(split.select or "") - len((split.select or "").rstrip()))
    return f"{split.head}{theirs}{gap}{split.tail}"


def standing_of(text: str, flag: str) -> Standing:
    """Whether the flag is there as we write it, as somebody else did, or not at all."""
    split = _split(text.strip())
    if isinstance(split, _Split) and _theirs(split, flag) is not None:
        return "ours"
    return "theirs" if names(text, flag) else "none"


def names(text: str, flag: str) -> bool:
    """Whether the flag stands in a requirement as a word, whoever wrote it."""
    return re.search(rf"(?<![\w.]){re.escape(flag)}(?![\w.])", text) is not None


def is_one_piece(text: str) -> bool:
    """Whether it is neither compound (``2*{...} + 1*{...}``) nor alternative (``{...} || {...}``)."""
    return not {"{", "}"} & set(text)


def _theirs(split: _Split, flag: str) -> str | None:
    """What is left of a select part without our term, empty for nothing; None where the term is not there."""
    select = split.select or ""
    ours = rf"\s*\(\s*{re.escape(flag)}\s*\)\s*"
    if split.named and re.fullmatch(ours, select):
        return ""
    found = re.fullmatch(rf"{ours}&&\s*\((.*)\)\s*", select)
    return found[1] if found and found[1].strip() and _balanced(found[1]) else None


def _split(text: str) -> _Split | Fixed:
    plain = _QUOTED.sub(lambda quoted: "q" * len(quoted[0]), text)
    wrong = _odd(text, plain)
    if wrong:
        return Fixed(wrong)
    found = _sections(plain)
    if isinstance(found, Fixed):
        return found
    first = min((start for start, _, _ in found.values()), default=len(plain))
    bare = text[:first]
    if not bare.strip():
        return _named(text, found.get("select"))
    if "select" in found:
        return Fixed("its select part is written twice")
    return _checked(_Split(head="", select=bare, tail=text[first:]))


def _odd(text: str, plain: str) -> str:
    if not text.isprintable():
        return "it holds a character that is no text"
    if not is_one_piece(plain):
        return "it is compound or alternative, and each of its parts would need the flag"
    if {"'", '"'} & set(plain):
        return "it holds a quote that does not end"
    return ""


def _sections(plain: str) -> dict[str, tuple[int, int, int]] | Fixed:
    """Name to where the section begins, where its body does, and where its bracket closes."""
    found: dict[str, tuple[int, int, int]] = {}
    at = 0
    while opening := _OPENING.search(plain, at):
        name, close = opening[1], plain.find("]", opening.end())
        if name not in _SECTIONS or close < 0 or "[" in plain[opening.end() : close]:
            return Fixed(f"its part {name}[ is not understood")
        if name == "select" and name in found:
            return Fixed("its select part is written twice")
        if found and plain[at : opening.start()].strip():
            return Fixed("it has text between its parts")
        found.setdefault(name, (opening.start(), opening.end(), close))
        at = close + 1
    if (found and plain[at:].strip()) or {"[", "]"} & set(plain[at:]):
        return Fixed("it has text behind its parts")
    return found


def _named(text: str, select: tuple[int, int, int] | None) -> _Split | Fixed:
    if select is None:
        return _Split(head="", select=None, tail=text)
    _, begin, end = select
    return _checked(_Split(head=text[:begin], select=text[begin:end], tail=text[end:]))


def _checked(split: _Split) -> _Split | Fixed:
    select = split.select or ""
    if not select.strip():
        return Fixed("its select part is empty")
    return split if _balanced(select) else Fixed("the parentheses of its select part do not match")


def _balanced(text: str) -> bool:
    depth = 0
    for sign in _QUOTED.sub("", text):
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return False
    return depth == 0
