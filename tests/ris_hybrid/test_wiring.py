from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from burst.outlook import Word
from burst.outlook_file import write_outlook
from onprem.lsf.read import LsfScheduler
from ris_hybrid import clocks, wiring
from ris_hybrid.errors import ConfigError


def test_the_clock_is_the_systems_unless_the_sandbox_sets_it() -> None:
    assert abs(clocks.clock({}).now() - time.time()) < 60
    assert clocks.clock({clocks.CLOCK_VARIABLE: "1800000000.5"}).now() == 1800000000.5


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-1", "1e300"])
def test_a_clock_that_is_no_time_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=f"RIS_HYBRID_SANDBOX_CLOCK: expected epoch seconds, found '{text}'"):
        clocks.clock({clocks.CLOCK_VARIABLE: text})


def test_places_are_what_ebrokerd_says() -> None:
    both = wiring.HookPlaces.of({"PRO_CONF_DIR": "/c", "PRO_DATA_DIR": "/d"})
    assert (both.conf, both.data) == (Path("/c"), Path("/d"))
    assert wiring.HookPlaces.of({"PRO_CONF_DIR": "/c"}).data == Path("/c")
    with pytest.raises(ConfigError, match="PRO_CONF_DIR is not set"):
        wiring.HookPlaces.of({})
    with pytest.raises(ConfigError, match="neither PRO_CONF_DIR nor LSF_ENVDIR is set"):
        wiring.HookPlaces.of({}, "aws")


@pytest.mark.parametrize(
    ("conf_path", "found"), [("resource_connector/aws", "{top}/resource_connector/aws"), ("/elsewhere", "/elsewhere")]
)
def test_the_policy_finds_its_provider_among_the_others(tmp_path: Path, conf_path: str, found: str) -> None:
    providers(tmp_path, {"providers": [{"name": "other"}, {"name": "aws", "confPath": conf_path}]})
    places = wiring.HookPlaces.of({"LSF_ENVDIR": str(tmp_path), "PRO_DATA_DIR": "/d"}, "aws")
    assert (places.conf, places.data) == (Path(found.format(top=tmp_path)), Path("/d"))


@pytest.mark.parametrize(
    "content",
    [{}, [], {"providers": None}, {"providers": ["aws"]}, {"providers": []}, {"providers": [{"name": "aws"}]}],
)
def test_providers_that_do_not_name_ours_are_told(tmp_path: Path, content: object) -> None:
    providers(tmp_path, content)
    with pytest.raises(ConfigError, match=r"hostProviders\.json: providers: expected one named aws with a confPath"):
        wiring.HookPlaces.of({"LSF_ENVDIR": str(tmp_path)}, "aws")


def test_no_providers_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"hostProviders\.json: cannot be read: No such file"):
        wiring.HookPlaces.of({"LSF_ENVDIR": str(tmp_path)}, "aws")


def test_the_scheduler_is_lsf() -> None:
    assert isinstance(wiring.scheduler(), LsfScheduler)


def test_the_work_directory_is_the_environments_else_beside_burst_yaml(make: Any) -> None:
    settings = make.settings()
    assert wiring.data_dir(settings, None, {"PRO_DATA_DIR": "/d"}) == Path("/d")
    assert wiring.data_dir(settings, Path("/etc/burst.yaml"), {}) == Path("/etc/aws-data")
    assert wiring.data_dir(settings, None, {}) == Path.cwd() / "aws-data"


def test_on_a_master_the_data_directory_is_ebrokerds(make: Any, tmp_path: Path) -> None:
    conf, shared = tmp_path / "conf", tmp_path / "shared"
    env = {"LSF_ENVDIR": str(conf)}
    burst = tmp_path / "burst.yaml"
    assert wiring.data_dir(make.settings(), burst, env) == tmp_path / "aws-data"  # no lsf.conf there
    conf.mkdir()
    (conf / "lsf.conf").write_text(f"LSB_SHAREDIR={shared}\n")
    assert wiring.data_dir(make.settings(), burst, env) == tmp_path / "aws-data"  # of another cluster
    (conf / "lsf.cluster.c1").touch()
    assert wiring.data_dir(make.settings(), burst, env) == shared / "c1" / "resource_connector"
    (conf / "lsf.cluster.c1").unlink()
    (shared / "c1").mkdir(parents=True)
    assert wiring.data_dir(make.settings(), burst, env) == shared / "c1" / "resource_connector"


def providers(envdir: Path, content: object) -> None:
    folder = envdir / "resource_connector"
    folder.mkdir()
    (folder / "hostProviders.json").write_text(json.dumps(content))


def test_the_data_planes_word_lies_with_the_providers_files(tmp_path: Path, make: Any) -> None:
    settings = make.settings(outlook="aws-outlook.json", outlook_minutes=10.0)
    assert wiring.provider(make.settings(), tmp_path, 1000.0).word() is None
    provider = wiring.provider(settings, tmp_path, 1000.0)
    word = provider.word()
    assert word is not None
    assert word.problem.startswith(f"{tmp_path}/aws-outlook.json cannot be read")
    write_outlook(tmp_path / "aws-outlook.json", Word(at=399.0, spent={"lee": 1.0}), 9000.0)
    assert "10 min old (at most 10)" in (provider.word() or word).problem
    write_outlook(tmp_path / "aws-outlook.json", Word(at=400.0, spent={"lee": 1.0}), 9000.0)
    assert (provider.word() or word).spent == {"lee": 1.0}
