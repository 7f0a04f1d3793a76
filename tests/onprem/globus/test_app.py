from __future__ import annotations

import json
import logging
import stat
from typing import TYPE_CHECKING, Any

import pytest
from globus_sdk.testing import RegisteredResponse, load_response
from globus_sdk.token_storage import MemoryTokenStorage, SQLiteTokenStorage

from onprem.globus.app import person_app, service_app, token_file, transfer_client
from onprem.globus.pace import Pace
from onprem.globus.secret import read_secret
from onprem.globus.service import Service
from onprem.globus.standing import needs_consent
from ris_hybrid.errors import ConfigError, Refused

if TYPE_CHECKING:
    from pathlib import Path

    import responses

SECRET, TOKEN = "c1ient-s3cret", "acc3ss-t0ken"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    return tmp_path


def tokens(wire: responses.RequestsMock) -> None:
    """A token for each service that is asked for."""
    answer = {"access_token": TOKEN, "expires_in": 172800, "token_type": "Bearer"}
    scope = "urn:globus:auth:scope:transfer.api.globus.org:all"
    auth = {**answer, "scope": "openid", "resource_server": "auth.globus.org"}
    transfer = {**answer, "scope": scope, "resource_server": "transfer.api.globus.org"}

    def answered(request: Any) -> tuple[int, dict[str, str], str]:
        others = [auth] if "openid" in str(request.body) else []
        return 200, {}, json.dumps({**transfer, "other_tokens": others})

    wire.add_callback("POST", "https://auth.globus.org/v2/oauth2/token", answered, content_type="application/json")


def asked(app: Any) -> Service:
    return Service(transfer_client(app), Pace(1e6, lambda: 0.0, lambda _: None), app)


def test_the_service_gets_a_token_by_its_secret_and_neither_is_seen(
    folder: Path, made: Any, wire: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tokens(wire)
    load_response("transfer.get_submission_id")
    app = service_app(made.settings(), folder)
    service = asked(app)
    assert service.ask("x", service.client.get_submission_id)["value"]
    assert wire.calls[0].request.headers["Authorization"].startswith("Basic ")
    assert wire.calls[1].request.headers["Authorization"] == f"Bearer {TOKEN}"
    seen = f"{caplog.text}{app!r}{service!r}{made.settings()!r}"
    assert SECRET not in seen
    assert TOKEN not in seen
    assert sorted(path.name for path in folder.iterdir()) == ["secret"]


def test_a_secret_that_is_not_accepted_says_where_it_is(folder: Path, made: Any, wire: Any) -> None:
    del wire
    RegisteredResponse(
        service="auth", path="/v2/oauth2/token", method="POST", json={"error": "invalid_client"}, status=401
    ).add()
    service = asked(service_app(made.settings(), folder))
    with pytest.raises(Refused) as caught:
        service.ask("x", service.client.get_submission_id)
    assert "secret_file" in caught.value.hint
    assert SECRET not in f"{caught.value!r}{caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("document", "consents"),
    [
        ({"entity_type": "GCSv5_mapped_collection", "high_assurance": False}, True),
        ({"entity_type": "GCSv5_mapped_collection"}, True),
        ({"entity_type": "GCSv5_mapped_collection", "high_assurance": True}, False),
        ({"entity_type": "GCSv5_guest_collection"}, False),
        ({}, False),
    ],
)
def test_mapped_collections_that_are_not_high_assurance_need_a_consent(
    document: dict[str, Any], consents: bool
) -> None:
    assert needs_consent(document) is consents


def test_the_consent_is_asked_for_with_the_next_token(folder: Path, made: Any, wire: responses.RequestsMock) -> None:
    tokens(wire)
    collection = made.settings().site_collection
    document = {"id": collection, "entity_type": "GCSv5_mapped_collection", "high_assurance": False}
    RegisteredResponse(service="transfer", path=f"/v0.10/endpoint/{collection}", json=document).add()
    service = asked(service_app(made.settings(), folder))
    assert service.collection(collection) == service.collection(collection) == document
    bodies = [str(call.request.body) for call in wire.calls if call.request.method == "POST"]
    assert len(bodies) == 2
    assert "data_access" in bodies[1]
    assert collection in bodies[1]


def test_a_person_without_a_token_is_told_to_log_in_and_nothing_prompts(
    folder: Path, made: Any, wire: responses.RequestsMock
) -> None:
    store = token_file(folder / "tokens.db")
    assert isinstance(store, SQLiteTokenStorage)
    service = asked(person_app(made.settings(people_client_id=made.settings().client_id), store, pytest.fail))
    with pytest.raises(Refused) as caught:
        service.ask("x", service.client.get_submission_id)
    assert "ris-hybrid globus login" in caught.value.hint
    assert len(wire.calls) == 0
    store.close()


def test_nobody_logs_in_without_a_client_for_people(made: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        person_app(made.settings(), MemoryTokenStorage(), pytest.fail)
    assert "people_client_id" in caught.value.hint


def test_a_token_file_is_its_owners_alone_also_one_that_was_not(tmp_path: Path) -> None:
    path = tmp_path / "state" / "tokens.db"
    token_file(path).close()
    path.chmod(0o644)
    token_file(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="no tokens"):
        token_file(tmp_path / "file" / "tokens.db")


@pytest.mark.parametrize(("text", "mode"), [("a b\n", 0o600), ("", 0o600), ("s3cret\n", 0o640), ("s3cret\n", 0o604)])
def test_a_secret_file_that_is_not_one_is_refused(text: str, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_secret(path)
    assert "s3cret" not in f"{caught.value.message}{caught.value.hint}".replace(str(path), "")


def test_a_secret_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_secret(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="one line of text"):
        read_secret(tmp_path / "bytes")
