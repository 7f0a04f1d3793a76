"""Which file systems of burst.yaml's pools a return exports."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from ris_hybrid.data.settings import DataSettings, Gpfs
from ris_hybrid.mirror.values import MirrorPlan
from ris_hybrid.staging.journal import reading
from ris_hybrid.staging_wiring import DataPlane

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SCRATCH = """    paths:
      - path: /scratch1/fs1/wucci
        kind: lustre
        source: fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci
        exports: false
      - {path: /scratch1/fs1/auto, kind: lustre, source: "fs-0a1c.fsx.us-east-1.amazonaws.com@tcp:/abcd"}
      - path: /scratch1/fs1/reference
        kind: lustre
        source: fs-0a1d.fsx.us-east-1.amazonaws.com@tcp:/abcd
        exports: false
        read_only: true
      - path: /scratch1/fs1/lazy
        kind: lustre
        source: fs-0a1e.fsx.us-east-1.amazonaws.com@tcp:/abcd
        imports: false
"""
POOLS = "pools:\n"


def test_what_exports_or_imports_nothing_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    plane = DataPlane(
        settings=DataSettings(gpfs=Gpfs(file_system="rdcw-fs1"), burst="burst.yaml"),
        folder=tmp_path,
        mirror=MirrorPlan(organization="", cluster="", environments=()),
    )
    with reading(plane.journal) as journal:
        assert plane.world(journal).scratches == ()
        head, _, pools = (files("ris_hybrid.sandbox") / "site" / "burst.yaml").read_text().partition(POOLS)
        first = pools.splitlines(keepends=True)[0]
        (tmp_path / "burst.yaml").write_text(f"{head}{POOLS}{first}{SCRATCH}{pools[len(first) :]}")
        scratch, lazy = plane.world(journal).scratches
        assert (scratch.path, scratch.file_system_id, scratch.below) == ("/scratch1/fs1/wucci", "fs-0a1b", "wucci")
        assert (scratch.exports, scratch.imports) == (False, True)
        assert (lazy.file_system_id, lazy.exports, lazy.imports) == ("fs-0a1e", True, False)
        assert plane.world(journal, moving=False).scratches == ()
