"""A node of a second cloud ⇄ a machine of the ledger (pure)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from burst import tags
from burst.libcloud.faults import code_of, has_no_place
from burst.libcloud.values import INDEX, TOKEN, Wanted
from ris_hybrid.model import Machine, MachineState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.values import Node
    from ris_hybrid.model import Launch
    from ris_hybrid.settings import BurstSettings, Pool

_ODD = re.compile(r"[^a-z0-9-]+")
_POOL_CHARACTERS = 36
_DIGEST = 12


def machine_of(node: Node, unwritten: Mapping[str, str] | None = None) -> Machine:
    """A node as the ledger sees it; ``unwritten`` are marks that its cloud has not taken yet.

    One that no place was found for is stopped, impaired, and short of capacity: LSF is told that it failed, the reaper
    ends it as broken, which no pool is blamed for, and its pool is held (``burst.libcloud.marks``).
    """
    carried = {**node.tags, **(unwritten or {})}
    ledger = tags.written(carried)
    if has_no_place(node):
        ledger["shortfall"] = ledger["shortfall"] or code_of(node)
    return Machine(
        machine_id=node.node_id,
        name=node.name,
        state=node.state,
        instance_type=node.size,
        zone=node.zone,
        private_ip=node.private_ip,
        launched=node.launched,
        spot=node.spot,
        gave_up=node.gave_up,
        impaired=is_impaired(node),
        **ledger,
    )


def is_impaired(node: Node) -> bool:
    """Whether its cloud says that it does not work, for a reason that is not the pool's.

    One that was given a place and could not be built there is not: that counts as a node that never joined.
    """
    return bool(node.fault) and (not node.placed or node.state != MachineState.STOPPED)


def is_of(node: Node, settings: BurstSettings) -> bool:
    """Whether it is this provider's, on this cluster."""
    return (node.tags.get(tags.CLUSTER), node.tags.get(tags.PROVIDER)) == (settings.cluster, settings.provider)


def index_of(node: Node, token: str) -> int | None:
    """Its number in the launch of that token; None when it is of another."""
    number = node.tags.get(INDEX, "")
    return int(number) if node.tags.get(TOKEN) == token and number.isascii() and number.isdigit() else None


def host_name(launch: Launch, index: int, place: tuple[str, str]) -> str:
    """``ris-<pool>-<digest of token and place>-<index>``: the same for the same machine, and given to no other.

    Google's machines go by their names, in our books and in what they cost: one that got no place in time, or was
    ended again, must not lend its name to the one that is made of another size in its zone.
    """
    pool = _ODD.sub("-", launch.pool.lower()).strip("-")[:_POOL_CHARACTERS]
    digest = sha256("\0".join((launch.token, *place)).encode()).hexdigest()[:_DIGEST]
    return f"ris-{pool}-{digest}-{index}"


def wanted(launch: Launch, index: int, place: tuple[str, str], pool: Pool, texts: tuple[dict[str, str], str]) -> Wanted:
    """One machine to make.

    Args:
        launch: what it is of.
        index: its number in that.
        place: size and zone, by the cloud's names.
        pool: what it is made of.
        texts: the ledger's values, and user data.
    """
    values, user_data = texts
    return Wanted(
        name=host_name(launch, index, place),
        size=place[0],
        image=pool.image,
        networks=pool.networks,
        security_groups=pool.security_groups,
        zone=place[1],
        tags={**values, TOKEN: launch.token, INDEX: str(index)},
        user_data=user_data,
    )
