"""What to do about an AFM cache with work in it: the port ``CacheFlush`` over whatever surface tells its state (pure).

REST v2 has no documented call that flushes a cache, and commands are run read-only: so nothing is flushed from here.
A clean cache is ``unchanged``; of any other the command is said that an administrator runs. AFM also writes by itself
after its delay (``afmAsyncDelay``), so waiting helps while the cache reaches its home.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.data.scale import Written
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from ris_hybrid.data.ports import Scale
    from ris_hybrid.data.scale import CacheState

_HELP = {
    "broken": "waiting does not help: see `mmafmctl {fs} getstate -j {fileset}` on a node of the cluster",
    "unknown": "an administrator looks: mmafmctl {fs} checkDirty -j {fileset}",
    "busy": "an administrator runs: mmafmctl {fs} flushPending -j {fileset}; or wait, as AFM writes by itself",
}


class FlushByHand:
    """See ``ris_hybrid.data.ports.CacheFlush``."""

    def __init__(self, scale: Scale) -> None:
        self._scale = scale

    def flush(self, file_system: str, fileset: str) -> Written:
        """See ``CacheFlush``. Raises ``Refused``, with what to do, for a cache with work in it."""
        state = self._scale.cache(file_system, fileset)
        if state.health in {"clean", "none"}:
            return Written(outcome="unchanged", text=f"nothing waits in {fileset}: {_word(state)}")
        raise Refused(
            f"{fileset} is {_word(state)}, and no call of REST v2 flushes a cache: {state.reason}",
            _HELP[state.health].format(fs=file_system, fileset=fileset),
        )


def _word(state: CacheState) -> str:
    return state.state or ("no AFM cache" if state.health == "none" else "in an unknown state")
