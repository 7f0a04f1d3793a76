"""How an apply and its preview are told."""

from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.cli.mirror_view import show_applied, show_preview
from ris_hybrid.mirror.deployed import Change, Deployed
from ris_hybrid.mirror.drift import Finding
from ris_hybrid.mirroring.applying import Applied, Preview

NEW = Change(deed="create", urn="u", kind="aws:s3/bucket:Bucket", name="wucci")
STORAGE = Deployed(stack="storage-prod", changes=(NEW, NEW), same=7, sandbox=False)
OPEN = Finding(
    allocation="wucci",
    environment="prod",
    kind="bucket",
    name="ris-wucci",
    field="versioned",
    verdict="changed behind our back",
    severity="medium",
    wanted=True,
    recorded=True,
    found=False,
)
ROLE = Finding(
    allocation="wucci",
    environment="prod",
    kind="role",
    name="r",
    field="statements",
    verdict="unknown",
    severity="high",
    wanted=("x" * 30, "y" * 30),
    recorded="z" * 60,
)


@pytest.mark.parametrize(
    ("name", "run", "sandbox"),
    [
        ("recorded", Applied(done=(STORAGE,), recorded=True), True),
        ("unverified", Applied(done=(STORAGE,), unverified=(ROLE, OPEN)), False),
        ("stopped", Applied(failed="storage-prod", not_done=("identity-prod",)), False),
    ],
)
def test_an_apply_is_told_to_its_end(
    name: str, run: Applied, sandbox: bool, golden: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    show_applied(run, sandbox=sandbox)
    golden(f"mirror/{name}.txt", capsys.readouterr().out)


def test_a_preview_says_what_it_could_not_see(golden: Any, capsys: pytest.CaptureFixture[str]) -> None:
    show_preview(Preview(would=(STORAGE,), unseen=("identity-prod",)), sandbox=True)
    golden("mirror/preview.txt", capsys.readouterr().out)
