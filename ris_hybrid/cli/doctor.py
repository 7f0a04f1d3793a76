"""``ris-hybrid doctor``: what is in place and what is missing, each with what to do next."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOMS = ("ris_hybrid", "onprem", "burst", "stacks", "policies")
LSF_COMMANDS = ("bjobs", "bqueues", "bhosts", "lsid", "badmin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. ``needed`` is False for what only some commands want."""

    name: str
    ok: bool
    text: str
    hint: str = ""
    needed: bool = True


class NotReady(RisHybridError):
    """Something needed is missing."""

    exit_code = 4


def doctor(
    conf: Annotated[Path | None, typer.Option("--conf", envvar="RIS_HYBRID_CONF", help="burst.yaml.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the installation, LSF, AWS and burst.yaml; exit 4 when something needed is missing."""
    findings = [*_packages(), *_extras(), *_site(conf)]
    if as_json:
        show.json_object(
            {
                "findings": [
                    {"name": f.name, "ok": f.ok, "needed": f.needed, "text": f.text, "hint": "" if f.ok else f.hint}
                    for f in findings
                ]
            }
        )
    else:
        for finding in findings:
            mark = "ok" if finding.ok else "MISSING" if finding.needed else "absent"
            show.line(f"{mark:<8} {finding.name}: {finding.text}")
            if not finding.ok and finding.hint:
                show.line(f"         {finding.hint}")
    missing = [finding.name for finding in findings if finding.needed and not finding.ok]
    if missing:
        raise NotReady(f"not ready: {', '.join(missing)}")


def _packages() -> list[Finding]:
    """Each room must be ours: other distributions use the same package names (docs/adr/0001)."""
    from importlib.util import find_spec

    spec = find_spec("ris_hybrid")
    home = Path(spec.origin).parent.parent if spec and spec.origin else None
    findings = []
    for room in ROOMS:
        spec = find_spec(room)
        found = Path(spec.origin).parent if spec and spec.origin else None
        ok = found is not None and home is not None and found.parent == home
        text = f"in {found}" if ok else f"expected in {home}, found {found}"
        hint = "another distribution uses this name: install ris-hybrid in an environment of its own"
        findings.append(Finding(name=f"package {room}", ok=ok, text=text, hint=hint))
    return findings


def _extras() -> list[Finding]:
    from importlib.util import find_spec

    modules = {"sandbox": ("moto", "matplotlib", "jinja2"), "stacks": ("pulumi", "pulumi_aws")}
    findings = []
    for extra, names in modules.items():
        absent = [name for name in names if find_spec(name) is None]
        text = f"lacks {', '.join(absent)}" if absent else "installed"
        hint = f"pip install 'ris-hybrid[{extra}]'"
        findings.append(Finding(name=f"extra {extra}", ok=not absent, text=text, hint=hint, needed=False))
    return findings


def _site(conf: Path | None) -> list[Finding]:
    from ris_hybrid.cli.burst_site import open_site

    try:
        site = open_site(conf)
    except RisHybridError as error:
        return [Finding(name="burst.yaml", ok=False, text=error.message, hint=error.hint)]
    settings, where = site.settings, "sandbox" if site.sandbox else "production"
    text = f"{len(settings.pools)} pools, cluster {settings.cluster}, {where}"
    unbuilt = [pool.name for pool in settings.pools if not pool.launch_template]
    return [
        Finding(name="burst.yaml", ok=True, text=text),
        Finding(
            name="pools",
            ok=not unbuilt,
            text=f"not built: {', '.join(unbuilt)}" if unbuilt else "all built",
            hint="apply the stacks and name their outputs in burst.yaml",
        ),
        *(_command(name) for name in LSF_COMMANDS),
        _asked("LSF", lambda: f"{len(site.scheduler.queues())} queues"),
        _asked("AWS", lambda: f"{len(site.provider.cloud.machines())} machines in the ledger"),
    ]


def _command(name: str) -> Finding:
    path = shutil.which(name)
    text = path or "not on PATH"
    return Finding(name=f"command {name}", ok=path is not None, text=text, hint="source LSF's profile.lsf")


def _asked(name: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, ok=True, text=question())
    except RisHybridError as error:
        return Finding(name=name, ok=False, text=error.message, hint=error.hint)
