"""The ports of container images: at most three methods each, every docstring a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ris_hybrid.images.reference import Reference
    from ris_hybrid.images.values import Expiring, Login, Scan, StoredImage, Upstream


class ImageCopier(Protocol):
    """Reads and copies images between registries, by a program on PATH.

    Raises ``SiteUnavailable`` where the program cannot be run or a registry does not answer, ``Refused`` where the
    registry says no (no log-in, no right), never with a secret in the words.
    """

    def look(self, reference: Reference) -> Upstream | None:
        """What is behind a reference with a host, by the hash of its manifest's bytes; None where there is none."""
        ...

    def copy(self, source: Reference, target: Reference, login: Login) -> str:
        """Copy an image with every platform, bytes unchanged; the digest that arrived. Safe to repeat.

        The source is pinned by its digest, the target has a tag; ``login`` is the target's.
        """
        ...


class RegistryImages(Protocol):
    """What one account's ECR holds. Errors are ``CloudError``'s children; unknown is never absent."""

    def images(self, repository: str) -> tuple[StoredImage, ...]:
        """Every image of a repository, tagged or not; none where the repository is not made yet."""
        ...

    def scan(self, repository: str, digest: str) -> Scan:
        """What scanning found, basic or enhanced; the word NOT_FOUND where there is no scan of it."""
        ...

    def expiring(self, repository: str) -> tuple[Expiring, ...]:
        """What the repository's own lifecycle policy would take now; nothing is changed by asking.

        Raises ``TryAgain`` while ECR has not worked it out.
        """
        ...


class RegistryTags(Protocol):
    """Changes names of images in one account's ECR, and has them scanned. Safe to repeat.

    Errors are ``CloudError``'s children.
    """

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """Name an image that is there. Raises ``Refused`` where the tag is another image's: take that away first."""
        ...

    def untag(self, repository: str, tag: str) -> None:
        """Take a name away. An image that loses its last one is deleted by ECR."""
        ...

    def ask_scan(self, repository: str, digest: str) -> None:
        """Have an image scanned that nobody scanned; where ECR scans by itself, or just did, nothing happens."""
        ...


class RegistryLogin(Protocol):
    """Log-ins of one account's ECR."""

    def login(self) -> Login:
        """One that holds for some hours. Errors are ``CloudError``'s children."""
        ...
