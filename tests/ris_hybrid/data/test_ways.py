from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.settings import DataSettings, Gpfs
from ris_hybrid.data.values import Totals
from ris_hybrid.data.ways import WAYS, Choice, Situation, choose, rule_table

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[..., DataSettings]

GIB = 1024**3
LARGE = Situation(
    allocation="wucci",
    site_path="/storage1/fs1/wucci/Active/Cryo-EM",
    bucket="bucket",
    data_class="internal",
    totals=Totals(files=1000, bytes=500 * GIB),
)
SMALL = replace(LARGE, totals=Totals(files=10, bytes=20 * GIB))
MANY = replace(LARGE, totals=Totals(files=100_000, bytes=25 * GIB - 1024**3))


def why(choice: Choice, way: str) -> str:
    (line,) = [line for line in choice.why if line.startswith(f"{way}: ")]
    return line.removeprefix(f"{way}: ").removeprefix("not taken: ")


@pytest.mark.parametrize(
    ("seen", "way"),
    [
        (LARGE, "globus"),
        (SMALL, "mount"),
        (replace(SMALL, on_tape=1), "globus"),
        (replace(SMALL, writes=True), "mount"),
        (replace(SMALL, cached=True), "mount"),
        (replace(SMALL, writes=True, cached=True), "globus"),
        (MANY, "datasync"),
        (replace(MANY, data_class="phi"), "globus"),
        (replace(MANY, totals=Totals(files=99_999, bytes=21 * GIB)), "globus"),
        (replace(LARGE, data_class="phi"), "globus"),
        (replace(SMALL, data_class="phi"), "mount"),
        (replace(LARGE, landing="/storage1/fs1/wucci/Active/Cryo-EM"), "afm"),
        (replace(LARGE, landing="/storage1/fs1/wucci/Active/Cryo"), "globus"),
        (replace(LARGE, landing="/storage1/fs1/wucci", data_class="phi"), "globus"),
        (replace(LARGE, landing="/storage1/fs1/wucci", hard_links=1), "globus"),
        (replace(LARGE, landing="/storage1/fs1/wucci", bucket="other"), "globus"),
        (replace(LARGE, landing="/storage1/fs1/wucci", allocation="lee"), "globus"),
        (replace(LARGE, totals=Totals(files=100_000_001, bytes=10**17)), None),
        (replace(LARGE, totals=Totals(files=50_000_001, bytes=10**17)), "globus"),
    ],
)
def test_the_way_with_everything_set_up(every_way: DataSettings, seen: Situation, way: str | None) -> None:
    assert choose(seen, every_way).way == way


def test_each_way_has_its_line_whichever_is_taken(every_way: DataSettings) -> None:
    assert choose(LARGE, every_way).why == (
        "globus: the plain way: checksums on both ends, and no charge by volume",
        "afm: not taken: the data is not in that fileset: it would have to be copied there first",
        "datasync: not taken: possible, but globus comes first here",
        "mount: not taken: too much to read over the VPN, again for every node",
    )


def test_phi_goes_by_nothing_that_is_not_marked_for_it(every_way: DataSettings, change: Change) -> None:
    seen = replace(SMALL, data_class="phi", landing="/storage1/fs1/wucci")
    plain = change(every_way, "mounted", phi=False)
    assert choose(seen, plain).way == "globus"
    plain = change(plain, "globus", high_assurance=False)
    assert choose(seen, plain).way == "datasync"
    plain = change(plain, "datasync", high_assurance=False)
    choice = choose(seen, plain)
    assert choice.way is None
    assert choice.why == (
        "globus: not taken: PHI moves by high-assurance collections alone",
        "afm: not taken: its access keys do not expire: PHI must not rest on those",
        "datasync: not taken: the agent and its export may not see PHI",
        "mount: not taken: the mount may not carry PHI",
    )


def test_what_is_not_set_up_is_not_taken() -> None:
    choice = choose(SMALL, DataSettings(gpfs=Gpfs(file_system="fs1")))
    assert choice.way is None
    assert why(choice, "globus") == why(choice, "datasync") == "it is not set up"
    assert why(choice, "mount") == "nodes do not reach the site"


def test_paths_that_a_way_does_not_reach(every_way: DataSettings, change: Change) -> None:
    elsewhere = change(change(every_way, "globus", site_base="/storage2/"), "mounted", paths=("/scratch1",))
    choice = choose(SMALL, elsewhere)
    assert choice.way == "datasync"
    assert why(choice, "globus") == "the site's collection does not have this path"
    assert why(choice, "mount") == "nodes do not mount this path"


situations = st.builds(
    replace,
    st.sampled_from([LARGE, SMALL, MANY]),
    data_class=st.sampled_from(["public", "internal", "confidential", "phi"]),
    on_tape=st.integers(0, 1),
    writes=st.booleans(),
    cached=st.booleans(),
    hard_links=st.integers(0, 1),
    landing=st.sampled_from(["", "/storage1/fs1/wucci"]),
)


@given(situations, st.sets(st.sampled_from(["globus", "datasync", "mounted"])))
def test_phi_and_tape_are_kept_whatever_else_holds(
    every_way: DataSettings, change: Any, seen: Situation, unmarked: set[str]
) -> None:
    its = every_way
    for name in unmarked:
        its = change(its, name, **({"phi": False} if name == "mounted" else {"high_assurance": False}))
    choice = choose(seen, its)
    assert [line.split(":")[0] for line in choice.why if line] != []
    assert {line.split(":")[0] for line in choice.why} == set(WAYS)
    if seen.data_class == "phi":
        assert choice.way != "afm"
        assert {"mount": "mounted"}.get(str(choice.way), choice.way) not in unmarked
    if seen.on_tape:
        assert choice.way != "mount"


def test_the_table_of_the_rule_is_the_rule(golden: Any) -> None:
    golden("data/ways.txt", "".join(f"{row.condition} | {row.way} | {row.reason}\n" for row in rule_table()))
