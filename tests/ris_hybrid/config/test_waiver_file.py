"""waivers.yaml: everything that is wrong with it is told by file, line and field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ris_hybrid.config.document import UnusableFile
from ris_hybrid.config.waiver import Waiver
from ris_hybrid.config.waiver_file import load_waivers

if TYPE_CHECKING:
    from pathlib import Path

RULES = ("bucket-object-lock", "bucket-versioned")
GOOD = """\
waivers:
  - rule: bucket-object-lock
    resource: bucket wustl-ris-old-*
    reason: made before object lock
    owner: ann
    until: 2027-03-31
    ticket: ITSD-1
"""


def loaded(tmp_path: Path, text: str) -> tuple[Waiver, ...]:
    path = tmp_path / "waivers.yaml"
    path.write_text(text)
    return load_waivers(path, RULES, "2026-11-28")


def test_a_waiver_is_read_with_its_place(tmp_path: Path) -> None:
    (waiver,) = loaded(tmp_path, GOOD)
    assert waiver == Waiver(
        rule="bucket-object-lock",
        resource="bucket wustl-ris-old-*",
        reason="made before object lock",
        owner="ann",
        until="2027-03-31",
        ticket="ITSD-1",
        where=f"{tmp_path}/waivers.yaml:2",
    )


@pytest.mark.parametrize("until", ["2020-01-01", "2027-11-29"])
def test_a_waiver_may_be_over_or_last_a_year(tmp_path: Path, until: str) -> None:
    assert loaded(tmp_path, GOOD.replace("2027-03-31", until))[0].until == until


@pytest.mark.parametrize("text", ["", "waivers:\n", "waivers: []\n"])
def test_no_waivers_is_fine(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- rule: x\n", "1: expected the one key waivers with a list"),
        ("waiver: []\n", "1: expected the one key waivers with a list"),
        ("waivers: yes\n", "1: expected the one key waivers with a list"),
        ("waivers:\n  - bucket-versioned\n", "2: waivers[0]: expected keys and values, found 'bucket-versioned'"),
        (GOOD.replace("    owner: ann\n", ""), "2: waivers[0].owner: expected text, found nothing"),
        (GOOD.replace("    until: 2027-03-31\n", ""), "2: waivers[0].until: expected text, found nothing"),
        (GOOD.replace("owner: ann", "owner: ' '"), "5: waivers[0].owner: expected text, found ' '"),
        (GOOD.replace("ticket: ITSD-1", "ticket: 17"), "7: waivers[0].ticket: expected text, found 17"),
        (
            GOOD.replace("rule: bucket-object-lock", "rule: bucket-object-locks"),
            "2: waivers[0].rule: expected the name of a rule, found 'bucket-object-locks' (did you mean",
        ),
        (
            GOOD.replace("until: 2027-03-31", "until: 31.3.2027"),
            "6: waivers[0].until: expected a date such as 2027-03-31, found '31.3.2027'",
        ),
        (
            GOOD.replace("until: 2027-03-31", "until: 2027-11-30"),
            "6: waivers[0].until: expected a date within a year, 2027-11-29 at the latest, found '2027-11-30'",
        ),
        (GOOD.replace("until: 2027-03-31", "until: 9999-12-31"), "6: waivers[0].until: expected a date within a year"),
        (
            GOOD.replace("until: 2027-03-31", "until: 20270331T"),
            "6: waivers[0].until: expected a date such as 2027-03-31, found '20270331T'",
        ),
        (
            GOOD.replace("resource: bucket wustl-ris-old-*", "resource: '*'"),
            "3: waivers[0].resource: expected a name, or its beginning before '*', found '*'",
        ),
        (
            GOOD.replace("resource: bucket wustl-ris-old-*", "resource: bucket **"),
            "3: waivers[0].resource: expected a name, or its beginning before '*', found 'bucket **'",
        ),
        (
            f"{GOOD}    for: ever\n",
            "8: waivers[0].for: expected a known key, found 'for'",
        ),
        (f"{GOOD}    owner: bob\n", "8: waivers[0].owner: expected the key once, found it on line 5 and on line 8"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnusableFile) as unusable:
        loaded(tmp_path, text)
    assert f"{tmp_path}/waivers.yaml:{told}" in unusable.value.message
    assert "reason" in unusable.value.hint
