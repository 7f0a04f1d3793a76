"""``bhosts``: hosts with their slots, and with ``-rc`` what the resource connector knows of them (sandbox)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.lsf.formats import Field, json_record, json_text, parse_layout, text_table
from ris_hybrid.sandbox.lsf.options import Parsed, Syntax, parse
from ris_hybrid.sandbox.lsf.reply import FAILED, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ris_hybrid.sandbox.lsf.cluster import Cluster
    from ris_hybrid.sandbox.lsf.ebrokerd import RcRow
    from ris_hybrid.sandbox.lsf.spec import HostView

SYNTAX = Syntax(
    command="bhosts",
    flags=frozenset({"w", "a", "rc", "rconly", "json", "noheader"}),
    valued=frozenset({"o"}),
    usage='bhosts [-w] [-a] [-rc | -rconly] [-noheader] [-o "field ..." [-json]] [host_name ...]',
)

_COUNTS = ("max", "njobs", "run", "ssusp", "ususp", "rsv")
_RC = ("rc_status", "prov_status", "updated_at", "instance_id")
FIELDS = (
    Field(name="host_name", width=20, aliases=("hname",)),
    Field(name="status", width=15, aliases=("stat",)),
    Field(name="jl_u"),
    *(Field(name=name, width=8) for name in _COUNTS),
    *(Field(name=name, width=22) for name in _RC),
)
_RC_WIDTHS = (21, 21, 22, 25)


def bhosts(
    cluster: Cluster, argv: Sequence[str], env: Mapping[str, str], rc_rows: Callable[[], Sequence[RcRow]]
) -> Reply:
    """All hosts, or those named; ``-a`` adds borrowed hosts that were given back, ``-rconly`` leaves only borrowed."""
    given = parse(SYNTAX, argv)
    layout_text = given.last("o") or env.get("LSB_BHOSTS_FORMAT", "")
    if "json" in given.flags and not layout_text:
        raise SYNTAX.fail("-json needs -o")
    hosts = _chosen(cluster, given)
    known = {host.name for host in hosts}
    missing = [name for name in given.operands if name not in known]
    errors = "".join(f"{name}: Bad host name, host group name or cluster name\n" for name in missing)
    rows = {row.name: row for row in rc_rows()}
    records = [_record(host, rows.get(host.name)) for host in hosts]
    if "json" in given.flags:
        layout = parse_layout(layout_text, FIELDS)
        text = json_text("bhosts", "HOSTS", [json_record(layout, record) for record in records])
    elif layout_text and not {"w", "rc", "rconly"} & given.flags:
        text = text_table(parse_layout(layout_text, FIELDS), records, header="noheader" not in given.flags)
    else:
        text = _table(records, given) if records else ""
    return Reply(rc=FAILED if missing else 0, stdout=text, stderr=errors)


def _chosen(cluster: Cluster, given: Parsed) -> tuple[HostView, ...]:
    hosts = cluster.hosts()
    if "a" in given.flags:
        hosts += cluster.returned_hosts()
    if "rconly" in given.flags:
        hosts = tuple(host for host in hosts if host.borrowed is not None)
    if given.operands:
        hosts = tuple(host for host in hosts if host.name in given.operands)
    return hosts


def _record(host: HostView, row: RcRow | None) -> dict[str, str]:
    return {
        "host_name": host.name,
        "status": host.status,
        "jl_u": "",
        "max": str(host.slots),
        "njobs": str(host.used),
        "run": str(host.used),
        "ssusp": "0",
        "ususp": "0",
        "rsv": "0",
        **dict(zip(_RC, _rc_values(row), strict=True)),
    }


def _rc_values(row: RcRow | None) -> tuple[str, str, str, str]:
    if row is None:
        return "", "", "", ""
    updated = datetime.fromtimestamp(row.updated_at, UTC).strftime("%Y-%m-%dT%H:%M:%SUTC") if row.updated_at else ""
    return row.rc_status, row.prov_status, updated, row.instance_id


def _table(records: Sequence[Mapping[str, str]], given: Parsed) -> str:
    """The fixed columns; only ``-w`` and ``-rc`` say why a host is closed."""
    connector = bool({"rc", "rconly"} & given.flags)
    wide = connector or "w" in given.flags
    lines = [] if "noheader" in given.flags else [_header(wide=wide, connector=connector)]
    for record in records:
        status = record["status"] if wide else record["status"].partition("_")[0]
        line = f"{record['host_name']:<18} {status:<15} - "  # in LSF's own wide rows JL/U is not under its head either
        line += " ".join(f"{record[name]:>6}" for name in _COUNTS)
        if connector:
            line += _rc_cells([record[name] or f"{'-':>11}" for name in _RC])
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _header(*, wide: bool, connector: bool) -> str:
    line = f"{'HOST_NAME':<18} {'STATUS':<{15 if wide else 12}} JL/U    MAX  NJOBS    RUN  SSUSP  USUSP    RSV"
    if connector:
        line += _rc_cells([name.upper() for name in _RC])
    return line


def _rc_cells(values: Sequence[str]) -> str:
    """The four columns of ``-rc``; a dash stands in the middle of its column and the line ends in a blank."""
    cells = (value.ljust(width) for value, width in zip(values, _RC_WIDTHS, strict=True))
    return f" {' '.join(cells)} "
