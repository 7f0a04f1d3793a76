"""Registries from memory: the shipped fakes of the ports of ``ris_hybrid.images.ports``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ris_hybrid.errors import CloudError, Refused, SiteUnavailable, TryAgain
from ris_hybrid.images.manifest import read_manifest
from ris_hybrid.images.values import INDEXES, NO_SCAN, Expiring, Login, Scan, StoredImage

if TYPE_CHECKING:
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.values import Upstream


@dataclass(slots=True, kw_only=True)
class FakeRegistry:
    """One account's ECR: ``RegistryImages``, ``RegistryTags`` and ``RegistryLogin`` over the same memory."""

    host: str = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    stored: dict[str, dict[str, StoredImage]] = field(default_factory=dict)
    """By repository and digest; a repository without a key is not made."""
    found: dict[str, Scan] = field(default_factory=dict)
    """Scans by digest; one without is COMPLETE and clean."""
    going: dict[str, tuple[Expiring, ...]] = field(default_factory=dict)
    """What lifecycle takes, by repository."""
    down: bool = False
    now: float = 0.0
    calls: list[str] = field(default_factory=list)

    def images(self, repository: str) -> tuple[StoredImage, ...]:
        """See ``RegistryImages``."""
        self._call(f"images {repository}")
        return tuple(self.stored.get(repository, {}).values())

    def scan(self, repository: str, digest: str) -> Scan:
        """See ``RegistryImages``."""
        self._call(f"scan {repository} {digest}")
        image = self.stored.get(repository, {}).get(digest)
        if image is None or image.media_type in INDEXES:
            return Scan(word=NO_SCAN)
        return self.found.get(digest, Scan(word="COMPLETE"))

    def expiring(self, repository: str) -> tuple[Expiring, ...]:
        """See ``RegistryImages``."""
        self._call(f"expiring {repository}")
        return self.going.get(repository, ())

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """See ``RegistryTags``."""
        self._call(f"tag {repository} {digest} {tag}")
        images = self.stored.get(repository, {})
        if digest not in images:
            raise Refused(f"{repository} has no image {digest}", "copy it first")
        for other in images.values():
            if tag in other.tags and other.digest != digest:
                raise Refused(f"{repository}: the tag {tag} is another image's", "run the sync again")
        images[digest] = replace(images[digest], tags=tuple(sorted({*images[digest].tags, tag})))

    def untag(self, repository: str, tag: str) -> None:
        """See ``RegistryTags``."""
        self._call(f"untag {repository} {tag}")
        images = self.stored.get(repository, {})
        for image in [one for one in images.values() if tag in one.tags]:
            left = tuple(one for one in image.tags if one != tag)
            images[image.digest] = replace(image, tags=left)
            if not left:
                del images[image.digest]

    def ask_scan(self, repository: str, digest: str) -> None:
        """See ``RegistryTags``."""
        self._call(f"ask_scan {repository} {digest}")
        if self.found.get(digest, Scan(word="")).word == NO_SCAN:
            del self.found[digest]

    def login(self) -> Login:
        """See ``RegistryLogin``."""
        self._call("login")
        return Login(host=self.host, user="AWS", password="fake-token", until=self.now + 12 * 3600)  # noqa: S106 - fake

    def _call(self, what: str) -> None:
        if self.down:
            raise TryAgain("AWS did not answer", "try again")
        self.calls.append(what)


@dataclass(slots=True, kw_only=True)
class FakeCopier:
    """Sources by their names, and where copies go: the fake of ``ImageCopier``."""

    sources: dict[str, str] = field(default_factory=dict)
    """Manifests by ``host/repository:tag`` and by ``host/repository@digest``."""
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    private: frozenset[str] = frozenset()
    """Hosts that ask for a log-in."""
    lost: frozenset[str] = frozenset()
    """Hosts that do not answer."""
    copied: list[tuple[str, str]] = field(default_factory=list)

    def hold(self, name: str, *texts: str) -> str:
        """Put manifests under ``host/repository:tag``; the last has the tag, and its digest is the answer."""
        path = name.rpartition(":")[0]
        for text in texts:
            self.sources[f"{path}@{read_manifest(text).digest}"] = text
        self.sources[name] = texts[-1]
        return read_manifest(texts[-1]).digest

    def look(self, reference: Reference) -> Upstream | None:
        """See ``ImageCopier``."""
        if reference.registry in self.lost:
            raise SiteUnavailable(f"{reference.registry} does not answer", "try again")
        if reference.registry in self.private:
            raise Refused(f"{reference}: unauthorized", "give a log-in")
        text = self.sources.get(reference.normalised)
        return read_manifest(text) if text is not None else None

    def copy(self, source: Reference, target: Reference, login: Login) -> str:
        """See ``ImageCopier``."""
        if login.host != target.registry:
            raise Refused(f"{target}: unauthorized", "give a log-in")
        upstream = self.look(source)
        if upstream is None:
            raise CloudError(f"{source}: manifest unknown", "look again")
        images = self.registry.stored.setdefault(target.repository, {})
        for digest in dict.fromkeys(upstream.platforms.values()):
            part = read_manifest(self.sources[source.pinned(digest).normalised])
            images.setdefault(digest, self._stored(part, ()))
        images[upstream.digest] = self._stored(upstream, (target.tag,) if target.tag else ())
        self.copied.append((str(source), str(target)))
        return upstream.digest

    def _stored(self, upstream: Upstream, tags: tuple[str, ...]) -> StoredImage:
        return StoredImage(
            digest=upstream.digest,
            tags=tags,
            pushed_at=self.registry.now,
            media_type=upstream.media_type,
            size=upstream.size,
            platforms=upstream.platforms,
        )
