"""The composition root: environment and configuration in, ports out. The only module that knows every room."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ris_hybrid.clocks import FixedClock, clock
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from burst.broker import Site
    from burst.clients import Clients
    from burst.duty import Post
    from burst.outlook_file import OutlookFile
    from burst.provider import Provider
    from onprem.shell import Shell
    from policies.rules.rule import Context
    from ris_hybrid.mirror.settings import Environment
    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
    from ris_hybrid.ports import Clock, Deployer, Hosts, Inventory, Notices, Scheduler, SiteReports
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlaces:
    """Where ebrokerd says our files are."""

    conf: Path
    data: Path

    @classmethod
    def of(cls, env: Mapping[str, str], provider: str = "") -> HookPlaces:
        """From PRO_CONF_DIR; the policy script, which has none, finds its provider in hostProviders.json."""
        conf = env.get("PRO_CONF_DIR", "")
        if not conf and provider:
            conf = str(_conf_path(env, provider))
        if not conf:
            raise ConfigError("PRO_CONF_DIR is not set", "this command is called by LSF's ebrokerd")
        return cls(conf=Path(conf), data=Path(env.get("PRO_DATA_DIR") or conf))


def hook_provider(places: HookPlaces, env: Mapping[str, str], clients: Clients | None = None) -> Provider:
    """The verbs' ports as LSF's call finds them; ``clients`` are those of a process that stays."""
    from burst.rc.conf import load
    from burst.rc.templates import FILE_NAME

    conf = places.conf / "conf"
    return provider(load(conf / FILE_NAME), places.data, clock(env).now(), conf, clients, clock(env))


def launch_lock(places: HookPlaces, settings: BurstSettings) -> AbstractContextManager[None]:
    """Held while a request looks at the caps and launches."""
    return launch_lock_in(places.data, settings)


def launch_lock_in(data: Path, settings: BurstSettings) -> AbstractContextManager[None]:
    """The same lock, for who knows the data directory: the broker, and whoever switches pools off."""
    from burst.lock import one_at_a_time

    return one_at_a_time(data / f"{settings.provider}-launch.lock")


def provider(
    settings: BurstSettings,
    data: Path,
    now: float,
    conf: Path | None = None,
    clients: Clients | None = None,
    ticking: Clock | None = None,
) -> Provider:
    """The verbs' ports over the clouds that the settings name.

    Args:
        settings: of the provider.
        data: where its local files lie.
        now: epoch seconds, when the caller began to look.
        conf: the provider's configuration folder, when LSF calls.
        clients: those of a process that stays.
        ticking: tells when the caller has acted; where there is none that is ``now``.
    """
    from burst.audit import AuditFile
    from burst.clients import Clients
    from burst.journal import JournalFile
    from burst.lock import if_nobody_acted
    from burst.plan_file import PlanFile, plan_path
    from burst.provider import Provider
    from burst.spend import SpendFile
    from ris_hybrid.clouds_wiring import cloud_ports

    clock = ticking or FixedClock(now)
    ports = cloud_ports(settings, data, conf, clients or Clients(), clock)
    return Provider(
        settings=settings,
        cloud=ports.cloud,
        ledger=ports.ledger,
        journal=JournalFile(data / f"{settings.provider}-launches.log"),
        spend=SpendFile(data, settings.provider),
        audit=AuditFile(data / f"{settings.provider}-audit.jsonl"),
        now=now,
        alone=lambda seen_at: if_nobody_acted(data / f"{settings.provider}-reap.lock", seen_at, clock.now),
        checks=ports.checks,
        outlook=_outlook(settings, data),
        plans=PlanFile(plan_path(data, settings.provider), settings),
    )


def _outlook(settings: BurstSettings, data: Path) -> OutlookFile | None:
    """The data plane's word, where burst.yaml names it."""
    if not settings.outlook:
        return None
    from burst.outlook_file import OutlookFile

    return OutlookFile(data / settings.outlook, settings.outlook_minutes * 60)


def notices(provider: Provider, clients: Clients) -> Notices:
    """The queue of spot notices that the settings name; where they name none, nothing ever comes."""
    from burst.aws.notices import SqsNotices
    from burst.notices import NoNotices

    url = provider.settings.notices
    if not url:
        return NoNotices()
    return SqsNotices(clients.sqs(provider.settings), url, provider.audit, provider.now)


DATA_VARIABLE = "PRO_DATA_DIR"


def data_dir(settings: BurstSettings, conf: Path | None, env: Mapping[str, str] = os.environ) -> Path:
    """The work directory ebrokerd gives the hook: named by the environment, else found by lsf.conf as ebrokerd does.

    Where there is no LSF on this host it lies beside burst.yaml.
    """
    named = env.get(DATA_VARIABLE, "")
    if named:
        return Path(named)
    work = _lsf_work_dir(settings.cluster, env)
    if work is not None:
        return work / "resource_connector"
    return (conf.parent if conf else Path.cwd()) / f"{settings.provider}-data"


def _lsf_work_dir(cluster: str, env: Mapping[str, str]) -> Path | None:
    from onprem.lsf.conf.assignments import values
    from onprem.lsf.conf.places import read, work_dir

    envdir = env.get("LSF_ENVDIR", "")
    if not envdir or not (Path(envdir) / "lsf.conf").is_file():
        return None
    settings = values(read(Path(envdir) / "lsf.conf"))
    found = work_dir(settings, Path(envdir), cluster)
    ours = Path(settings.get("LSF_CONFDIR") or envdir) / f"lsf.cluster.{cluster}"
    return found if ours.is_file() or found.is_dir() else None


