"""The data plane's world in memory, shipped for tests and dry runs: site, buckets and what moves files between them."""

from __future__ import annotations

from ris_hybrid.staging.fake_blobs import Blob, blob
from ris_hybrid.staging.fake_mover import FakeMover
from ris_hybrid.staging.fake_objects import FakeObjects, FakeVersion
from ris_hybrid.staging.fake_tree import FakeTree

__all__ = ["Blob", "FakeMover", "FakeObjects", "FakeTree", "FakeVersion", "blob"]
