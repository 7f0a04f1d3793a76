from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onprem.captured import CapturedReports
from ris_hybrid.images.asked import Named
from ris_hybrid.images.homes import Home
from ris_hybrid.images.plan import Known
from ris_hybrid.images.reference import parse
from ris_hybrid.images.values import INDEXES, Scan, StoredImage, Upstream
from ris_hybrid.mirroring.loading import find_files, load, planned

if TYPE_CHECKING:
    from ris_hybrid.mirror.values import MirrorPlan

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = next(kind for kind in INDEXES if "oci" in kind)
NOW = 1_800_000_000.0
HOME = Home(
    lab="lee",
    environment="prod",
    account="123456789012",
    region="us-east-1",
    partition="aws",
    namespace="prod/lee",
    repository="prod/lee/images",
    data_class="internal",
)


class Build:
    """Values of images; a test names only what it is about."""

    home = HOME
    now = NOW
    index = INDEX

    @staticmethod
    def digest(word: str) -> str:
        return f"sha256:{word.encode().hex():0<64}"

    @staticmethod
    def named(written: str = "ubuntu:22.04", **fields: Any) -> Named:
        plain = Named(lab="lee", written=written, reference=parse(written), jobs=("1",))
        return replace(plain, **fields)

    @classmethod
    def upstream(cls, word: str = "a", **fields: Any) -> Upstream:
        return replace(Upstream(digest=cls.digest(word), media_type=MANIFEST, size=1000), **fields)

    @classmethod
    def stored(cls, word: str = "a", *tags: str, **fields: Any) -> StoredImage:
        plain = StoredImage(digest=cls.digest(word), tags=tags, pushed_at=NOW, media_type=MANIFEST, size=1000)
        return replace(plain, **fields)

    @classmethod
    def known(
        cls,
        upstream: Any = None,
        stored: tuple[StoredImage, ...] | None = (),
        scans: Any = None,
        key: str = "ubuntu:22.04",
    ) -> Known:
        """Of one name and the lab's repository; ``scans`` by the word of a digest."""
        return Known(
            upstream={} if upstream is None else {key: upstream},
            stored={("prod", HOME.repository): stored},
            scans={("prod", HOME.repository, cls.digest(word)): scan for word, scan in (scans or {}).items()},
        )


CLEAN = Scan(word="COMPLETE")


@pytest.fixture
def build() -> type[Build]:
    return Build


@pytest.fixture(scope="session")
def mirror_plan() -> MirrorPlan:
    """The example site's."""
    example = Path(__file__).parents[3] / "ris_hybrid" / "sandbox" / "site"
    return planned(load(find_files(example, None, None), CapturedReports), {}, NOW)
