"""``burst pools`` and ``burst clear``: what the ledger says of each pool, and how an admin switches one on again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from ris_hybrid.settings import Pool


def pools(conf: ConfOption = None, *, as_json: JsonOption = False) -> None:
    """Show each pool: on, held after a lack of capacity, or switched off; and how long its nodes take to join."""
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    marks, now = site.provider.ledger.pools(), site.provider.now
    known = [(pool, marks.get(pool.name, PoolMarks())) for pool in site.settings.pools]
    if as_json:
        show.json_object({"sandbox": site.sandbox, "pools": [_row(pool, found, now) for pool, found in known]})
        return
    show.table(
        ("pool", "state", "failed to join", "boot s", "why"),
        [(p.name, m.state(now), m.join_failures, f"{m.boot_s or p.boot_s:.0f}", _why(m, now)) for p, m in known],
    )


def clear(
    pool: Annotated[str, typer.Argument(help="The pool's name.")],
    conf: ConfOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be changed.")] = False,
) -> None:
    """Switch a pool on again: clears its hold, its failures to join and what switched it off."""
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    if site.settings.pool(pool) is None:
        names = ", ".join(known.name for known in site.settings.pools)
        raise ConfigError(f"no pool {pool} in burst.yaml", f"there are: {names}")
    before, now = site.provider.ledger.pools().get(pool, PoolMarks()), site.provider.now
    if before.state(now) == "on" and not before.join_failures:
        show.line(f"pool {pool} is on: nothing to clear")
        return
    was = _why(before, now) or f"{before.join_failures} failures to join"
    if not dry_run:
        after = replace(before, held_until=0.0, held_for="", join_failures=0, off="")
        site.provider.ledger.mark_pool(pool, after, before)
        site.provider.note("pool cleared", pool=pool, was=was)
    show.line(f"{'would clear' if dry_run else 'cleared'} pool {pool}: {was}")


def state_text(marks: PoolMarks, now: float) -> str:
    """Why a pool is not used now; empty when it is on."""
    state = marks.state(now)
    return "" if state == "on" else f"{state}: {_why(marks, now)}"


def _why(marks: PoolMarks, now: float) -> str:
    if marks.off:
        return marks.off
    if marks.held_until > now:
        until = datetime.fromtimestamp(marks.held_until, UTC).strftime("%H:%M:%SZ")
        return f"{marks.held_for}: left alone until {until}"
    return ""


def _row(pool: Pool, marks: PoolMarks, now: float) -> dict[str, Any]:
    return {
        "pool": pool.name,
        "state": marks.state(now),
        "why": _why(marks, now),
        "held_until": marks.held_until or None,
        "join_failures": marks.join_failures,
        "boot_s": marks.boot_s or None,
    }
