"""``ris-hybrid doctor``: what is in place and what is missing, each with what to do next."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.checkup.finding import Finding, asked
from ris_hybrid.cli import show
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from onprem.lsf.conf.places import LsfFiles
    from onprem.lsf.conf.reconfig import Step
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.model import Machine
    from ris_hybrid.settings import BurstSettings

ROOMS = ("ris_hybrid", "onprem", "burst", "stacks", "policies")
_ADVICE = "mend burst.yaml, or leave it where it is meant so"
LSF_COMMANDS = ("bjobs", "bqueues", "bhosts", "lsid", "badmin")


class NotReady(RisHybridError):
    """Something needed is missing."""

    exit_code = 4


def doctor(
    conf: Annotated[Path | None, typer.Option("--conf", envvar="RIS_HYBRID_CONF", help="burst.yaml.")] = None,
    lsf_envdir: Annotated[
        Path | None,
        typer.Option("--lsf-envdir", metavar="DIR", help="The directory of lsf.conf; without it LSF_ENVDIR."),
    ] = None,
    site: Annotated[
        Path | None,
        typer.Option("--site", envvar="RIS_HYBRID_SITE", help="The site's allocations, to look for burst.yaml's labs."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FILE",
            envvar="RIS_HYBRID_DATA",
            help="data.yaml; without it the sandbox's, the one beside burst.yaml, or the one in this directory.",
            show_default=False,
        ),
    ] = None,
    *,
    space: Annotated[
        bool, typer.Option("--space", help="Also ask GPFS for room (mmdf), which reads from every disk.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check the installation, burst.yaml, LSF, clouds and the data plane; exit 4 when something needed is missing."""
    burst, told = _burst(conf)
    ours = (*_packages(), *_extras(burst), told, *(_advice(conf) if burst is not None else ()))
    findings = [*ours, *_site(burst, lsf_envdir, site), *_data(conf, data, burst, space=space)]
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


def _extras(site: BurstSite | None) -> list[Finding]:
    from importlib.util import find_spec

    modules = {
        "data": ("awscrt", "globus_sdk", "urllib3"),
        "libcloud": ("libcloud",),
        "planner": ("numba", "numpy", "scipy"),
        "sandbox": ("moto", "matplotlib", "jinja2"),
        "stacks": ("pulumi", "pulumi_aws"),
    }
    wanted = {"libcloud"} if site is not None and site.settings.clouds else set()
    findings = []
    for extra, names in modules.items():
        absent = [name for name in names if find_spec(name) is None]
        text = f"lacks {', '.join(absent)}" if absent else "installed"
        hint = f"pip install 'ris-hybrid[{extra}]'"
        findings.append(Finding(name=f"extra {extra}", ok=not absent, text=text, hint=hint, needed=extra in wanted))
    return findings


def _burst(conf: Path | None) -> tuple[BurstSite | None, Finding]:
    from ris_hybrid.cli.burst_site import open_site

    try:
        site = open_site(conf)
    except RisHybridError as error:
        return None, Finding(name="burst.yaml", ok=False, text=error.message, hint=error.hint)
    settings, where = site.settings, "sandbox" if site.sandbox else "production"
    text = f"{len(settings.pools)} pools, cluster {settings.cluster}, {where}"
    return site, Finding(name="burst.yaml", ok=True, text=text)


def _advice(conf: Path | None) -> Iterable[Finding]:
    """What burst.yaml says to no use, or dangerously."""
    from ris_hybrid.config.burst_file import load_advice

    for remark in load_advice(conf) if conf else ():
        text = f"line {remark.line}: {remark.message}"
        yield Finding(name=f"burst.yaml {remark.field}", ok=False, text=text, hint=_ADVICE, needed=False)


def _site(site: BurstSite | None, lsf_envdir: Path | None, allocations: Path | None) -> Iterable[Finding]:
    if site is None:
        return ()
    from ris_hybrid.checkup import fleet

    settings = site.settings
    unbuilt = [pool.name for pool in settings.pools if not pool.built]
    ledger, machines = fleet.look(site.provider.cloud, "clouds" if settings.clouds else "AWS")
    return [
        Finding(
            name="pools",
            ok=not unbuilt,
            text=f"not built: {', '.join(unbuilt)}" if unbuilt else "all built",
            hint="apply the stacks and name their outputs in burst.yaml",
        ),
        *_labs(settings, allocations),
        *(_command(name) for name in LSF_COMMANDS),
        _asked("LSF", lambda: f"{len(site.scheduler.queues())} queues"),
        *_lsf(site, lsf_envdir, machines),
        *_plan(site),
        ledger,
        *(_cloud(site) if settings.on_ec2 else ()),
        *(_second_clouds(site) if settings.clouds else ()),
    ]


