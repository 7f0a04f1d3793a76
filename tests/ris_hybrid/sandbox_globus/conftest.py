from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from globus_sdk.token_storage import MemoryTokenStorage

from onprem.globus.app import service_app
from onprem.globus.hold import Holds
from onprem.globus.identity import Identity
from onprem.globus.pace import Pace
from ris_hybrid.data.settings import Globus
from ris_hybrid.data.values import Move, MoveItem
from ris_hybrid.sandbox.globus import service as sandbox
from ris_hybrid.sandbox.globus.server import Served, s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

SECRET = "s3cr3t-of-the-service"
BUCKET = "ris-wucci"
NOW = 1_800_000_000.0


class Place:
    """A folder, a bucket, the sandbox's Globus between them, and our client of it."""

    def __init__(self, folder: Path, aws: SandboxAws, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.root, self.now = folder, folder / "site", NOW
        self.root.mkdir()
        self._patch = patch
        self.cloud = s3(aws)
        self.s3: Any = self.cloud._client
        self.s3.create_bucket(Bucket=BUCKET)
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(SECRET)
        self.start()

    def start(self, **seeds: Any) -> None:
        """Begin, or begin again over the same records."""
        told = sandbox.Seeds(secret=SECRET, guests=("wucci",), **seeds)
        self.globus = sandbox.FakeGlobus(self.root, self.cloud, told, lambda: self.now, self.folder / "globus.db")
        self.served = Served(self.globus)
        for name, value in self.served.env().items():
            self._patch.setenv(name, value)
        settings = Globus(
            client_id=sandbox.CLIENT,
            secret_file="secret",
            site_collection=sandbox.SITE_COLLECTION,
            cloud_collection=sandbox.CLOUD_COLLECTION,
            site_base="/storage1/fs1",
            high_assurance=bool(seeds.get("high_assurance")),
            guest_collections={"wucci": sandbox.guest_id("wucci")},
            identity_domain="wustl.edu",
        )
        pace, holds = Pace(1e6, lambda: 0.0, lambda _: None), Holds(self.folder / "hold.json")
        app = service_app(settings, self.folder, MemoryTokenStorage())
        self.identity = Identity(app=app, settings=settings, pace=pace, holds=holds)
        self.mover = self.identity.mover()

    def again(self, **seeds: Any) -> None:
        """End it and begin again."""
        self.served.stop()
        self.start(**seeds)

    def put(self, path: str, content: bytes = b"content") -> None:
        at = self.root / "wucci/Active" / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(content)

    def submit(self, *paths: str, **fields: Any) -> str:
        items = tuple(MoveItem(path, 1) for path in paths) or (MoveItem("", 0, True),)
        plain: dict[str, Any] = {
            "move_id": "m-1",
            "direction": "in",
            "data_class": "internal",
            "site_path": "/storage1/fs1/wucci/Active",
            "bucket": BUCKET,
            "prefix": "Active/",
            "items": items,
            "deadline": NOW + 1000,
            "label": "st-1",
        }
        move = Move(**(plain | fields))
        return self.mover.submit(move, self.mover.token(move))

    def there(self) -> list[str]:
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]

    def read(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content


@pytest.fixture
def place(tmp_path: Path, sandbox_aws: SandboxAws) -> Iterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        made = Place(tmp_path, sandbox_aws, patch)
        yield made
        made.served.stop()
