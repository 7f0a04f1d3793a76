"""The ledger: what is written on every machine in its launch call, and how it is read back, on any cloud (pure).

EC2 calls them tags, OpenStack and Google's Compute Engine metadata. Keys are stable: machines outlive releases.
``ris_asked`` and ``ris_shortfall`` belong to the request, so that a request can be answered in full from its machines
alone.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from burst.fleet import account_of
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.model import Launch
    from ris_hybrid.settings import BurstSettings

CLUSTER, PROVIDER, POOL, LAB = "ris_cluster", "ris_provider", "ris_pool", "ris_lab"
REQUEST, ASKED, SHORTFALL, RETURN = "ris_request", "ris_asked", "ris_shortfall", "ris_return"
VERSION, MANAGED, TEMPLATE = "ris_version", "ris_managed", "ris_template"
END, JOINED = "ris_end", "ris_joined"
UNLISTED, UNHELD = "ris_unlisted", "ris_unheld"
IDLE, CLOSING = "ris_idle", "ris_closing"
ADOPTED = "ris_adopted"
NOTICE, REBALANCE = "ris_notice", "ris_rebalance"
"""Epoch seconds as whole numbers; nodes write the last two on themselves when they see the notice first."""
HELD, JOIN_FAILURES, OFF, BOOT = "ris_held", "ris_join_failures", "ris_off", "ris_boot_s"
SPENT = "ris_spent"
"""On a pool: ``<until> <code>``, a count, why it is off, seconds to join, ``YYYY-MM <dollars>``."""
OPEN = "ris_open"
"""On a machine launched while no plan was in force: its boot script makes the planner's flag a plain one."""
_SPENT = re.compile(r"(\d{4}-\d{2}) (\d{1,11}\.\d{2})", re.ASCII)
_LONGEST = 256  # characters of a tag's value
_DIGITS = 12  # a longer figure is nobody's count or time


def launch_values(launch: Launch, settings: BurstSettings) -> dict[str, str]:
    """Every tag of a machine, from its first moment."""
    values = {
        "Name": f"{settings.cluster}-{launch.pool}-{account_of(launch.lab)}",
        MANAGED: "ris-hybrid",
        VERSION: version("ris-hybrid"),
        CLUSTER: settings.cluster,
        PROVIDER: settings.provider,
        TEMPLATE: launch.pool,
        POOL: launch.pool,
        LAB: launch.lab,
        REQUEST: launch.request_id,
        ASKED: str(launch.asked),
    }
    if launch.shortfall:
        values[SHORTFALL] = launch.shortfall
    if launch.open:
        values[OPEN] = "1"
    return values


def written(tags: Mapping[str, str]) -> dict[str, Any]:
    """What the ledger tells of a machine; a tag that is missing or odd reads as empty, never as an error."""
    return {
        "provider": tags.get(PROVIDER, ""),
        "pool": tags.get(POOL, ""),
        "lab": tags.get(LAB, ""),
        "request_id": tags.get(REQUEST, ""),
        "asked": _whole(tags, ASKED),
        "shortfall": tags.get(SHORTFALL, ""),
        "return_id": tags.get(RETURN, ""),
        "end_reason": tags.get(END, ""),
        "joined": _seconds(tags, JOINED),
        "idle": _seconds(tags, IDLE),
        "closing": _seconds(tags, CLOSING),
        "unlisted": _seconds(tags, UNLISTED),
        "unheld": _seconds(tags, UNHELD),
        "notice": _seconds(tags, NOTICE),
        "rebalance": _seconds(tags, REBALANCE),
        "adopted": tags.get(ADOPTED, ""),
    }


def pool_tags(marks: PoolMarks) -> dict[str, str]:
    """A pool's marks as the tags of its launch template; an empty value is one to take away."""
    return {
        HELD: f"{marks.held_until:.0f} {marks.held_for}".strip() if marks.held_until else "",
        JOIN_FAILURES: str(marks.join_failures) if marks.join_failures else "",
        OFF: marks.off[:_LONGEST],
        BOOT: f"{marks.boot_s:.0f}" if marks.boot_s else "",
        SPENT: f"{marks.spent_month} {marks.spent_usd:.2f}" if marks.spent_month else "",
    }


def pool_changes(after: PoolMarks, before: PoolMarks) -> dict[str, str]:
    """The tags that make ``after`` of ``before``; what is the same in both is not among them."""
    had = pool_tags(before)
    return {key: value for key, value in pool_tags(after).items() if value != had[key]}


def pool_marks(tags: Mapping[str, str]) -> PoolMarks:
    """The marks a launch template carries; what is odd reads as not there."""
    until, _, code = tags.get(HELD, "").partition(" ")
    spent = _SPENT.fullmatch(tags.get(SPENT, ""))
    return PoolMarks(
        held_until=_seconds({HELD: until}, HELD),
        held_for=code,
        join_failures=_whole(tags, JOIN_FAILURES),
        off=tags.get(OFF, ""),
        boot_s=_seconds(tags, BOOT),
        spent_month=spent[1] if spent else "",
        spent_usd=float(spent[2]) if spent else 0.0,
    )


def _seconds(tags: Mapping[str, str], key: str) -> float:
    return float(_whole(tags, key))


def _whole(tags: Mapping[str, str], key: str) -> int:
    value = tags.get(key, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < _DIGITS else 0
