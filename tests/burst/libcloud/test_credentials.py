"""Where credentials of a second cloud may be, and whom they are shown to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.libcloud.connection import connect
from burst.libcloud.credentials import google_key, openstack_login
from ris_hybrid.errors import Refused
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.sandbox.openstack import accounts

if TYPE_CHECKING:
    from pathlib import Path

CLOUD = SecondCloud(name="research", driver="openstack", project="ris-sandbox")
SECRET = "a-secret-of-ours"


def written(path: Path, document: Any, mode: int = 0o600) -> SecondCloud:
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    path.chmod(mode)
    return replace(CLOUD, credentials=str(path))


def test_the_file_is_read_and_an_application_credential_goes_before_a_password(tmp_path: Path) -> None:
    words = {"username": "u", "password": "p"}
    login = openstack_login(written(tmp_path / "c.json", words), {"OS_USERNAME": "other", "OS_PASSWORD": "o"})
    assert (login.application, login.name, login.secret) == (False, "u", "p")
    words |= {"application_credential_id": "i", "application_credential_secret": SECRET}
    login = openstack_login(written(tmp_path / "c.json", words), {})
    assert (login.application, login.name, login.secret) == (True, "i", SECRET)
    assert SECRET not in repr(login)


def test_the_environment_is_read_where_no_file_is_named() -> None:
    login = openstack_login(CLOUD, {"OS_USERNAME": "u", "OS_PASSWORD": "p"})
    assert (login.name, login.secret) == ("u", "p")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    cloud = written(tmp_path / "c.json", {"username": "u", "password": SECRET}, mode)
    with pytest.raises(Refused, match=rf"others can read it \(mode {mode:04o}\)") as caught:
        openstack_login(cloud, {})
    assert "chmod 600" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '"x"', '{"username": "u"}', f'{{"password": "{SECRET}"', '{"username": "", "password": ""}']
)
def test_what_is_no_credentials_says_so_and_not_what_it_is(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused) as caught:
        openstack_login(written(tmp_path / "c.json", text), {})
    assert str(tmp_path) in caught.value.message
    assert SECRET not in f"{caught.value.message} {caught.value.hint} {caught.value.__cause__!r}"


def test_neither_file_nor_environment(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="the environment has neither"):
        openstack_login(CLOUD, {"OS_USERNAME": "u"})
    with pytest.raises(Refused, match="cannot be read"):
        openstack_login(replace(CLOUD, credentials=str(tmp_path / "none.json")), {})


def test_googles_key_is_a_file_too(tmp_path: Path) -> None:
    key = {"client_email": "a@b", "private_key": SECRET}
    path = written(tmp_path / "key.json", key).credentials
    assert google_key(CLOUD, {"GOOGLE_APPLICATION_CREDENTIALS": path}) == key
    with pytest.raises(Refused, match="neither credentials nor"):
        google_key(CLOUD, {})
    with pytest.raises(Refused, match="expected client_email") as caught:
        google_key(written(tmp_path / "key.json", {"private_key": SECRET}), {})
    assert SECRET not in caught.value.message


def test_a_file_that_was_changed_is_taken_up_when_the_token_is_over(tmp_path: Path, sandbox_openstack: Any) -> None:
    path = tmp_path / "c.json"
    right = {"username": accounts.USER, "password": accounts.PASSWORD}
    cloud = replace(written(path, right), auth_url=sandbox_openstack.url + "/v3")
    nodes = connect(cloud, {}, lambda _: None).nodes
    assert nodes.listed() == ()
    written(path, {**right, "password": "an-old-one"})
    sandbox_openstack.expire_tokens()
    with pytest.raises(Refused, match="does not take the credentials"):
        nodes.listed()
    application = {
        "application_credential_id": accounts.APPLICATION_ID,
        "application_credential_secret": accounts.APPLICATION_SECRET,
    }
    written(path, application)
    assert nodes.listed() == ()


def test_a_wrong_password_is_tried_once_a_call(sandbox_openstack: Any) -> None:
    cloud = replace(CLOUD, auth_url=sandbox_openstack.url)
    nodes = connect(cloud, {"OS_USERNAME": accounts.USER, "OS_PASSWORD": "wrong"}, lambda _: None).nodes
    with pytest.raises(Refused):
        nodes.listed()
    assert sandbox_openstack.calls() == {"POST /v3/auth/tokens": 1}
