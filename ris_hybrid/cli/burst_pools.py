"""``burst pools`` and ``burst clear``: what the ledger says of each pool, and how an admin switches one on again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burst.clouds import partly
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import PoolMarks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.fleet import Fleet
    from ris_hybrid.cli.burst_view import Seen
    from ris_hybrid.settings import Pool


def pools(conf: ConfOption = None, *, as_json: JsonOption = False) -> None:
    """Show each pool: on, held after a lack of capacity, or switched off; and how long its nodes take to join.

    Where a cloud does not answer its pools are missing, which is said, and exits 5.
    """
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    marked, now = partly.marks(site.provider.ledger), site.provider.now
    read = [pool for pool in site.settings.pools if pool.cloud not in marked.unread]
    known = [(pool, marked.pools.get(pool.name, PoolMarks())) for pool in read]
    if as_json:
        rows = [_row(pool, found, now) for pool, found in known]
        show.json_object({"sandbox": site.sandbox, "pools": rows, "unread": partly.rows(marked.unread)})
    else:
        _show(known, now, several=bool(site.settings.clouds))
    if marked.unread:
        raise partly.PartlyUnknown(marked.pools, marked.unread)


def _show(known: Sequence[tuple[Pool, PoolMarks]], now: float, *, several: bool) -> None:
    clouds = ("cloud",) if several else ()
    show.table(
        ("pool", *clouds, "state", "failed to join", "boot s", "why"),
        [
            (
                p.name,
                *(partly.cloud_word(p.cloud) for _ in clouds),
                m.state(now),
                m.join_failures,
                f"{m.boot_s or p.boot_s:.0f}",
                _why(m, now),
            )
            for p, m in known
        ],
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
    known = site.settings.pool(pool)
    if known is None:
        names = ", ".join(one.name for one in site.settings.pools)
        raise ConfigError(f"no pool {pool} in burst.yaml", f"there are: {names}")
    marked, now = partly.marks(site.provider.ledger), site.provider.now
    if known.cloud in marked.unread:
        raise partly.PartlyUnknown(marked.pools, marked.unread)
    before = marked.pools.get(pool, PoolMarks())
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


def pool_state(pool: Pool, seen: Seen, fleet: Fleet) -> str:
    """The same of one pool among what was seen; unknown where its cloud did not answer."""
    if pool.cloud in seen.unread:
        return "unknown: its cloud does not answer"
    return state_text(fleet.marks_of(pool.name), fleet.now)


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
        "cloud": pool.cloud,
        "state": marks.state(now),
        "why": _why(marks, now),
        "held_until": marks.held_until or None,
        "join_failures": marks.join_failures,
        "boot_s": marks.boot_s or None,
    }