def _data(conf: Path | None, data: Path | None, burst: BurstSite | None, *, space: bool) -> Iterable[Finding]:
    from ris_hybrid import clocks
    from ris_hybrid.cli import doctor_data

    clock = burst.clock if burst is not None else clocks.clock()
    return doctor_data.look(doctor_data.Asked(data=data, conf=conf, burst=burst, clock=clock, space=space))


def _labs(settings: BurstSettings, allocations: Path | None) -> Iterable[Finding]:
    if allocations is None:
        return ()
    from ris_hybrid.checkup import labs, paths
    from ris_hybrid.config.load import load_site

    def look() -> Iterable[Finding]:
        known = load_site(allocations).allocations
        return (*labs.look(settings, {one.name for one in known}), *paths.look(settings, known))

    return asked("allocations", look)


def _lsf(site: BurstSite, lsf_envdir: Path | None, machines: Sequence[Machine]) -> Iterable[Finding]:
    """LSF's files need no running LSF, and the other way round."""
    from onprem.lsf.conf import places
    from ris_hybrid import wiring
    from ris_hybrid.checkup import connector, lsf_files, lsf_live, names, owners, planner

    settings = site.settings
    try:
        envdir = wiring.lsf_envdir(lsf_envdir)
        files = places.find(envdir, settings.cluster)
    except RisHybridError as error:
        yield Finding(name="LSF's files", ok=False, text=error.message, hint=error.hint)
        return
    shell = wiring.lsf_shell(envdir)
    yield from asked("queues", lambda: lsf_live.look(settings, site.scheduler, shell))
    yield from asked("LSF's files", lambda: lsf_files.look(settings, files))
    yield from asked("planner's queues", lambda: planner.live(settings, site.scheduler.queues(), shell))
    yield from asked("planner's files", lambda: planner.files(settings, files))
    yield from asked("resource connector", lambda: connector.look(settings, files, exact=not site.sandbox))
    yield from asked("restarts", lambda: [connector.restarts(_due(files, settings))])
    if site.sandbox:
        return  # its hosts and its administrator are made up
    yield from asked("LSF administrator", lambda: owners.look(settings, files))
    yield from asked("badmin rc error", lambda: lsf_live.complaints(shell))
    yield from names.look(machines, files.settings, names.SystemNames())


def _plan(site: BurstSite) -> Iterable[Finding]:
    from ris_hybrid.checkup import planner

    return planner.plan(site.settings, site.provider.standing(), site.provider.now)


def _due(files: LsfFiles, settings: BurstSettings) -> tuple[Step, ...]:
    """What `burst enable` named and nobody had it do."""
    from onprem.lsf.conf import reconfig
    from ris_hybrid.enabling import record
    from ris_hybrid.enabling.parts import home

    return reconfig.steps(record.load(home(files, settings)).pending, files.candidates)


def _cloud(site: BurstSite) -> Iterable[Finding]:
    from burst.aws.account import AwsAccount
    from ris_hybrid.checkup import cloud

    now = None if site.sandbox else site.provider.now
    return asked("AWS account", lambda: cloud.look(site.settings, AwsAccount(site.settings), now))


def _second_clouds(site: BurstSite) -> Iterable[Finding]:
    from ris_hybrid import clouds_wiring
    from ris_hybrid.checkup import second_cloud
    from ris_hybrid.checkup.data_bounded import answers

    now = None if site.sandbox else site.provider.now
    return answers(tuple(second_cloud.questions(site.settings, clouds_wiring.second_account, now)))


def _command(name: str) -> Finding:
    path = shutil.which(name)
    text = path or "not on PATH"
    return Finding(name=f"command {name}", ok=path is not None, text=text, hint="source LSF's profile.lsf")


def _asked(name: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(name=name, ok=True, text=question())
    except RisHybridError as error:
        return Finding(name=name, ok=False, text=error.message, hint=error.hint)
