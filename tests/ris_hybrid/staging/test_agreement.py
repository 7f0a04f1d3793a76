"""When two contents are called the same, and what becomes of a result."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.data.settings import Bounds
from ris_hybrid.data.values import Digest, ObjectSum
from ris_hybrid.staging.agreement import agreement, result
from ris_hybrid.staging.fake import blob
from ris_hybrid.staging.money import too_much
from ris_hybrid.staging.names import without_names
from ris_hybrid.staging.values import Spent

HERE = blob(b"123456789").digest()
SHA = base64.b64encode(bytes.fromhex(HERE.sha256)).decode()


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (ObjectSum(9, "v", HERE.crc64nvme), "same"),
        (ObjectSum(9, "v", "", SHA), "same"),
        (ObjectSum(9, "v", HERE.crc64nvme, SHA), "same"),
        (ObjectSum(8, "v", HERE.crc64nvme), "differs"),
        (ObjectSum(9, "v", "AAAAAAAAAAA="), "differs"),
        (ObjectSum(9, "v", HERE.crc64nvme, "AAAA"), "differs"),
        (ObjectSum(9, "v", "", "no base64!"), "differs"),
        (ObjectSum(9, "v"), "unverifiable"),
    ],
)
def test_every_sum_that_is_there_must_agree(seen: ObjectSum, said: str) -> None:
    assert agreement(HERE, seen) == said


def test_the_fakes_sum_is_s3s() -> None:
    assert base64.b64decode(HERE.crc64nvme).hex() == "ae8b14860a799888"  # the check value of CRC-64/NVME


OTHER = blob(b"other").digest()


@pytest.mark.parametrize(
    ("site", "base", "what"),
    [
        (None, "", "move"),
        (HERE, "", "there"),
        (OTHER, OTHER.crc64nvme, "move"),
        (OTHER, "", "conflict"),
        (OTHER, HERE.crc64nvme, "conflict"),
    ],
)
def test_a_result_takes_the_place_of_what_was_staged_and_of_nothing_else(
    site: Digest | None, base: str, what: str
) -> None:
    assert result(ObjectSum(9, "v", HERE.crc64nvme), site, base) == what


def test_a_result_that_cannot_be_compared_is_not_moved() -> None:
    assert result(ObjectSum(9, "v"), None, "") == "unverifiable"


@given(site=st.binary(max_size=20), cloud=st.binary(max_size=20), staged=st.booleans())
def test_nothing_that_a_person_wrote_is_written_over(site: bytes, cloud: bytes, *, staged: bool) -> None:
    here, there = blob(site).digest(), blob(cloud).digest()
    base = here.crc64nvme if staged else OTHER.crc64nvme
    what = result(ObjectSum(there.size, "v", there.crc64nvme), here, base)
    assert what == ("there" if site == cloud else "move" if base == here.crc64nvme else "conflict")


def test_bounds_of_a_month() -> None:
    bounds = Bounds(usd_per_month=10.0, egress_gb_per_month=1.0)
    assert too_much(Spent(usd=9.0), 1.0, 0, bounds) == ""
    assert "9.00 $ are reserved" in too_much(Spent(usd=9.0), 1.01, 0, bounds)
    assert "of 1 GB a month" in too_much(Spent(egress_bytes=1024**3), 0.0, 1, bounds)
    assert too_much(Spent(egress_bytes=2 * 1024**3), 0.0, 0, bounds) == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/s/A/smith, john: cannot be read: permission denied", "(a file): permission denied"),
        ("it cannot be read: /s/A/x", "it cannot be read: (a file)"),
        ("Active/A/smith: AccessDenied", "(a file): AccessDenied"),
        ("the GUI does not answer", "the GUI does not answer"),
    ],
)
def test_names_of_phi_are_taken_out(text: str, told: str) -> None:
    assert without_names(text, "phi", "/s/A", "Active/A/", "") == told
    assert without_names(text, "internal", "/s/A") == text
