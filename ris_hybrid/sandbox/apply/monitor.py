"""The two services Pulumi's SDK speaks to, over one run of the sandbox's engine (sandbox).

Called with a gRPC context when the program is a child process, and without one when it runs in this process.
Source: ``resource.proto`` and ``engine.proto`` of Pulumi, as shipped in its Python SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from ris_hybrid.errors import ConfigError, RisHybridError
from ris_hybrid.sandbox.apply.goal import Goal
from ris_hybrid.sandbox.apply.references import KIND
from ris_hybrid.sandbox.apply.urns import Alias
from ris_hybrid.sandbox.apply.values import from_wire, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.apply.deployment import Deployment
    from ris_hybrid.sandbox.apply.goal import Answer
    from ris_hybrid.sandbox.apply.references import References

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
)
"""What a program asks for beside these, the SDK refuses by itself."""


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Where the program registers its resources."""

    def __init__(self, deployment: Deployment, references: References) -> None:
        self._deployment, self._references = deployment, references

    def GetDeploymentInfo(self, _request: Any, _context: Any = None) -> Any:  # noqa: N802
        """What this engine can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def RegisterResource(self, request: Any, context: Any = None) -> Any:  # noqa: N802
        """Make one resource what the program wants."""
        answer = self._told(context, lambda: self._deployment.register(goal_of(request)))
        return resource_pb2.RegisterResourceResponse(urn=answer.urn, id=answer.id, object=to_wire(answer.outputs))

    def RegisterResourceOutputs(self, request: Any, context: Any = None) -> Any:  # noqa: N802
        """What a component or the stack gives out."""
        outputs = from_wire(request.outputs)
        self._told(context, lambda: self._deployment.set_outputs(request.urn, outputs))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any, context: Any = None) -> Any:  # noqa: N802
        """A reference to another stack, or the look-up of something that is not ours."""
        if request.type == KIND:
            answer = self._told(context, lambda: self._references.answer(request.name, request.id))
        else:
            goal = Goal(kind=request.type, name=request.name, parent=request.parent)
            answer = self._told(context, lambda: self._deployment.read(goal, request.id))
        return resource_pb2.ReadResourceResponse(urn=answer.urn, id=answer.id, properties=to_wire(answer.outputs))

    def Invoke(self, request: Any, context: Any = None) -> Any:  # noqa: N802
        """A look-up by function, of which the sandbox answers none."""
        error = ConfigError(
            f"sandbox: the program asks {request.tok}, which the sandbox does not answer",
            "give what it asks for as a setting",
        )
        self._deployment.fail(error)
        return self._told(context, lambda: _raise(error))

    def SignalAndWaitForShutdown(self, _request: Any, _context: Any = None) -> Any:  # noqa: N802
        """The program has registered everything; nothing here calls it back."""
        return empty_pb2.Empty()

    def _told(self, context: Any, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except RisHybridError as error:
            self._deployment.fail(error)
            if context is None:
                raise
            context.abort(grpc.StatusCode.UNKNOWN, error.message)


class EngineLog(engine_pb2_grpc.EngineServicer):
    """Where the program's own messages go; its errors are kept for whoever ran it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.errors: list[str] = []
        self._say = say

    def Log(self, request: Any, _context: Any = None) -> Any:  # noqa: N802
        """One message; those for the SDK's own makers are passed over."""
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        elif request.severity != engine_pb2.DEBUG:
            self._say(f"sandbox: the program says: {request.message}")
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, _request: Any, _context: Any = None) -> Any:  # noqa: N802
        """This is no version of Pulumi's engine: a program that needs one gets no promise from us."""
        return engine_pb2.RequirePulumiVersionResponse()


def _raise(error: RisHybridError) -> Answer:
    raise error


def goal_of(request: Any) -> Goal:
    """A request to register as the engine takes it.

    Raises:
        ConfigError: it has an option that the sandbox does not have.
    """
    _refuse_options(request)
    return Goal(
        kind=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=from_wire(request.object),
        dependencies=tuple(request.dependencies),
        reasons={prop: tuple(it.urns) for prop, it in request.propertyDependencies.items()},
        protect=request.protect,
        retain=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_first=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        aliases=tuple(map(_alias, request.aliases)),
        import_id=request.importId,
        secret_outputs=tuple(request.additionalSecretOutputs),
    )


def _refuse_options(request: Any) -> None:
    unknown = {
        "a component of another language": request.remote,
        "replacement_trigger": request.HasField("replacement_trigger"),
        "replace_with": bool(request.replace_with),
        "deleted_with": bool(request.deletedWith),
    }
    for option, given in unknown.items():
        if given:
            raise ConfigError(f"sandbox: {request.type} {request.name}: {option} is not known here")


def _alias(sent: Any) -> Alias:
    if sent.WhichOneof("alias") == "urn":
        return Alias(urn=sent.urn)
    spec = sent.spec
    return Alias(
        name=spec.name,
        kind=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )
