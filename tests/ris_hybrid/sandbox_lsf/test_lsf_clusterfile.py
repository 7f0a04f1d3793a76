from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.clusterfile import load_cluster
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
name: c1
hosts:
  - {prefix: n, count: 2, slots: 4, memory_mib: 1024}
  - prefix: k
    count: 1
    slots: 8
    queues: [lab1]
queues:
  - name: general
    rc_hosts: all
    rc_demand_policy: THRESHOLD[[5,10]]
  - {name: lab1, priority: 50, rc_account: shared, max_slots: 3}
default_queue: general
"""


def load(tmp_path: Path, text: str) -> ClusterSpec:
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    return load_cluster(path)


def test_a_file_becomes_a_cluster(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == ClusterSpec(
        name="c1",
        hosts=(
            HostSpec(prefix="n", count=2, slots=4, memory_mib=1024),
            HostSpec(prefix="k", count=1, slots=8, queues=("lab1",)),
        ),
        queues=(
            QueueSpec(name="general", rc_hosts="all", rc_demand_policy="THRESHOLD[[5,10]]"),
            QueueSpec(name="lab1", priority=50, rc_account="shared", max_slots=3),
        ),
        default_queue="general",
    )


def test_the_first_queue_is_the_default_one(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("default_queue: general\n", "")).default_queue == "general"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count: 2", "count: two", "3: hosts.0.count: expected a whole number of at least 1"),
        ("count: 2", "count: true", "3: hosts.0.count: expected a whole number of at least 1"),
        ("    slots: 8\n", "", "4: hosts.1.slots: expected a whole number of at least 1 (it is missing)"),
        ("    slots: 8\n", "    sluts: 8\n", "6: hosts.1.sluts: expected one of prefix, count"),
        ("[lab1]", "lab1", "7: hosts.1.queues: expected a list of names"),
        ("[lab1]", "[lab9]", "7: hosts.1.queues.0: expected the name of a queue"),
        ("prefix: k", "prefix: n", "4: hosts.1.prefix: expected a name not used before"),
        ("name: lab1", "name: general", "12: queues.1.name: expected a name not used before"),
        ("max_slots: 3", "max_slots: -3", "12: queues.1.max_slots: expected a whole number of at least 0, or"),
        ("default_queue: general", "default_queue: x", "13: default_queue: expected the name of a queue"),
        ("name: c1", "name: ''", "1: name: expected a name"),
        (GOOD, "name: c1\nhosts: []\nqueues: []\n", "2: hosts: expected a list with at least one entry"),
        (GOOD, "name: c1\nhosts: [5]\nqueues: [{name: q}]\n", "2: hosts.0: expected a mapping with prefix, count"),
        (GOOD, "- 1\n", "1: file: expected a mapping with name, hosts, queues"),
        (GOOD, "", "1: file: expected a mapping with name, hosts, queues"),
        (GOOD, "name: [\n", "2: file: expected YAML"),
        (GOOD, "name: c1\n7: x\n", "2: 7: expected one of name, hosts"),
    ],
)
def test_an_error_names_line_and_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert f"cluster.yaml:{message}" in caught.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: file: expected readable YAML"):
        load_cluster(tmp_path / "none.yaml")


def test_text_that_is_not_unicode_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(ConfigError, match="expected readable YAML"):
        load_cluster(path)


def test_control_characters_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected"):
        load(tmp_path, "name: \x00\n")
