"""``ris-hybrid sandbox conformance``: what LSF needs of a Resource Connector plug-in, tried on anybody's scripts."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ris_hybrid.sandbox.conformance.plugin import Plugin
    from ris_hybrid.sandbox.conformance.verdict import Probe, Report, Row

FAILED = 6


def conformance(
    provider: Annotated[
        Path | None,
        typer.Option(help="The plug-in's folder with scripts/ and conf/; without it ours is tried.", file_okay=False),
    ] = None,
    conf: Annotated[
        Path | None, typer.Option(help="Its confPath, when that is another folder.", exists=True, file_okay=False)
    ] = None,
    option: Annotated[str, typer.Option(help="Its scriptOption in hostProviders.json.")] = "",
    env: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for its scripts; may be repeated.")] = None,
    beside: Annotated[
        str, typer.Option(help="A command that runs beside its scripts where EC2 gives notice, as a service does.")
    ] = "",
    only: Annotated[list[str] | None, typer.Option(help="Only the probes whose name has this text.")] = None,
    *,
    as_list: Annotated[bool, typer.Option("--list", help="Only say what is tried, and why.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try a Resource Connector plug-in in the sandbox: the protocol, and what may happen to it. Exit 6 if it fails.

    Its configuration is copied; in the copy @ENDPOINT_URL@, @REGION@, @SUBNET@, @SUBNETS@, @LAUNCH_TEMPLATE@,
    @IMAGE@ and @NOTICES@ (a queue) become what the sandbox's EC2 has.
    """
    from ris_hybrid.cli.sandbox import need_extra

    need_extra()
    probes = _chosen(only or [])
    if as_list:
        show.table(("probe", "why"), [(probe.name, probe.why) for probe in probes])
        return
    plugin = None if provider is None else _plugin(provider, conf, option, env or [], beside)
    report = _run(plugin, probes)
    if as_json:
        show.json_object(report.as_json())
    else:
        _show(report)
    raise typer.Exit(FAILED if report.passed < len(report.rows) else 0)


def _chosen(texts: Sequence[str]) -> tuple[Probe, ...]:
    from ris_hybrid.errors import ConfigError
    from ris_hybrid.sandbox.conformance.suite import PROBES

    chosen = tuple(probe for probe in PROBES if not texts or any(text in probe.name for text in texts))
    if not chosen:
        raise ConfigError(f"no probe is named like {' or '.join(texts)}", "see: ris-hybrid sandbox conformance --list")
    return chosen


def _plugin(provider: Path, conf: Path | None, option: str, pairs: Sequence[str], beside: str) -> Plugin:
    from ris_hybrid.errors import ConfigError
    from ris_hybrid.sandbox.conformance.plugin import Plugin

    env = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise ConfigError(f"--env {pair}: expected KEY=VALUE")
        env[key] = value
    words = tuple(shlex.split(beside))
    plugin = Plugin(script_path=provider, conf_path=conf or provider, option=option, env=env, beside=words)
    plugin.check()
    return plugin


def _run(plugin: Plugin | None, probes: Sequence[Probe]) -> Report:
    from ris_hybrid.sandbox.conformance import suite
    from ris_hybrid.sandbox.conformance.plugin import OURS
    from ris_hybrid.sandbox.conformance.stand import standing
    from ris_hybrid.sandbox.places import Places

    with tempfile.TemporaryDirectory(prefix="rh-") as folder, standing(plugin, Places(root=Path(folder))) as stand:
        return suite.run(stand, OURS if plugin is None else plugin.name, probes, _told)


def _told(row: Row) -> None:
    show.note(f"{'passed' if row.passed else 'FAILED'}: {row.probe}{': ' if row.reason else ''}{row.reason}")


def _show(report: Report) -> None:
    show.line(f"conformance of {report.provider} (sandbox): {report.passed} of {len(report.rows)} probes passed")
    rows = [(row.probe, "pass" if row.passed else "FAIL", row.reason) for row in report.rows]
    show.table(("probe", "", "reason"), rows)
