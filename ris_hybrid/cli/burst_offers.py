"""``burst offers``: what each pool asks its cloud for, best first, and why in this order."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.offers import Offer, Ranking
    from ris_hybrid.settings import BurstSettings, Pool


def offers(
    pool: Annotated[str, typer.Argument(help="One pool; without it all of them.")] = "",
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show what each pool's nodes have, and every type, place and way of buying it, best first. Asks nobody."""
    from burst.offers import ranked
    from ris_hybrid.cli.burst_site import load_settings

    settings = load_settings(conf)
    rows = [(known, ranked(known, settings.prices)) for known in _wanted(pool, settings)]
    if as_json:
        show.json_object({"pools": [_json(known, ranking) for known, ranking in rows]})
        return
    for known, ranking in rows:
        of = f" of cloud {known.cloud}" if known.cloud else ""
        show.line(f"{known.name}{of}: {known.slots} slots, {known.memory_mib} MiB, {known.gpus} GPUs a node")
        for reason in ranking.reasons:
            show.line(f"  {reason.text}")
        places = "subnets" if known.provider == "ec2" else "zones"
        show.table(("type", places, "bought", "at most $ per hour"), _by_type(ranking.offers))


def _wanted(name: str, settings: BurstSettings) -> Sequence[Pool]:
    found = [pool for pool in settings.pools if name in ("", pool.name)]
    if not found:
        raise ConfigError(
            f"no pool {name} in burst.yaml", f"there are: {', '.join(known.name for known in settings.pools)}"
        )
    return found


def _by_type(offers: Sequence[Offer]) -> list[tuple[str, int, str, float]]:
    """One line for each type and way of buying, because the places of a type differ in nothing else."""
    counts: dict[tuple[str, str, float], int] = {}
    for offer in offers:
        key = (offer.instance_type, offer.purchase, offer.usd_per_hour)
        counts[key] = counts.get(key, 0) + 1
    return [(kind, subnets, purchase, usd) for (kind, purchase, usd), subnets in counts.items()]


def _json(pool: Pool, ranking: Ranking) -> dict[str, Any]:
    return {
        "pool": pool.name,
        "cloud": pool.cloud,
        "slots": pool.slots,
        "memory_mib": pool.memory_mib,
        "gpus": pool.gpus,
        "reasons": [reason.text for reason in ranking.reasons],
        "left_out": ranking.left_out,
        "offers": [asdict(offer) for offer in ranking.offers],
    }
