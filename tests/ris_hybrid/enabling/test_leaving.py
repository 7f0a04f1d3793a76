"""A cloud that leaves burst.yaml, or is called otherwise there, while machines of it are left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.roll import RollFile, Row, roll_path
from burst.libcloud.values import Node
from burst.rc import conf
from burst.rc.templates import FILE_NAME
from ris_hybrid.enabling import leaving
from ris_hybrid.errors import ConfigError
from ris_hybrid.model import MachineState
from tests.two_clouds import RESEARCH, two_settings

if TYPE_CHECKING:
    from pathlib import Path


def node(make: Any) -> Node:
    return Node(
        node_id="n-1",
        name="ris-cpu-1",
        state=MachineState.RUNNING,
        size="m1.large",
        zone="nova-1",
        private_ip="",
        launched=make.now,
        tags={},
    )


@pytest.mark.parametrize(
    ("left", "name", "refused"),
    [("none", "", False), ("gone", "", False), ("one", "", True), ("one", "campus", True), ("one", RESEARCH, False)],
)
def test_it_may_leave_once_it_is_empty(make: Any, tmp_path: Path, left: str, name: str, *, refused: bool) -> None:
    before = two_settings(make)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / FILE_NAME).write_text(conf.dump(before))
    if left != "none":
        roll = RollFile(roll_path(tmp_path, before.provider, RESEARCH), lambda: make.now)
        roll.note([Row(node=node(make), gone=make.now if left == "gone" else 0.0)])
    now = replace(before, clouds=tuple(replace(before.clouds[0], name=one) for one in (name,) if one))
    if not refused:
        leaving.check(now, tmp_path, tmp_path, make.now)
        return
    with pytest.raises(ConfigError, match="research, which is enabled and had 1 machines") as wrong:
        leaving.check(now, tmp_path, tmp_path, make.now)
    assert str(roll_path(tmp_path, before.provider, RESEARCH)) in wrong.value.hint


def test_where_nothing_is_enabled_nothing_leaves(make: Any, tmp_path: Path) -> None:
    leaving.check(two_settings(make), tmp_path, tmp_path, make.now)
