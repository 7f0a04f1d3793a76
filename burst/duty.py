"""Whether this host acts as the broker now: one of the candidates does, the current master, and one process on it.

The master's name comes from the batch system, which settles among its candidates who leads; a kernel lock in the
shared data directory keeps a second process from acting meanwhile. It is held for a turn, not longer: when the master
moves, the old one keeps nothing from the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from burst.broker import Made, turn
from burst.lifecycle import short_name
from burst.lock import if_free
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from burst.broker import Site
    from burst.provider import Provider
    from ris_hybrid.model import Identity
    from ris_hybrid.ports import Master
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a broker stands: who it asks for the master, its own host's names, and the lock of the data directory."""

    master: Master
    here: tuple[str, ...]
    lock: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """No turn was made, for this reason."""

    why: str


def once(provider: Provider, site: Site, post: Post, *, dry_run: bool = False) -> Made | Standby:
    """One turn if it is ours to make. Raises what ``turn`` raises, and ``ConfigError`` on another cluster.

    A dry run changes nothing, so it needs no lock and leaves no line in the audit log.
    """
    why = why_not(provider.settings, post.master.who(), post.here)
    if dry_run:
        return Standby(why=why) if why else turn(provider, site, dry_run=True)
    if not why:
        with if_free(post.lock) as ours:
            if ours:
                return turn(provider, site)
        why = f"another broker is at work in {post.lock.parent}"
    provider.note("standby", why=why)
    return Standby(why=why)


def check_flags(settings: BurstSettings) -> None:
    """Raises ``ConfigError`` for spot nodes that no job could use: only LSF's Resource Connector names their flag.

    The flag is exclusive (``!risspot``): LSF gives such a host no job that does not ask for it.
    """
    spot = [pool.name for pool in settings.pools if pool.purchase != "on-demand"]
    if spot and settings.spot_flag:
        raise ConfigError(
            f"pool {spot[0]}: its spot nodes carry the exclusive flag {settings.spot_flag}, "
            "so that jobs which do not name it never start there",
            'without a Resource Connector set spot_flag: "" in burst.yaml, and render the nodes\' user data anew',
        )


def why_not(settings: BurstSettings, identity: Identity, here: Collection[str]) -> str:
    """Why this host does not act; empty when it is the master (pure).

    Raises ``ConfigError`` when the batch system is another cluster: its hosts are not those of our machines.
    """
    if identity.cluster != settings.cluster:
        raise ConfigError(
            f"burst.yaml is for cluster {settings.cluster}, the batch system here is {identity.cluster}",
            "mend cluster in burst.yaml, or load the environment of the right cluster",
        )
    if short_name(identity.master) in {short_name(name) for name in here}:
        return ""
    return f"the master is {identity.master}, this host is {', '.join(sorted(here)) or 'without a name'}"
