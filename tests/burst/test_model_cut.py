"""The cut of botocore's EC2 description: the same answers from less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore
import pytest

from burst.aws import model_cut
from burst.aws.client import ec2_client
from burst.aws.fleet import Ec2Cloud
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration folder with a cut in it."""
    conf = tmp_path_factory.mktemp("conf")
    assert model_cut.write(conf).name.startswith(f"botocore-{botocore.__version__}-")
    return conf


def test_there_is_no_cut_without_a_folder_or_for_another_botocore(tmp_path: Path, cut: Path) -> None:
    assert model_cut.loader_for(None) is None
    assert model_cut.loader_for(tmp_path) is None
    (tmp_path / "botocore-0.0.1").symlink_to(model_cut.folder_for(cut))
    assert model_cut.loader_for(tmp_path) is None


def test_the_cut_is_small_and_leaves_no_draft(cut: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in cut.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 400_000
    assert not [name for name in sizes if name.endswith(".new")]


def test_a_whole_life_over_the_cut(cut: Path, sandbox_aws: Any, ec2_settings: Any, make: Any) -> None:
    sandbox_aws.timing(pending_s=0, shutting_down_s=0)
    cloud = Ec2Cloud(ec2_client(ec2_settings, cut), ec2_settings, page=5)
    ids = cloud.launch(make.launch(7)).machine_ids
    assert {machine.machine_id for machine in cloud.machines()} == set(ids)
    assert set(cloud.end(ids, "ret-1")) == set(ids)
    assert {machine.alive for machine in cloud.machines()} == {False}


@pytest.mark.usefixtures("sandbox_aws")
def test_the_cut_speaks_to_the_same_place_in_the_same_form(
    cut: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")  # nothing is called: only where a call would go is looked at
    settings = make.settings(region="us-gov-west-1")
    own, short = ec2_client(settings), ec2_client(settings, cut)
    assert own.meta.endpoint_url == short.meta.endpoint_url == "https://ec2.us-gov-west-1.amazonaws.com"
    for name in model_cut.OPERATIONS:
        ours, theirs = (client.meta.service_model.operation_model(name) for client in (short, own))
        assert ours.input_shape.members.keys() == theirs.input_shape.members.keys()
        assert (ours.output_shape is None) == (theirs.output_shape is None)


@pytest.mark.usefixtures("sandbox_aws")
def test_a_damaged_cut_is_told(tmp_path: Path, cut: Path, make: Any) -> None:
    folder = model_cut.folder_for(tmp_path)
    for path in model_cut.folder_for(cut).rglob("*.json"):
        copy = folder / path.relative_to(model_cut.folder_for(cut))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("{" if path.name == "service-2.json" else path.read_text())
    with pytest.raises(RisHybridError):
        ec2_client(make.settings(), tmp_path)
