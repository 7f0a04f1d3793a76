"""``mirror plan`` and ``mirror diff`` on a copy of the example site, without AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config

from ris_hybrid.cli.app import main
from ris_hybrid.clocks import CLOCK_VARIABLE
from ris_hybrid.mirroring.loading import find_files, load, planned
from ris_hybrid.mirroring.record import applied, write_plan
from ris_hybrid.wiring import site_reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.sandbox.aws.child import SandboxAws

FILES = Path("services", "storage", "allocations", "storage1")
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sandbox runs, and the day is known."""
    monkeypatch.setenv("RIS_HYBRID_SANDBOX", str(tmp_path / "sandboxes"))
    monkeypatch.setenv(CLOCK_VARIABLE, repr(NOW))


@pytest.fixture
def site(example_site: Path) -> Path:
    return example_site


@pytest.fixture
def recorded(site: Path) -> Path:
    """The site after an apply of what its files say."""
    opened = load(find_files(site, None, None), site_reports)
    write_plan(applied(opened.record), planned(opened, {}, NOW))
    return site


@pytest.fixture
def mirror(site: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str]]:
    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(["mirror", *arguments, "--site", str(site)]) == code, capsys.readouterr().err
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run


def edit(site: Path, name: str, old: str, new: str) -> None:
    path = site / FILES / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_plan_lists_what_every_allocation_becomes_and_what_has_no_counterpart(mirror: Any, golden: Any) -> None:
    out, err = mirror("plan", "--offline")
    golden("mirror/plan.stdout", out)
    golden("mirror/plan.stderr", err)


def test_one_allocation_is_shown_in_full(mirror: Any, golden: Any) -> None:
    out, err = mirror("plan", "WUCCI", "--offline")
    golden("mirror/plan-wucci.stdout", out)
    assert err == ""
    assert "qumulo is not mirrored" in mirror("plan", "q.example", "--offline")[0]
    assert [one["name"] for one in json.loads(mirror("plan", "wucci", "--offline", "--json")[0])["allocations"]] == [
        "wucci"
    ]
    assert "did you mean wucci?" in mirror("plan", "wuci", "--offline", code=2)[1]


@pytest.mark.parametrize("command", ["plan", "diff"])
def test_a_key_that_is_not_known_is_said_before_it_takes_access_away(site: Path, mirror: Any, command: str) -> None:
    edit(site, "wucci.yml", "dir_projects:", "dir_project:")
    line = (site / FILES / "wucci.yml").read_text().split("dir_project:")[0].count("\n") + 1
    said = f"warning: wucci.yml:{line}: allocation.dir_project: unknown key, kept but not used"
    said += " (did you mean dir_projects?)"
    assert said in mirror(command, "--offline")[1].splitlines()
    assert mirror("plan", "wucci", "--offline")[1] == f"{said}\n"


def test_warnings_that_take_nothing_away_are_counted(mirror: Any) -> None:
    assert (
        mirror("plan", "neuro_trials", "--offline")[1]
        == "warning: allocation files: 3 warnings: see `ris-hybrid allocation check`\n"
    )
    assert mirror("plan", "q.example", "--offline")[1].splitlines()[1:] == [
        "warning: allocation files: 3 more warnings: see `ris-hybrid allocation check`"
    ]


def test_one_environment_is_shown_alone(site: Path, mirror: Any) -> None:
    settings = site / "mirror.yaml"
    settings.write_text(
        settings.read_text()
        .replace("confidential, phi]", "confidential]")
        .replace(
            "phi_accounts:",
            '  - {name: phi, account: "123456789012", region: us-east-1, data_classes: [phi]}\nphi_accounts:',
        )
    )
    out, _ = mirror("plan", "--offline", "--environment", "phi")
    shown = [line.split()[0] for line in out.splitlines() if line.endswith(("192b8d", "-")) or "ris-example" in line]
    assert shown == ["neuro_trials"]
    assert "imaging-core" not in out
    out, _ = mirror("diff", "--offline", "--environment", "phi")
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["create", "neuro_trials"], ["$/month", "in"]]
    assert "no environment is named prod" in mirror("plan", "--offline", "--environment", "prod", code=2)[1]


def test_plan_as_json_has_allocations_unmapped_and_held(mirror: Any) -> None:
    out, _ = mirror("plan", "--offline", "--json")
    told = json.loads(out)
    assert list(told) == ["sandbox", "allocations", "unmapped", "held"]
    assert {one["name"]: one["bucket"]["name"] for one in told["allocations"]} == {
        "genomics": "ris-example-genomics-ed0a43",
        "imaging-core": "ris-example-imaging-core-cab643",
        "neuro_trials": "ris-example-neuro-trials-192b8d",
        "wucci": "ris-example-wucci-6bca0b",
    }
    assert {tuple(one) for one in told["unmapped"]} == {("allocation", "field", "reason")}
    assert {tuple(one) for one in told["held"]} == {("allocation", "step", "reason")}


def test_a_strict_plan_ends_with_6_when_something_is_not_mapped(mirror: Any) -> None:
    mirror("plan", "--offline", "--strict", code=6)


