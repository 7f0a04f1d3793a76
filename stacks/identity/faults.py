"""What is wrong with the identities' settings together with those of the network (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ris_hybrid.config.figures import Fault
    from stacks.identity.settings import IdentitySettings


def identity_faults(settings: IdentitySettings, services: Sequence[str], *, phi: bool) -> Iterator[Fault]:
    """Buckets of PHI answer only what comes by an endpoint of ours; ``services`` have an interface in the network."""
    if phi and settings.data_hosts and "s3" not in services:
        yield (
            ("data_hosts",),
            "expected network.endpoints.site_buckets: true beside it where PHI may be: else no bucket answers them",
        )
