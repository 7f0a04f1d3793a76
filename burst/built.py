"""What the stacks built for the pools of burst.yaml: which of it counts here, and what of it is new (pure, but a fake).

The compute stack writes one parameter a pool; ``ris-hybrid burst outputs`` reads them and writes the file that
burst.yaml names, so that nobody copies ids by hand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import CloudError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.pool_outputs import PoolOutputs
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of a pool that is another than before; None where the pool was not there."""

    pool: str
    field: str
    before: object
    after: object


def chosen(settings: BurstSettings, built: Mapping[str, PoolOutputs], environment: str) -> dict[str, PoolOutputs]:
    """What was built for the EC2 pools of burst.yaml, in its order.

    Raises:
        ConfigError: pools were not built.
    """
    ours = [pool.name for pool in settings.pools if pool.provider == "ec2"]
    missing = [name for name in ours if name not in built]
    if missing:
        raise ConfigError(
            f"the stacks of {environment} have built nothing for pool {', '.join(missing)}",
            "ris-hybrid burst userdata --conf burst.yaml --json > POOLS (the file compute.pools names), "
            f"then: pulumi up --stack compute-{environment}",
        )
    return {name: built[name] for name in ours}


def differences(before: Mapping[str, PoolOutputs], after: Mapping[str, PoolOutputs]) -> tuple[Difference, ...]:
    """Every field that changes, of pools that come and of pools that go too."""
    found = []
    for pool in dict.fromkeys((*after, *before)):
        old, new = (asdict(side[pool]) if pool in side else {} for side in (before, after))
        found += [
            Difference(pool=pool, field=field, before=old.get(field), after=new.get(field))
            for field in dict.fromkeys((*new, *old))
            if old.get(field) != new.get(field)
        ]
    return tuple(found)


class FakeBuiltPools:
    """Pools in memory, by environment; ``fail_next`` is raised by the next call, once."""

    def __init__(self, built: Mapping[str, Mapping[str, PoolOutputs]]) -> None:
        self._built = built
        self.fail_next: CloudError | None = None

    def pools(self, environment: str) -> Mapping[str, PoolOutputs]:
        """Those of that environment."""
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure
        return self._built.get(environment, {})
