"""``KEY=VALUE``: one figure of burst.yaml set to another, as strictly as the file itself is read.

    pools.cpu16.max_nodes=50   pools.*.boot_s=120   budget.usd_per_month=500   planner.value=.05
    gates[0].pending_jobs=5   price=+50%   pools.cpu16.price=0.9   slots=+10%   scheduling=fit
    clouds.research.prices.m1.xlarge=0.2

Pools and clouds are named, ``*`` stands for all pools, a gate has its number from 0 on, ``price`` is dollars an hour of
one node. ``+50%`` and ``-20%`` are changes of the figure as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import TypeAdapter, ValidationError

from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import faults
from ris_hybrid.config.document import UnusableFile, field_name, parse
from ris_hybrid.config.problems import found, said
from ris_hybrid.errors import ConfigError
from ris_hybrid.settings import BurstSettings
from ris_hybrid.simulating.premises import Change, Scheduling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.simulating.premises import Premises

_RELATIVE = re.compile(r"([+-][0-9]+(?:\.[0-9]+)?)%")
_INDEX = re.compile(r"\[([0-9]+)\]")
_BY_NAME = re.compile(r"prices|clouds\.[^.]+\.prices|(budget|caps|planner)\.labs|planner\.queues|node\.namespaces")
"""Keys whose own keys are names: what follows is one of them, dots and all."""
_WORDS = ("price", "slots", "scheduling")
"""Keys that burst.yaml does not have."""
_FORM = "expected KEY=VALUE, such as pools.cpu16.max_nodes=50 or price=+50%"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    option: str
    key: str
    text: str

    def wrong(self, text: str, hint: str = "") -> ConfigError:
        return ConfigError(f"--what-if {self.option}: {text}", hint)


def supposed(premises: Premises, written: BurstSettings, options: Sequence[str]) -> tuple[Premises, tuple[Change, ...]]:
    """The premises with every change made, and the changes.

    Args:
        premises: as they are.
        written: the settings as burst.yaml has them, with nothing derived yet.
        options: ``KEY=VALUE`` each.

    Raises:
        ConfigError: no such key, or a value that burst.yaml could not have there.
    """
    changes: list[Change] = []
    for option in options:
        asked = _parsed(option)
        for key in _each_pool(asked.key, premises):
            premises, written, change = _made(premises, written, replace(asked, key=key))
            changes.append(change)
    return premises, tuple(changes)


def _parsed(option: str) -> _Asked:
    key, equals, text = option.partition("=")
    key = _INDEX.sub(r".\1", key.strip())
    if not key or not equals or not text.strip():
        raise ConfigError(f"--what-if {option}: {_FORM}, found {option!r}")
    return _Asked(option=option, key="pools.*.price" if key == "price" else key, text=text.strip())


def _each_pool(key: str, premises: Premises) -> Iterator[str]:
    if not key.startswith("pools.*."):
        yield key
        return
    for pool in premises.settings.pools:
        yield key.replace("*", pool.name, 1)


def _made(premises: Premises, written: BurstSettings, asked: _Asked) -> tuple[Premises, BurstSettings, Change]:
    if asked.key == "scheduling":
        return _scheduled(premises, asked, written)
    if asked.key == "slots":
        slots = _number(asked, premises.capacity)
        if slots < 1 or slots != int(slots):
            raise asked.wrong(f"expected a whole number of 1 or more, found {asked.text}")
        after = replace(premises, capacity=int(slots), capacity_from="the what-if")
        return after, written, Change(key="slots", before=premises.capacity, after=int(slots))
    if re.fullmatch(r"pools\.[^.]+\.price", asked.key):
        return _priced(premises, asked, written)
    return _set(premises, written, asked)


def _scheduled(premises: Premises, asked: _Asked, written: BurstSettings) -> tuple[Premises, BurstSettings, Change]:
    word = next((word for word in get_args(Scheduling) if word == asked.text), None)
    if word is None:
        raise asked.wrong(f"expected one of {', '.join(get_args(Scheduling))}, found {asked.text!r}")
    change = Change(key="scheduling", before=premises.scheduling, after=word)
    return replace(premises, scheduling=word), written, change


def _priced(premises: Premises, asked: _Asked, written: BurstSettings) -> tuple[Premises, BurstSettings, Change]:
    name = asked.key.split(".")[1]
    pool = premises.settings.pool(name)
    if pool is None:
        raise _no_such(asked, name, [pool.name for pool in premises.settings.pools])
    before = premises.node_usd(pool)
    usd = _number(asked, before)
    if not usd > 0:
        raise asked.wrong(f"expected dollars an hour above 0, found {asked.text}")
    after = replace(premises, pool_usd={**premises.pool_usd, name: usd})
    return after, written, Change(key=asked.key, before=round(before, 6), after=round(usd, 6))


def _set(premises: Premises, written: BurstSettings, asked: _Asked) -> tuple[Premises, BurstSettings, Change]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(written)))
    holder, last = _place(plain, asked, written)
    before = holder.get(last)
    holder[last] = _value(asked, before)
    changed = _validated(plain, asked)
    after = replace(premises, settings=with_shapes(changed))
    return after, changed, Change(key=asked.key, before=before, after=holder[last])


def _place(plain: dict[str, Any], asked: _Asked, written: BurstSettings) -> tuple[dict[str, Any], str]:
    """The mapping that holds the key, and the key in it."""
    here: Any = plain
    parts = asked.key.split(".")
    for depth, part in enumerate(parts):
        above = ".".join(parts[:depth])
        if _BY_NAME.fullmatch(above):
            return here, ".".join(parts[depth:])
        if isinstance(here, list):
            here = _item(here, part, above, asked, written)
        elif not isinstance(here, dict):
            raise asked.wrong(f"{above}: expected a key that has others below it, found {found(here)}")
        elif part not in here:
            raise _no_such(asked, part, [*here, *_words_at(depth, above)])
        elif depth == len(parts) - 1:
            return here, part
        else:
            here = here[part]
    raise asked.wrong(f"expected one figure, found a part of burst.yaml that has several: {asked.key}")


def _words_at(depth: int, above: str) -> tuple[str, ...]:
    if depth == 0:
        return _WORDS
    return ("price",) if re.fullmatch(r"pools\.[^.]+", above) else ()


def _item(items: list[Any], part: str, above: str, asked: _Asked, written: BurstSettings) -> Any:
    if above in {"pools", "clouds"}:
        names = [one.name for one in (written.pools if above == "pools" else written.clouds)]
        if part not in names:
            raise _no_such(asked, part, names, f"to add a {above[:-1]}, write it into a copy of burst.yaml")
        return items[names.index(part)]
    if not part.isdigit() or int(part) >= len(items):
        raise asked.wrong(f"{above}: expected a number below {len(items)}, found {part!r}")
    return items[int(part)]


def _no_such(asked: _Asked, part: str, known: Sequence[str], hint: str = "") -> ConfigError:
    close = get_close_matches(part, known, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return asked.wrong(f"expected one of {', '.join(sorted(known))}, found {part!r}{meant}", hint)


def _value(asked: _Asked, before: object) -> object:
    if _RELATIVE.fullmatch(asked.text):
        number = _number(asked, before)
        return round(number) if isinstance(before, int) else number
    return _yaml(asked)


def _number(asked: _Asked, before: object) -> float:
    """The number written, or the change of the one before."""
    relative = _RELATIVE.fullmatch(asked.text)
    value = before if relative else _yaml(asked)
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = f"{asked.key} is {found(value)}" if relative else found(value)
        raise asked.wrong(f"expected a number, found {what}")
    return value * (1 + float(relative[1]) / 100) if relative else float(value)


def _yaml(asked: _Asked) -> object:
    """As burst.yaml would read it, but for numbers that begin or end with a point."""
    if re.fullmatch(r"\.[0-9]+|[0-9]+\.[0-9]*", asked.text):
        return float(asked.text)
    try:
        return parse(asked.text, "--what-if").data
    except UnusableFile as error:
        raise asked.wrong("expected a value as burst.yaml has it") from error


def _validated(plain: dict[str, Any], asked: _Asked) -> BurstSettings:
    try:
        settings = TypeAdapter(BurstSettings).validate_json(json.dumps(plain), strict=True)
    except ValidationError as error:
        raise asked.wrong("; ".join(said(detail) for detail in error.errors())) from error
    wrong = [f"{field_name(loc)}: {text}" for loc, text in faults(settings)]
    if wrong:
        raise asked.wrong("; ".join(wrong))
    return settings
