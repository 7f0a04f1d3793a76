"""The life of a staging: every state it can be in, and what each proven event makes of it (pure).

    planned ──begun──▶ staging ──verified──▶ staged ──leased──▶ in use ──freed──▶ returning ──brought──▶ returned
       ▲                                       │                  ▲                   ▲  │                │   │
       │                                       └─── return begun ─┼───────────────────┘  │                │   │
       │                                                          └────────── leased ────┴────────────────┘   │
       └──replanned── staged, returned, evicted, blocked, failed, cancelled                   evicted ◀──taken┘

    planned, staging, returning ──held──▶ blocked ──begun──▶ staging, ──return begun──▶ returning
    planned, staging, returning, blocked ──broken──▶ failed ──begun──▶ staging, ──return begun──▶ returning
    planned, staging, blocked, failed ──cancelled──▶ cancelled

Nothing leads from *in use* but the end of its last job, and to *evicted* from *returned* alone: that is the state in
which everything is on-prem and was compared there. What is not drawn changes nothing. ``blocked`` and ``failed`` do not
remember which way they were going; the journal does (``Staging.going``), and begins that way again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ris_hybrid.data.values import StagingState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class StagingEvent(StrEnum):
    """What is known to have happened."""

    REPLANNED = "replanned"
    """A manifest was made (again)."""
    BEGUN = "begun"
    """Its moves may be handed to movers."""
    VERIFIED = "verified"
    """Every file is in the cloud and was compared."""
    LEASED = "leased"
    """A job runs that uses it."""
    FREED = "freed"
    """The last job that used it has ended."""
    RETURN_BEGUN = "return begun"
    BROUGHT = "brought"
    """Every result is on-prem and was compared there."""
    TAKEN = "taken"
    """Everything of it was deleted in the cloud."""
    HELD = "held"
    """It waits for something that people or time must put right."""
    BROKEN = "broken"
    """It was tried as often as is allowed."""
    CANCELLED = "cancelled"


_P, _S, _T, _U = StagingState.PLANNED, StagingState.STAGING, StagingState.STAGED, StagingState.IN_USE
_R, _H, _E = StagingState.RETURNING, StagingState.RETURNED, StagingState.EVICTED
_B, _F, _C = StagingState.BLOCKED, StagingState.FAILED, StagingState.CANCELLED

_ROWS: tuple[tuple[StagingState, tuple[StagingState, ...]], ...] = (
    #    repl beg  veri used free ret  brou take held brok canc
    (_P, (_P, _S, _P, _P, _P, _P, _P, _P, _B, _F, _C)),
    (_S, (_S, _S, _T, _S, _S, _S, _S, _S, _B, _F, _C)),
    (_T, (_P, _T, _T, _U, _T, _R, _T, _T, _T, _T, _T)),
    (_U, (_U, _U, _U, _U, _R, _U, _U, _U, _U, _U, _U)),
    (_R, (_R, _R, _R, _U, _R, _R, _H, _R, _B, _F, _R)),
    (_H, (_P, _H, _H, _U, _H, _R, _H, _E, _H, _H, _H)),
    (_E, (_P, _E, _E, _E, _E, _E, _E, _E, _E, _E, _E)),
    (_B, (_P, _S, _B, _B, _B, _R, _B, _B, _B, _F, _C)),
    (_F, (_P, _S, _F, _F, _F, _R, _F, _F, _F, _F, _C)),
    (_C, (_P, _C, _C, _C, _C, _R, _C, _C, _C, _C, _C)),
)

NEXT: Mapping[StagingState, Mapping[StagingEvent, StagingState]] = {
    state: dict(zip(StagingEvent, following, strict=True)) for state, following in _ROWS
}
"""State and event to the state after it: every state, every event."""

IN_CLOUD = frozenset({StagingState.STAGED, StagingState.IN_USE, StagingState.RETURNING, StagingState.RETURNED})
"""All of the dataset is in the cloud, compared."""
AT_WORK = frozenset({StagingState.PLANNED, StagingState.STAGING, StagingState.RETURNING})
"""A turn of the engine has something to do for it."""
AT_REST = frozenset({StagingState.EVICTED, StagingState.FAILED, StagingState.CANCELLED})
"""Only a person sets it going again."""


def after(events: Iterable[StagingEvent], state: StagingState = StagingState.PLANNED) -> StagingState:
    """The state that these events lead to."""
    for event in events:
        state = NEXT[state][event]
    return state
