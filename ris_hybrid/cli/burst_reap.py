"""``burst reap``: end what costs money and is of no use to LSF, or only say what would be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from burst.clouds.naming import cloud_of
from burst.clouds.partly import reasons, rows
from ris_hybrid import wiring
from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import SiteUnavailable, TryAgain

if TYPE_CHECKING:
    from burst.reap import Verdict
    from burst.reaping import Reaped


def reap(
    conf: ConfOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge every cloud machine: orphans, nodes that never joined, unlisted or too old ones are ended.

    A node with jobs is never ended. While LSF cannot be asked nothing is. Machines of a cloud that does not answer are
    left as they are, which is said, and exits 5. Where LSF's Resource Connector is switched
    off for us nobody returns an empty node: those are closed and ended too, run by run, after life.unlisted_minutes.
    """
    from burst.reaping import reap as carry_out
    from ris_hybrid.cli.burst_site import open_site

    site = open_site(conf)
    hosts = site.scheduler.hosts()
    held = _held(site.settings.provider)
    control = None if held is None else wiring.hosts()
    reaped = carry_out(site.provider, hosts, held=held, control=control, dry_run=dry_run)
    if as_json:
        show.json_object({"sandbox": site.sandbox, "dry_run": dry_run, **_body(reaped)})
    else:
        _show(reaped, dry_run=dry_run)
    problems = [*reaped.refused, *([f"not every cloud answers: {reasons(reaped.unread)}"] if reaped.unread else [])]
    if problems:
        raise TryAgain("\n".join(problems), "it is tried again at the next turn, or run this again")


def _held(provider: str) -> frozenset[str] | None:
    """What ebrokerd holds, where that is certain without asking it: nothing, when it is not to launch for us."""
    try:
        on = wiring.connector_on(provider)
    except SiteUnavailable as failure:
        show.warn(f"whether LSF's Resource Connector holds machines is unknown: {failure.message}")
        return None
    if on is not False:
        return None
    show.note(f"LSF's Resource Connector is off for {provider}: it returns none of these machines")
    return frozenset()


def _show(reaped: Reaped, *, dry_run: bool) -> None:
    if not reaped.verdicts:
        known = "every machine that is known" if reaped.unread else "every machine"
        show.line(f"{known} is as it should be: nothing to do")
        return
    judged = [
        (v.machine.machine_id, v.host or v.machine.name, v.action, v.reason or "", v.text) for v in reaped.verdicts
    ]
    show.table(("machine", "host", "would" if dry_run else "action", "reason", "why"), judged)


def _body(reaped: Reaped) -> dict[str, Any]:
    return {
        "verdicts": [_row(verdict) for verdict in reaped.verdicts],
        "ended": reaped.ended,
        "closed": reaped.closed,
        "joined": reaped.joined,
        "refused": reaped.refused,
        "unread": rows(reaped.unread),
    }


def _row(verdict: Verdict) -> dict[str, Any]:
    return {
        "machine": verdict.machine.machine_id,
        "cloud": cloud_of(verdict.machine.machine_id),
        "host": verdict.host,
        "action": str(verdict.action),
        "reason": str(verdict.reason) if verdict.reason else None,
        "why": verdict.text,
    }
