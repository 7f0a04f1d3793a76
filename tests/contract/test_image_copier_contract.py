"""What every copier of images promises: the fake, and skopeo's and crane's own command lines on real processes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onprem.images.crane import Crane
from onprem.images.skopeo import Skopeo
from onprem.shell import Command, Completed, LocalShell
from ris_hybrid.aws.registry import EcrImages, EcrLogin
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable
from ris_hybrid.holdings.clients import Clients
from ris_hybrid.image_sync.fake import FakeCopier
from ris_hybrid.images.reference import Reference, parse
from ris_hybrid.images.values import Login
from ris_hybrid.sandbox.images import shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from ris_hybrid.images.ports import ImageCopier
    from ris_hybrid.images.values import StoredImage
    from ris_hybrid.sandbox.aws.child import SandboxAws

REPOSITORY = "prod/lee/images"
AMD, ARM = shelf.manifest("amd"), shelf.manifest("arm")
BOTH = shelf.index({"linux/amd64": AMD, "linux/arm64": ARM})
ONE = shelf.manifest("one", (4000, 500))
MULTI, SINGLE = parse("quay.io/lee/tool:2"), parse("docker.io/library/ubuntu:22.04")
SECRET = "lee:s3cret"


@dataclass
class SpyShell:
    """Runs commands as ever, and keeps their words and what their log-in files were like."""

    inner: LocalShell
    argv: list[str] = field(default_factory=list)
    files: list[tuple[Path, int]] = field(default_factory=list)

    def run(self, command: Command) -> Completed:
        self.argv += command.argv
        for word in command.argv:
            path = Path(word.removeprefix("DOCKER_CONFIG=")) / ("config.json" if "DOCKER_CONFIG=" in word else "")
            if "auth" in word and path.is_file():
                self.files.append((path, stat.S_IMODE(path.stat().st_mode)))
        return self.inner.run(command)


@dataclass
class World:
    copier: ImageCopier
    login: Login
    stored: Callable[[], tuple[StoredImage, ...]]
    hold: Callable[..., str]
    """Puts manifests under a name at their source."""
    close: Callable[[str], None]
    """Makes a host ask for a log-in."""
    shell: SpyShell | None = None


@pytest.fixture(params=["fake", "skopeo", "crane"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "fake":
        fake = FakeCopier()

        def close(host: str) -> None:
            fake.private = frozenset({host})

        fake.lost = frozenset({"gone.example.org"})
        return World(
            copier=fake,
            login=fake.registry.login(),
            stored=lambda: fake.registry.images(REPOSITORY),
            hold=fake.hold,
            close=close,
        )
    aws: SandboxAws = request.getfixturevalue("sandbox_aws")
    return real(request.param, aws, tmp_path)


def real(kind: str, aws: SandboxAws, tmp_path: Path) -> World:
    client: Any = Clients("us-east-1", aws.url).get("ecr")
    client.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    root, commands = tmp_path / "registries", tmp_path / "bin"
    shelf.install_commands(commands, root)
    environment = {**os.environ, **aws.env(), "PATH": f"{commands}:{os.environ['PATH']}"}
    shell = SpyShell(LocalShell(environment=environment))

    def close(host: str) -> None:
        (root / host / "LOGIN").write_text(SECRET, encoding="utf-8")

    return World(
        copier=Skopeo(shell) if kind == "skopeo" else Crane(shell),
        login=EcrLogin(client).login(),
        stored=lambda: EcrImages(client).images(REPOSITORY),
        hold=lambda name, *texts: shelf.push(root, name, *texts),
        close=close,
        shell=shell,
    )


def target(world: World, tag: str = "d-1") -> Reference:
    return Reference(registry=world.login.host, repository=REPOSITORY, tag=tag)


def test_an_image_is_seen_by_the_hash_of_its_bytes(world: World) -> None:
    world.hold(str(SINGLE), ONE)
    found = world.copier.look(SINGLE)
    assert found is not None
    assert (found.digest, found.media_type, found.size) == (shelf.digest(ONE), shelf.MANIFEST, 4600)
    assert world.copier.look(SINGLE.pinned(found.digest)) == found


def test_an_index_is_seen_with_its_platforms(world: World) -> None:
    world.hold(str(MULTI), AMD, ARM, BOTH)
    found = world.copier.look(MULTI)
    assert found is not None
    assert found.media_type == shelf.INDEX
    assert found.platforms == {"linux/amd64": shelf.digest(AMD), "linux/arm64": shelf.digest(ARM)}


def test_no_such_image_is_nothing(world: World) -> None:
    world.hold(str(MULTI), AMD)
    assert world.copier.look(parse("quay.io/lee/tool:3")) is None
    assert world.copier.look(MULTI.pinned("sha256:" + "0" * 64)) is None


def test_a_registry_that_does_not_answer_is_unknown_never_nothing(world: World) -> None:
    with pytest.raises(SiteUnavailable) as caught:
        world.copier.look(parse("gone.example.org/a/b:1"))
    assert caught.value.hint


def test_a_private_image_is_refused(world: World) -> None:
    world.hold(str(MULTI), AMD)
    world.close("quay.io")
    with pytest.raises(Refused) as caught:
        world.copier.look(MULTI)
    assert caught.value.hint


def test_every_platform_arrives_under_the_same_digests(world: World) -> None:
    digest = world.hold(str(MULTI), AMD, ARM, BOTH)
    assert world.copier.copy(MULTI.pinned(digest), target(world), world.login) == digest
    stored = {one.digest: one for one in world.stored()}
    assert set(stored) == {digest, shelf.digest(AMD), shelf.digest(ARM)}
    assert stored[digest].tags == ("d-1",)
    assert stored[digest].platforms["linux/arm64"] == shelf.digest(ARM)
    assert stored[shelf.digest(AMD)].tags == ()


def test_a_copy_may_be_repeated(world: World) -> None:
    digest = world.hold(str(SINGLE), ONE)
    for _ in range(2):
        assert world.copier.copy(SINGLE.pinned(digest), target(world), world.login) == digest
    assert [one.digest for one in world.stored()] == [digest]


def test_a_target_that_takes_no_log_in_is_an_error_without_the_secret(world: World) -> None:
    digest = world.hold(str(SINGLE), ONE)
    other = Login(host="other.example.org", user="AWS", password="very-secret-token")
    with pytest.raises(Refused) as caught:
        world.copier.copy(SINGLE.pinned(digest), target(world), other)
    assert "very-secret-token" not in caught.value.message
    assert "very-secret-token" not in repr(other)
    assert world.stored() == ()


def test_the_log_in_is_in_no_command_line_and_its_file_is_private_and_gone(world: World) -> None:
    digest = world.hold(str(SINGLE), ONE)
    world.copier.copy(SINGLE.pinned(digest), target(world), world.login)
    if world.shell is None:
        return
    assert world.shell.argv
    assert not [word for word in world.shell.argv if world.login.password in word]
    assert {mode for _, mode in world.shell.files} == {0o600}
    assert not [path for path, _ in world.shell.files if path.exists() or path.parent.exists()]


@pytest.mark.parametrize("kind", ["skopeo", "crane"])
def test_a_source_with_a_log_in_of_the_sites_file(kind: str, sandbox_aws: SandboxAws, tmp_path: Path) -> None:
    world = real(kind, sandbox_aws, tmp_path)
    digest = world.hold(str(MULTI), AMD, ARM, BOTH)
    world.close("quay.io")
    auth = tmp_path / "auth.json"
    auth.write_text('{"auths": {"quay.io": {"auth": "bGVlOnMzY3JldA=="}}}', encoding="utf-8")
    auth.chmod(0o600)
    assert world.shell is not None
    copier = (Skopeo if kind == "skopeo" else Crane)(world.shell, auth_file=auth)
    assert copier.copy(MULTI.pinned(digest), target(world), world.login) == digest
    assert copier.look(MULTI) is not None
    auth.chmod(0o644)
    with pytest.raises(ConfigError, match="others than its owner"):
        copier.look(MULTI)


@pytest.mark.parametrize("kind", ["skopeo", "crane"])
def test_a_registry_that_was_asked_too_often_is_asked_later(kind: str, sandbox_aws: SandboxAws, tmp_path: Path) -> None:
    world = real(kind, sandbox_aws, tmp_path)
    world.hold(str(SINGLE), ONE)
    (tmp_path / "registries" / "docker.io" / "LIMIT").touch()
    with pytest.raises(SiteUnavailable, match="pull rate limit") as caught:
        world.copier.look(SINGLE)
    assert "limits pulls" in caught.value.hint


@pytest.mark.parametrize("words", [("skopeo", "copy", "--newer-option"), ("skopeo", "sync"), ("crane", "copy", "--x")])
def test_the_sandboxs_commands_refuse_what_they_do_not_know(words: tuple[str, ...], tmp_path: Path) -> None:
    shelf.install_commands(tmp_path / "bin", tmp_path)
    shell = LocalShell(environment={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    done = shell.run(Command(argv=words))
    assert (done.rc, done.stdout) == (1, "")
    assert "unknown" in done.stderr
