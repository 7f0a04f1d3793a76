"""Files of secrets that their owner alone may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from onprem.gpfs.rest_login import bucket_keys, login
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def test_the_first_line_is_the_secret(tmp_path: Path) -> None:
    assert login("ris", written(tmp_path, "two words \r\nrest")).password == "two words "
    assert bucket_keys(written(tmp_path, "AK:a:b\n")).secret == "a:b"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o610])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError, match=f"{mode:04o}") as caught:
        login("ris", written(tmp_path, "hush", mode))
    assert "chmod 600" in caught.value.hint
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("", "found nothing"), ("\nhush", "found nothing"), (b"\xff", "UTF-8")])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        login("ris", written(tmp_path, text))


@pytest.mark.parametrize("text", ["hushhush", ":hush", "hush:", "hush: "])
def test_keys_that_are_no_pair_are_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="ACCESS:SECRET") as caught:
        bucket_keys(written(tmp_path, text))
    assert "hush" not in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        login("ris", tmp_path / "none")
    with pytest.raises(ConfigError, match="regular file"):
        login("ris", tmp_path)
