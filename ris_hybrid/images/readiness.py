"""Whether a job finds its image in the cloud: what the outlook on pending jobs asks (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError
from ris_hybrid.images.asked import images_in, is_unclear
from ris_hybrid.images.reference import name_tag, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.images.homes import Home
    from ris_hybrid.images.values import StoredImage
    from ris_hybrid.job_ask import JobAsk

_STATUS = "see `ris-hybrid images status`"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageWord:
    """What is said of one job's image."""

    ready: bool | None
    """None where it is not known."""
    reason: str
    written: str = ""
    """The image as the job names it; empty where it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesKnown:
    """The names that nodes find, by lab: only those that every environment of the lab has."""

    tags: Mapping[str, frozenset[str] | None]
    """None where an environment of the lab could not be asked."""


def known_images(
    homes: Iterable[Home], stored: Mapping[tuple[str, str], tuple[StoredImage, ...] | None]
) -> ImagesKnown:
    """From what each repository holds (by environment and repository); one that was not asked counts as unknown."""
    tags: dict[str, frozenset[str] | None] = {}
    for home in homes:
        images = stored.get((home.environment, home.repository))
        here = None if images is None else frozenset(tag for image in images for tag in image.tags)
        before = tags.get(home.lab, here)
        tags[home.lab] = None if before is None or here is None else before & here
    return ImagesKnown(tags=tags)


def image_word(ask: JobAsk, known: ImagesKnown) -> ImageWord:
    """Whether the job's image is where its nodes look for it. A job that names none needs none."""
    if is_unclear(ask.esub):
        return ImageWord(ready=None, reason="the scheduler does not say which image the job was submitted with")
    images = images_in(ask.esub)
    if not images:
        return ImageWord(ready=True, reason="it names no image")
    words = [_word(image, ask.lab, known) for image in images]
    return next((word for word in words if word.ready is not True), words[0])


def _word(image: str, lab: str, known: ImagesKnown) -> ImageWord:
    try:
        reference = parse(image)
    except ConfigError as error:
        return ImageWord(ready=False, reason=error.message, written=image)
    if lab not in known.tags:
        why = f"lab {lab or '(none)'} has no repository of images in the cloud"
        return ImageWord(ready=False, reason=why, written=image)
    tags = known.tags[lab]
    if tags is None:
        return ImageWord(ready=None, reason="ECR could not be asked for it", written=image)
    if name_tag(reference) in tags:
        return ImageWord(ready=True, reason=f"{reference.normalised} is in ECR and let through", written=image)
    why = f"{reference.normalised} is not in ECR, or not let through: {_STATUS}"
    return ImageWord(ready=False, reason=why, written=image)
