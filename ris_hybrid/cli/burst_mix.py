"""``burst mix``: which instance types, and how many of each, would serve what is pending, for designing pools."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.mix.values import JobClass
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.settings import Pool

ClassesOption = Annotated[
    Path | None,
    typer.Option("--classes", help="YAML or JSON file of job classes, instead of the jobs that are pending now."),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option("--type", help="Only types of this name, with * for any text (c7a.*, research/*); may be repeated."),
]


def mix(
    conf: ConfOption = None,
    classes: ClassesOption = None,
    kinds: TypeOption = None,
    *,
    max_types: Annotated[int | None, typer.Option(help="At most so many types in the mix.", min=1)] = None,
    max_nodes: Annotated[int | None, typer.Option(help="At most so many nodes in all.", min=0)] = None,
    by_lab: Annotated[bool, typer.Option("--by-lab", help="A node is one lab's, as with accounts of LSF.")] = False,
    spot: Annotated[
        float | None, typer.Option(help="Buy spot, at this share of the price on demand.", min=0.01, max=1.0)
    ] = None,
    ncpus: Annotated[str, typer.Option(help="cores or threads: a slot; without it that of burst.yaml.")] = "",
    depth: Annotated[int, typer.Option(help="Look at so many of the pending jobs.", min=1)] = 5000,
    seconds: Annotated[float, typer.Option(help="The solver's at most; 0: first fit alone.", min=0.0)] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Choose instance types for the pending jobs, or for --classes, by dollars an hour. Starts and changes nothing."""
    from burst.aws.prices import catalog
    from burst.mix.offered import by_labs, choose_few, sizes_of, types_of
    from burst.mix.values import Bounds
    from ris_hybrid.cli.burst_mix_view import Shown, show_mix

    if ncpus not in {"", "cores", "threads"}:
        raise ConfigError(f"--ncpus: expected cores or threads, found {ncpus!r}")
    asked = _asked(conf, classes, depth, by_lab=by_lab)
    known = {name: usd for name, usd in asked.prices.items() if name in catalog()}
    found = types_of(catalog().values(), kinds or (), prices=known, ncpus=ncpus or asked.ncpus, spot_ratio=spot)
    if spot is None:
        found += sizes_of(asked.pools, kinds or (), prices=asked.prices)
    if not found:
        raise ConfigError("no type of the catalogue fits --type, with a price", "ris-hybrid burst mix --type 'c7a.*'")
    offered = by_labs(found, asked.classes) if by_lab else found
    begun = time.perf_counter()
    with show.aside():  # the solver has been seen to print
        chosen = choose_few(asked.classes, offered, Bounds(nodes=max_nodes, seconds=seconds), max_types)
    took = time.perf_counter() - begun
    shown = Shown(mix=chosen, classes=asked.classes, types=len(found), seconds=took, sandbox=asked.sandbox)
    for text in asked.notes:
        show.note(text)
    show_mix(shown, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The classes, and what else is known of the site."""

    classes: Sequence[JobClass]
    prices: Mapping[str, float]
    ncpus: str
    pools: Sequence[Pool] = ()
    sandbox: bool = False
    notes: tuple[str, ...] = ()


def _asked(conf: Path | None, classes: Path | None, depth: int, *, by_lab: bool) -> _Asked:
    from ris_hybrid.cli.burst_mix_file import load_classes
    from ris_hybrid.cli.burst_site import load_settings, open_site

    if classes is None:
        return _pending(open_site(conf), depth, by_lab=by_lab)
    found = load_classes(classes)
    if conf is None:
        return _Asked(classes=found, prices={}, ncpus="cores")
    settings = load_settings(conf)
    return _Asked(classes=found, prices=settings.prices, ncpus=settings.ncpus, pools=settings.pools)


def _pending(site: BurstSite, depth: int, *, by_lab: bool) -> _Asked:
    from onprem.lsf.traits import LsfTraits
    from onprem.shell import LocalShell
    from ris_hybrid.cli.burst_mix_site import seen

    found, notes = seen(site.scheduler, LsfTraits(LocalShell()), depth, by_lab=by_lab)
    settings = site.settings
    return _Asked(
        classes=found,
        prices=settings.prices,
        ncpus=settings.ncpus,
        pools=settings.pools,
        sandbox=site.sandbox,
        notes=notes,
    )
