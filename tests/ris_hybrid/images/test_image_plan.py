from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.images.plan import ImageLine, needed_scans, plan_images
from ris_hybrid.images.reference import name_tag, parse
from ris_hybrid.images.settings import ImageSettings
from ris_hybrid.images.values import FoundFlaw, NotHad, Scan

if TYPE_CHECKING:
    from ris_hybrid.images.homes import Home

TODAY = "2027-01-15"
CLEAN = Scan(word="COMPLETE")
BAD = Scan(word="COMPLETE", findings=(FoundFlaw(name="CVE-1", severity="CRITICAL"),))
BUSY = Scan(word="IN_PROGRESS")
TAG = name_tag(parse("ubuntu:22.04"))
SETTINGS = ImageSettings()


def line(build: Any, known: Any, *, homes: tuple[Home, ...] | None = None, **named: Any) -> ImageLine:
    asked = (build.named(**named),)
    (found,) = plan_images(asked, homes if homes is not None else (build.home,), known, SETTINGS, TODAY)
    return found


@pytest.mark.parametrize(
    ("in_ecr", "scans", "step", "ready"),
    [
        ((), {}, "copy", False),
        ((("a",),), {"a": CLEAN}, "name", False),
        ((("a",),), {"a": BUSY}, "wait", False),
        ((("a",),), {}, "wait", False),
        ((("a",),), {"a": BAD}, "refuse", False),
        ((("a", TAG),), {"a": CLEAN}, "nothing", True),
        ((("a", TAG),), {"a": BAD}, "revoke", False),
        ((("a", TAG),), {"a": BUSY}, "wait", True),
        ((("a", TAG),), {"a": None}, "wait", True),
        ((("a", TAG),), {"a": Scan(word="NOT_FOUND")}, "revoke", False),
        ((("old", TAG),), {"old": CLEAN}, "copy", True),
        ((("old", TAG),), {"old": BAD}, "revoke", False),
        ((("old", TAG), ("a",)), {"old": CLEAN, "a": CLEAN}, "name", True),
        ((("old", TAG), ("a",)), {"old": CLEAN, "a": BAD}, "refuse", True),
        ((("old", TAG), ("a",)), {"old": CLEAN, "a": BUSY}, "wait", True),
    ],
)
def test_what_is_to_be_done_with_a_name(build: Any, in_ecr: Any, scans: Any, step: str, ready: bool) -> None:
    stored = tuple(build.stored(*one) for one in in_ecr)
    found = line(build, build.known(build.upstream("a"), stored, scans))
    assert (found.step, found.ready) == (step, ready)
    assert found.reason
    assert (found.tag, found.repository) == (TAG, build.home.repository)


def test_a_name_that_moved_says_which_image_has_it_and_which_gets_it(build: Any) -> None:
    stored = (build.stored("old", TAG), build.stored("a"))
    found = line(build, build.known(build.upstream("a"), stored, {"old": CLEAN, "a": CLEAN}))
    assert (found.holder, found.digest) == (build.digest("old"), build.digest("a"))


def test_an_image_of_unknown_source_stays_and_is_still_judged(build: Any) -> None:
    lost = NotHad(reason="quay.io does not answer", certain=False)
    stays = line(build, build.known(lost, (build.stored("a", TAG),), {"a": CLEAN}))
    assert (stays.step, stays.ready) == ("nothing", True)
    assert stays.reason.endswith("; quay.io does not answer")
    goes = line(build, build.known(lost, (build.stored("a", TAG),), {"a": BAD}))
    assert goes.step == "revoke"
    assert line(build, build.known(lost)).step == "wait"
    assert line(build, build.known(None)).step == "wait"
    gone = NotHad(reason="there is no docker.io/library/ubuntu:22.04", certain=True)
    assert line(build, build.known(gone)).step == "refuse"


def test_an_account_that_does_not_answer_is_waited_for(build: Any) -> None:
    found = line(build, build.known(build.upstream(), None))
    assert (found.step, found.reason) == ("wait", "ECR of prod could not be asked")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "old schema 1"),
        ("application/vnd.docker.distribution.manifest.v1+json", "old schema 1"),
        ("application/vnd.wasm", "application/vnd.wasm: ECR takes"),
        ("", "manifest without a type"),
    ],
)
def test_images_that_ecr_does_not_take_are_refused(build: Any, kind: str, why: str) -> None:
    found = line(build, build.known(build.upstream(media_type=kind)))
    assert found.step == "refuse"
    assert why in found.reason


def test_an_index_is_judged_by_the_image_for_the_nodes_platform(build: Any) -> None:
    parts = {"linux/amd64": build.digest("amd"), "linux/arm64": build.digest("arm")}
    upstream = build.upstream("all", media_type=build.index, platforms=parts)
    stored = (build.stored("all", media_type=build.index, platforms=parts), build.stored("amd"), build.stored("arm"))
    known = build.known(upstream, stored, {"amd": CLEAN, "arm": BAD})
    found = line(build, known)
    assert (found.step, found.digest, found.judged) == ("name", build.digest("all"), build.digest("amd"))
    asked = needed_scans((build.named(),), (build.home,), known, "linux/amd64")
    assert asked == (("prod", build.home.repository, build.digest("amd")),)


def test_an_index_without_the_nodes_platform_is_refused_and_not_scanned(build: Any) -> None:
    parts = {"linux/s390x": build.digest("z")}
    upstream = build.upstream("all", media_type=build.index, platforms=parts)
    assert "only for linux/s390x" in line(build, build.known(upstream)).reason
    empty = build.upstream("all", media_type=build.index)
    assert "only for nothing" in line(build, build.known(empty)).reason
    stored = (build.stored("all", TAG, media_type=build.index, platforms=parts),)
    known = build.known(upstream, stored)
    assert line(build, known).step == "revoke"
    assert needed_scans((build.named(),), (build.home,), known, "linux/amd64") == ()


def test_what_names_no_image_or_has_no_lab_in_the_mirror_is_refused(build: Any) -> None:
    wrong = line(build, build.known(), reference=None, problem="no image")
    assert (wrong.step, wrong.reason) == ("refuse", "no image")
    assert "lab lee has no allocation" in line(build, build.known(), homes=()).reason
    assert "a job without a lab" in line(build, build.known(), lab="").reason
    assert needed_scans((build.named(reference=None),), (build.home,), build.known(), "linux/amd64") == ()
    assert needed_scans((build.named(lab="kim"),), (build.home,), build.known(), "linux/amd64") == ()


def test_a_lab_in_two_environments_has_its_image_in_both(build: Any) -> None:
    other = replace(build.home, environment="phi", repository="phi/lee/images")
    known = build.known(build.upstream("a"))
    lines = plan_images((build.named(),), (build.home, other), known, SETTINGS, TODAY)
    assert [(one.environment, one.step) for one in lines] == [("phi", "wait"), ("prod", "copy")]


def test_lines_are_sorted_by_lab_and_name(build: Any) -> None:
    named = (build.named("zsh"), build.named("ubuntu"), build.named("zsh", lab="ann"))
    lines = plan_images(named, (), build.known(), SETTINGS, TODAY)
    assert [(one.lab, one.key) for one in lines] == [
        ("ann", "zsh:latest"),
        ("lee", "ubuntu:latest"),
        ("lee", "zsh:latest"),
    ]
