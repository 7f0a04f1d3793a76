from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.images.asked import (
    from_asks,
    from_scripts,
    images_in,
    images_of_script,
    is_unclear,
    lab_of_script,
    together,
)
from ris_hybrid.job_ask import JobAsk


def ask(job_id: str, esub: str | None, lab: str = "lee") -> JobAsk:
    return JobAsk(job_id=job_id, user="kim", lab=lab, queue="general", esub=esub)


@pytest.mark.parametrize(
    ("option", "images"),
    [
        ("docker(ubuntu:22.04)", ("ubuntu:22.04",)),
        ("'docker(ubuntu)'", ("ubuntu",)),
        ('"docker(ubuntu)"', ("ubuntu",)),
        ("'docker(\"x/y:1\")'", ("x/y:1",)),
        ("docker('x/y:1')", ("x/y:1",)),
        (r"docker\(x/y:1\)", ("x/y:1",)),
        (r"docker(\"x/y:1\")", ("x/y:1",)),
        (r"'docker(\\\"x/y:1\\\")'", ("x/y:1",)),
        ("docker( x/y:1 )", ("x/y:1",)),
        ("docker (x:1)", ("x:1",)),
        ("docker(x:1) other(app)", ("x:1",)),
        ("other(app) docker(x:1)", ("x:1",)),
        ("docker(x:1) docker(y:2) docker(x:1)", ("x:1", "y:2")),
        (f"docker(x@sha256:{'a' * 64})", (f"x@sha256:{'a' * 64}",)),
        ("docker(Registry.Example.ORG:5000/a/b:1)", ("Registry.Example.ORG:5000/a/b:1",)),
        ("docker1(x:1)", ("x:1",)),
        ("docker()", ("",)),
        ("openmpi", ()),
        ("mydocker(x)", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_every_way_of_quoting_names_the_same_image(option: str | None, images: tuple[str, ...]) -> None:
    assert images_in(option) == images


@given(
    st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6})?(:[a-z0-9.]{1,6})?", fullmatch=True),
    st.sampled_from(["", '"', "'", '\\"', '\\\\\\"']),
    st.sampled_from(["", '"', "'"]),
)
def test_quotes_and_backslashes_are_no_part_of_an_image(image: str, inner: str, outer: str) -> None:
    assert images_in(f"{outer}docker({inner}{image}{inner}){outer}") == (image,)


@pytest.mark.parametrize("text", ["docker(" + " " * 20_000, "docker(" * 20_000, "docker('" + "'" * 20_000])
def test_an_option_that_never_closes_takes_no_longer_than_its_length(text: str) -> None:
    """The suite's own time-out is the measure: a pattern that goes back and forth would take hours."""
    assert images_in(text) == ()


@pytest.mark.parametrize(
    ("option", "unclear"),
    [
        *((text, True) for text in (None, "docker", "'docker'", "docker other(x)")),
        *((text, False) for text in ("docker(x)", "", "openmpi", "mydocker", "docker-x")),
    ],
)
def test_an_option_that_says_docker_and_no_image_is_unclear(option: str | None, unclear: bool) -> None:
    assert is_unclear(option) == unclear


SCRIPT = r"""#!/bin/bash
#BSUB -q general -G compute-lee-t2
#BSUB -a 'docker(quay.io/lee/tool:1)'
# BSUB -a "docker(ubuntu)"
#BSUB -n 4 -R 'rusage[mem=4]' \
#BSUB -a docker(continued:1)
##BSUB -a 'docker(not-this:1)'
# a comment: bsub -a 'docker(nor-this:1)'
for one in *; do
  LSF_DOCKER_VOLUMES="/storage1:/storage1" bsub -G compute-lee \
    -a "docker(inner/loop:2)" -app x run.sh -a $one
done
/opt/lsf/mybsub -a 'docker(no:1)'
echo -a 'docker(echoed:1)'
"""


def test_images_of_a_script_are_those_of_its_directives_and_its_own_submissions() -> None:
    assert images_of_script(SCRIPT) == ("quay.io/lee/tool:1", "ubuntu", "continued:1", "inner/loop:2")
    assert lab_of_script(SCRIPT) == "lee"
    assert lab_of_script("#BSUB -G staff\n") == ""
    assert images_of_script("#BSUB -a docker\\(x:1\\)\n#BSUB -app 'docker(y:1)'\n") == ("x:1",)


def test_jobs_of_one_lab_that_name_one_image_are_one_line() -> None:
    asks = [ask("1", "docker(ubuntu)"), ask("2", "docker(ubuntu:latest)"), ask("3", "docker(ubuntu)", "kim")]
    found = from_asks([*asks, ask("4", None), ask("5", "openmpi")])
    assert [(one.lab, one.key, one.jobs) for one in found] == [
        ("kim", "ubuntu:latest", ("3",)),
        ("lee", "ubuntu:latest", ("1", "2")),
    ]


def test_what_names_no_image_is_kept_with_the_reason() -> None:
    (wrong,) = from_asks([ask("1", "docker(lee/Tool)")])
    assert wrong.reference is None
    assert wrong.key == "lee/Tool"
    assert "upper case" in wrong.problem


def test_scripts_and_jobs_together() -> None:
    scripts = from_scripts({"a.sh": "#BSUB -a 'docker(x:1)'\n", "b.sh": SCRIPT}, lab="kim")
    assert next((one.lab, one.key, one.scripts) for one in scripts) == ("kim", "x:1", ("a.sh",))
    (both,) = [one for one in together(scripts, from_asks([ask("7", "docker(x:1)", "kim")])) if one.lab == "kim"]
    assert (both.jobs, both.scripts) == (("7",), ("a.sh",))
