from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.images.gate import SCANNED, covers, judge, severe
from ris_hybrid.images.reference import parse
from ris_hybrid.images.settings import ImageSettings, ImageWaiver
from ris_hybrid.images.values import FoundFlaw, Scan

TODAY = "2027-01-15"
REFERENCE = parse("quay.io/lee/tool:1")
WORDS = (
    *("IN_PROGRESS", "COMPLETE", "FAILED", "UNSUPPORTED_IMAGE", "ACTIVE", "PENDING", "SCAN_ELIGIBILITY_EXPIRED"),
    *("FINDINGS_UNAVAILABLE", "LIMIT_EXCEEDED", "IMAGE_ARCHIVED", "IMAGE_SIZE_EXCEEDED", "NOT_FOUND", "A_NEW_WORD"),
)
SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL", "UNDEFINED", "UNTRIAGED")
flaws = st.builds(
    FoundFlaw,
    name=st.sampled_from(["CVE-1", "CVE-2", "CVE-3"]),
    severity=st.sampled_from(SEVERITIES),
    package=st.just(""),
)


def waiver(**fields: object) -> ImageWaiver:
    plain = ImageWaiver(image="quay.io/lee/*", reason="in review", owner="sec", until=TODAY)
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields by name, as in a table


def settings(*waivers: ImageWaiver, stop_at: str = "CRITICAL") -> ImageSettings:
    return ImageSettings(waivers=waivers, stop_at=stop_at)  # type: ignore[arg-type]  # one of its words


def found(*severities: str, word: str = "COMPLETE", **counts: int) -> Scan:
    named = tuple(FoundFlaw(name=f"CVE-{at}", severity=severity) for at, severity in enumerate(severities, start=1))
    return Scan(word=word, findings=named, counts=counts)


@pytest.mark.parametrize("word", WORDS)
def test_only_complete_and_active_count_as_scanned(word: str) -> None:
    verdict = judge(Scan(word=word), REFERENCE, settings(), TODAY)
    assert verdict.is_open == (word in SCANNED)
    assert verdict.reason


@pytest.mark.parametrize("word", sorted(set(WORDS) - SCANNED - {"IN_PROGRESS", "PENDING", "NOT_FOUND"}))
def test_what_cannot_be_scanned_needs_a_waiver_for_the_whole_image(word: str) -> None:
    some = waiver(findings=("CVE-1",))
    assert judge(Scan(word=word, detail="why"), REFERENCE, settings(some), TODAY).answer == "refused"
    verdict = judge(Scan(word=word), REFERENCE, settings(some, waiver()), TODAY)
    assert verdict.answer == "waived"
    assert "until 2027-01-15 by sec: in review" in verdict.reason


@pytest.mark.parametrize("word", ["IN_PROGRESS", "PENDING", "NOT_FOUND"])
def test_a_scan_under_way_waits_and_no_waiver_hurries_it(word: str) -> None:
    assert judge(Scan(word=word), REFERENCE, settings(waiver()), TODAY).answer == "waiting"


def test_a_scan_that_is_not_known_lets_nothing_through() -> None:
    verdict = judge(None, REFERENCE, settings(waiver()), TODAY)
    assert (verdict.answer, verdict.is_open) == ("waiting", False)


@pytest.mark.parametrize(
    ("severity", "threshold", "stops"),
    [
        ("CRITICAL", "CRITICAL", True),
        ("HIGH", "CRITICAL", False),
        ("HIGH", "HIGH", True),
        ("MEDIUM", "HIGH", False),
        ("LOW", "LOW", True),
        ("INFORMATIONAL", "LOW", False),
        ("UNDEFINED", "CRITICAL", True),
        ("UNTRIAGED", "CRITICAL", True),
        ("A_NEW_ONE", "CRITICAL", True),
    ],
)
def test_a_finding_at_the_threshold_or_of_unknown_severity_stops(severity: str, threshold: str, stops: bool) -> None:
    assert severe(severity, threshold) == stops
    assert judge(found(severity), REFERENCE, settings(stop_at=threshold), TODAY).is_open != stops


def test_why_an_image_is_refused_names_findings_and_how_many_more() -> None:
    verdict = judge(found(*["CRITICAL"] * 7, CRITICAL=9), REFERENCE, settings(), TODAY)
    assert verdict.reason.startswith("9 findings CRITICAL or above: CVE-1 (CRITICAL), CVE-2")
    assert verdict.reason.endswith("and 4 more")
    assert len(verdict.findings) == 7
    fixable = Scan(word="ACTIVE", findings=(FoundFlaw(name="CVE-1", severity="CRITICAL", fixable=True),))
    said = judge(fixable, REFERENCE, settings(), TODAY).reason
    assert said == "1 finding CRITICAL or above: CVE-1 (CRITICAL, fix available)"


def test_findings_that_are_counted_and_not_listed_stop_too() -> None:
    verdict = judge(found(CRITICAL=2), REFERENCE, settings(waiver(findings=("CVE-1",))), TODAY)
    assert (verdict.answer, verdict.reason) == ("refused", "2 findings CRITICAL or above: 2 more")


def test_a_waiver_of_findings_must_name_every_one_of_them() -> None:
    scan = found("CRITICAL", "CRITICAL", "LOW")
    one = waiver(findings=("CVE-1",))
    assert judge(scan, REFERENCE, settings(one), TODAY).reason == "1 finding CRITICAL or above: CVE-2 (CRITICAL)"
    both = judge(scan, REFERENCE, settings(one, waiver(findings=("CVE-2",))), TODAY)
    assert (both.answer, len(both.waivers)) == ("waived", 2)
    whole = judge(scan, REFERENCE, settings(waiver()), TODAY)
    assert (whole.answer, whole.findings[0].name) == ("waived", "CVE-1")


def test_a_waiver_ends_with_its_last_day_and_is_for_its_images_alone() -> None:
    scan = found("CRITICAL")
    assert judge(scan, REFERENCE, settings(waiver()), TODAY).is_open
    assert not judge(scan, REFERENCE, settings(waiver()), "2027-01-16").is_open
    assert not judge(scan, parse("quay.io/kim/tool:1"), settings(waiver()), TODAY).is_open
    assert covers(waiver(image="ubuntu"), parse("ubuntu:22.04"))
    assert not covers(waiver(image="ubuntu"), parse("ubuntux"))
    assert not covers(waiver(image="u.untu"), parse("ubuntu"))


@given(st.lists(flaws, max_size=5), st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"]), st.sampled_from(WORDS))
def test_without_waivers_nothing_severe_or_unscanned_is_let_through(
    findings: list[FoundFlaw], threshold: str, word: str
) -> None:
    scan = Scan(word=word, findings=tuple(findings))
    verdict = judge(scan, REFERENCE, settings(stop_at=threshold), TODAY)
    clean = word in SCANNED and not any(severe(one.severity, threshold) for one in findings)
    assert verdict.is_open == clean


@given(st.lists(flaws, max_size=5), st.lists(st.sampled_from(["CVE-1", "CVE-2"]), max_size=2))
def test_a_waiver_never_closes_what_is_open(findings: list[FoundFlaw], waived: list[str]) -> None:
    scan = Scan(word="COMPLETE", findings=tuple(findings))
    without = judge(scan, REFERENCE, settings(), TODAY)
    with_it = judge(scan, REFERENCE, settings(waiver(findings=tuple(waived))), TODAY)
    assert with_it.is_open >= without.is_open
