"""Taking our lines out again, whatever an admin did meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.enabling.undo import undo

BLOCK = ["# ours from here", "OURS=1", "ALSO=2", "# ours to here"]
lines = st.lists(st.sampled_from(["A=1", "B=2", "", "# note", "End Queue", "C=3"]), max_size=12)


def text(listed: list[str]) -> str:
    return "".join(f"{line}\n" for line in listed)


@given(
    lines, st.integers(0, 12), st.lists(st.sampled_from(["new", "other"]), min_size=1, max_size=3), st.integers(0, 12)
)
def test_what_an_admin_adds_elsewhere_stays_and_ours_goes(
    before: list[str], at: int, added: list[str], where: int
) -> None:
    at, where = min(at, len(before)), min(where, len(before))
    edited = [*before[:where], *added, *before[where:]]
    shifted = at + (len(added) if where <= at else 0)
    now = [*edited[:shifted], *BLOCK, *edited[shifted:]]
    ours = [*before[:at], *BLOCK, *before[at:]]
    assert undo(text(now), [text(ours)], text(before)).text == text(edited)


@given(lines, st.integers(0, 12))
def test_untouched_it_is_as_before_to_the_byte(before: list[str], at: int) -> None:
    plain = text(before).removesuffix("\n")
    ours = text([*before[:at], *BLOCK, *before[at:]])
    assert undo(ours, ["something older", ours], plain).text == plain
    assert undo(plain, [ours], plain).text == plain


def test_a_line_of_ours_that_was_changed_stays_and_is_told() -> None:
    undone = undo(
        text(["A=1", *BLOCK, "B=2"]).replace("OURS=1", "OURS=7"), [text(["A=1", *BLOCK, "B=2"])], "A=1\nB=2\n"
    )
    assert (undone.text, undone.kept) == ("A=1\nOURS=7\nB=2\n", ("OURS=7",))


def test_a_line_we_replaced_comes_back_unless_it_was_changed_again() -> None:
    ours, before = text(["A=9", "B=2", *BLOCK]), "A=1\nB=2\n"
    assert undo(ours + "C=3\n", [ours], before).text == "A=1\nB=2\nC=3\n"
    assert undo(ours.replace("A=9", "A=5"), [ours], before).text == "A=5\nB=2\n"
