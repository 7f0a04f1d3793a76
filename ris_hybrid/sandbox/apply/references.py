"""StackReference in the sandbox: what another stack gave out, from its state (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.goal import Answer
from ris_hybrid.sandbox.apply.urns import child
from ris_hybrid.sandbox.apply.values import is_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.state import StateFolder

KIND = "pulumi:pulumi:StackReference"


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """Reads the other stacks of one sandbox for ``stack``."""

    states: StateFolder
    stack: str
    previewed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Outputs of stacks that were previewed just before, with what is not known yet."""

    def answer(self, name: str, target: str) -> Answer:
        """The outputs of ``organization/project/stack``, secrets among them still marked.

        Raises:
            ConfigError: it names another project, or a stack that was not built.
        """
        outputs = self._outputs(target)
        answered: dict[str, Any] = {
            "name": target,
            "outputs": dict(outputs),
            "secretOutputNames": sorted(key for key, value in outputs.items() if is_secret(value)),
        }
        urn = child(self.stack, self.states.project, "", KIND, name)
        return Answer(urn=urn, id=target, outputs=answered)

    def _outputs(self, target: str) -> Mapping[str, Any]:
        *above, stack = target.split("/")
        if above and above[-1] != self.states.project:
            raise ConfigError(
                f"sandbox stack {self.stack} refers to {target}: the sandbox has only project {self.states.project}"
            )
        if stack in self.previewed:
            return self.previewed[stack]
        state = self.states.read(stack)
        if not state.built:
            raise ConfigError(
                f"sandbox stack {self.stack} needs the outputs of {stack}, which is not built",
                f"build it first: ris-hybrid sandbox up {stack.partition('-')[0]}",
            )
        return state.outputs
