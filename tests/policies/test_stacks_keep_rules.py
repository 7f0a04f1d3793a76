"""The golden resource graph of every layer keeps every rule: what the stacks build is what the rules ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.from_pulumi.registered import Resource, Stack
from policies.from_pulumi.stack import registered
from policies.judge import judge
from policies.rules.rule import Context

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GRAPHS = Path(__file__).parents[1] / "golden" / "stacks"
ACCOUNT, REGION = "123456789012", "us-east-1"
CONTEXT = Context(all_ours=True, phi_accounts=frozenset({ACCOUNT}), site_cidrs=("10.20.0.0/16",))


def resources(graph: Mapping[str, Mapping[str, Any]]) -> list[Resource]:
    """The resources of a graph; which comes from which is told by the ids that the mocks gave."""
    given = {made_id: key for key, props in graph.items() for made_id in _ids(key, props)}
    return [
        Resource(
            type=key.partition(" ")[0],
            name=key.partition(" ")[2],
            urn=key,
            props=props,
            property_dependencies={
                name: [given[word] for word in _words(value) if word in given] for name, value in props.items()
            },
        )
        for key, props in graph.items()
    ]


def _ids(key: str, props: Mapping[str, Any]) -> Iterator[str]:
    """As ``Imitation`` in tests/stacks makes them."""
    kind, _, name = key.partition(" ")
    service, _, word = kind.removeprefix("aws:").partition(":")
    named = props.get("name", props.get("bucket", f"{name}-1234567"))
    yield f"{word}/{name}"
    yield f"arn:aws:{service.partition('/')[0]}:{REGION}:{ACCOUNT}:{word}/{named}"
    yield f"key-{name}"
    yield f"https://sqs.example/{named}"


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _words(each)


def test_every_layers_graph_keeps_every_rule() -> None:
    broken = []
    for path in sorted(GRAPHS.glob("*.json")):
        graph = json.loads(path.read_text())
        stack = Stack(resources=resources(graph.get("made", {})), whole=True, account=ACCOUNT, region=REGION)
        broken += [f"{path.stem}: {one}" for one in judge(registered(stack), CONTEXT) if one.state == "broken"]
    assert broken == []