def test_a_diff_of_nothing_says_so(recorded: Path, mirror: Any) -> None:
    out, err = mirror("diff", "--offline", "--check")
    assert (out, err.splitlines()[-1]) == ("", "note: 0 changes")
    assert recorded.is_dir()


def test_a_quota_and_a_project_are_two_changes(recorded: Path, mirror: Any, golden: Any) -> None:
    edit(recorded, "imaging-core.yml", "600T", "650T")
    edit(recorded, "wucci.yml", "        Cryo-EM:", "        Screening: {rw: [lab-wucci-fib]}\n        Cryo-EM:")
    out, err = mirror("diff", "--offline", "--check", code=6)
    golden("mirror/diff.stdout", out)
    assert err.splitlines()[-1] == "note: 2 changes"
    out, _ = mirror("diff", "--offline", "--json")
    golden("mirror/diff.json", out)


def test_without_a_record_everything_is_new(mirror: Any) -> None:
    out, err = mirror("diff", "--offline")
    assert [line.split()[0] for line in out.splitlines()[:-1]] == ["STEP", "create", "create", "create", "create"]
    assert out.splitlines()[-1].startswith("$/month in total: 0.00 -> 48,559.85 ")
    assert err.splitlines()[-1] == "note: 4 changes"


def test_a_deleted_file_goes_down_the_ladder(recorded: Path, mirror: Any) -> None:
    (recorded / FILES / "genomics.yml").unlink()
    out, _ = mirror("plan", "--offline", "--json")
    (gone,) = [one for one in json.loads(out)["allocations"] if one["name"] == "genomics"]
    assert (gone["stage"], gone["bucket"]["name"]) == ("active", "ris-example-genomics-ed0a43")
    assert any(one["allocation"] == "genomics" for one in json.loads(out)["held"])  # offline nothing goes further


def test_other_files_may_be_named(site: Path, mirror: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = (site / "mirror.yaml").rename(tmp_path / "elsewhere" / "m.yaml")
    (site / "listing").rename(tmp_path / "elsewhere" / "listing")
    burst = (site / "burst.yaml").rename(tmp_path / "elsewhere" / "b.yaml")
    out, _ = mirror("plan", "--offline", "--json", "--mirror", str(moved), "--burst", str(burst))
    assert json.loads(out)["allocations"][0]["pools"] == ["cpu16", "cpu32"]
    out, _ = mirror("plan", "--offline", "--json", "--mirror", str(moved))
    assert json.loads(out)["allocations"][0]["pools"] == []


def test_a_site_without_mirror_yaml_is_said(site: Path, mirror: Any) -> None:
    (site / "mirror.yaml").unlink()
    _, err = mirror("plan", "--offline", code=2)
    assert "mirror.yaml" in err


@pytest.mark.parametrize("command", ["drift", "apply"])
def test_the_example_site_needs_a_sandbox(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mirror", command]) == 2
    assert "none is running" in capsys.readouterr().err


@pytest.fixture
def account(sandbox_aws: SandboxAws) -> Any:
    """Its S3; nothing of what was recorded is in it yet."""
    client = botocore.session.Session().create_client(
        "s3", endpoint_url=sandbox_aws.url, config=Config(s3={"addressing_style": "path"})
    )
    yield client
    client.close()


@pytest.mark.usefixtures("recorded")
def test_drift_names_what_is_missing_and_what_was_changed(account: Any, mirror: Any, golden: Any) -> None:
    account.create_bucket(Bucket="ris-example-wucci-6bca0b")
    out, err = mirror("drift", "--check", "--environment", "sandbox", code=6)
    golden("mirror/drift.stdout", out)
    golden("mirror/drift.stderr", err)


@pytest.mark.usefixtures("account")
def test_drift_of_an_environment_nobody_wrote_is_said(mirror: Any) -> None:
    _, err = mirror("drift", "--environment", "prod", code=2)
    assert "no environment is named prod" in err


@pytest.mark.usefixtures("account")
def test_an_environment_that_mirror_yaml_lost_is_left_as_it_was(recorded: Path, mirror: Any) -> None:
    settings = recorded / "mirror.yaml"
    settings.write_text(settings.read_text().replace("name: sandbox", "name: fresh"))
    assert json.loads(mirror("drift", "--json")[0])["findings"] == []


@pytest.mark.usefixtures("account")
def test_a_plan_is_made_with_what_aws_holds_and_without_it_when_it_does_not_answer(
    mirror: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = mirror("plan")
    assert ("HELD" in out, "is not known" in err) == (False, False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    out, err = mirror("plan")
    assert "what sandbox (123456789012) holds is not known" in err
    assert "\nthe whole site  keep to the buckets AWS holds" in out


@pytest.mark.parametrize("command", [["mirror", "plan"], ["mirror", "diff"], ["policy", "check"]])
def test_without_a_sandbox_the_example_site_asks_no_aws(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # whoever asks is refused, and warns of it
    assert main(command) == 0
    said = capsys.readouterr().err
    assert "note: no sandbox runs, so nothing is asked of AWS; run: ris-hybrid sandbox start\n" in said
    assert "warning: what " not in said
