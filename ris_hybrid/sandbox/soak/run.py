"""Runs a soak, seed by seed, and keeps the history of the days that failed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.places import Places, root
from ris_hybrid.sandbox.soak.day import Drive
from ris_hybrid.sandbox.soak.ordeals import day_of
from ris_hybrid.sandbox.soak.premises import built

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.soak.premises import Site
    from ris_hybrid.sandbox.soak.verdict import Figures


def soak(seed: int, hours: float, *, children: bool = False, clouds: bool = False, keep: Path | None = None) -> Figures:
    """One day, over two clouds if asked.

    When a guarantee did not hold, ``keep`` gets ``soak-<seed>.json`` and the provider's audit log.
    """
    places = Places(root=root() / f"demo-{os.getpid()}")
    places.create()
    places.write_state("soak", {})
    try:
        day = day_of(seed, hours)
        with built(day, places, clouds=clouds) as site:
            figures = Drive(day, site, children=children).run()
            if figures.failures and keep is not None:
                _keep(figures, site, keep)
            return figures
    finally:
        places.remove()


def _keep(figures: Figures, site: Site, folder: Path) -> None:
    lines = [f"{site.history.minutes(one.at):8.1f} min  {one.kind:<14} {one.text}" for one in site.history.happenings]
    told = {**figures.as_json(), "history": lines, "machines": site.world.instances()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"soak-{figures.seed}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for log in sorted(site.data.glob("*-audit.jsonl")):
        (folder / f"soak-{figures.seed}-audit.jsonl").write_bytes(log.read_bytes())
