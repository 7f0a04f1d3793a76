"""The flag in a resource requirement: every form that is edited comes back to the letter, the others are refused."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burst.steering.resreq import Fixed, is_one_piece, names, standing_of, with_flag, without_flag

FLAG = "risburst"

EDITED = {
    "": "select[(risburst)]",
    "rusage[mem=2000]": "select[(risburst)] rusage[mem=2000]",
    "span[hosts=1] rusage[mem=4GB:swp=2]": "select[(risburst)] span[hosts=1] rusage[mem=4GB:swp=2]",
    "select[mem>9]": "select[(risburst) && (mem>9)]",
    "select[ a || b ] order[-ut]": "select[(risburst) && ( a || b )] order[-ut]",
    "select [x && !y] same[model] cu[type=rack]": "select [(risburst) && (x && !y)] same[model] cu[type=rack]",
    "rhel6 || rhel7": "(risburst) && (rhel6 || rhel7)",
    "swp > 15 && hpux order[ut]": "(risburst) && (swp > 15 && hpux) order[ut]",
    "select[hname!='host06-x12']": "select[(risburst) && (hname!='host06-x12')]",
    'select[type=="a[b"] rusage[x=1||y=2]': 'select[(risburst) && (type=="a[b")] rusage[x=1||y=2]',
    "affinity[core(2):membind=localonly]": "select[(risburst)] affinity[core(2):membind=localonly]",
    "rusage[mem=1] select[x]": "rusage[mem=1] select[(risburst) && (x)]",
    "select[defined(x)] rusage[a=1] rusage[b=2]": "select[(risburst) && (defined(x))] rusage[a=1] rusage[b=2]",
}

REFUSED = {
    "2*{select[a]} + 1*{select[b]}": "compound or alternative",
    "{select[a] rusage[mem=1]} || {select[b]}@10": "compound or alternative",
    "select[a] select[b]": "written twice",
    "a select[b]": "written twice",
    "select[a] || select[b]": "written twice",
    "rusage[mem=1] || order[ut]": "text between its parts",
    "rusage[mem=1] a": "text behind its parts",
    "mem>9]": "text behind its parts",
    "select[]": "select part is empty",
    "select[(a]": "do not match",
    "select[a) || (b]": "do not match",
    "(a": "do not match",
    "select[a": "select[ is not understood",
    "select[a[1]]": "select[ is not understood",
    "gpu[num=1]": "gpu[ is not understood",
    "select[hname=='x]": "quote that does not end",
    "select[a]\nrusage[mem=1]": "no text",
    "select[risburst]": "its owner's own requirement names risburst",
    "select[!risburst && mem>9]": "its owner's own requirement names risburst",
    "(risburst)": "its owner's own requirement names risburst",
    "(risburst) && (a) || b": "its owner's own requirement names risburst",
    "select[(risburst) && (a) || (b) && (c))]": "names risburst",
    "select[(risburst) && ( )]": "names risburst",
}


@pytest.mark.parametrize(("text", "flagged"), EDITED.items())
def test_the_flag_goes_in_front_of_the_select_part_and_out_again(text: str, flagged: str) -> None:
    assert with_flag(text, FLAG) == flagged
    assert without_flag(flagged, FLAG) == text
    assert (standing_of(text, FLAG), standing_of(flagged, FLAG)) == ("none", "ours")


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_cannot_be_edited_safely_is_refused_with_the_reason(text: str, why: str) -> None:
    refused = with_flag(text, FLAG)
    assert isinstance(refused, Fixed)
    assert why in refused.why
    taken = without_flag(text, FLAG)
    assert isinstance(taken, Fixed) or taken == text
    assert standing_of(text, FLAG) != "ours"


def test_doing_it_again_changes_nothing() -> None:
    for text, flagged in EDITED.items():
        assert with_flag(flagged, FLAG) == flagged
        assert without_flag(text, FLAG) == text


def test_blanks_that_lsf_puts_in_do_not_hide_our_term() -> None:
    assert without_flag(" select[ ( risburst ) && (mem>9) ] rusage[mem=1] ", FLAG) == "select[mem>9] rusage[mem=1]"
    assert without_flag("select[ (risburst) ]", FLAG) == ""


def test_a_longer_name_is_another_resource() -> None:
    assert standing_of("select[risburst2 || my.risburst]", FLAG) == "none"
    assert names("select[a&&risburst]", FLAG)
    assert is_one_piece("select[a]")
    assert not is_one_piece("1*{select[a]}")


WORDS = st.sampled_from(["mem>9", "rhel7", "type==any", "defined(x)", "(a || b)", "!y", "hname!='n[1]'", " z "])
SELECT = st.lists(WORDS, min_size=1, max_size=4).map(" && ".join)
OTHERS = st.lists(
    st.sampled_from(["order[-ut]", "rusage[mem=4GB:tmp=1||x=1]", "span[ptile=4]", "same[model]", "cu[pref=min]"]),
    max_size=4,
).map(" ".join)
TEXTS = st.one_of(
    OTHERS,
    st.builds("select[{}] {}".format, SELECT, OTHERS),
    st.builds("{}  {}".format, SELECT, OTHERS),
    st.text(alphabet="abs elct[](){}&|'>=1risburst", max_size=40),
)


@given(TEXTS)
@example("select[a] ")
def test_whatever_is_edited_comes_back_to_the_letter(text: str) -> None:
    flagged = with_flag(text, FLAG)
    if isinstance(flagged, Fixed) or standing_of(text, FLAG) == "ours":
        return
    assert without_flag(flagged, FLAG) == text.strip()
    assert standing_of(flagged, FLAG) == "ours"
    assert with_flag(flagged, FLAG) == flagged
    without_select = [part for part in text.split("]") if "[" in part and "select" not in part]
    assert all(part.rpartition(" ")[2] in flagged for part in without_select)
