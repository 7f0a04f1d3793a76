from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from globus_sdk import (
    ConnectorTable,
    GuestCollectionDocument,
    MappedCollectionDocument,
    StorageGatewayDocument,
)
from globus_sdk.services.gcs import S3StoragePolicies
from globus_sdk.testing import RegisteredResponse, get_last_request
from globus_sdk.transport import RetryConfig

from onprem.globus.collections_plan import (
    S3_CONNECTOR,
    gateway,
    guest_collection,
    mapped_collection,
    standing,
    wanted_guests,
)
from onprem.globus.connect_server import ConnectServer
from ris_hybrid.data.settings import GlobusGateway
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import responses

    from onprem.globus.service import Service

ADDRESS = "https://abc.xyz.data.globus.org"
SERVER = GlobusGateway(address=ADDRESS)
GATEWAY = "66666666-6666-4666-8666-666666666666"


@pytest.mark.parametrize("high_assurance", [False, True])
def test_documents(high_assurance: bool, made: Any, allocation: Any, golden: Callable[[str, str], None]) -> None:
    settings = made.settings(high_assurance=high_assurance)
    documents = {
        "storage gateway": gateway(settings, SERVER, {"ris-b", "ris-a"}),
        "mapped collection": mapped_collection(settings, GATEWAY),
        "guest collection": guest_collection(settings, allocation(data_class="phi" if high_assurance else "internal")),
    }
    name = "ha" if high_assurance else "plain"
    golden(f"globus/collections-{name}.json", json.dumps(documents, indent=2) + "\n")


def test_a_phi_allocations_name_is_in_no_name(made: Any, allocation: Any) -> None:
    document = guest_collection(made.settings(), allocation(data_class="phi"))
    assert "wucci" not in document["display_name"]


def test_they_are_what_the_sdk_makes(made: Any, allocation: Any) -> None:
    """Versions of the documents follow from their fields: an old server must not be sent what it does not know."""
    settings = made.settings(high_assurance=True)
    for wanted, kind in (
        (gateway(settings, SERVER, {"b"}), StorageGatewayDocument),
        (mapped_collection(settings, GATEWAY), MappedCollectionDocument),
        (guest_collection(settings, allocation()), GuestCollectionDocument),
        (gateway(made.settings(), SERVER, {"b"}), StorageGatewayDocument),
        (mapped_collection(made.settings(), GATEWAY), MappedCollectionDocument),
    ):
        fields = {key: value for key, value in wanted.items() if key not in {"DATA_TYPE", "collection_type"}}
        by_sdk: Any = kind(**fields)
        assert wanted == {key: by_sdk[key] for key in wanted}
    policies = gateway(settings, SERVER, {"b"})["policies"]
    fields = {key: value for key, value in policies.items() if key != "DATA_TYPE"}
    assert policies == dict(S3StoragePolicies(**fields))
    connector = ConnectorTable.lookup("S3")
    assert connector is not None
    assert connector.connector_id == S3_CONNECTOR


def test_what_is_there_is_compared_by_what_we_write(made: Any) -> None:
    wanted = gateway(made.settings(), SERVER, {"b", "a"})
    assert standing("storage gateway", wanted, []).deed == "create"
    there = {**wanted, "id": GATEWAY, "more": 1, "DATA_TYPE": "storage_gateway#9"}
    same = {**there, "policies": {**wanted["policies"], "s3_buckets": ["b", "a"], "unsigned": False}}
    assert standing("storage gateway", wanted, [same]).deed == "keep"
    other = {**there, "high_assurance": True, "policies": {**wanted["policies"], "s3_buckets": ["a"]}}
    piece = standing("storage gateway", wanted, [{"display_name": "x", "id": "y"}, other])
    assert (piece.deed, piece.found, piece.differs) == ("update", GATEWAY, ("high_assurance", "policies.s3_buckets"))


def test_guest_collections_are_named_by_data_yaml(made: Any, allocation: Any) -> None:
    named = made.settings(guest_collections={"wucci": GATEWAY})
    assert [piece.found for piece in wanted_guests(named, [allocation()])] == [GATEWAY]
    assert [piece.deed for piece in wanted_guests(made.settings(), [allocation()])] == ["create"]


