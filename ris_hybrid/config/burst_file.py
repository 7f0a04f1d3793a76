"""burst.yaml → ``BurstSettings``: every key of settings.py, strictly, with errors that name the line.

Nothing is guessed where money is spent: a word where a number is meant, an unknown key and a key written twice
are errors, not warnings.
"""

from __future__ import annotations

import json
from functools import reduce
from operator import getitem
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.burst_advice import advice
from ris_hybrid.config.cloud_faults import cloud_faults
from ris_hybrid.config.document import DECIMAL, Document, Remark, UnusableFile, read
from ris_hybrid.config.figures import WORD, below, not_above_zero
from ris_hybrid.config.node_faults import node_faults
from ris_hybrid.config.planner_faults import planner_faults
from ris_hybrid.config.pool_faults import pool_faults
from ris_hybrid.config.problems import found, problems
from ris_hybrid.config.secret_faults import secrets
from ris_hybrid.settings import BurstSettings, Gate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.config.figures import Fault

_HINT = "what was enabled last stays in force: mend the file, then run ris-hybrid burst enable"
_FIGURES = ("pending_jobs", "pending_slots", "expected_wait_minutes")


def load_burst(path: Path) -> BurstSettings:
    """The settings in one file.

    Raises:
        UnusableFile: with everything that is wrong, a line each.
    """
    document = read(path)
    secret = tuple(_secrets(document))
    written = tuple(_written_faults(document)) + secret
    hidden = {remark.field for remark in secret}  # what else is wrong there might show it
    try:
        settings = _validated(document.data)
    except ValidationError as error:
        others = (remark for remark in problems(document, error) if remark.field not in hidden)
        raise _unusable((*written, *others)) from error
    told = (document.remark(loc, text) for loc, text in faults(settings))
    wrong = (*written, *(remark for remark in told if remark.field not in hidden))
    if wrong:
        raise _unusable(wrong)
    return settings


def load_advice(path: Path) -> tuple[Remark, ...]:
    """What a burst.yaml that loads says to no use, or dangerously, by its lines. Raises as ``load_burst`` does."""
    settings, document = load_burst(path), read(path)
    said = (document.remark(loc, text) for loc, text in advice(settings))
    return tuple(sorted(said, key=lambda remark: remark.line))


def _validated(data: object) -> BurstSettings:
    """As JSON, where strict means what it says for a file: a list for a tuple, but no word for a number.

    ``0.10`` reaches us as text, because a version may be meant: where a number is expected it is one.
    """
    kind = TypeAdapter(BurstSettings)
    try:
        return kind.validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        exact = {one["loc"]: one["input"] for one in error.errors() if one["type"] == "float_type"}
        if not all(isinstance(text, str) and DECIMAL.fullmatch(text) for text in exact.values()):
            raise
        plain = json.loads(json.dumps(data))
        for loc, text in exact.items():
            reduce(getitem, loc[:-1], plain)[loc[-1]] = float(text)
        return kind.validate_json(json.dumps(plain), strict=True)


def _unusable(wrong: tuple[Remark, ...]) -> UnusableFile:
    return UnusableFile(tuple(sorted(wrong, key=lambda remark: remark.line)), _HINT)


def faults(settings: BurstSettings) -> Iterator[Fault]:
    """What is wrong with settings whose types are right: their figures, and how they fit together."""
    for key in ("cluster", "region") if settings.on_ec2 or not settings.pools else ("cluster",):
        if not getattr(settings, key).strip():
            yield (key,), "expected a name, found nothing"
    if not WORD.fullmatch(settings.provider):
        yield ("provider",), f"expected letters, digits and hyphens, found {found(settings.provider)}"
    if settings.endpoint_url and not settings.endpoint_url.startswith(("http://", "https://")):
        yield ("endpoint_url",), f"expected http://... or https://..., found {found(settings.endpoint_url)}"
    yield from cloud_faults(settings)
    yield from pool_faults(settings)
    yield from node_faults(settings)
    yield from planner_faults(settings)
    yield from _gate_faults(settings.gates)
    yield from _limit_faults(settings)


def _written_faults(document: Document) -> Iterator[Remark]:
    for repeat in document.repeats:
        text = f"expected the key once, found it on line {repeat.first} and on line {repeat.again}"
        yield document.remark(repeat.loc, text)
    for loc, tag in document.tagged.items():
        yield document.remark(loc, f"expected a plain value, found one with the tag {tag}")


def _secrets(document: Document) -> Iterator[Remark]:
    clouds = document.data.get("clouds") if isinstance(document.data, dict) else None
    for loc, text in secrets(clouds, ("clouds",)):
        yield document.remark(loc, text)


def _gate_faults(gates: tuple[Gate, ...]) -> Iterator[Fault]:
    if not gates:
        yield ("gates",), "expected at least one gate, found none: nothing would ever be launched"
    for index, gate in enumerate(gates):
        here = ("gates", index)
        given = [key for key in _FIGURES if getattr(gate, key) is not None]
        if not given:
            yield here, f"expected at least one of {', '.join(_FIGURES)}, found none: it would always be met"
        for key in given:
            yield from not_above_zero((*here, key), getattr(gate, key))
        yield from below((*here, "for_minutes"), gate.for_minutes, 0)
        if gate.for_minutes and gate.pending_jobs is None:
            yield (*here, "for_minutes"), "expected pending_jobs beside it, found none: it counts only those jobs"


def _limit_faults(settings: BurstSettings) -> Iterator[Fault]:
    caps, release, budget = settings.caps, settings.release, settings.budget
    for key in ("nodes", "per_lab", "step_nodes"):
        yield from below(("caps", key), getattr(caps, key), 1)
    yield from below(("caps", "cooldown_s"), caps.cooldown_s, 0)
    if caps.per_lab is not None and caps.per_lab > caps.nodes:
        yield ("caps", "per_lab"), f"expected at most caps.nodes ({caps.nodes}), found {found(caps.per_lab)}"
    for lab, nodes in caps.labs.items():
        yield from below(("caps", "labs", lab), nodes, 0)
    for key in ("pending_jobs", "pending_slots"):
        yield from below(("release", key), getattr(release, key), 0)
        lowest = min((value for gate in settings.gates if (value := getattr(gate, key)) is not None), default=None)
        if lowest is not None and getattr(release, key) > lowest:
            text = f"expected at most the lowest gate's {key} ({lowest}), found {found(getattr(release, key))}"
            yield ("release", key), f"{text}: the gate would close as it opens"
    yield from not_above_zero(("budget", "usd_per_month"), budget.usd_per_month)
    for lab, usd in budget.labs.items():
        yield from below(("budget", "labs", lab), usd, 0)
    for kind, usd in settings.prices.items():
        yield from not_above_zero(("prices", kind), usd)
