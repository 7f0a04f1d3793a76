"""An installation of IBM's AWS plug-ins → the text of a burst.yaml; what a person must look at is marked EDIT. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from burst.rc.ibm import reasons
from burst.rc.ibm.carry import RERUNNABLE, Carried, Left, legal, pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.rc.ibm.read import Installation

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
_WORDS = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}
_CONFIG_CARRIED = ("AWS_REGION", "AWS_ENDPOINT_URL", "INSTANCE_CREATION_TIMEOUT")
_JAVA_REGION = "us-east-1"
_QUOTE = str.maketrans({'"': '\\"', "\\": "\\\\"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The file to write, and everything that is not in it."""

    text: str
    left: tuple[Left, ...]
    names: tuple[tuple[str, str], ...]
    """Templates that have another name now: was, is."""


def imported(found: Installation, *, cluster: str, provider: str) -> Imported:
    """The whole. ``cluster`` may be empty: it is then a place to edit."""
    pools: list[Carried] = []
    for template in found.templates:
        name = legal(str(template.get("templateId", "")), (one.keys["name"] for one in pools))
        pools.append(pool(template, name, found.fleets))
    left = [*_config_left(found), *(one for each in pools for one in each.left)]
    flag, others = _flag(pools)
    left += [
        Left(template="", key=f"attributes: {one}", reason=f"the host flag is {flag}; declare it") for one in others
    ]
    lines = [*_head(found, pools, cluster, provider, flag), *_pools(pools), *_limits(found, pools)]
    return Imported(
        text="".join(f"{line}\n" for line in lines),
        left=tuple(left),
        names=tuple((one.template, one.keys["name"]) for one in pools if one.template != one.keys["name"]),
    )


def _config_left(found: Installation) -> Iterator[Left]:
    for key, value in found.config.items():
        if key not in _CONFIG_CARRIED and value not in (None, ""):
            yield Left(template="", key=key, reason=reasons.CONFIG.get(key, "is not known here"))


def _flag(pools: list[Carried]) -> tuple[str, list[str]]:
    """The Boolean most templates have, and the others."""
    counted = Counter(flag for one in pools for flag in one.flags)
    ranked = [flag for flag, _ in counted.most_common()]
    return (ranked[0] if ranked else "awshost"), ranked[1:]


def _head(found: Installation, pools: list[Carried], cluster: str, provider: str, flag: str) -> Iterator[str]:
    yield "# Taken over from IBM's AWS plug-in. Look at every line marked EDIT before it is switched on."
    yield f"cluster: {_scalar(cluster)}" if cluster else "cluster: cluster1 # EDIT: LSF's name of the cluster"
    yield f"provider: {_scalar(provider)}"
    region = str(found.config.get("AWS_REGION") or "")
    yield f"region: {_scalar(region)}" if region else f"region: {_JAVA_REGION} # EDIT: was not given"
    if endpoint := found.config.get("AWS_ENDPOINT_URL"):
        yield f"endpoint_url: {_scalar(str(endpoint))}"
    yield f"host_flag: {_scalar(flag)}"
    if any("queues" in one.keys for one in pools):
        yield f"rerunnable_queues: [{RERUNNABLE}] # EDIT: the queues with RERUNNABLE = yes"
    if not all(one.keys.get("launch_template") and one.keys.get("subnets") for one in pools):
        yield "outputs: outputs.json # EDIT: launch templates and subnets that are not named below, from the stacks"


def _pools(pools: list[Carried]) -> Iterator[str]:
    yield ""
    yield "pools:"
    for one in pools:
        for number, (key, value) in enumerate(one.keys.items()):
            remark = f" # {_printable(one.remarks[key])}" if key in one.remarks else ""
            yield f"  {'- ' if number == 0 else '  '}{key}: {_scalar(value)}{remark}"


def _limits(found: Installation, pools: list[Carried]) -> Iterator[str]:
    nodes = sum(one.keys["max_nodes"] for one in pools)
    yield from ("", "gates: # EDIT: when to launch; LSF alone would launch for any pending job")
    yield from ("  - pending_jobs: 10", "    for_minutes: 5")
    yield from ("", "caps:", f"  nodes: {max(1, nodes)} # EDIT: the sum of what the templates allowed")
    yield "  step_nodes: 2 # EDIT: at most so many at a time"
    yield from ("", "budget:", "  usd_per_month: 100 # EDIT: nothing is launched beyond it")
    if timeout := found.config.get("INSTANCE_CREATION_TIMEOUT"):
        minutes = str(timeout)
        if minutes.isdecimal() and int(minutes):
            yield from ("", "life:", f"  unlisted_minutes: {minutes}")


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _WORDS):
        return f'"{_printable(value.translate(_QUOTE))}"'
    return str(value)


def _printable(text: str) -> str:
    """The text with what YAML does not take as its escape; it stays on one line."""
    return "".join(sign if sign.isprintable() else _escape(ord(sign)) for sign in text)


def _escape(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        return "?"  # half of a pair: no character
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
