"""How ``burst mix`` shows what it chose."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from burst.clouds.naming import cloud_of
from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from burst.mix.values import JobClass, Mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was asked, and what came of it."""

    mix: Mix
    classes: Sequence[JobClass]
    types: int
    """So many were there to choose from."""
    seconds: float
    sandbox: bool


def show_mix(shown: Shown, *, as_json: bool) -> None:
    """As tables, or as one JSON object."""
    if as_json:
        show.json_object(_json(shown))
        return
    if not shown.classes:
        show.line("no pending job that more slots would start: nothing to choose for")
        return
    _show_classes(shown)
    _show_nodes(shown.mix)
    show.line()
    show.fields(_figures(shown))
    for reason in shown.mix.reasons:
        show.line(f"  {reason}")


def _show_classes(shown: Shown) -> None:
    unserved = shown.mix.unserved
    show.table(
        ("class", "jobs", "slots", "MiB", "GPUs", "span", "unserved", "why"),
        [
            (one.name, one.jobs, one.slots, one.memory_mib, one.gpus, one.span, *unserved.get(one.name, (0, "")))
            for one in shown.classes
        ],
    )
    show.line()


def _show_nodes(mix: Mix) -> None:
    rows = [
        (part.nodes, part.type.name, part.type.lab, _held(part.holds), f"{_full(part):.0%}", f"{part.usd_per_hour:.2f}")
        for part in mix.nodes
    ]
    rows += [
        (
            one.nodes,
            one.type.name,
            one.type.lab,
            _whole(one.job_class, one.jobs, one.nodes_each, one.type.name),
            "whole",
            f"{one.usd_per_hour:.2f}",
        )
        for one in mix.blocks
    ]
    show.table(("nodes", "type", "lab", "each holds", "slots used", "$/h"), rows)


def _full(part: Any) -> float:
    return float(part.slots / part.type.slots)


def _held(holds: Sequence[tuple[str, int]]) -> str:
    return " + ".join(f"{count} x ({name})" for name, count in holds)


def _whole(name: str, jobs: int, each: int, kind: str) -> str:
    where = "one zone" if cloud_of(kind) else "one placement group and zone"
    return f"{jobs} x ({name}), each {each} nodes in {where}, all or none"


def _figures(shown: Shown) -> dict[str, object]:
    mix = shown.mix
    single = mix.single
    bound = max((usd for usd in (mix.lp_usd, mix.bound_usd) if usd is not None), default=None)
    return {
        "$ an hour": f"{mix.usd_per_hour:.2f}",
        "by": mix.way,
        "linear bound": _usd(mix.lp_usd),
        "best bound": _usd(bound),
        "dearer than the bound by": None if mix.gap is None else f"{mix.gap:.2%} at most",
        "best single type": f"{single.nodes} {single.type}, ${single.usd_per_hour:.2f}"
        if single
        else "none serves all",
        "first fit": _usd(mix.first_fit_usd),
        "types to choose from": shown.types,
        "seconds": f"{shown.seconds:.2f}",
    }


def _usd(figure: float | None) -> str | None:
    return None if figure is None else f"${figure:.2f}"


def _json(shown: Shown) -> dict[str, Any]:
    mix = shown.mix
    return {
        "sandbox": shown.sandbox,
        "classes": [asdict(one) for one in shown.classes],
        "counts": [{"type": name, "lab": lab, "nodes": nodes} for (name, lab), nodes in mix.counts.items()],
        "usd_per_hour": round(mix.usd_per_hour, 5),
        "way": mix.way,
        "lp_usd_per_hour": mix.lp_usd,
        "bound_usd_per_hour": mix.bound_usd,
        "gap": mix.gap,
        "single": asdict(mix.single) if mix.single else None,
        "first_fit_usd_per_hour": mix.first_fit_usd,
        "nodes_added": mix.added,
        "nodes": [_packed(part) for part in mix.nodes],
        "blocks": [
            {
                "type": one.type.name,
                "lab": one.type.lab,
                "class": one.job_class,
                "jobs": one.jobs,
                "nodes_each": one.nodes_each,
            }
            for one in mix.blocks
        ],
        "unserved": {name: {"jobs": jobs, "why": why} for name, (jobs, why) in mix.unserved.items()},
        "types": shown.types,
        "seconds": round(shown.seconds, 3),
        "reasons": list(mix.reasons),
    }


def _packed(part: Any) -> dict[str, Any]:
    used = {"slots": part.slots, "memory_mib": part.memory_mib, "gpus": part.gpus}
    return {"type": part.type.name, "lab": part.type.lab, "nodes": part.nodes, "holds": dict(part.holds), "used": used}
