"""How GPFS's words for a cache are taken, and its table with values that do not keep to their columns."""

from __future__ import annotations

import pytest

from onprem.gpfs.afm import cache_state, checked, parse_getstate, without_relation
from ris_hybrid.data.scale import ScaleFileset, afm_health
from ris_hybrid.errors import SiteUnavailable

HEAD = "Fileset Name    Fileset Target        Cache State   Gateway Node    Queue Length   Queue numExec\n"
WU = ScaleFileset(file_system="c1", name="wu", path="/c/wu", status="Linked")


@pytest.mark.parametrize(
    ("state", "queued", "health"),
    [
        ("", None, "none"),
        ("Active", None, "clean"),
        ("Active", 0, "clean"),
        ("Active", 1, "busy"),
        ("Dirty", None, "busy"),
        ("Recovery", 0, "busy"),
        ("NeedsResync", 0, "broken"),
        ("Stopped", 5, "broken"),
        ("Inactive", None, "unknown"),
        ("Levitating", 0, "unknown"),
    ],
)
def test_a_word_says_how_a_cache_is_and_an_unknown_one_stays_unknown(
    state: str, queued: int | None, health: str
) -> None:
    assert afm_health(state, queued)[0] == health
    seen = cache_state("c1", "wu", state, queued)
    assert (seen.health, seen.state) == (health, state)
    assert seen.reason


def test_a_check_settles_what_an_inactive_cache_does_not_tell_and_clears_nothing_else() -> None:
    inactive, active = cache_state("c1", "wu", "Inactive"), cache_state("c1", "wu", "Active", 0)
    assert checked(inactive, dirty=False).health == "clean"
    assert checked(inactive, dirty=True).health == "busy"
    assert checked(active, dirty=True).health == "busy"
    assert checked(active, dirty=False) == active
    assert checked(cache_state("c1", "wu", "Stopped"), dirty=False).health == "broken"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wu              nfs://h/x             Active        gw1             many           0", "length of a queue"),
        ("a_name_that_is_longer nfs://h/x Active gw1", "line 2: does not fit"),
    ],
)
def test_a_line_that_does_not_fit_is_unknown(line: str, said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        parse_getstate("c1", HEAD + line)


def test_a_name_with_a_blank_is_read_by_its_column() -> None:
    line = "my files        nfs://h/x y           Active        gw1             0              0\n"
    assert parse_getstate("c1", HEAD + line)["my files"].gateway == "gw1"


def test_a_fileset_that_is_not_in_the_table_is_no_cache_only_if_it_is_known_without_one() -> None:
    assert without_relation((WU,), "c1", "wu").health == "none"
    with pytest.raises(SiteUnavailable, match="no fileset wu in c2"):
        without_relation((WU,), "c2", "wu")
    related = ScaleFileset(file_system="c1", name="wu", path="", status="Linked", afm_mode="single-writer")
    with pytest.raises(SiteUnavailable, match="its state is not told"):
        without_relation((related,), "c1", "wu")
