from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import ConfigError
from ris_hybrid.images.reference import (
    Reference,
    anchor_tag,
    at,
    is_anchor,
    is_name_tag,
    name_tag,
    parse,
)

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
WRITTEN = (
    "ubuntu",
    "ubuntu:22.04",
    "ubuntu:latest",
    " ubuntu:22.04 ",
    "library/ubuntu",
    "docker.io/library/ubuntu:22.04",
    "index.docker.io/library/ubuntu:22.04",
    "lee/tool:1.0",
    "lee/deep/er/tool_x:V1-beta.2",
    "quay.io/biocontainers/samtools:1.17--h00cdaf9_0",
    "GHCR.io/org/x",
    "localhost/x:1",
    "localhost:5000/x",
    "registry.example.org:5000/team/app",
    "10.0.0.1:5000/x:2",
    f"ubuntu@{DIGEST}",
    f"ubuntu:22.04@{DIGEST}",
    f"quay.io/lee/tool:1@{DIGEST}",
    "[fd00::1]:5000/x:1",
)
names = st.builds(
    Reference,
    registry=st.sampled_from(["", "quay.io", "localhost", "localhost:5000", "r.example.org:443", "1.2.3.4:5000"]),
    repository=st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,5}){0,2}(/[a-z0-9]{1,8}){0,2}", fullmatch=True).filter(
        lambda text: text.partition("/")[0] != "localhost" and "." not in text.partition("/")[0]
    ),
    tag=st.just("") | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    digest=st.just("") | st.just(DIGEST),
)


def test_names_normalised_and_their_tags_as_nodes_work_them_out(golden: Any) -> None:
    lines = [f"{text}\t{parse(text).normalised}\t{name_tag(parse(text))}" for text in WRITTEN]
    golden("images/names.tsv", "".join(f"{line}\n" for line in lines))


def test_the_golden_tags_are_the_hash_of_the_normalised_name() -> None:
    rows = (Path(__file__).parents[2] / "golden" / "images" / "names.tsv").read_text(encoding="utf-8").splitlines()
    for row in rows:
        _, normalised, tag = row.split("\t")
        assert tag == f"ref-{hashlib.sha256(normalised.encode()).hexdigest()[:32]}"


@given(names)
def test_what_is_written_again_reads_the_same(reference: Reference) -> None:
    assert parse(str(reference)) == reference
    assert parse(reference.normalised).normalised == reference.normalised
    assert is_name_tag(name_tag(reference))


@given(names, names)
def test_two_names_share_a_tag_only_when_they_mean_the_same(one: Reference, other: Reference) -> None:
    assert (name_tag(one) == name_tag(other)) == (one.normalised == other.normalised)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "no name of a repository"),
        ("Ubuntu", "no upper case"),
        ("lee/Tool", "no upper case"),
        ("Registry/x:1", "no upper case"),
        ("lee//tool", "no name of a repository"),
        ("tool:", "is no tag"),
        ("tool:a b", "is no tag"),
        ("tool:-1", "is no tag"),
        ("tool@sha256:abc", "64 digits"),
        (f"tool@md5:{HEX}", "64 digits"),
        ("docker://ubuntu", "no host of a registry"),
        ("LOCALHOST/x", "no upper case"),
        ("-bad.org/x", "no host of a registry"),
        ("a" * 256, "255 are the most"),
        ("../etc:1", "no host of a registry"),
    ],
)
def test_what_is_no_image_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        parse(written)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest"),
        ("lee/tool:1", "docker.io/lee/tool:1"),
        ("index.docker.io/ubuntu:1", "docker.io/library/ubuntu:1"),
        ("quay.io/x", "quay.io/x:latest"),
        (f"ubuntu@{DIGEST}", f"docker.io/library/ubuntu@{DIGEST}"),
    ],
)
def test_where_a_name_is_asked_for(written: str, asked: str) -> None:
    assert str(at(parse(written), "docker.io")) == asked


def test_a_site_may_have_another_default_registry_and_other_names_for_hosts() -> None:
    assert str(at(parse("ubuntu:1"), "mirror.example.org")) == "mirror.example.org/ubuntu:1"
    assert str(at(parse("quay.io/x:1"), "docker.io", {"quay.io": "proxy.example.org"})) == "proxy.example.org/x:1"
    assert (
        str(at(parse("ubuntu:1"), "docker.io", {"docker.io": "hub.example.org"})) == "hub.example.org/library/ubuntu:1"
    )


def test_only_a_name_without_digest_may_mean_another_image_tomorrow() -> None:
    assert parse("ubuntu:22.04").moves
    assert not parse(f"ubuntu@{DIGEST}").moves
    assert str(parse("quay.io/x:1").pinned(DIGEST)) == f"quay.io/x@{DIGEST}"


def test_anchors_and_names_are_told_apart() -> None:
    anchor = anchor_tag(DIGEST)
    assert (is_anchor(anchor), is_name_tag(anchor)) == (True, False)
    assert anchor == f"d-{HEX}"
    assert not is_anchor("d-1")
    assert not is_name_tag("latest")
