from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.aws import model_cut
from burst.rc import conf, install
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_what_the_hook_reads_is_written_whole(tmp_path: Path, make: Any) -> None:
    settings = make.settings()
    for _ in range(2):  # writing it again is how it is mended
        file, cut = install.write(settings, tmp_path / "aws")
        assert conf.load(file) == settings
        assert cut == model_cut.folder_for(tmp_path / "aws" / "conf")
        assert model_cut.loader_for(tmp_path / "aws" / "conf") is not None
    assert not list(tmp_path.rglob("*.new"))


def test_a_dry_run_names_the_files_and_writes_none(tmp_path: Path, make: Any) -> None:
    file, cut = install.write(make.settings(), tmp_path / "aws", dry_run=True)
    assert (file.name, cut.parent) == ("ris-provider.json", tmp_path / "aws" / "conf")
    assert not (tmp_path / "aws").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, make: Any) -> None:
    (tmp_path / "aws").write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match=r"aws/conf: cannot be written: Not a directory"):
        install.write(make.settings(), tmp_path / "aws")
