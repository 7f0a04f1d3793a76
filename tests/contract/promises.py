"""What clouds promise, which implementation keeps it, and the table of both in docs/clouds.md (``make clouds-table``).

A promise is a test of that name in the contract suites, run over every world. One that a world does not keep is in
``LACKS``, and its test must fail there; one that cannot be brought about there is in ``UNTRIED``, and its test does not
run there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "clouds.md"
BEGIN = "<!-- promises: written by make clouds-table from the contract suites -->"
END = "<!-- end of promises -->"

WORLDS = {
    "ec2": "EC2",
    "openstack": "OpenStack",
    "gce": "Compute Engine",
    "dummy": "libcloud's dummy",
    "fake": "fake",
}

CLOUD = {
    "an_empty_cloud_has_no_machines": "An empty cloud has no machines",
    "machines_carry_their_ledger_from_the_first_moment": "Machines carry their ledger from the first moment",
    "the_same_token_gives_the_same_machines": "The same token gives the same machines, in another process too",
    "a_launch_cut_half_way_is_finished_by_its_repetition": "A launch cut half-way is finished by its repetition, "
    "and nothing is made twice",
    "a_token_asked_for_twice_at_once_is_one_launch": "A token asked for twice at once, under the launch lock, "
    "is one launch",
    "a_token_whose_machines_have_ended_starts_no_others": "A token whose machines have ended starts no others",
    "nor_does_it_after_local_files_are_lost": "... nor after local files are lost",
    "fewer_than_asked_come_with_the_code_and_the_machines_carry_it": "Fewer than asked come with the code, and the "
    "machines carry it",
    "a_shortfall_is_told_again_to_the_same_token": "A shortfall is told again to the same token",
    "the_next_offer_gives_what_the_first_has_not": "The next type or zone gives what the first has not",
    "no_machine_is_an_error": "No machine at all is an error, with its code",
    "a_quota_is_told_apart_from_lack_of_room": "A quota is told apart from a lack of room",
    "all_or_none_leaves_nothing_behind": "All or none: where not all come nothing is left behind",
    "ended_machines_are_marked_and_stay_listed": "Ended machines are marked, and stay listed for an hour",
    "ends_are_listed_after_local_files_are_lost": "... and after local files are lost",
    "ending_again_or_what_is_not_known_is_harmless": "Ending again, or what is not known, is harmless",
    "a_refused_end_leaves_the_mark_and_raises": "A refused end leaves the mark, and raises",
    "the_mark_of_a_refused_end_outlives_local_files": "... and that mark outlives local files",
    "forgotten_machines_are_passed_over": "Forgotten machines are passed over",
    "a_machine_that_somebody_deletes_is_listed_as_ended": "A machine that somebody else deletes is listed as ended",
    "a_stopped_machine_is_listed_as_stopped": "A stopped machine is listed as stopped, and can be ended",
    "one_that_somebody_stopped_did_not_give_up": "One that somebody stopped is not taken for one that gave up",
    "a_restart_without_local_files_finds_every_machine": "A restart without local files finds every living machine",
    "capacity_comes_back_when_machines_end": "Capacity comes back when machines end",
    "a_cloud_that_does_not_answer_is_not_an_empty_one": "A cloud that does not answer is not an empty one",
    "an_answer_that_cannot_be_read_is_not_an_empty_cloud": "An answer that cannot be read is not an empty cloud",
    "machines_are_never_taken_for_one_another": "Machines are never taken for one another",
}
LEDGER = {
    "what_is_written_on_a_machine_is_listed_with_it": "What is written on a machine is listed with it",
    "an_empty_value_takes_a_mark_away": "An empty value takes a mark away",
    "a_mark_on_a_machine_that_is_still_built_is_kept": "A mark on a machine that is still built is kept",
    "such_a_mark_outlives_local_files": "... and outlives local files",
    "marking_nothing_is_harmless": "Marking nothing is harmless",
    "pools_start_without_marks_and_keep_what_is_written": "Pools keep what is written on them, without any machine",
    "a_mark_that_another_wrote_meanwhile_is_left_as_it_is": "A mark that another wrote meanwhile is left as it is",
    "a_ledger_that_does_not_answer_is_not_an_empty_one": "A ledger that does not answer is not an empty one",
}
CHECKS = {
    "machines_that_work_are_not_named": "Machines that work are not called impaired",
    "a_machine_whose_checks_fail_is_named": "One whose checks fail is",
    "what_was_not_answered_raises": "Checks that were not answered raise",
}
PROMISES = {**CLOUD, **LEDGER, **CHECKS}

_FORGETS = "its cloud forgets an ended machine at once, so only the roll, a local file, remembers it"
_NO_FAULTS = "in memory: no call of it can fail"
_NO_LIMITS = "it has room for all, and no quota"
_AT_ONCE = "its machines work at once"
_NO_KINDS = "it has one kind of machine, and does not read the pool"
LACKS: dict[str, dict[str, str]] = {
    "ec2": {},
    "openstack": {
        "nor_does_it_after_local_files_are_lost": _FORGETS,
        "ends_are_listed_after_local_files_are_lost": _FORGETS,
        "the_mark_of_a_refused_end_outlives_local_files": "a locked server takes no marks either, so the mark lies in "
        "the roll",
        "such_a_mark_outlives_local_files": "Nova refuses marks while it builds, so they lie in the roll until it has",
        "one_that_somebody_stopped_did_not_give_up": "SHUTOFF is all that it says of either",
    },
    "gce": {
        "nor_does_it_after_local_files_are_lost": _FORGETS,
        "ends_are_listed_after_local_files_are_lost": _FORGETS,
    },
    "dummy": {
        "nor_does_it_after_local_files_are_lost": _FORGETS,
        "ends_are_listed_after_local_files_are_lost": _FORGETS,
        "machines_are_never_taken_for_one_another": "it gives the id of an ended machine to the next one",
    },
    "fake": {
        "the_next_offer_gives_what_the_first_has_not": _NO_KINDS,
        "all_or_none_leaves_nothing_behind": _NO_KINDS,
    },
}
UNTRIED: dict[str, dict[str, str]] = {
    "ec2": {},
    "openstack": {},
    "gce": {
        "a_machine_whose_checks_fail_is_named": "it has no checks that an API would tell",
    },
    "dummy": {
        **dict.fromkeys(
            (
                "fewer_than_asked_come_with_the_code_and_the_machines_carry_it",
                "a_shortfall_is_told_again_to_the_same_token",
                "the_next_offer_gives_what_the_first_has_not",
                "no_machine_is_an_error",
                "a_quota_is_told_apart_from_lack_of_room",
                "all_or_none_leaves_nothing_behind",
                "capacity_comes_back_when_machines_end",
            ),
            _NO_LIMITS,
        ),
        **dict.fromkeys(
            (
                "a_refused_end_leaves_the_mark_and_raises",
                "the_mark_of_a_refused_end_outlives_local_files",
                "a_cloud_that_does_not_answer_is_not_an_empty_one",
                "an_answer_that_cannot_be_read_is_not_an_empty_cloud",
                "a_ledger_that_does_not_answer_is_not_an_empty_one",
                "what_was_not_answered_raises",
                "a_machine_whose_checks_fail_is_named",
            ),
            _NO_FAULTS,
        ),
        "one_that_somebody_stopped_did_not_give_up": "nobody can switch it off",
        "a_mark_on_a_machine_that_is_still_built_is_kept": _AT_ONCE,
        "such_a_mark_outlives_local_files": _AT_ONCE,
    },
    "fake": {
        "a_mark_on_a_machine_that_is_still_built_is_kept": _AT_ONCE,
        "such_a_mark_outlives_local_files": _AT_ONCE,
        "an_answer_that_cannot_be_read_is_not_an_empty_cloud": "in memory: there is nothing to misread",
        "nor_does_it_after_local_files_are_lost": "it has no local files, and is lost with its process",
        "ends_are_listed_after_local_files_are_lost": "it has no local files, and is lost with its process",
        "the_mark_of_a_refused_end_outlives_local_files": "it has no local files, and is lost with its process",
    },
}


def over_worlds(metafunc: pytest.Metafunc) -> None:
    """``pytest_generate_tests`` of a suite: each test that asks for a ``world`` over those that can be asked."""
    if "world" not in metafunc.fixturenames:
        return
    promise = metafunc.function.__name__.removeprefix("test_")
    if promise not in PROMISES:
        raise pytest.UsageError(f"{promise} is no promise of tests/contract/promises.py")
    params: list[Any] = [
        pytest.param(name, marks=[pytest.mark.xfail(strict=True, reason=LACKS[name][promise])])
        if promise in LACKS[name]
        else name
        for name in WORLDS
        if promise not in UNTRIED[name]
    ]
    metafunc.parametrize("world", params, indirect=True)


def table() -> str:
    """The table, in Markdown, and under it why what is not kept or not tried is so."""
    notes: dict[str, int] = {}
    rows = [f"| Promise | {' | '.join(WORLDS.values())} |", f"|---|{'---|' * len(WORLDS)}"]
    for heading, promises in (("Cloud", CLOUD), ("Ledger", LEDGER), ("Checks", CHECKS)):
        rows.append(f"| **{heading}** |{' |' * len(WORLDS)}")
        rows += [
            f"| {text} | {' | '.join(_cell(key, name, notes) for name in WORLDS)} |" for key, text in promises.items()
        ]
    told = [f"{number}. {reason[0].upper()}{reason[1:]}." for reason, number in notes.items()]
    head = "yes: its test passes. **no**: its test fails, as it must. untried: it cannot be brought about there.\n"
    return "\n".join([head, *rows, "", *told, ""])


def _cell(promise: str, world: str, notes: dict[str, int]) -> str:
    for word, reasons in (("**no**", LACKS), ("untried", UNTRIED)):
        reason = reasons[world].get(promise)
        if reason is not None:
            return f"{word} ({notes.setdefault(reason, len(notes) + 1)})"
    return "yes"


def in_docs(text: str) -> str:
    """The document with the table as it must be."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{DOCS}: expected {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def main() -> int:
    DOCS.write_text(in_docs(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{DOCS}: {len(PROMISES)} promises, {len(WORLDS)} implementations")
    return 0


if __name__ == "__main__":
    sys.exit(main())