def test_an_allocation_elsewhere_has_none(made: Any, allocation: Any) -> None:
    (piece,) = wanted_guests(made.settings(site_base="/storage2/fs1"), [allocation()])
    assert (piece.deed, piece.name) == ("none", "ris-hybrid wucci")


def told(path: str, document: Any, method: str = "GET") -> None:
    answer = {"DATA_TYPE": "result#1.0.0", "code": "success", "http_response_code": 200, "has_next_page": False}
    RegisteredResponse(service="gcs", path=path, method=method, json={**answer, "data": document}, metadata={}).add()


@pytest.fixture
def manager(service: Service, made: Any) -> ConnectServer:
    return ConnectServer(service, made.settings(), SERVER, None, RetryConfig(max_retries=0))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.touch(mode=0o600)
    path.write_text("AKIAEXAMPLE:sEcReTkEy\n")
    return path


def test_a_new_server_gets_gateway_keys_and_collection(
    manager: ConnectServer, keys: Path, wire: responses.RequestsMock
) -> None:
    told("/storage_gateways", [])
    told("/collections", [])
    told("/storage_gateways", [{"DATA_TYPE": "storage_gateway#1.0.0", "id": GATEWAY}], "POST")
    told("/user_credentials", [])
    told("/user_credentials", [{"DATA_TYPE": "user_credential#1.0.0", "id": "c"}], "POST")
    told("/collections", [{"DATA_TYPE": "collection#1.0.0", "id": "m"}], "POST")
    said: list[str] = []
    pieces = manager.plan({"ris-wucci"})
    assert [piece.deed for piece in pieces] == ["create", "create"]
    manager.apply(pieces, keys, said.append)
    posted = {str(call.request.path_url): json.loads(call.request.body) for call in wire.calls if call.request.body}
    assert posted["/api/user_credentials"]["policies"]["s3_secret_key"] == "sEcReTkEy"
    assert posted["/api/collections"]["storage_gateway_id"] == GATEWAY
    assert "sEcReTkEy" not in f"{said}{pieces}"
    assert "AKIAEXAMPLE" not in f"{said}{pieces}"


def test_what_differs_is_changed_and_keys_that_are_there_stay(
    manager: ConnectServer, keys: Path, made: Any, wire: responses.RequestsMock
) -> None:
    old = gateway(made.settings(), SERVER, {"old"})
    mapped = {**mapped_collection(made.settings(), GATEWAY), "public": True}
    told("/storage_gateways", [{**old, "id": GATEWAY}])
    told("/collections", [{**mapped, "id": "m"}])
    told(f"/storage_gateways/{GATEWAY}", [], "PATCH")
    told("/user_credentials", [{"DATA_TYPE": "user_credential#1.0.0", "storage_gateway_id": GATEWAY}])
    told("/collections/m", [], "PATCH")
    said: list[str] = []
    pieces = manager.plan({"ris-wucci"})
    assert [piece.differs for piece in pieces] == [("policies.s3_buckets",), ("public",)]
    manager.apply(pieces, keys, said.append)
    assert get_last_request().path_url == "/api/collections/m"
    assert [call.request.method for call in wire.calls].count("POST") == 0
    assert len(said) == 2


def test_what_is_as_wanted_is_left_alone(manager: ConnectServer, made: Any, wire: responses.RequestsMock) -> None:
    told("/storage_gateways", [{**gateway(made.settings(), SERVER, {"b"}), "id": GATEWAY}])
    told("/collections", [{**mapped_collection(made.settings(), GATEWAY), "id": "m"}])
    manager.apply(manager.plan({"b"}), None, pytest.fail)
    assert {call.request.method for call in wire.calls} == {"GET"}


def test_a_key_file_of_another_form_is_refused_without_a_word_of_it(
    manager: ConnectServer, keys: Path, made: Any
) -> None:
    keys.write_text("onlyonesecret\n")
    told("/storage_gateways", [{**gateway(made.settings(), SERVER, {"b"}), "id": GATEWAY}])
    told("/collections", [{**mapped_collection(made.settings(), GATEWAY), "id": "m"}])
    told("/user_credentials", [])
    pieces = manager.plan({"b"})
    with pytest.raises(ConfigError) as caught:
        manager.apply(pieces, keys, pytest.fail)
    assert "onlyonesecret" not in caught.value.message
