"""The port ``Deployer`` over the sandbox's engine: programs applied to the sandbox's AWS, nothing else (sandbox)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import RisHybridError
from ris_hybrid.sandbox.apply.cleanup import Cleanup
from ris_hybrid.sandbox.apply.deployment import Deployment
from ris_hybrid.sandbox.apply.lock import locked
from ris_hybrid.sandbox.apply.making import Making
from ris_hybrid.sandbox.apply.monitor import EngineLog, Monitor
from ris_hybrid.sandbox.apply.program import Run
from ris_hybrid.sandbox.apply.references import References
from ris_hybrid.sandbox.apply.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.sandbox.apply.goal import Means
    from ris_hybrid.sandbox.apply.runner import Front
    from ris_hybrid.sandbox.apply.state import StackState, StateFolder

PROJECT = "ris-hybrid"
"""The name in Pulumi.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxDeployer:
    """Applies one program's stacks to one sandbox; what it says and keeps names the sandbox."""

    program: Path
    means: Means
    states: StateFolder
    front: Front
    config: Mapping[str, str] = field(default_factory=dict)
    """Of every stack, ``ris-hybrid:environment`` for example."""
    previewed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What stacks would give out, for previews of those after them."""
    survey: Front | None = None
    """Goes through the program before the first ``up`` of a stack, so that what no run can do leaves nothing half done.

    A stack that was built once holds no more types than it did, until another release; a preview tells of those.
    """

    def preview(self, stack: str) -> Deployed:
        """What ``up`` would do; neither AWS nor the state is touched."""
        deployment = self._run(stack, deepcopy(self.states.read(stack)), dry_run=True)
        self.previewed[stack] = deployment.state.outputs
        return deployment.report()

    def up(self, stack: str) -> Deployed:
        """Build the stack; after a failure what was finished is in the state, and the next call goes on from there."""
        with locked(self.states.folder, stack):
            state = self.states.read(stack)
            if self.survey is not None and not state.built:
                self._surveyed(stack, deepcopy(state), self.survey)
            report = self._run(stack, state, dry_run=False).report()
        self.previewed.pop(stack, None)
        return report

    def outputs(self, stack: str) -> Mapping[str, object]:
        """What the stack gave out last, secrets left out; empty when it was never built."""
        return self.states.given_out(stack)

    def destroy(self, stack: str, *, dry_run: bool = False) -> Deployed:
        """Delete all of the stack but what is protected, and what that needs; those are kept in the state too."""
        with locked(self.states.folder, stack):
            state = self.states.read(stack)
            keep = _nowhere if dry_run else lambda: self.states.write(state)
            tally = Tally(stack, self.means.say, dry_run=dry_run)
            cleanup = Cleanup(state, self.means, Making(state, self.means, keep), tally, dry_run=dry_run)
            state.outputs, state.built = {}, False
            cleanup.unwanted(())
            keep()
            if not dry_run and not state.records:
                self.states.remove(stack)
        return tally.report()

    def _run(self, stack: str, state: StackState, *, dry_run: bool) -> Deployment:
        deployment = Deployment(
            state, self.means, _nowhere if dry_run else lambda: self.states.write(state), dry_run=dry_run
        )
        references = References(states=self.states, stack=stack, previewed=self.previewed if dry_run else {})
        self._go_through(deployment, references, self.front)
        return deployment

    def _surveyed(self, stack: str, state: StackState, front: Front) -> None:
        silent = replace(self.means, say=_unheard, sights={})
        deployment = Deployment(state, silent, _nowhere, dry_run=True, survey=True)
        self._go_through(deployment, References(states=self.states, stack=stack), front)

    def _go_through(self, deployment: Deployment, references: References, front: Front) -> None:
        stack, dry_run = deployment.state.stack, deployment.dry_run
        log = EngineLog(self.means.say)
        asked = Run(
            path=str(self.program), project=self.states.project, stack=stack, dry_run=dry_run, config=dict(self.config)
        )
        try:
            front(asked, Monitor(deployment, references), log)
        except RisHybridError as error:
            deployment.fail(error)
        deployment.finish()


def _unheard(_line: str) -> None:
    """A survey is silent."""


def _nowhere() -> None:
    """A preview keeps nothing."""
