"""What LSF's own files must say (IBM Spectrum LSF 10.1, "Configuring the resource connector")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.lsf.conf import assignments, batch, tables, wanted
from onprem.lsf.conf.edits import includes
from onprem.lsf.conf.places import read
from ris_hybrid.checkup.finding import ENABLE, Finding
from ris_hybrid.checkup.names import registers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.lsf.conf.places import LsfFiles
    from ris_hybrid.settings import BurstSettings

_ADVICE = {
    "LSF_DYNAMIC_HOST_TIMEOUT": "without it dead cloud hosts stay listed for ever",
    "LSB_RC_EXTERNAL_HOST_IDLE_TIME": "LSF's default of 60 minutes pays an hour for every node",
    "LSB_RC_EXTERNAL_HOST_MAX_TTL": "LSF then drains old nodes itself",
}


def look(settings: BurstSettings, files: LsfFiles) -> Iterator[Finding]:
    """Every file. Raises ``ConfigError`` for one that cannot be read."""
    conf = assignments.values(read(files.lsf_conf))
    yield from _lsf_conf(conf, settings)
    yield _ncpus(conf, settings)
    brokers = conf.get("LSF_MQ_BROKER_HOSTS") or conf.get("MQTT_BROKER_HOST")
    yield Finding(
        name="lsf.conf MQTT broker",
        ok=bool(brokers),
        text=brokers or "neither LSF_MQ_BROKER_HOSTS nor MQTT_BROKER_HOST",
        hint="set LSF_MQ_BROKER_HOSTS to all master candidates: `bhosts -rc` and `badmin rc error` need it",
        needed=False,
    )
    yield Finding(
        name="lsf.conf LSF_REG_FLOAT_HOSTS",
        ok=registers(conf),
        text=conf.get("LSF_REG_FLOAT_HOSTS", "not set"),
        hint="with lsreghost it spares DNS for cloud nodes; without it their names must resolve, forward and reverse",
        needed=False,
    )
    yield _addresses(files)
    yield from _resources(settings, files)
    modules = tables.modules(read(files.modules), str(files.modules))
    yield Finding(
        name="lsb.modules",
        ok=wanted.MODULE in modules,
        text=f"{wanted.MODULE} is {'' if wanted.MODULE in modules else 'not '}loaded",
        hint=f"without it LSF computes no demand; {ENABLE}",
    )
    yield from _queues(settings, files)


def _lsf_conf(conf: dict[str, str], settings: BurstSettings) -> Iterator[Finding]:
    for want in wanted.lsf_conf(settings):
        has = conf.get(want.key, "")
        ok = bool(has) and want.enough(has, want.value)
        text = has if ok or not has else f"{has}, burst.yaml wants {want.value}"
        needed = want.key not in _ADVICE
        yield Finding(
            name=f"lsf.conf {want.key}", ok=ok, text=text or "not set", hint=_hint(want.key, has), needed=needed
        )


def _hint(key: str, has: str) -> str:
    """What to do about a key that is not set, or has another value."""
    if has and key in _ADVICE:
        return f"{ENABLE}, but keeps what an admin set unless told --replace {key}; or write its value into burst.yaml"
    return f"{_ADVICE.get(key, 'without it no cloud host can join')}; {ENABLE}"


def _ncpus(conf: dict[str, str], settings: BurstSettings) -> Finding:
    has = conf.get("EGO_DEFINE_NCPUS", "cores")
    return Finding(
        name="lsf.conf EGO_DEFINE_NCPUS",
        ok=has == settings.ncpus,
        text=f"{has}, burst.yaml counts {settings.ncpus}",
        hint="write ncpus in burst.yaml as the cluster counts: else LSF asks for too many nodes, or for too few",
    )


def _addresses(files: LsfFiles) -> Finding:
    has = batch.address_range(read(files.cluster_file), str(files.cluster_file))
    return Finding(
        name=f"{files.cluster_file.name} {batch.RANGE}",
        ok=bool(has),
        text=has or "not set",
        hint="it must cover the cloud network: ris-hybrid burst enable --addresses 10.8.0.0/16",
    )


def _resources(settings: BurstSettings, files: LsfFiles) -> Iterator[Finding]:
    declared = tables.resources(read(files.shared), str(files.shared))
    for name, (kind, said) in wanted.resources(settings).items():
        has = declared.get(name, "")
        spot = any(pool.purchase != "on-demand" for pool in settings.pools)
        yield Finding(
            name=f"lsf.shared {name}",
            ok=has.lower() == kind.lower(),
            text=has or "not declared",
            hint=f"expected {kind}: {said}; {ENABLE}",
            needed=name != settings.spot_flag or spot,
        )


def _queues(settings: BurstSettings, files: LsfFiles) -> Iterator[Finding]:
    there = batch.queues(read(files.queues), str(files.queues))
    borrowing = [
        name for name, section in there.items() if includes(section.value("RC_HOSTS") or "", settings.host_flag)
    ]
    for name, wants in wanted.queues(settings).items():
        section = there.get(name)
        has = section.value("RC_HOSTS") if section else None
        text = has or ("RC_HOSTS is not set" if section else "no such queue")
        lends = any(want.key == "RC_HOSTS" and want.add for want in wants)
        needs = f"its jobs may not borrow: RC_HOSTS = {settings.host_flag}"
        must_not = "jobs that nobody chose take the nodes: RC_HOSTS = none, for its burst queue borrows"
        yield Finding(
            name=f"lsb.queues {name}",
            ok=section is not None and (name in borrowing) is lends,
            text=text,
            hint=f"{needs if lends else must_not}; {ENABLE}",
        )
    if any(not pool.queues for pool in settings.pools) and not settings.steers_by_queue:
        yield Finding(
            name="lsb.queues RC_HOSTS",
            ok=bool(borrowing),
            text=", ".join(borrowing) or "in no queue",
            hint=f"set RC_HOSTS = {settings.host_flag} in the queues that may borrow",
        )
