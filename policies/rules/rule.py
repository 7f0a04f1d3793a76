"""What a rule is: one question to one value, with three answers, and everything a person needs to act on it.

A rule never guesses: what it needs and nobody could tell it makes the answer *not known*, never *holds*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.rules.control import Control
    from ris_hybrid.settings import BurstSettings

Severity = Literal["mandatory", "advisory"]
State = Literal["holds", "broken", "not known"]
T = TypeVar("T")

REQUIRED_TAGS = ("ris_env", "ris_managed", "ris_data_class")
"""On everything that can have tags."""
DATA_CLASSES = frozenset({"public", "internal", "confidential", "phi"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One answer; ``message`` says what is wrong, or what is not known."""

    state: State
    message: str = ""


HOLDS = Verdict(state="holds")


def broken(message: str) -> Verdict:
    """The rule is broken, and by what."""
    return Verdict(state="broken", message=message)


def not_known(what: str) -> Verdict:
    """The rule cannot be answered: this is not known."""
    return Verdict(state="not known", message=what)


def yes(value: bool | None, message: str, what: str) -> Verdict:  # the value judged, not a switch
    """Holds when the value is true, is broken with the message when it is false; ``what`` names it when not known."""
    if value is None:
        return not_known(what)
    return HOLDS if value else broken(message)


def none_of(wrong: list[str], message: str) -> Verdict:
    """Holds when nothing is wrong; else broken with everything that is."""
    return broken(f"{message}: {', '.join(wrong)}") if wrong else HOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a rule knows beside the value it looks at."""

    all_ours: bool = False
    """Whether everything looked at is our stacks' own, as what a plan or a program of ours makes is."""
    phi_accounts: frozenset[str] | None = None
    """The accounts that may hold PHI; None when nobody said which."""
    site_cidrs: tuple[str, ...] | None = None
    """The networks of the site's hosts; None when nobody said which."""
    trusted_accounts: frozenset[str] = frozenset()
    """The accounts that policies of data may let in beside their own."""
    required_tags: tuple[str, ...] = REQUIRED_TAGS
    budgets: tuple[str, ...] = ()
    """The budgets there must be: one for each allocation."""
    burst: BurstSettings | None = None
    """Where it is given, the rules of a burst are asked too."""
    known_types: frozenset[str] = frozenset()
    """Instance types of the catalogue."""
    phi_labs: frozenset[str] = frozenset()
    """Labs that hold PHI, be their allocations mirrored or not."""


class Tagged(Protocol):
    """Anything with tags; None when they could not be read."""

    @property
    def tags(self) -> Mapping[str, str] | None:
        """The tags by key."""
        ...


Scope = Callable[[Any, Context], bool | None]
"""Whether a rule is about a value at all; None when that is not known."""


def phi(value: Tagged, _: Context) -> bool | None:
    """Whether it holds or carries PHI, by its tag; one with no class, or with a word that is none, is not known."""
    told = None if value.tags is None else value.tags.get("ris_data_class")
    return told == "phi" if told in DATA_CLASSES else None


def ours(value: Tagged, context: Context) -> bool | None:
    """Whether our stacks made it: an account may have other things, which are their owners' business."""
    if context.all_ours:
        return True
    return None if value.tags is None else bool(value.tags.get("ris_managed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[T]):
    """One rule. Its test's docstring says what it protects."""

    name: str
    subjects: tuple[type[Any], ...]
    """The classes of the values it looks at."""
    test: Callable[[T, Context], Verdict]
    controls: tuple[Control, ...]
    fix: str
    severity: Severity = "mandatory"
    scopes: tuple[Scope, ...] = ()
    """It is about those values alone for which all of these say yes."""

    @property
    def about(self) -> str:
        """Its scopes in words; empty when it is about every value of its classes."""
        return ", ".join(getattr(scope, "__name__", "").replace("_", " ") for scope in self.scopes)

    @property
    def protects(self) -> str:
        """What it is for, in one sentence."""
        return " ".join((getdoc(self.test) or "").split())

    def judge(self, value: T, context: Context) -> Verdict:
        """The rule's answer for one value."""
        answers = [scope(value, context) for scope in self.scopes]
        if False in answers:
            return HOLDS
        if None in answers:
            return not_known("its class (tag ris_data_class) or owner (tag ris_managed)")
        return self.test(value, context)


def rule(
    subject: type[T] | tuple[type[Any], ...],
    *controls: Control,
    fix: str,
    severity: Severity = "mandatory",
    scopes: tuple[Scope, ...] = (),
) -> Callable[[Callable[[T, Context], Verdict]], Rule[T]]:
    """Make a rule of a predicate; ``bucket_versioned`` becomes the rule ``bucket-versioned``."""

    def made(test: Callable[[T, Context], Verdict]) -> Rule[T]:
        name = test.__name__.replace("_", "-")
        return Rule(
            name=name,
            subjects=subject if isinstance(subject, tuple) else (subject,),
            test=test,
            controls=controls,
            fix=fix,
            severity=severity,
            scopes=scopes,
        )

    return made
