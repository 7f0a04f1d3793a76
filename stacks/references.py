"""What a layer reads of the layers before it: Pulumi's stack references, with types.

A layer asks for another's outputs as a whole (``network("prod").apply(lambda it: it.vpc_id)``); an output that is
missing or of another shape is a ``ConfigError`` that names it.
"""

from __future__ import annotations

from typing import TypeVar

import pulumi
from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.problems import said
from ris_hybrid.errors import ConfigError
from stacks.outputs import GuardrailsOutputs, IdentityOutputs, NetworkOutputs, StorageOutputs

Outputs = TypeVar("Outputs")


def network(env: str) -> pulumi.Output[NetworkOutputs]:
    """Of the environment's network."""
    return _read("network", env, NetworkOutputs)


def storage(env: str) -> pulumi.Output[StorageOutputs]:
    """Of its storage."""
    return _read("storage", env, StorageOutputs)


def identity(env: str) -> pulumi.Output[IdentityOutputs]:
    """Of its identities."""
    return _read("identity", env, IdentityOutputs)


def guardrails(env: str) -> pulumi.Output[GuardrailsOutputs]:
    """Of its guardrails."""
    return _read("guardrails", env, GuardrailsOutputs)


def _read(layer: str, env: str, kind: type[Outputs]) -> pulumi.Output[Outputs]:
    stack = f"{layer}-{env}"
    reference = pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
    return reference.outputs.apply(lambda raw: typed(stack, raw, kind))


def typed(stack: str, raw: object, kind: type[Outputs]) -> Outputs:
    """A stack's outputs as their type; raises ``ConfigError`` that names what is missing or wrong."""
    try:
        return TypeAdapter(kind).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (stack, *first["loc"])))
        raise ConfigError(
            f"output {where}: {said(first)}", f"build it again first: pulumi up --stack {stack}"
        ) from error
