"""The stacks' programs under Pulumi's own mocks, which here imitate names, ids and arns; no engine, no cloud."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from stacks.environment_file import EnvironmentFile
from stacks.program import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ris_hybrid.mirror.values import AllocationPlan

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass(slots=True)
class Graph:
    """What a program registered: inputs by ``type name``, and what the stack gives out."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    """The keys of ``made`` as they were registered."""
    asked: dict[str, Any] = field(default_factory=dict)
    """The whole request of each resource (``protect``, ``aliases``, ``importId``), by ``type name``."""

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of one type (``aws:s3/bucket:Bucket``), by name."""
        return {key.partition(" ")[2]: value for key, value in self.made.items() if key.startswith(f"{kind} ")}

    def text(self) -> str:
        """For a golden file."""
        return json.dumps({"made": self.made, "outputs": self.outputs}, indent=2, sort_keys=True) + "\n"


class Imitation(pulumi.runtime.Mocks):
    """Gives every resource the id, arn and name a cloud would, and notes it. Called from several threads."""

    def __init__(self, references: Mapping[str, Mapping[str, Any]]) -> None:
        self._lock = threading.Lock()
        self._references = references
        self.made: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":
            layer = str(args.inputs["name"]).rpartition("/")[2].partition("-")[0]
            return args.name, {"name": args.name, "outputs": dict(self._references[layer]), "secretOutputNames": []}
        with self._lock:
            assert f"{args.typ} {args.name}" not in self.made, f"{args.typ} {args.name} twice"
            self.made[f"{args.typ} {args.name}"] = dict(args.inputs)
        service, _, kind = args.typ.removeprefix("aws:").partition(":")
        service = service.partition("/")[0]
        named = args.inputs.get("name", args.inputs.get("bucket", f"{args.name}-1234567"))
        made_id = f"{kind}/{args.name}"
        given = {
            "name": named,
            "arn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}/{named}",
            "bucket": named,
            "keyId": f"key-{args.name}",
            "prefixListId": f"pl-{args.name}",
            "url": f"https://sqs.example/{named}",
            "dnsName": f"fs-{args.name}.fsx.{REGION}.amazonaws.com",
            "mountName": "abcdefgh",
            "tunnel1Address": "192.0.2.1",
            "tunnel2Address": "192.0.2.2",
            "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{named}",
        }
        addresses = [{**one, "ip": f"10.80.0.{n}"} for n, one in enumerate(args.inputs.get("ipAddresses", ()), 10)]
        return made_id, {**given, **args.inputs, **({"ipAddresses": addresses} if addresses else {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"the program asked the cloud for {args.token}")


class Noting(pulumi.runtime.mocks.MockMonitor):
    """Keeps the requests: mocks are told of a resource's inputs only."""

    def __init__(self, mocks: pulumi.runtime.Mocks) -> None:
        super().__init__(mocks)
        self.asked: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        self.asked[f"{request.type} {request.name}"] = request
        return super().RegisterResource(request)


@pytest.fixture
def own_loops() -> Iterator[None]:
    """Pulumi's mocks make an event loop in every thread they are called from and leave it open: these are closed."""
    loops: list[asyncio.AbstractEventLoop] = []

    def open_one() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    open_one()
    threads = ThreadPoolExecutor(max_workers=8, initializer=open_one)
    loops[0].set_default_executor(threads)
    yield
    threads.shutdown()
    asyncio.set_event_loop(None)
    for loop in loops:
        loop.close()


@pytest.fixture
def run_program(own_loops: None) -> Callable[..., Graph]:  # noqa: ARG001  # the loops must be there first
    """Run any program that exports; ``references`` are other layers' outputs by layer."""

    def run(
        program: Callable[[], object],
        *,
        stack: str,
        config: Mapping[str, str] | None = None,
        references: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Graph:
        mocks, graph = Imitation(references or {}), Graph()
        pulumi.runtime.settings.ROOT.set(None)  # else it would keep the outputs of the run before
        monitor = Noting(mocks)
        pulumi.runtime.set_mocks(mocks, project="ris-hybrid", stack=stack, preview=False, monitor=monitor)
        pulumi.runtime.set_all_config(dict(config or {}))

        @pulumi.runtime.test
        def whole() -> pulumi.Output[None]:
            program()
            given = dict(pulumi.runtime.get_root_resource().outputs)
            return pulumi.Output.from_input(given).apply(graph.outputs.update)

        whole()
        graph.order = tuple(mocks.made)
        graph.made.update(sorted(mocks.made.items()))
        graph.asked.update(monitor.asked)
        return graph

    return run


WRITTEN: dict[str, Any] = {
    "cluster": "compute1",
    "provider": "ris-aws",
    "organization": "wustl-ris",
    "env": "example",
    "account": ACCOUNT,
    "region": REGION,
    "phi": True,
}


NETWORK: dict[str, Any] = {"vpc_cidr": "10.80.0.0/16", "onprem_cidrs": ["10.20.0.0/16"], "zones": ["us-east-1a"]}
"""The least a network's section may have."""


@pytest.fixture
def layer_graph(run_program: Callable[..., Graph]) -> Callable[..., Graph]:
    """Build one layer from sections of an environment's file laid over a made-up one."""

    def graph(
        layer: str,
        *,
        sections: Mapping[str, Any],
        allocations: Sequence[AllocationPlan] = (),
        references: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Graph:
        file = EnvironmentFile.model_validate_json(json.dumps({**WRITTEN, "network": NETWORK, **sections}), strict=True)

        def program() -> None:
            for name, value in build(layer, file, tuple(allocations)).items():
                pulumi.export(name, value)

        return run_program(program, stack=f"{layer}-example", references=references)

    return graph
