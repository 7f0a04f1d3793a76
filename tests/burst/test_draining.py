"""Which machine may end when the burst is switched off."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.draining import decide
from ris_hybrid.model import MachineState

STATES = ["ok", "closed_Adm", "closed_Full", "closed_RC", "unavail", "unreach", "something-new"]


@pytest.mark.parametrize(
    ("status", "jobs", "close", "end"),
    [
        ("ok", 0, True, False),
        ("ok", 2, True, False),
        ("closed_Full", 4, True, False),
        ("closed_Adm", 0, False, True),
        ("closed_Adm", 1, False, False),
        ("closed_RC", 0, False, True),
        ("unavail", 0, False, True),
        ("unavail", 1, False, False),
    ],
)
def test_open_hosts_are_closed_and_only_closed_empty_ones_end(
    make: Any, status: str, jobs: int, close: bool, end: bool
) -> None:
    host = replace(make.host("ip-10-0-0-1.cloud", status), jobs=jobs)
    seen = decide([make.machine(1)], [host])
    assert seen.close == ((host.name,) if close else ())
    assert seen.end == ((make.machine(1).machine_id,) if end else ())
    assert dict(seen.busy) == ({host.name: jobs} if jobs else {})


def test_what_has_ended_is_done_and_what_lsf_does_not_list_is_told(make: Any) -> None:
    gone = make.machine(1, state=MachineState.TERMINATED)
    assert decide([gone], []).done
    seen = decide([gone, make.machine(2)], [])
    assert (seen.unlisted, seen.done, seen.only_busy) == ((make.machine(2).machine_id,), False, False)


@given(rows=st.lists(st.tuples(st.sampled_from(STATES), st.integers(0, 3)), max_size=6))
def test_no_machine_with_jobs_ever_ends(make: Any, rows: list[tuple[str, int]]) -> None:
    hosts = [replace(make.host(f"ip-10-0-0-{at}", status), jobs=jobs) for at, (status, jobs) in enumerate(rows)]
    seen = decide([make.machine(at) for at in range(len(rows))], hosts)
    assert not {make.machine(at).machine_id for at, (_, jobs) in enumerate(rows) if jobs} & {*seen.end, *seen.unlisted}
    assert seen.done is (not rows)
