"""What is said of a cache with work in it."""

from __future__ import annotations

import pytest

from onprem.gpfs.fake import FakeScale
from onprem.gpfs.flush import FlushByHand
from ris_hybrid.data.scale import ScaleFileset
from ris_hybrid.errors import Refused


@pytest.mark.parametrize(
    ("state", "queued", "hint"),
    [
        ("Dirty", 3, "mmafmctl cache1 flushPending -j lee"),
        ("Active", 3, "mmafmctl cache1 flushPending -j lee"),
        ("Disconnected", 3, "waiting does not help"),
        ("Inactive", 0, "mmafmctl cache1 checkDirty -j lee"),
        ("Something", 0, "mmafmctl cache1 checkDirty -j lee"),
    ],
)
def test_the_command_that_helps_is_said(state: str, queued: int, hint: str) -> None:
    scale = FakeScale(file_systems=("cache1",))
    scale.put(ScaleFileset(file_system="cache1", name="lee", path="/c", status="Linked"))
    scale.cached("cache1", "lee", state, queued)
    with pytest.raises(Refused, match=state) as caught:
        FlushByHand(scale).flush("cache1", "lee")
    assert hint in caught.value.hint


def test_nothing_is_to_be_done_where_nothing_waits() -> None:
    scale = FakeScale(file_systems=("cache1",))
    scale.put(ScaleFileset(file_system="cache1", name="lee", path="/c", status="Linked"))
    assert "no AFM cache" in FlushByHand(scale).flush("cache1", "lee").text
    scale.cached("cache1", "lee")
    assert FlushByHand(scale).flush("cache1", "lee").outcome == "unchanged"


def test_the_fake_drains_what_it_is_asked_to() -> None:
    scale = FakeScale(file_systems=("cache1",))
    scale.put(ScaleFileset(file_system="cache1", name="lee", path="/c", status="Linked"))
    scale.dirty("cache1", "lee", 4)
    assert scale.flush("cache1", "lee").outcome == "changed"
    assert [scale.cache("cache1", "lee").health for _ in range(3)] == ["busy", "clean", "clean"]
    scale.cached("cache1", "lee", "Disconnected", 4)
    with pytest.raises(Refused, match="does not reach"):
        scale.flush("cache1", "lee")
