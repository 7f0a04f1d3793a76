"""burst.yaml → ``BurstSettings``: every key of settings.py, strictly, with errors that name the line.

Nothing is guessed where money is spent: a word where a number is meant, an unknown key and a key written twice
are errors, not warnings.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.document import Document, Remark, UnusableFile, read
from ris_hybrid.config.problems import found, problems
from ris_hybrid.settings import BurstSettings, Gate, Pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.config.document import Loc

_HINT = "nothing is launched until the file is right"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_FIGURES = ("pending_jobs", "pending_slots", "expected_wait_minutes")

_Fault = tuple["Loc", str]
"""Where, and what was expected and found."""


def load_burst(path: Path) -> BurstSettings:
    """The settings in one file.

    Raises:
        UnusableFile: with everything that is wrong, a line each.
    """
    document = read(path)
    written = tuple(_written_faults(document))
    try:
        # As JSON, where strict means what it says for a file: a list for a tuple, but no word for a number.
        settings = TypeAdapter(BurstSettings).validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise _unusable(written + problems(document, error)) from error
    wrong = written + tuple(document.remark(loc, text) for loc, text in faults(settings))
    if wrong:
        raise _unusable(wrong)
    return settings


def _unusable(wrong: tuple[Remark, ...]) -> UnusableFile:
    return UnusableFile(tuple(sorted(wrong, key=lambda remark: remark.line)), _HINT)


def faults(settings: BurstSettings) -> Iterator[_Fault]:
    """What is wrong with settings whose types are right: their figures, and how they fit together."""
    for key in ("cluster", "region"):
        if not getattr(settings, key).strip():
            yield (key,), "expected a name, found nothing"
    if not _WORD.fullmatch(settings.provider):
        yield ("provider",), f"expected letters, digits and hyphens, found {found(settings.provider)}"
    if settings.endpoint_url and not settings.endpoint_url.startswith(("http://", "https://")):
        yield ("endpoint_url",), f"expected http://... or https://..., found {found(settings.endpoint_url)}"
    yield from _pool_faults(settings.pools, later=bool(settings.outputs))
    yield from _gate_faults(settings.gates)
    yield from _limit_faults(settings)


def _written_faults(document: Document) -> Iterator[Remark]:
    for repeat in document.repeats:
        text = f"expected the key once, found it on line {repeat.first} and on line {repeat.again}"
        yield document.remark(repeat.loc, text)
    for loc, tag in document.tagged.items():
        yield document.remark(loc, f"expected a plain value, found one with the tag {tag}")


def _pool_faults(pools: tuple[Pool, ...], *, later: bool) -> Iterator[_Fault]:
    """``later``: the stacks' outputs will bring what the pools leave empty."""
    if not pools:
        yield ("pools",), "expected at least one pool, found none"
    for index, pool in enumerate(pools):
        here = ("pools", index)
        if pool.name in {other.name for other in pools[:index]}:
            yield (*here, "name"), f"expected a name of its own, found {found(pool.name)} again"
        missing = () if later else _unbuilt_faults(pool)
        for loc, text in (*_one_pool_faults(pool), *missing):
            yield here + loc, text


def _one_pool_faults(pool: Pool) -> Iterator[_Fault]:
    if not _WORD.fullmatch(pool.name):
        expected = "letters, digits and hyphens (it is LSF's templateId, which has no underscore)"
        yield ("name",), f"expected {expected}, found {found(pool.name)}"
    if not all(pool.instance_types or ("",)):
        yield ("instance_types",), "expected at least one, none of them empty"
    for key in ("slots", "memory_mib", "max_nodes", "boot_s"):
        yield from _below((key,), getattr(pool, key), 1)


def _unbuilt_faults(pool: Pool) -> Iterator[_Fault]:
    if not pool.launch_template:
        yield ("launch_template",), "expected a launch template (or the key outputs at the top), found nothing"
    if not all(pool.subnets or ("",)):
        yield ("subnets",), "expected at least one, none of them empty (or the key outputs at the top)"


def _gate_faults(gates: tuple[Gate, ...]) -> Iterator[_Fault]:
    if not gates:
        yield ("gates",), "expected at least one gate, found none: nothing would ever be launched"
    for index, gate in enumerate(gates):
        here = ("gates", index)
        given = [key for key in _FIGURES if getattr(gate, key) is not None]
        if not given:
            yield here, f"expected at least one of {', '.join(_FIGURES)}, found none: it would always be met"
        for key in given:
            yield from _not_above_zero((*here, key), getattr(gate, key))
        yield from _below((*here, "for_minutes"), gate.for_minutes, 0)
        if gate.for_minutes and gate.pending_jobs is None:
            yield (*here, "for_minutes"), "expected pending_jobs beside it, found none: it counts only those jobs"


def _limit_faults(settings: BurstSettings) -> Iterator[_Fault]:
    caps, release, budget = settings.caps, settings.release, settings.budget
    for key in ("nodes", "per_lab", "step_nodes"):
        yield from _below(("caps", key), getattr(caps, key), 1)
    yield from _below(("caps", "cooldown_s"), caps.cooldown_s, 0)
    for lab, nodes in caps.labs.items():
        yield from _below(("caps", "labs", lab), nodes, 0)
    for key in ("pending_jobs", "pending_slots"):
        yield from _below(("release", key), getattr(release, key), 0)
    yield from _not_above_zero(("budget", "usd_per_month"), budget.usd_per_month)
    for lab, usd in budget.labs.items():
        yield from _below(("budget", "labs", lab), usd, 0)
    for kind, usd in settings.prices.items():
        yield from _not_above_zero(("prices", kind), usd)


def _below(loc: Loc, figure: float | None, least: int) -> Iterator[_Fault]:
    if figure is not None and not figure >= least:
        yield loc, f"expected {least} or more, found {found(figure)}"


def _not_above_zero(loc: Loc, figure: float) -> Iterator[_Fault]:
    if not figure > 0:
        yield loc, f"expected a figure above zero, found {found(figure)}"
