"""PutMetricFilter as CloudWatch Logs has it: a filter of the same name is replaced; moto would keep both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws.kept import asked, place_of
from ris_hybrid.sandbox.aws.moto_account import forget_metric_filter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call


def put(state: State, call: Call) -> Answer:
    """Make it, or put it in the place of the one there is."""
    given = asked(call)
    forget_metric_filter(place_of(call), str(given.get("logGroupName")), str(given.get("filterName")))
    return state.plain(call)


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"logs:PutMetricFilter": put}
