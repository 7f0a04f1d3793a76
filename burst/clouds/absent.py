"""Ports of a cloud that this host cannot ask at all, for want of its library say: it is unread, as one that is silent.

One cloud that is set up badly must not keep the machines of the others from being returned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from ris_hybrid.errors import ConfigError


class _Absent:
    def __init__(self, why: ConfigError) -> None:
        self.why = why


def _refuse(absent: _Absent, *_: object, **__: object) -> NoReturn:
    raise Refused(absent.why.message, absent.why.hint, "NotConfigured")


class AbsentCloud(_Absent):
    """Of the cloud port: every method raises ``Refused``."""

    launch = machines = end = _refuse


class AbsentLedger(_Absent):
    """The same of the ledger port."""

    mark = pools = mark_pool = _refuse


class AbsentChecks(_Absent):
    """The same of the checks port."""

    impaired = _refuse