def lsf_envdir(given: Path | None, env: Mapping[str, str] = os.environ) -> Path:
    """The directory of lsf.conf: the one given, else LSF_ENVDIR. Raises ``ConfigError`` when there is neither."""
    named = env.get("LSF_ENVDIR", "")
    if given is None and not named:
        raise ConfigError("LSF_ENVDIR is not set", "source LSF's profile.lsf, or give --lsf-envdir DIR")
    return (given or Path(named)).absolute()


def lsf_shell(envdir: Path, env: Mapping[str, str] = os.environ) -> Shell:
    """Where LSF's administrator commands run, with that configuration."""
    from onprem.shell import LocalShell

    return LocalShell(environment={**env, "LSF_ENVDIR": str(envdir)})


def scheduler(timeout_s: float = 30.0) -> Scheduler:
    """LSF, by the commands on PATH; each may take so long."""
    from onprem.lsf.read import LsfScheduler
    from onprem.shell import LocalShell

    return LsfScheduler(LocalShell(), timeout_s=timeout_s, now=clock().now)


def hosts(timeout_s: float = 30.0) -> Hosts:
    """The hands on LSF's hosts, by the commands on PATH."""
    from onprem.lsf.act import LsfHosts
    from onprem.shell import LocalShell

    return LsfHosts(LocalShell(), timeout_s=timeout_s)


def site_reports(folder: Path) -> SiteReports:
    """What the site reports beside its allocation files, as somebody captured it into a folder."""
    from onprem.captured import CapturedReports

    return CapturedReports(folder)


HOST_VARIABLE = "RIS_HYBRID_HOST"
"""What LSF calls this host, where that is not its own name."""


def here(env: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """This host's names."""
    return (env.get(HOST_VARIABLE) or os.uname().nodename,)


def connector_on(provider: str, env: Mapping[str, str] = os.environ) -> bool | None:
    """Whether LSF's Resource Connector launches for this provider; None where LSF's files cannot be found."""
    from onprem.lsf.connector import envdir, switched_on

    folder = envdir(env)
    return None if folder is None else switched_on(folder, provider)


def broker_site(provider: Provider, data: Path, clients: Clients) -> Site:
    """The batch system and the notices as the broker works with them."""
    from burst.broker import Site

    return Site(
        scheduler=scheduler(),
        hosts=hosts(),
        launch_lock=lambda: launch_lock_in(data, provider.settings),
        notices=notices(provider, clients),
    )


def broker_post(settings: BurstSettings, data: Path, names: tuple[str, ...]) -> Post:
    """Where a broker on a host of these names stands."""
    from burst.duty import Post
    from onprem.lsf.lsid import LsfMaster
    from onprem.shell import LocalShell

    return Post(master=LsfMaster(LocalShell()), here=names, lock=data / f"{settings.provider}-broker.lock")


def _conf_path(env: Mapping[str, str], provider_name: str) -> Path:
    import json

    envdir = env.get("LSF_ENVDIR", "")
    if not envdir:
        raise ConfigError("neither PRO_CONF_DIR nor LSF_ENVDIR is set", "LSF's ebrokerd calls this command")
    path = Path(envdir) / "resource_connector" / "hostProviders.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["providers"]
        conf = next(str(entry["confPath"]) for entry in entries if entry.get("name") == provider_name)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise ConfigError(f"{path}: providers: expected one named {provider_name} with a confPath") from error
    return Path(envdir) / conf


def inventory(
    environment: Environment | EnvironmentPlan, plan: MirrorPlan, profile: str = "", *, everything: bool = False
) -> Inventory:
    """What AWS holds of a plan in one of its environments; without a profile AWS's own chain gives the credentials."""
    from ris_hybrid.holdings.inventory import AwsInventory
    from ris_hybrid.holdings.scope import Scope

    scope = Scope.of_plan(plan, environment.name, everything=everything)
    return AwsInventory(environment.account, environment.region, scope, profile=profile)


def judge(
    plan: MirrorPlan, context: Context, waivers: Path | None, today: str, tell: Callable[[str], None]
) -> tuple[str, ...]:
    """What the plan breaks of the rules, a line each; what is waived is told. ``today`` is an ISO date.

    Raises ``UnusableFile`` for a waivers.yaml with mistakes.
    """
    from policies.plan import check_plan, lines
    from policies.rules.all_rules import BY_NAME
    from ris_hybrid.config.waiver_file import load_waivers

    verdicts = check_plan(plan, context, load_waivers(waivers, BY_NAME.keys(), today) if waivers else (), today)
    for by, found in ((one.waiver, one.finding) for one in verdicts.waived):
        tell(f"waived by {by.owner} until {by.until} ({by.ticket}): {found}: {by.reason}")
    return lines(verdicts)


def pulumi_deployer(project: Path, plan: Path, profiles: Mapping[str, str]) -> Deployer:
    """Pulumi's own engine over the stacks of a project folder, with the policy pack that lies in it.

    ``profiles`` has AWS's profile for an environment.
    """
    from stacks.automation import PulumiDeployer

    pack = project / "policies" / "pack"
    return PulumiDeployer(project, plan, (pack,) if pack.is_dir() else (), profiles)


def aws_endpoint(env: Mapping[str, str] = os.environ) -> str:
    """Where this shell sends its AWS calls; empty for AWS itself."""
    return env.get("AWS_ENDPOINT_URL", "")
