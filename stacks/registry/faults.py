"""What is wrong with the registry's settings together, and with those of the environment (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from stacks.registry.settings import RegistrySettings


def registry_faults(settings: RegistrySettings, *, phi: bool) -> Iterator[Fault]:
    """Images of elsewhere come unseen, and change under a running campaign."""
    if settings.pull_through and phi:
        yield ("pull_through",), "expected none where PHI may be: copy images by digest into a lab's repository"
    if settings.pull_through and not settings.account_wide:
        yield ("pull_through",), "expected account_wide: true beside it, for rules are an account's"
    for index, rule in enumerate(settings.pull_through):
        if rule.prefix in {other.prefix for other in settings.pull_through[:index]}:
            yield ("pull_through", index, "prefix"), f"expected each once, found {rule.prefix} again"
