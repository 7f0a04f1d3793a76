"""Which machines the cloud's own checks call impaired: asked for apart from the fleet, and only where it is acted on.

A machine whose kernel or host hangs runs, as far as its state says: LSF would wait for it. What cannot be asked is not
known, and a machine of which nothing is known is not impaired.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from burst.clouds import partly
from ris_hybrid.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from burst.provider import Provider
    from ris_hybrid.model import Machine


class FakeChecks:
    """Checks in memory: every machine works but those named."""

    def __init__(self) -> None:
        self.failed: frozenset[str] = frozenset()
        self.fail_next: CloudError | None = None
        """Raised by the next call, once."""

    def impaired(self) -> frozenset[str]:
        """Those named."""
        failure, self.fail_next = self.fail_next, None
        if failure is not None:
            raise failure
        return self.failed


def checked(machines: Iterable[Machine], provider: Provider) -> tuple[Machine, ...]:
    """The machines with what their clouds' checks say of them. What does not answer is told to the audit log."""
    try:
        told = partly.checks_of(provider.checks)
    except CloudError as error:
        provider.note("not checked", message=error.message)
        return tuple(machines)
    if told.unread:
        provider.note("not checked", message=partly.reasons(told.unread))
    return tuple(replace(m, impaired=True) if m.machine_id in told.impaired and m.alive else m for m in machines)
