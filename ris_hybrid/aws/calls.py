"""AWS's errors in our words, for everything of the data plane: what to check is not what a pool's launch needs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from burst.aws.calls import translated
from ris_hybrid.errors import QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIMITS = ("limit", "maximum", "quota", "too many")
_ONE_CODE_FOR_ALL = frozenset({"InvalidRequestException"})
"""DataSync's answer to whatever a caller can be wrong about; its sentence tells a limit from the rest."""
_FAULTS = frozenset({"InternalException"})
"""DataSync's own mistake."""
_QUOTAS = frozenset({"ServiceLimitExceeded", "DataRepositoryTaskExecuting"})


@contextmanager
def asked(service: str) -> Iterator[None]:
    """Raise ``CloudError``'s children; ``QuotaReached`` for what the service will take later."""
    try:
        with translated():
            yield
    except Refused as error:
        said = error.message.lower()
        if error.code in _QUOTAS or (error.code in _ONE_CODE_FOR_ALL and any(word in said for word in _LIMITS)):
            raise QuotaReached(error.message, f"wait for what {service} does now to end", error.code) from error
        if error.code in _FAULTS:
            raise TryAgain(error.message, "try again", error.code) from error
        raise Refused(
            error.message, f"check the data role's rights and what {service} was asked", error.code
        ) from error
