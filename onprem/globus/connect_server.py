"""The Globus Connect Server's manager: reads, plans and makes the gateway and the collection over S3.

The connector's AWS keys are registered from a key file; they are in no plan, no log and no answer shown here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from globus_sdk import GCSClient

from onprem.globus.collections_plan import S3_CONNECTOR, gateway, mapped_collection, standing
from onprem.globus.secret import read_secret
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from globus_sdk import GlobusApp
    from globus_sdk.transport import RetryConfig

    from onprem.globus.collections_plan import Piece
    from onprem.globus.service import Service
    from ris_hybrid.data.settings import Globus, GlobusGateway

_UNKNOWN = "(the gateway's id, once it is there)"


class ConnectServer:
    """One server, as an administrator of its endpoint; for one thread."""

    def __init__(
        self, service: Service, settings: Globus, server: GlobusGateway, app: GlobusApp | None, retries: RetryConfig
    ) -> None:
        self._service, self._settings, self._server = service, settings, server
        deed = "reaching the Globus Connect Server"  # its own client id is asked for at once
        self._gcs = service.ask(deed, lambda: GCSClient(server.address, app=app, retry_config=retries))

    def plan(self, buckets: Iterable[str]) -> tuple[Piece, Piece]:
        """The gateway and the mapped collection, each against what is there."""
        there = self._all("listing storage gateways", self._gcs.paginated.get_storage_gateway_list)
        over_s3 = standing("storage gateway", gateway(self._settings, self._server, buckets), there)
        document = mapped_collection(self._settings, over_s3.found or _UNKNOWN)
        collections = self._all("listing collections", self._gcs.paginated.get_collection_list)
        return over_s3, standing("mapped collection", document, collections)

    def apply(self, pieces: tuple[Piece, Piece], key_file: Path | None, tell: Callable[[str], None]) -> None:
        """Make or change both; register the key file's AWS keys where this identity has none on the gateway."""
        over_s3, mapped = pieces
        gateway_id = self._made(over_s3, tell)
        if key_file is not None:
            self._register(gateway_id, key_file, tell)
        document = {**mapped.document, "storage_gateway_id": gateway_id}
        if mapped.deed == "create":
            tell(f"create {mapped.kind} {mapped.name}")
            self._service.ask("making a collection", lambda: self._gcs.create_collection(document))
        elif mapped.deed == "update":
            tell(f"update {mapped.kind} {mapped.name}: {', '.join(mapped.differs)}")
            self._service.ask("changing a collection", lambda: self._gcs.update_collection(mapped.found, document))

    def _made(self, piece: Piece, tell: Callable[[str], None]) -> str:
        document = dict(piece.document)
        if piece.deed == "create":
            tell(f"create {piece.kind} {piece.name}")
            return str(
                self._service.ask("making a storage gateway", lambda: self._gcs.create_storage_gateway(document))["id"]
            )
        if piece.deed == "update":
            tell(f"update {piece.kind} {piece.name}: {', '.join(piece.differs)}")
            self._service.ask(
                "changing a storage gateway", lambda: self._gcs.update_storage_gateway(piece.found, document)
            )
        return piece.found

    def _register(self, gateway_id: str, key_file: Path, tell: Callable[[str], None]) -> None:
        mine = self._all(
            "listing credentials",
            lambda: self._gcs.paginated.get_user_credential_list(storage_gateway=gateway_id),
        )
        if any(one.get("storage_gateway_id") == gateway_id and not one.get("invalid") for one in mine):
            return
        key_id, _, secret = read_secret(key_file).partition(":")
        if not key_id or not secret:
            raise ConfigError(f"{key_file}: expected ACCESS_KEY_ID:SECRET_ACCESS_KEY", "see globus.gateway.key_file")
        document = {
            "DATA_TYPE": "user_credential#1.0.0",
            "connector_id": S3_CONNECTOR,
            "storage_gateway_id": gateway_id,
            "identity_id": self._settings.client_id,
            "policies": {
                "DATA_TYPE": "s3_user_credential_policies#1.0.0",
                "s3_key_id": key_id,
                "s3_secret_key": secret,
            },
        }
        tell("register the connector's AWS keys for this identity")
        self._service.ask("registering AWS keys", lambda: self._gcs.create_user_credential(document))

    def _all(self, deed: str, pages: Callable[[], Any]) -> list[dict[str, Any]]:
        return self._service.all(deed, pages(), "data")
