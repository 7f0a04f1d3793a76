"""What every registry of images promises: ECR's protocol on the sandbox, and the fake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ris_hybrid.aws.registry import EcrImages, EcrLogin, EcrTags
from ris_hybrid.errors import CloudError, Refused
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.image_sync.fake import FakeCopier, FakeRegistry
from ris_hybrid.images.reference import Reference, parse
from ris_hybrid.images.values import INDEXES, Expiring, FoundFlaw, Scan, StoredImage
from ris_hybrid.sandbox.images import shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.images.ports import RegistryImages, RegistryLogin, RegistryTags
    from ris_hybrid.sandbox.aws.child import SandboxAws

REPOSITORY = "prod/lee/images"
AMD, ARM = shelf.manifest("amd"), shelf.manifest("arm", (300, 20))
BOTH = shelf.index({"linux/amd64": AMD, "linux/arm64": ARM})
FLAWS = (
    FoundFlaw(name="CVE-2026-1", severity="CRITICAL", package="zlib"),
    FoundFlaw(name="CVE-2026-2", severity="LOW"),
)
WEEKS = 21 * 86400


@dataclass
class World:
    images: RegistryImages
    tags: RegistryTags
    logins: RegistryLogin
    push: Callable[[str, str], None]
    scans: Callable[[str, str, tuple[FoundFlaw, ...]], None]
    age: Callable[[], None]
    """Lets three weeks go by, with a policy that takes untagged images after two."""
    lose: Callable[[], None]


@pytest.fixture(params=["fake", "ecr"])
def world(request: pytest.FixtureRequest, make: Any) -> World:
    if request.param == "fake":
        return fake(make.now)
    return real(request.getfixturevalue("sandbox_aws"))


def fake(now: float) -> World:
    registry = FakeRegistry(now=now)
    registry.stored[REPOSITORY] = {}

    def push(text: str, tag: str) -> None:
        copier = FakeCopier(registry=registry)
        digest = copier.hold("quay.io/x/y:1", *([AMD, ARM, text] if "manifests" in text else [text]))
        target = Reference(registry=registry.host, repository=REPOSITORY, tag=tag)
        copier.copy(parse("quay.io/x/y:1").pinned(digest), target, registry.login())

    def scans(digest: str, word: str, findings: tuple[FoundFlaw, ...]) -> None:
        counts: dict[str, int] = {}
        for one in findings:
            counts[one.severity] = counts.get(one.severity, 0) + 1
        registry.found[digest] = Scan(word=word, findings=findings, counts=counts)

    def age() -> None:
        images = registry.stored[REPOSITORY]
        parts = {part for image in images.values() for part in image.platforms.values()}
        going = (one for one in images.values() if not one.tags and one.digest not in parts)
        registry.going[REPOSITORY] = tuple(Expiring(digest=one.digest, rule=1) for one in going)

    def lose() -> None:
        registry.down = True

    return World(images=registry, tags=registry, logins=registry, push=push, scans=scans, age=age, lose=lose)


def real(aws: SandboxAws) -> World:
    client: Any = Clients("us-east-1", aws.url).get("ecr")
    client.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")

    def push(text: str, tag: str) -> None:
        for one in [AMD, ARM] if "manifests" in text else []:
            client.put_image(repositoryName=REPOSITORY, imageManifest=one)
        client.put_image(repositoryName=REPOSITORY, imageManifest=text, **({"imageTag": tag} if tag else {}))

    def scans(digest: str, word: str, findings: tuple[FoundFlaw, ...]) -> None:
        ordered = [{"name": one.name, "severity": one.severity, "package": one.package} for one in findings]
        aws.scans({digest: {"status": word, "findings": ordered}})

    def age() -> None:
        chosen = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
        rules = {"rules": [{"rulePriority": 1, "selection": chosen, "action": {"type": "expire"}}]}
        client.put_lifecycle_policy(repositoryName=REPOSITORY, lifecyclePolicyText=json.dumps(rules))
        aws.set_clock(aws.clock() + WEEKS)

    def lose() -> None:
        refused = {"code": "AccessDeniedException", "status": 403, "message": "not allowed"}
        aws.faults([{"match": "ecr:.*", "do": {"error": refused}}])

    return World(
        images=EcrImages(client),
        tags=EcrTags(client),
        logins=EcrLogin(client),
        push=push,
        scans=scans,
        age=age,
        lose=lose,
    )


def by_digest(world: World) -> dict[str, StoredImage]:
    return {one.digest: one for one in world.images.images(REPOSITORY)}


def test_images_with_their_tags_kinds_sizes_and_platforms(world: World, make: Any) -> None:
    world.push(BOTH, "d-1")
    found = by_digest(world)
    assert set(found) == {shelf.digest(text) for text in (BOTH, AMD, ARM)}
    whole, part = found[shelf.digest(BOTH)], found[shelf.digest(ARM)]
    assert (whole.tags, whole.size, whole.media_type in INDEXES) == (("d-1",), None, True)
    assert whole.platforms == {"linux/amd64": shelf.digest(AMD), "linux/arm64": shelf.digest(ARM)}
    assert (part.tags, part.size, part.platforms) == ((), 420, {})
    assert (whole.pushed_at, whole.pulled_at) == (make.now, None)


def test_a_repository_that_is_not_made_yet_has_no_image(world: World) -> None:
    assert world.images.images("prod/nobody/images") == ()
    assert world.images.expiring("prod/nobody/images") == ()


def test_an_image_takes_names_and_loses_them_and_goes_with_the_last(world: World) -> None:
    world.push(AMD, "d-1")
    digest = shelf.digest(AMD)
    for _ in range(2):
        world.tags.tag(REPOSITORY, digest, "ref-1")
    assert by_digest(world)[digest].tags == ("d-1", "ref-1")
    for _ in range(2):
        world.tags.untag(REPOSITORY, "ref-1")
    assert by_digest(world)[digest].tags == ("d-1",)
    world.tags.untag(REPOSITORY, "d-1")
    assert by_digest(world) == {}


def test_a_name_is_moved_by_taking_it_away_first(world: World) -> None:
    world.push(AMD, "d-1")
    world.push(ARM, "d-2")
    world.tags.tag(REPOSITORY, shelf.digest(AMD), "ref-1")
    with pytest.raises(Refused) as caught:
        world.tags.tag(REPOSITORY, shelf.digest(ARM), "ref-1")
    assert caught.value.hint
    world.tags.untag(REPOSITORY, "ref-1")
    world.tags.tag(REPOSITORY, shelf.digest(ARM), "ref-1")
    assert by_digest(world)[shelf.digest(ARM)].tags == ("d-2", "ref-1")


def test_an_image_that_is_not_there_takes_no_name(world: World) -> None:
    with pytest.raises(Refused):
        world.tags.tag(REPOSITORY, shelf.digest(AMD), "ref-1")


def test_what_a_scan_found(world: World) -> None:
    world.push(AMD, "d-1")
    assert world.images.scan(REPOSITORY, shelf.digest(AMD)).word == "COMPLETE"
    flaws = tuple(FoundFlaw(name=one.name, severity=one.severity, package="zlib") for one in FLAWS)
    world.scans(shelf.digest(AMD), "COMPLETE", flaws)
    found = world.images.scan(REPOSITORY, shelf.digest(AMD))
    assert (found.word, found.findings, found.counts) == ("COMPLETE", flaws, {"CRITICAL": 1, "LOW": 1})


def test_no_scan_is_a_word_of_its_own(world: World) -> None:
    world.push(BOTH, "d-1")
    for digest in (shelf.digest(BOTH), "sha256:" + "0" * 64):
        assert world.images.scan(REPOSITORY, digest).word == "NOT_FOUND"


def test_an_image_that_nobody_scanned_is_scanned_on_demand_and_asking_again_does_nothing(world: World) -> None:
    world.push(AMD, "d-1")
    world.scans(shelf.digest(AMD), "NOT_FOUND", ())
    assert world.images.scan(REPOSITORY, shelf.digest(AMD)).word == "NOT_FOUND"
    for _ in range(2):
        world.tags.ask_scan(REPOSITORY, shelf.digest(AMD))
    assert world.images.scan(REPOSITORY, shelf.digest(AMD)).word == "COMPLETE"


def test_ecrs_word_for_a_scan_that_is_none_is_kept(world: World) -> None:
    world.push(AMD, "d-1")
    world.scans(shelf.digest(AMD), "UNSUPPORTED_IMAGE", ())
    found = world.images.scan(REPOSITORY, shelf.digest(AMD))
    assert (found.word, found.findings) == ("UNSUPPORTED_IMAGE", ())


def test_what_lifecycle_would_take_and_nothing_is_gone_by_asking(world: World) -> None:
    world.push(BOTH, "d-1")
    assert world.images.expiring(REPOSITORY) == ()
    world.push(shelf.manifest("old"), "")
    world.age()
    assert [one.digest for one in world.images.expiring(REPOSITORY)] == [shelf.digest(shelf.manifest("old"))]
    assert len(by_digest(world)) == 4


def test_a_log_in_names_its_registry_and_hides_its_secret(world: World) -> None:
    login = world.logins.login()
    assert login.host == "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert login.user == "AWS"
    assert login.password
    assert login.password not in repr(login)


@pytest.mark.parametrize("question", ["images", "scan", "tag", "login", "ask_scan"])
def test_what_is_not_answered_is_an_error_never_nothing(world: World, question: str) -> None:
    world.push(AMD, "d-1")
    world.lose()
    asked: dict[str, Callable[[], object]] = {
        "images": lambda: world.images.images(REPOSITORY),
        "scan": lambda: world.images.scan(REPOSITORY, shelf.digest(AMD)),
        "tag": lambda: world.tags.tag(REPOSITORY, shelf.digest(AMD), "ref-1"),
        "login": world.logins.login,
        "ask_scan": lambda: world.tags.ask_scan(REPOSITORY, shelf.digest(AMD)),
    }
    with pytest.raises(CloudError) as caught:
        asked[question]()
    assert caught.value.hint
