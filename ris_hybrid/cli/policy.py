"""``ris-hybrid policy``: the rules no plan may break, and what of them is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.mirror_site import BurstOption, EnvironmentOption, JsonOption, MirrorOption, OfflineOption
from ris_hybrid.cli.which_site import SiteOption
from ris_hybrid.errors import ConfigError

FOUND_SOMETHING = 6

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PlanOption = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="A plan that was recorded; without it the one the site's files make."),
]
WaiversOption = Annotated[
    Path | None,
    typer.Option(
        "--waivers", metavar="FILE", help="Rules that are waived; without it waivers.yaml in the site's folder."
    ),
]
CidrOption = Annotated[
    list[str] | None,
    typer.Option(
        "--site-cidr",
        metavar="CIDR",
        help="A network of the site's hosts, in place of mirror.yaml's or the sandbox's own; may be given again.",
    ),
]


@app.command("list")
def list_rules(
    *,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table of docs/security.md.")] = False,
) -> None:
    """List every rule with the controls it implements."""
    from policies.rules.all_rules import RULES
    from ris_hybrid.cli import policy_view as view

    if as_json:
        show.json_object({"rules": [view.rule_json(rule) for rule in RULES]})
    elif markdown:
        show.line(view.markdown(RULES), raw=True)
    else:
        view.show_rules(RULES)


@app.command("explain")
def explain(
    name: Annotated[str, typer.Argument(metavar="RULE", help="The rule's name.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a rule is for, what keeps it, what breaks it, and how to mend that."""
    from policies.rules.all_rules import BY_NAME
    from ris_hybrid.cli import policy_view as view
    from ris_hybrid.config.problems import nearest

    rule = BY_NAME.get(name)
    if rule is None:
        raise ConfigError(f"no rule is named {name!r}{nearest(name, sorted(BY_NAME))}", "see `ris-hybrid policy list`")
    if as_json:
        show.json_object(view.explained_json(rule))
    else:
        view.show_rule(rule)


@app.command("check")
def check(
    plan: PlanOption = None,
    site: SiteOption = None,
    mirror: MirrorOption = None,
    burst: BurstOption = None,
    *,
    waivers: WaiversOption = None,
    site_cidr: CidrOption = None,
    environment: EnvironmentOption = "",
    offline: OfflineOption = False,
    live: Annotated[bool, typer.Option("--live", help="Ask AWS what it holds, not the plan what it means to.")] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="With --live: all the accounts hold, not ours alone.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 6 for advisory rules too, and with --live for what is not known."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold every rule against a mirror plan, or against AWS itself; a mandatory rule that is broken exits with 3."""
    from policies.live import check_holdings
    from policies.plan import check_plan, enforce
    from policies.rules.all_rules import BY_NAME
    from ris_hybrid.cli import policy_view as view
    from ris_hybrid.cli.mirror_site import asks_nothing, need_aws, open_mirror
    from ris_hybrid.cli.policy_context import context
    from ris_hybrid.cli.policy_source import of_file, of_site
    from ris_hybrid.config.waiver_file import load_waivers

    if plan is not None:
        asked = of_file(plan, burst, environment, live=live, everything=everything)
    else:
        opened = open_mirror(site, mirror, burst)
        if live:
            need_aws(opened, site)
        else:
            offline = asks_nothing(opened, site, offline=offline)
        asked = of_site(opened, environment, live=live, everything=everything, offline=offline)
    named = waivers or asked.waivers
    waived = load_waivers(named, BY_NAME.keys(), asked.today) if named else ()
    cidrs = map(_cidr, site_cidr) if site_cidr else asked.site_cidrs
    told = context(asked.burst, cidrs, asked.trusted_accounts, asked.allocations)
    if live:
        verdicts = check_holdings(asked.held, asked.plan, told, waived, asked.today)
    else:
        verdicts = check_plan(asked.plan, told, waived, asked.today)
    if as_json:
        show.json_object(view.verdicts_json(verdicts))
    else:
        view.show_verdicts(verdicts, live=live)
    enforce(verdicts)
    if strict and (verdicts.violations or (live and verdicts.unknown)):
        raise typer.Exit(FOUND_SOMETHING)


def _cidr(text: str) -> str:
    from ipaddress import ip_network

    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ConfigError(f"--site-cidr: expected a network such as 10.20.0.0/16: {error}") from error
