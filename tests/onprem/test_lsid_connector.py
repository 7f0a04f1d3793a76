from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from onprem.lsf.connector import envdir, switched_on
from onprem.lsf.lsid import parse_lsid
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Recorded = Callable[[str], str]

FLAG = "LSB_RC_EXTERNAL_HOST_FLAG"


def test_a_recorded_lsid(recorded: Recorded) -> None:
    assert parse_lsid(recorded("lsid/3")) == Identity(cluster="lsf10", master="hosta.company.com")


@pytest.mark.parametrize(
    ("text", "errors", "said"),
    [
        ("", "lsid: ls_getentitlementinfo() failed: LIM is down; try later\n", "LIM is down"),
        ("My cluster name is c1\n", "lsid: ls_getmastername(): Master LIM unknown\n", "Master LIM unknown"),
        ("LSF daemon (LIM) not responding ... still trying\n", "", "still trying"),
        ("", "", "it printed nothing"),
    ],
)
def test_without_a_master_lsf_s_own_words_are_said(text: str, errors: str, said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        parse_lsid(text, errors)


def conf(folder: Path, lsf_conf: str, providers: object = None) -> Path:
    (folder / "lsf.conf").write_text(lsf_conf)
    if providers is not None:
        (folder / "resource_connector").mkdir()
        (folder / "resource_connector" / "hostProviders.json").write_text(json.dumps(providers))
    return folder


OURS = {"providers": [{"name": "other"}, {"name": "aws"}]}


@pytest.mark.parametrize(
    ("lsf_conf", "providers", "on"),
    [
        (f'{FLAG}="awshost"\n', OURS, True),
        (f" {FLAG} = awshost # cloud\n", OURS, True),
        (f"#{FLAG}=awshost\n", OURS, False),
        (f'{FLAG}=awshost\n{FLAG}=""\n', OURS, False),
        (f"{FLAG}=\n", OURS, False),
        ("LSF_MASTER_LIST=m1\n", OURS, False),
        (f"{FLAG}=awshost\n", {"providers": [{"name": "other"}]}, False),
        (f"{FLAG}=awshost\n", None, False),
    ],
)
def test_the_connector_is_on_where_both_files_say_so(
    tmp_path: Path, lsf_conf: str, providers: object, on: bool
) -> None:
    assert switched_on(conf(tmp_path, lsf_conf, providers), "aws") is on


@pytest.mark.parametrize("providers", [[], {"providers": 1}, {"providers": [1]}, {}])
def test_what_cannot_be_read_is_unknown_never_off(tmp_path: Path, providers: object) -> None:
    with pytest.raises(SiteUnavailable, match=r"lsf\.conf: cannot be read"):
        switched_on(tmp_path, "aws")
    with pytest.raises(SiteUnavailable, match="expected providers with a name"):
        switched_on(conf(tmp_path, f"{FLAG}=awshost\n", providers), "aws")


def test_where_lsf_conf_lies(tmp_path: Path) -> None:
    assert envdir({"LSF_ENVDIR": str(tmp_path)}) == tmp_path
