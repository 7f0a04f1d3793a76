"""docs/clouds.md has the example's own lines, every key of a cloud, and what the sandbox's two APIs cover."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import ris_hybrid
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.gce import covers as of_google
from ris_hybrid.sandbox.openstack import covers as of_openstack
from tests.architecture.documented import words

TOP = Path(ris_hybrid.__file__).parents[1]
TEXT = (TOP / "docs" / "clouds.md").read_text(encoding="utf-8")


def test_the_excerpt_is_the_example() -> None:
    (excerpt,) = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    example = (TOP / "examples" / "clouds" / "burst.yaml").read_text(encoding="utf-8")
    assert excerpt in example


def test_every_key_of_a_cloud_is_told() -> None:
    _, _, table = TEXT.partition("| key of `clouds` | meaning |\n")
    first = re.findall(r"^\| (.*?) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert words("".join(first)) == {field.name for field in fields(SecondCloud)}


@pytest.mark.parametrize(
    ("table", "calls"),
    [(of_openstack.table(), len(of_openstack.COVERS)), (of_google.table(), len(of_google.COVERS) + 1)],
    ids=["openstack", "gce"],
)
def test_what_the_sandboxs_apis_cover_is_told(table: str, calls: int) -> None:
    before, here, _ = TEXT.partition(table)
    assert here
    assert f"), {calls} calls:" in before[-600:]
