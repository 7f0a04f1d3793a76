"""What each layer's program costs: its imports beside those of the SDK alone, and a preview by the sandbox's engine.

Imports are processor seconds of fresh interpreters (user + system), the SDK and the layer started in turn; a run is
one preview of the environment ``sandbox`` in this process, with every import behind it. Nothing is built. Bound: no
layer's run takes longer than importing the SDK's modules it needs, for then the program itself would be what is slow.
Ends with 1 when the bound is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from hook_start import cpu_s

import stacks.program
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.apply.deployer import SandboxDeployer
from ris_hybrid.sandbox.apply.goal import Means
from ris_hybrid.sandbox.apply.handlers.every import handlers
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.apply.state import StateFolder
from stacks.layers import LAYERS

SDK = "import pulumi, pulumi_aws"
LAYER = """
import sys, stacks.{layer}.layer
ours = [module for name, module in sys.modules.items() if name.startswith("stacks.")]
for value in [value for module in ours for value in vars(module).values()]:
    if getattr(value, "__name__", "").startswith("pulumi_aws."):
        getattr(value, "anything", None)
"""
"""The SDK's modules are empty until something of them is used."""
NOWHERE = "http://127.0.0.1:1"  # a preview asks AWS nothing


def imports_s(layer: str, repeats: int) -> tuple[float, float]:
    """Median processor seconds of importing the SDK alone, and of importing the layer."""
    times: dict[str, list[float]] = {SDK: [], LAYER.format(layer=layer): []}
    for _ in range(repeats):
        for program, found in times.items():
            found.append(cpu_s([sys.executable, "-c", program], {"PYTHONPATH": str(Path(__file__).parents[1])}))
    sdk, own = (statistics.median(found) for found in times.values())
    return sdk, own


def runs_s(folder: Path) -> dict[str, float]:
    """Processor seconds of the second preview of each layer; the first one imports."""
    clients = SandboxClients(NOWHERE, "us-east-1")
    deployer = SandboxDeployer(
        program=Path(stacks.program.__file__),
        means=Means(handlers=handlers(), aws=clients, say=lambda _: None),
        states=StateFolder(folder=folder, project="ris-hybrid"),
        front=in_this_process,
    )
    found = {}
    for layer in LAYERS:
        deployer.preview(f"{layer}-sandbox")
        begun = time.process_time()
        deployer.preview(f"{layer}-sandbox")
        found[layer] = time.process_time() - begun
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        runs = runs_s(Path(folder))
    missed = False
    print(f"{'layer':<14}{'import':>9}{'of SDK':>9}{'run':>9}{'of import':>11}")
    for layer in LAYERS:
        sdk, own = imports_s(layer, repeats)
        missed |= runs[layer] > own
        print(f"{layer:<14}{own:>7.2f} s{own / sdk:>8.1f}x{runs[layer]:>7.2f} s{runs[layer] / own:>10.2f}x")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
