"""``ris-hybrid policy``: the rules no plan may break, and what of them is broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from policies.rules.rule import Context
    from ris_hybrid.holdings.values import Holdings
    from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan

FOUND_SOMETHING = 6

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlanOption = Annotated[
    Path, typer.Option("--plan", metavar="FILE", help="The mirror plan, as `ris-hybrid mirror apply` records it.")
]
WaiversOption = Annotated[
    Path | None, typer.Option("--waivers", metavar="FILE", help="waivers.yaml: rules that are waived, and by whom.")
]
BurstOption = Annotated[
    Path | None, typer.Option("--burst", metavar="FILE", help="burst.yaml: ask the rules of a burst too.")
]
CidrOption = Annotated[
    list[str] | None,
    typer.Option("--site-cidr", metavar="CIDR", help="A network of the site's hosts; may be given again."),
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
def explain(name: Annotated[str, typer.Argument(metavar="RULE", help="The rule's name.")]) -> None:
    """Say what a rule is for, what keeps it, what breaks it, and how to mend that."""
    from policies.rules.all_rules import BY_NAME
    from ris_hybrid.cli import policy_view as view
    from ris_hybrid.config.problems import nearest

    rule = BY_NAME.get(name)
    if rule is None:
        raise ConfigError(f"no rule is named {name!r}{nearest(name, sorted(BY_NAME))}", "see `ris-hybrid policy list`")
    view.show_rule(rule)


@app.command("check")
def check(
    plan: PlanOption,
    waivers: WaiversOption = None,
    burst: BurstOption = None,
    site_cidr: CidrOption = None,
    environment: Annotated[str, typer.Option("--environment", metavar="NAME", help="Only this one of the plan.")] = "",
    *,
    live: Annotated[bool, typer.Option("--live", help="Ask AWS what it holds, not the plan what it means to.")] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="With --live: all the accounts hold, not ours alone.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 6 for advisory rules too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold every rule against a mirror plan, or against AWS itself; a mandatory rule that is broken exits with 3."""
    from datetime import UTC, datetime

    from policies.live import check_holdings
    from policies.plan import check_plan, enforce
    from policies.rules.all_rules import BY_NAME
    from ris_hybrid.cli import policy_view as view
    from ris_hybrid.cli.burst_site import enter_sandbox
    from ris_hybrid.config.plan_file import read_plan
    from ris_hybrid.config.waiver_file import load_waivers

    wanted = read_plan(plan)
    today = datetime.fromtimestamp(enter_sandbox().now(), UTC).date().isoformat()
    waived = load_waivers(waivers, BY_NAME.keys()) if waivers else ()
    context = _context(burst, site_cidr)
    if live:
        held = [_held(one, wanted, everything=everything) for one in _chosen(wanted, environment)]
        verdicts = check_holdings(held, wanted, context, waived, today)
    else:
        verdicts = check_plan(wanted, context, waived, today)
    if as_json:
        show.json_object(view.verdicts_json(verdicts))
    else:
        view.show_verdicts(verdicts, live=live)
    enforce(verdicts)
    if strict and verdicts.violations:
        raise typer.Exit(FOUND_SOMETHING)


def _context(burst: Path | None, site_cidrs: list[str] | None) -> Context:
    from burst.aws.prices import catalog
    from policies.rules.rule import Context
    from ris_hybrid.config.burst_file import load_burst

    return Context(
        burst=load_burst(burst) if burst else None,
        site_cidrs=tuple(map(_cidr, site_cidrs)) if site_cidrs else None,
        known_types=frozenset(catalog()),
    )


def _cidr(text: str) -> str:
    from ipaddress import ip_network

    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ConfigError(f"--site-cidr: expected a network such as 10.20.0.0/16: {error}") from error


def _chosen(plan: MirrorPlan, name: str) -> list[EnvironmentPlan]:
    found = [one for one in plan.environments if name in {"", one.name}]
    if not found:
        names = ", ".join(one.name for one in plan.environments)
        raise ConfigError(f"the plan has no environment {name!r}", f"it has: {names or 'none'}")
    return found


def _held(environment: EnvironmentPlan, plan: MirrorPlan, *, everything: bool) -> Holdings:
    from contextlib import closing

    from ris_hybrid.holdings.inventory import AwsInventory
    from ris_hybrid.holdings.scope import Scope

    scope = Scope.of_plan(plan, environment.name, everything=everything)
    with closing(AwsInventory(environment.account, environment.region, scope)) as inventory:
        return inventory.holdings()
