"""What REST's messages mean, and what is taken out of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.gpfs.rest_words import ended, hidden, is_not_there, job_of, message_of, redacted, short

SECRET = "wJalrXUtnFEMI/K7MDENG+bPx"
SIGNS = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=8).filter(
    lambda text: not set(text) & set("\"'\\,;}])")
)


@pytest.mark.parametrize(
    "text",
    [
        f'{{"accessKey": "{SECRET}", "bucket": "b"}}',
        f"'secretKey': '{SECRET}'",
        f"secretKey={SECRET}",
        f"--akey {SECRET} --bucket b",
        f"Authorization: Basic {SECRET}",
        f"authorization: Token {SECRET}",
        f"password = {SECRET}",
        f"mmafmcoskeys b:s3 set {SECRET} {SECRET}",
    ],
)
def test_a_secret_is_found_by_the_word_before_it(text: str) -> None:
    assert SECRET not in redacted(text)
    assert "***" in redacted(text)


def test_what_is_no_secret_stays() -> None:
    text = "mmcrfileset fs1 lee_active: EFSSP1102C The fileset already exists. mmafmcoskeys b set --keyfile /x"
    assert redacted(text) == text


@given(secret=SIGNS, before=st.text(), after=st.text())
def test_a_known_secret_is_nowhere(secret: str, before: str, after: str) -> None:
    assert secret not in redacted(f"{before}{secret}{after}", frozenset({secret})).replace("***", "")


@given(secret=SIGNS, key=st.sampled_from(["accessKey", "secret_key", "Secret-Key", "PASSWORD", "skey", "authToken"]))
def test_a_value_of_a_secret_key_is_hidden_at_any_depth(secret: str, key: str) -> None:
    shown = json.dumps(hidden({"jobs": [{"request": {"data": ({key: {"x": secret}}, {"bucket": "b"})}}]}))
    assert secret not in shown
    assert '"bucket": "b"' in shown


def test_not_there_is_said_with_400_and_of_filesets_alone() -> None:
    assert is_not_there(400, "Invalid value in 'filesetName'")
    assert is_not_there(400, "Invalid value in fsetName: x")
    assert not is_not_there(400, "Invalid value in 'filesystemName'")
    assert not is_not_there(500, "Invalid value in 'filesetName'")


def test_a_long_message_is_one_short_line() -> None:
    assert short("a\n b") == "a b"
    assert len(short("x" * 1000)) == 303


@pytest.mark.parametrize("document", [None, [], {}, {"status": "x"}, {"status": {"message": 3}}])
def test_an_answer_without_a_message_has_none(document: object) -> None:
    assert message_of(document) == ""


@pytest.mark.parametrize("document", [{}, {"jobs": []}, {"jobs": ["x"]}, {"jobs": "x"}])
def test_an_answer_without_a_job_has_none(document: dict[str, object]) -> None:
    assert job_of(document) == {}


@pytest.mark.parametrize(
    ("job", "how", "code", "text"),
    [
        ({"status": "COMPLETED"}, "done", "", ""),
        ({"status": "UNKNOWN"}, "lost", "", "the job's status is UNKNOWN"),
        ({}, "lost", "", "the job's status is not given"),
        ({"status": "FAILED", "result": {"stderr": ["", "EFSSG0264C x", "y"]}}, "failed", "EFSSG0264C", "EFSSG0264C x"),
        ({"status": "FAILED", "result": {"stderr": [], "stdout": ["said"]}}, "failed", "", "said"),
        ({"status": "FAILED", "result": {"stderr": "x", "exitCode": 6}}, "failed", "", "exit code 6"),
        ({"status": "FAILED", "result": {}}, "failed", "", "the job is FAILED"),
        ({"status": "CANCELLED"}, "failed", "", "the job is CANCELLED"),
    ],
)
def test_how_a_job_ended(job: dict[str, Any], how: str, code: str, text: str) -> None:
    found = ended(job)
    assert found
    assert (found.how, found.code, found.text) == (how, code, text)


@pytest.mark.parametrize("status", ["RUNNING", "CANCELLING"])
def test_a_job_that_runs_has_not_ended(status: str) -> None:
    assert ended({"status": status}) is None
