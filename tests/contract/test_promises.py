"""The table in docs/clouds.md is what the contract suites say, and each promise has its test."""

from __future__ import annotations

import re
from pathlib import Path

from tests.contract import promises

HERE = Path(__file__).parent
SUITES = ("test_cloud_contract.py", "test_ledger_contract.py", "test_checks_contract.py")


def test_the_table_in_the_docs_is_what_the_suites_say() -> None:
    text = promises.DOCS.read_text(encoding="utf-8")
    assert text == promises.in_docs(text), "make clouds-table writes it"


def test_every_promise_has_its_test() -> None:
    """One that asks for a world is a promise, or its suite cannot be collected."""
    asked = [
        name
        for suite in SUITES
        for name in re.findall(
            r"^def test_(\w+)\(\s*world: Any", (HERE / suite).read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    assert sorted(asked) == sorted(promises.PROMISES)


def test_what_is_not_kept_and_what_is_not_tried_are_promises() -> None:
    for reasons in (promises.LACKS, promises.UNTRIED):
        assert list(reasons) == list(promises.WORLDS)
        assert {key for found in reasons.values() for key in found} <= promises.PROMISES.keys()
    assert not any(promises.LACKS[name].keys() & promises.UNTRIED[name].keys() for name in promises.WORLDS)
