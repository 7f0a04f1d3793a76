"""What an environment decides about its layer ``registry``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.environment import Settings

Pusher = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(user|role)/[\w+=,.@/-]+$")]
"""A user or a role; it must be there, for ECR refuses a policy with a principal it does not know."""


class PullThrough(Settings):
    """Images of another registry, fetched by ECR when they are first asked for."""

    prefix: Annotated[str, Field(pattern=r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$", min_length=2, max_length=30)]
    """Begins the names of the repositories that hold them."""
    upstream: Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[a-z0-9._/-]+)?$")]
    """Host of the other registry: ``public.ecr.aws``, ``quay.io``."""
    credential_arn: Annotated[
        str, Field(pattern=r"^$|^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:ecr-pullthroughcache/")
    ] = ""
    """Its secret, where the other registry wants a log-in."""


class RegistrySettings(Settings):
    """Section ``registry`` of the environment's file."""

    scan: Literal["BASIC", "ENHANCED"] = "BASIC"
    """``ENHANCED`` is Amazon Inspector, which looks again as new weaknesses become known, at a price by image."""
    account_wide: bool = True
    """Whether this environment sets what an account and region has once: set it for one of those that share them."""
    untagged_days: Annotated[int, Field(ge=1)] = 14
    """Images without a tag are deleted so long after their push. Images in use have one: ``<tag>-<digest>``."""
    key_arn: Annotated[str, Field(pattern=r"^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$")] = ""
    """Customer key for repositories of allocations that have none of their own; empty: ECR's."""
    pushers: tuple[Pusher, ...] = ()
    """Who else may push to every repository; the role of ``identity.data_hosts`` may in any case."""
    pull_through: tuple[PullThrough, ...] = ()
    """Never where PHI may be: such images come unseen and change under a running campaign."""
