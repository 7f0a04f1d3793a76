"""Syncs over the fakes: what is copied, named and un-named, in which order, and what a broken-off one leaves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.errors import Refused, SiteUnavailable, TryAgain
from ris_hybrid.image_sync.collecting import Account, ImageSite, collect
from ris_hybrid.image_sync.fake import FakeCopier, FakeRegistry
from ris_hybrid.image_sync.syncing import Synced, retire, sync
from ris_hybrid.images.asked import Named
from ris_hybrid.images.gate import judge
from ris_hybrid.images.homes import Home
from ris_hybrid.images.reference import Reference, anchor_tag, is_anchor, name_tag, parse
from ris_hybrid.images.settings import ImageSettings, ImageWaiver
from ris_hybrid.images.values import FoundFlaw, Login, NotHad, Scan, Upstream
from ris_hybrid.sandbox.images import shelf

TODAY = "2027-01-15"
REPOSITORY = "prod/lee/images"
UBUNTU, TOOL = "docker.io/library/ubuntu:22.04", "quay.io/lee/tool:1"
BAD = Scan(word="COMPLETE", findings=(FoundFlaw(name="CVE-1", severity="CRITICAL"),))
HOME = Home(
    lab="lee",
    environment="prod",
    account="123456789012",
    region="us-east-1",
    partition="aws",
    namespace="prod/lee",
    repository=REPOSITORY,
    data_class="internal",
)


@dataclass
class World:
    registry: FakeRegistry = field(default_factory=lambda: FakeRegistry(stored={REPOSITORY: {}}))
    settings: ImageSettings = field(default_factory=ImageSettings)
    said: list[str] = field(default_factory=list)
    homes: tuple[Home, ...] = (HOME,)

    def __post_init__(self) -> None:
        self.copier = FakeCopier(registry=self.registry)

    @property
    def site(self) -> ImageSite:
        account = Account(images=self.registry, tags=self.registry, logins=self.registry)
        return ImageSite(
            homes=self.homes,
            settings=self.settings,
            copier=lambda: self.copier,
            account=lambda _: account,
            tell=self.said.append,
        )

    def sync(self, *written: str, whole: bool = True) -> Synced:
        return sync([named(one) for one in written], self.site, TODAY, whole=whole)

    def names(self) -> dict[str, str]:
        """Digest by name tag."""
        images = self.registry.stored[REPOSITORY].values()
        return {tag: one.digest for one in images for tag in one.tags if not is_anchor(tag)}


def named(written: str, lab: str = "lee") -> Named:
    return Named(lab=lab, written=written, reference=parse(written), jobs=("1",))


def tag(written: str) -> str:
    return name_tag(parse(written))


@pytest.fixture
def world() -> World:
    return World()


def steps(run: Synced) -> list[tuple[str, str]]:
    return [(one.step, one.what) for one in run.deeds if not one.failed]


def test_an_image_is_copied_by_digest_judged_and_named(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    run = world.sync("ubuntu:22.04")
    assert steps(run) == [("copy", "ubuntu:22.04"), ("name", "ubuntu:22.04")]
    assert world.names() == {tag("ubuntu:22.04"): digest}
    target = f"{HOME.host}/{REPOSITORY}:{anchor_tag(digest)}"
    assert world.copier.copied == [(f"docker.io/library/ubuntu@{digest}", target)]
    assert [line.ready for line in run.lines] == [True]


def test_each_copy_has_a_log_in_of_its_own_for_one_ends_after_twelve_hours(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.copier.hold(TOOL, shelf.manifest("b"))
    world.sync("ubuntu:22.04", TOOL)
    assert world.registry.calls.count("login") == len(world.copier.copied) == 2


def test_a_lab_gets_no_image_of_another_by_its_name_in_our_registry(world: World) -> None:
    other = replace(HOME, lab="kim", namespace="prod/kim", repository="prod/kim/images")
    world.homes = (HOME, other)
    theirs, ours = f"{HOME.host}/prod/kim/images:d-1", f"{HOME.host}/prod/lee/tool:1"
    for one in (theirs, ours):
        world.copier.hold(one, shelf.manifest(one))
    run = world.sync(theirs, ours)
    by_name = {line.key: line for line in run.lines}
    assert (by_name[theirs].step, by_name[ours].ready) == ("refuse", True)
    assert "not of lab lee" in by_name[theirs].reason
    assert set(world.names()) == {tag(ours)}
    for one in (theirs, theirs.replace(".com/", ".com:443/"), theirs.replace(".dkr.ecr.", ".dkr.ecr-fips.")):
        assert collect([named(one)], world.site).upstream == {}


def test_an_index_with_two_images_for_one_platform_is_not_copied(world: World) -> None:
    index = shelf.index({"linux/amd64": shelf.manifest("scanned"), "linux/x86_64": shelf.manifest("started")})
    world.copier.hold(UBUNTU, index)
    run = world.sync("ubuntu:22.04")
    assert (run.lines[0].step, world.names()) == ("refuse", {})
    assert "more than one image for linux/amd64" in run.lines[0].reason


def test_a_second_sync_does_nothing(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    assert world.sync("ubuntu:22.04").deeds == ()
    assert len(world.copier.copied) == 1


def test_two_names_of_one_image_share_a_copy(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    run = world.sync("ubuntu:22.04", UBUNTU)
    assert len(world.copier.copied) == 1
    assert set(world.names()) == {tag("ubuntu:22.04"), tag(UBUNTU)}
    assert [line.ready for line in run.lines] == [True, True]


def test_what_the_gate_refuses_is_copied_and_not_named(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.found[digest] = BAD
    run = world.sync("ubuntu:22.04")
    assert steps(run) == [("copy", "ubuntu:22.04")]
    assert world.names() == {}
    assert run.lines[0].step == "refuse"
    assert run.failure is None


def test_a_scan_under_way_is_waited_for_by_the_next_sync(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.found[digest] = Scan(word="IN_PROGRESS")
    assert world.sync("ubuntu:22.04").lines[0].step == "wait"
    del world.registry.found[digest]
    assert steps(world.sync("ubuntu:22.04")) == [("name", "ubuntu:22.04")]


def test_an_image_that_was_not_scanned_is_once(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.found[digest] = Scan(word="NOT_FOUND")
    run = world.sync("ubuntu:22.04", UBUNTU)
    assert [step for step, _ in steps(run)] == ["copy", "scan", "name", "name"]
    assert len(world.names()) == 2


def test_a_scan_that_cannot_be_asked_for_is_told(world: World) -> None:
    class Unwilling(FakeRegistry):
        def ask_scan(self, repository: str, digest: str) -> None:
            raise TryAgain(f"{repository}: {digest}: throttled", "try again")

    world = World(registry=Unwilling(stored={REPOSITORY: {}}))
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.found[digest] = Scan(word="NOT_FOUND")
    run = world.sync("ubuntu:22.04")
    assert isinstance(run.failure, TryAgain)
    assert [(one.step, bool(one.failed)) for one in run.deeds] == [("copy", False), ("scan", True)]


def test_an_image_that_fails_later_loses_its_name_and_stays(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    world.registry.found[digest] = BAD
    assert steps(world.sync("ubuntu:22.04")) == [("revoke", "ubuntu:22.04")]
    assert world.names() == {}
    assert digest in world.registry.stored[REPOSITORY]


def test_a_name_that_no_job_writes_is_revoked_too_when_every_job_is_known(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.copier.hold(TOOL, shelf.manifest("tool"))
    world.sync("ubuntu:22.04")
    world.registry.found[digest] = BAD
    world.sync(TOOL, whole=False)
    assert tag("ubuntu:22.04") in world.names()
    run = world.sync(TOOL)
    assert steps(run) == [("revoke", tag("ubuntu:22.04"))]
    assert set(world.names()) == {tag(TOOL)}


def test_a_name_moves_only_when_the_new_image_passed(world: World) -> None:
    old = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    new = world.copier.hold(UBUNTU, shelf.manifest("b"))
    world.registry.found[new] = BAD
    run = world.sync("ubuntu:22.04")
    assert (steps(run), world.names()) == ([("copy", "ubuntu:22.04")], {tag("ubuntu:22.04"): old})
    del world.registry.found[new]
    run = world.sync("ubuntu:22.04")
    assert (steps(run), world.names()) == ([("name", "ubuntu:22.04")], {tag("ubuntu:22.04"): new})
    assert old in world.registry.stored[REPOSITORY]


def test_a_bad_image_is_revoked_and_its_good_successor_named_in_one_sync(world: World) -> None:
    old = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    world.registry.found[old] = BAD
    new = world.copier.hold(UBUNTU, shelf.manifest("b"))
    assert [step for step, _ in steps(world.sync("ubuntu:22.04"))] == ["revoke", "copy", "name"]
    assert world.names() == {tag("ubuntu:22.04"): new}


def test_one_that_fails_does_not_stop_the_others_and_is_told(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    digest = world.copier.hold(TOOL, shelf.manifest("tool"))
    whole, world.copier.sources = world.copier.sources, dict(world.copier.sources)
    del world.copier.sources[f"quay.io/lee/tool@{digest}"]
    run = world.sync("ubuntu:22.04", TOOL)
    assert run.failure is not None
    assert [(one.what, bool(one.failed)) for one in run.deeds if one.step == "copy"] == [
        (TOOL, True),
        ("ubuntu:22.04", False),
    ]
    world.copier.sources = whole
    assert world.sync("ubuntu:22.04", TOOL).failure is None
    assert set(world.names()) == {tag("ubuntu:22.04"), tag(TOOL)}


def test_credentials_of_another_account_copy_nothing(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.host = "999999999999.dkr.ecr.us-east-1.amazonaws.com"
    run = world.sync("ubuntu:22.04")
    assert isinstance(run.failure, Refused)
    assert "999999999999" in run.failure.message
    assert world.copier.copied == []


def test_a_site_may_push_to_another_host_with_its_log_in(world: World) -> None:
    world.settings = replace(world.settings, registry="ecr.example.org")
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    assert world.copier.copied[0][1] == f"ecr.example.org/{REPOSITORY}:{anchor_tag(digest)}"


def test_an_account_that_does_not_answer_changes_nothing_and_is_told(world: World) -> None:
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.registry.down = True
    run = world.sync("ubuntu:22.04")
    assert (run.deeds, [line.step for line in run.lines]) == ((), ["wait"])
    assert any("not known" in word for word in world.said)


class BreaksOff(FakeRegistry):
    """Is gone at one call."""

    left = 0

    def _call(self, what: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        super()._call(what)


@pytest.mark.parametrize("at", range(1, 11))
def test_a_sync_broken_off_anywhere_is_mended_by_the_next(at: int) -> None:
    registry = BreaksOff(stored={REPOSITORY: {}})
    world = World(registry=registry)
    old = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")
    registry.found[old] = BAD
    new = world.copier.hold(UBUNTU, shelf.manifest("b"))
    registry.left = at
    with pytest.raises(KeyboardInterrupt):
        world.sync("ubuntu:22.04")
    registry.left = 0
    world.sync("ubuntu:22.04")
    assert world.names() == {tag("ubuntu:22.04"): new}
    assert len(world.copier.copied) == 2


def test_what_no_job_names_is_retired_beyond_what_is_kept(world: World) -> None:
    world.settings = replace(world.settings, keep=1)
    digests = []
    for at in range(4):
        world.registry.now = 1000.0 * at
        digests.append(world.copier.hold(UBUNTU, shelf.manifest(f"image {at}")))
        run = world.sync("ubuntu:22.04")
    run = retire(run, world.site)
    assert [one.digest for one in run.deeds if one.step == "retire"] == digests[:2]
    assert set(world.registry.stored[REPOSITORY]) == set(digests[2:])
    world.registry.down = True
    failed = retire(replace(run, deeds=(), known=collect([named("ubuntu:22.04")], world.site)), world.site)
    assert failed.deeds == ()


def test_an_image_that_cannot_be_retired_is_told(world: World) -> None:
    world.settings = replace(world.settings, keep=0)
    world.copier.hold(UBUNTU, shelf.manifest("a"))
    run = world.sync("ubuntu:22.04")
    world.registry.down = True
    run = retire(replace(run, lines=()), world.site)
    assert isinstance(run.failure, TryAgain)
    assert run.deeds[-1].failed


def test_names_of_labs_without_a_home_are_not_asked_for_and_no_program_is_needed(world: World) -> None:
    def none() -> FakeCopier:
        raise SiteUnavailable("neither is on PATH", "install one")

    site = replace(world.site, copier=none)
    assert collect([named("ubuntu", "kim"), replace(named("x"), reference=None)], site).upstream == {}
    with pytest.raises(SiteUnavailable, match="on PATH"):
        collect([named("ubuntu")], site)


def test_sources_that_cannot_be_had_are_known_as_such(world: World) -> None:
    world.copier.hold(TOOL, shelf.manifest("tool"))
    world.copier.lost = frozenset({"gone.example.org"})
    world.copier.private = frozenset({"ghcr.io"})
    many = [named(f"quay.io/lee/tool:{at}") for at in range(1, 12)]
    known = collect([*many, named("gone.example.org/x:1"), named("ghcr.io/x:1")], world.site)
    assert isinstance(known.upstream[TOOL], Upstream)
    assert known.upstream["quay.io/lee/tool:2"] == NotHad(reason="there is no quay.io/lee/tool:2", certain=True)
    for name in ("gone.example.org/x:1", "ghcr.io/x:1"):
        found = known.upstream[name]
        assert isinstance(found, NotHad)
        assert not found.certain
    assert world.said == ["10 of 13 images looked up at their sources"]


def test_a_scan_that_is_not_answered_is_unknown(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync("ubuntu:22.04")

    class Silent(FakeRegistry):
        def scan(self, repository: str, digest: str) -> Scan:
            raise TryAgain(f"{repository}: {digest}: throttled", "try again")

    account = Account(images=Silent(stored=world.registry.stored), tags=world.registry, logins=world.registry)
    known = collect([named("ubuntu:22.04")], replace(world.site, account=lambda _: account))
    assert known.scans == {("prod", REPOSITORY, digest): None}


def test_the_fake_copier_asks_for_the_targets_log_in(world: World) -> None:
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    target = Reference(registry=HOME.host, repository=REPOSITORY, tag="x")
    with pytest.raises(Refused):
        world.copier.copy(parse(UBUNTU).pinned(digest), target, Login(host="elsewhere", user="u", password="p"))


WORDS = st.sampled_from(["COMPLETE", "ACTIVE", "FAILED", "IN_PROGRESS", "UNSUPPORTED_IMAGE", "bad"])
EVENTS = st.lists(st.tuples(st.sampled_from([UBUNTU, TOOL]), st.sampled_from("abc"), WORDS), min_size=1, max_size=6)


@given(EVENTS, st.booleans())
def test_whatever_happens_at_sources_and_in_scans_no_name_is_left_on_a_refused_image(
    events: list[tuple[str, str, str]], waived: bool
) -> None:
    waiver = ImageWaiver(image="quay.io/*", reason="r", owner="o", until="2027-12-31")
    world = World(settings=ImageSettings(waivers=(waiver,) if waived else ()))
    for source, image, word in events:
        digest = world.copier.hold(source, shelf.manifest(image))
        world.registry.found[digest] = BAD if word == "bad" else Scan(word=word)
        run = world.sync(UBUNTU, TOOL)
        assert run.failure is None
        for name in (UBUNTU, TOOL):
            holder = world.names().get(tag(name))
            if holder is not None:
                verdict = judge(world.registry.scan(REPOSITORY, holder), parse(name), world.settings, TODAY)
                assert verdict.answer != "refused"
        assert world.sync(UBUNTU, TOOL).deeds == ()
    assert len(world.copier.copied) == len(set(world.copier.copied))


def test_a_stray_name_that_stays_is_told(world: World) -> None:
    class Keeps(FakeRegistry):
        def untag(self, repository: str, tag: str) -> None:
            raise TryAgain(f"{repository}:{tag}: throttled", "try again")

    world = World(registry=Keeps(stored={REPOSITORY: {}}))
    digest = world.copier.hold(UBUNTU, shelf.manifest("a"))
    world.sync(UBUNTU)
    world.registry.found[digest] = BAD
    run = world.sync()
    assert isinstance(run.failure, TryAgain)
    assert [(one.step, one.what, bool(one.failed)) for one in run.deeds] == [("revoke", tag(UBUNTU), True)]
