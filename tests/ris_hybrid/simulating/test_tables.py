"""Tables, standings and their words: wins and losses alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.simulating.result import WhatIf
from ris_hybrid.simulating.rows import as_json, best, standing
from ris_hybrid.simulating.tables import MOST_NAMES, against_none, burst_table, main_table, side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.simulating.rows import Row

    MakeRow = Callable[..., Row]


def some(make_row: MakeRow) -> list[Row]:
    none = make_row(
        "no cloud", kind="none", v=None, usd=0.0, usd_per_month=0.0, mean_wait_s=6000.0, core_hours_waited=500.0,
        j=500.0, jobs_burst=0, jobs_burst_by_queue={}, jobs_burst_by_lab={},
    )  # fmt: skip
    lsf = make_row("lsf", kind="lsf", v=None, usd=400.0, mean_wait_s=300.0, j=430.0, jobs_burst_by_lab={"genomics": 40})
    known = make_row("ours, v 0.1, run times known", kind="perfect", usd=90.0, mean_wait_s=10.0, j=90.0)
    return [none, lsf, make_row("ours, v 0.1"), known]


def test_the_best_of_a_column_has_a_star_and_the_clairvoyant_none(make_row: MakeRow) -> None:
    rows = some(make_row)
    assert best(rows, "mean_wait_s") == {"lsf"}
    assert best(rows, "p50_wait_s") == frozenset()  # all alike
    table = main_table(rows)
    column = table.columns.index("mean wait min")
    assert [row[column] for row in table.rows] == ["100.0", "5.0*", "10.0", "0.2"]
    assert [len(row[column]) for row in table.padded] == [13] * 4


def test_losses_are_said_as_wins_are(make_row: MakeRow) -> None:
    none, lsf, ours, known = some(make_row)
    more = make_row("ours, v 0.3", v=0.3, usd=300.0, mean_wait_s=290.0, j=320.0)
    assert standing((none, lsf, ours, more, known), 0.1) == (
        "J at v 0.1: ours $105.00, the best other $430.00 (lsf): 76% lower",
        "lsf costs $400.00 for a mean wait of 5.0 min: ours wins, v 0.3, which costs $300.00 for 4.8 min",
    )
    cheap = make_row("count", kind="count", v=None, usd=20.0, mean_wait_s=900.0, j=50.0)
    assert standing((none, cheap, ours), 0.1) == (
        "J at v 0.1: ours $105.00, the best other $50.00 (count): 110% higher: ours loses",
        (
            "count costs $20.00 for a mean wait of 15.0 min: "
            "ours loses, the first v that waits no longer, 0.1, costs $100.00"
        ),
    )
    better = make_row("immediate", kind="immediate", v=None, usd=320.0, mean_wait_s=60.0, j=105.0)
    assert standing((better, ours), 0.1) == (
        "J at v 0.1: ours $105.00, the best other $105.00 (immediate): the same",
        (
            "immediate costs $320.00 for a mean wait of 1.0 min: ours loses, no v of the table waits so little, "
            "v 0.1 waits 10.0 min for $100.00"
        ),
    )
    assert standing((make_row("count", kind="count", v=None), ours), 0.1)[1] == (
        "count costs $100.00 for a mean wait of 10.0 min: the same as v 0.1, which costs $100.00 for 10.0 min"
    )
    assert standing((none, lsf), 0.1) == ()
    assert standing((make_row("free", kind="none", usd=0.0, j=0.0), ours), 0.1)[0].endswith("inf% higher: ours loses")


def test_each_policy_beside_no_cloud(make_row: MakeRow) -> None:
    table = against_none(some(make_row))
    assert table.rows[0] == ("lsf", "400.00", "5.0%", "100.0%", "450", "0.889", "86.0%")
    idle = make_row("no cloud", kind="none", usd=0.0, mean_wait_s=0.0, p95_wait_s=0.0, core_hours_waited=0.0, j=0.0)
    assert against_none([idle, make_row(core_hours_waited=0.0)]).rows == (("ours", "100.00", "-", "-", "0", "-", "-"),)


def test_jobs_burst_by_queue_and_lab_with_the_rest_together(make_row: MakeRow) -> None:
    labs = {f"lab{number:02}": 100 - number for number in range(20)}
    rows = [*some(make_row), make_row("wide", jobs_burst_by_queue={"general": 5, "long": 7}, jobs_burst_by_lab=labs)]
    table = burst_table([*rows, make_row("ours, v 0.3", v=0.3)], 0.1)
    assert table.columns == ("jobs burst", "", "lsf", "ours, v 0.1", "wide")
    assert table.rows[:2] == (("queue", "general", "12", "12", "5"), ("queue", "long", "0", "0", "7"))
    named = [row for row in table.rows if row[0] == "lab"]
    assert len(named) == MOST_NAMES + 1
    assert named[-1][1] == "10 others"
    assert sum(int(row[-1].replace(",", "")) for row in named) == sum(labs.values())


def test_a_what_if_stands_beside(make_row: MakeRow) -> None:
    before = [make_row("a"), make_row("ours, v 0.1")]
    after = [make_row("a", usd=50.0), make_row("ours, v 0.2", mean_wait_s=60.0)]
    table = side_by_side(before, after)
    assert table.columns[:5] == ("policy", "$", "what if", "mean wait min", "what if")
    assert table.rows[0][:3] == ("a", "100.00", "50.00")
    assert table.rows[1][0] == "ours, v 0.1 / ours, v 0.2"
    assert table.rows[1][3:5] == ("10.0", "1.0")


def test_jobs_without_room_in_a_what_if_are_said(make_row: MakeRow) -> None:
    assert WhatIf(changes=(), rows=(make_row(),)).warning == ""
    assert "up to 3 jobs" in WhatIf(changes=(), rows=(make_row(), make_row(never_started=3))).warning


def test_json_rounds_and_keeps_names(make_row: MakeRow) -> None:
    row = as_json(make_row(usd=1 / 3))
    assert (row["usd"], row["jobs_burst_by_queue"], row["name"]) == (0.3333, {"general": 12}, "ours")
