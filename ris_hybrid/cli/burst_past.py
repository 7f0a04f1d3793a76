"""``burst events`` and ``burst explain``: what happened, and why a job, host or request is where it is."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from burst.clouds.naming import cloud_of
from burst.clouds.partly import PartlyUnknown, look, reasons
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError, TryAgain

if TYPE_CHECKING:
    from pathlib import Path

    from burst.explain import Explanation, Known
    from ris_hybrid.cli.burst_site import BurstSite
    from ris_hybrid.model import Event

_SPAN = re.compile(r"([0-9]+)([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_JOB = re.compile(r"[0-9]+(\[[0-9]+\])?")
_REQUEST = re.compile(r"[a-z]+-[0-9]+-[0-9a-f]+")


def events(
    conf: ConfOption = None,
    *,
    since: Annotated[str, typer.Option(help="Only the last so long: 90s, 30m, 2h, 7d.", metavar="SPAN")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind: decision, limits, launched, returned, lost, ...")] = "",
    about: Annotated[str, typer.Option(help="Only what names this machine, request, pool or lab.")] = "",
    last: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show the audit log: every decision, launch, return and end, oldest first. With --json a line each."""
    from burst.history import concerns
    from ris_hybrid.cli.burst_site import open_site

    seconds = _seconds(since)
    site = open_site(conf)
    found = [
        event
        for event in _log(site)
        if event.at >= site.provider.now - seconds
        and (not kind or event.kind == kind)
        and (not about or concerns(event, frozenset({about})))
    ]
    for event in found[-last:]:
        if as_json:
            show.json_line(_row(event))
        else:
            show.line(_told(event))
    if not found:
        show.note(f"no event fits in the audit log {_path(site)}")


def explain(
    what: Annotated[str, typer.Argument(help="A job id, a host name, an instance id or a request id.")],
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Say why: for a job its pressure, gates and limits; for a host or request its life from launch to end."""
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    explanation = _explained(what, site)
    if as_json:
        cloud = cloud_of(explanation.subject)  # of a machine: jobs and requests are of none
        body: dict[str, Any] = {"sandbox": site.sandbox, "cloud": cloud, **asdict(explanation)}
        show.json_object({**body, "events": [_row(event) for event in explanation.events]})
        return
    show.line(explanation.subject)
    for fact in explanation.facts:
        show.line(f"  {fact}")
    for event in explanation.events:
        show.line(f"  {_said(event)}")


def _explained(what: str, site: BurstSite) -> Explanation:
    from burst.explain import explain_job, explain_machine, explain_request, find_machine

    _refuse_other_names(what, site)
    if _JOB.fullmatch(what):
        known = _known_with_jobs(site, what)
        job = next((job for job in known.jobs if job.job_id == what), None)
        if job is None:
            return _ended_job(what, known)
        return explain_job(job, known)
    known = _known(site)
    _say_unread(known)
    machine = find_machine(what, known.machines)
    if machine is not None:
        return explain_machine(machine, known)
    if _REQUEST.fullmatch(what):
        return explain_request(what, known)
    past = explain_request(what, known)
    if not past.events and known.unread:
        raise TryAgain(f"whether {what} is there is unknown: {reasons(known.unread)}", "ask again when it answers")
    if not past.events:
        raise ConfigError(
            f"neither the cloud nor the audit log knows {what}", "ris-hybrid burst status --json lists the machines"
        )
    return past


def _refuse_other_names(what: str, site: BurstSite) -> None:
    """Nothing, a pool or a lab cannot be explained, and would be looked for in vain."""
    takes = "a job id, a host, an instance or a request"
    if not what.strip():
        raise ConfigError(f"expected {takes}, found nothing")
    if site.settings.pool(what) or any(what in pool.labs for pool in site.settings.pools):
        raise ConfigError(f"{what} is a pool or a lab: expected {takes}", f"ris-hybrid burst events --about {what}")


def _known(site: BurstSite) -> Known:
    from burst.explain import Known

    provider = site.provider
    seen = look(provider.cloud)
    several = bool(site.settings.clouds)
    events = tuple(_log(site))
    return Known(now=provider.now, machines=seen.machines, events=events, several=several, unread=seen.unread)


def _say_unread(known: Known) -> None:
    if known.unread:
        show.warn(f"not every cloud answers: {reasons(known.unread)}")


def _ended_job(job_id: str, known: Known) -> Explanation:
    """What the log has of a job that LSF no longer lists. Raises ``ConfigError`` where that is nothing."""
    from burst.explain import Explanation
    from burst.explain_plan import past_words

    words = past_words(job_id, known.events)
    if not words:
        raise ConfigError(f"LSF has no unfinished job {job_id}", "bjobs -u all lists them")
    return Explanation(subject=f"job {job_id}", facts=("LSF lists it no more; the log says:",), events=tuple(words))


def _known_with_jobs(site: BurstSite, job_id: str) -> Known:
    from burst import engine
    from burst.explain import Known
    from ris_hybrid.cli.burst_deciding import decided

    try:
        now = decided(site, job_id)
    except PartlyUnknown:
        return _known_in_part(site)
    observed, provider = now.observed, site.provider
    return Known(
        now=provider.now,
        machines=observed.fleet.machines,
        events=tuple(_log(site)),
        jobs=observed.jobs,
        queues=observed.queues,
        decisions=now.decisions,
        widest=engine.widest(site.settings),
        word=observed.word,
        plan=now.plan,
        mode=site.settings.mode,
        several=bool(site.settings.clouds),
    )


def _known_in_part(site: BurstSite) -> Known:
    """LSF's jobs beside the machines of the clouds that answer: nothing is decided by that."""
    from burst import engine

    looked = engine.look(site.scheduler, site.provider)
    return replace(
        _known(site),
        jobs=looked.jobs,
        queues=looked.queues,
        widest=engine.widest(site.settings),
        word=looked.word,
        mode=site.settings.mode,
    )


def _log(site: BurstSite) -> tuple[Event, ...]:
    from burst.history import events as read

    return tuple(read(_path(site)))


def _path(site: BurstSite) -> Path:
    return site.data / f"{site.settings.provider}-audit.jsonl"


def _seconds(span: str) -> float:
    if not span:
        return float("inf")
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ConfigError(f"--since: expected a span such as 90s, 30m, 2h or 7d, found {span!r}")
    return float(int(found[1]) * _UNIT_S[found[2]])


def _said(event: Event) -> str:
    """What was planned and done of a job in words, anything else with its fields."""
    from burst.explain_plan import past_text

    text = past_text(event)
    return f"{_at(event)}  {text}" if text else _told(event)


def _at(event: Event) -> str:
    return datetime.fromtimestamp(event.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _told(event: Event) -> str:
    at = _at(event)
    fields = "  ".join(
        f"{name}={show.cell(value)}" for name, value in event.fields.items() if value not in ("", [], None)
    )
    return f"{at}  {event.kind}  {fields}".rstrip()


def _row(event: Event) -> dict[str, Any]:
    return {"at": event.at, "kind": event.kind, **event.fields}
