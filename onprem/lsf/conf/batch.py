"""lsb.queues and lsf.cluster: keys added to a queue, and the addresses dynamic hosts may come from."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from onprem.lsf.conf.assignments import settle
from onprem.lsf.conf.edits import Edit, Edited, Kept, Want, insert, unusable
from onprem.lsf.conf.sections import sections
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onprem.lsf.conf.sections import Section

RANGE = "LSF_HOST_ADDR_RANGE"
_NOT_COPIED = frozenset(
    {"QUEUE_NAME", "DESCRIPTION", "RC_HOSTS", "RC_ACCOUNT", "RC_DEMAND_POLICY", "FAIRSHARE_QUEUES", "ALIAS"}
)
_COUNTS = re.compile(r"\s*([^#\s]|#(if|elif|else|endif|include)\b)", re.IGNORECASE)


def queues(text: str, file: str) -> dict[str, Section]:
    """The queues of lsb.queues by name."""
    named = {section.value("QUEUE_NAME") or "": section for section in sections(text, file, "Queue")}
    return {name: section for name, section in named.items() if name}


def set_queues(text: str, wanted: Mapping[str, Sequence[Want]], edit: Edit, file: str) -> Edited:
    """lsb.queues with the wanted keys in their queues, ours before each queue's End."""
    kept: list[Kept] = []
    for name in wanted:
        section = queues(text, file).get(name)
        if section is None:
            raise ConfigError(f"{file}: expected a queue {name}, found none", "mend the queue names of burst.yaml")
        where = f"{file}: queue {name}"
        text, left, absent = settle(text, wanted[name], section.assignments(), edit, where)
        kept += left
        end = queues(text, file)[name].end
        text = insert(text, end, edit.block([f"{want.key:<12} = {want.value}" for want in absent]))
    return Edited(text=text, kept=tuple(kept))


def copy_queues(
    text: str, twins: Mapping[str, str], wanted: Mapping[str, Sequence[Want]], edit: Edit, file: str
) -> Edited:
    """lsb.queues with a section for each twin that has none: as that of its model, and with the keys wanted of it.

    Limits, hosts, users and commands of a queue are so those of the other one too. Not copied: names, what is said of
    borrowing, and FAIRSHARE_QUEUES, of which LSF lets one queue alone speak. Raises ``ConfigError`` without a model.
    """
    there = queues(text, file)
    made: list[str] = []
    for name, model in twins.items():
        if name in there:
            continue
        if model not in there:
            raise ConfigError(f"{file}: expected a queue {model}, found none", "mend planner.steering.queues")
        keys = [("QUEUE_NAME", name), ("DESCRIPTION", f"jobs of {model} that the planner sends to the cloud")]
        keys += [(want.key, want.value) for want in wanted.get(name, ()) if want.add]
        own = [f"{key:<12} = {value}" for key, value in keys]
        made += ["Begin Queue", *own, *_body(text, there[model]), "End Queue"]
    return Edited(text=insert(text, len(text.splitlines()), edit.block(made)))


def unlike(one: Section, other: Section) -> tuple[str, ...]:
    """Keys in which two queues differ, those aside that say who they are and what they borrow."""
    mine, theirs = (
        {key.upper(): section.value(key) for key in section.assignments() if key.upper() not in _NOT_COPIED}
        for section in (one, other)
    )
    return tuple(sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)))


def _body(text: str, section: Section) -> list[str]:
    """The lines of a section to copy: comments stay behind, unless they are conditions LSF reads."""
    left = {
        number
        for key, line in section.assignments().items()
        if key.upper() in _NOT_COPIED
        for number in range(line.first, line.last + 1)
    }
    lines = text.splitlines()
    body = ((number, lines[number].rstrip()) for number in range(section.begin + 1, section.end))
    return [line for number, line in body if number not in left and line and _COUNTS.match(line)]


def address_range(text: str, file: str) -> str | None:
    """LSF_HOST_ADDR_RANGE of lsf.cluster, None where it is not set."""
    return next((found for one in sections(text, file, "Parameters") if (found := one.value(RANGE)) is not None), None)


def set_range(text: str, addresses: str, edit: Edit, file: str) -> Edited:
    """lsf.cluster with the range in its Parameters section, made where there is none."""
    line = f"{RANGE}={addresses}"
    found = sections(text, file, "Parameters")
    if not found:
        if not sections(text, file, "Host"):
            raise unusable(file, 1, "expected a Host section")
        return Edited(text=insert(text, 0, edit.block(["Begin Parameters", line, "End Parameters"])))
    return Edited(text=insert(text, found[0].end, edit.block([line])))


def as_range(given: str) -> str:
    """LSF's pattern for addresses: a network in CIDR form is turned into one (10.8.0.0/20 → 10.8.0-15.*).

    Raises ``ConfigError`` when it is neither a pattern nor an IPv4 network.
    """
    if "/" not in given:
        if not given or set(given) - set("0123456789.-* "):
            raise ConfigError(f"addresses: expected 10.8.0.0/16 or 10.8.*.*, found {given!r}")
        return given
    try:
        network = ipaddress.IPv4Network(given)
    except ValueError as error:
        raise ConfigError(f"addresses: {error}") from error
    first, last = network.network_address.packed, network.broadcast_address.packed
    return ".".join(_part(low, high) for low, high in zip(first, last, strict=True))


def _part(low: int, high: int) -> str:
    if (low, high) == (0, 255):
        return "*"
    return str(low) if low == high else f"{low}-{high}"
