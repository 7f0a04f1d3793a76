from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ris_hybrid.config.document import UnusableFile
from ris_hybrid.config.mirror_file import load_mirror
from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.settings import Brakes, Environment, MirrorSettings, Money, OffBoarding

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
organization: wustl-ris
cluster: compute1
environments:
  - {name: prod, account: "123456789012", region: us-east-1, data_classes: [public, internal]}
  - {name: phi, account: "210987654321", region: us-gov-west-1, data_classes: [phi], partition: aws-us-gov, profile: g}
phi_accounts: ["210987654321"]
data_class: internal
data_classes: {wucci: public}
archive_class: GLACIER_IR
# what the site reported, and what it came to
listing: captured
record: state/mirror.json
money: {usd_per_tib_month: 20, archive_usd_per_tib_month: 1, expected_fill: 0.5, compute_usd_per_month: 0,
  alerts_percent: [80, 100]}
off_boarding: {read_only_after_days: 7, archive_after_days: 7}
brakes: {allocations: 3, share: 0.1, listing_age_days: 0.5}
trusted_accounts: ["333333333333"]
site_cidrs: [10.20.0.0/16]
"""


def load(folder: Path, text: str) -> MirrorSettings:
    file = folder / "mirror.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mirror(file)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(UnusableFile) as failure:
        load(folder, text)
    return [str(remark).removeprefix(f"{folder / 'mirror.yaml'}:") for remark in failure.value.problems]


def test_every_key_arrives_in_the_settings(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == MirrorSettings(
        organization="wustl-ris",
        cluster="compute1",
        environments=(
            Environment(name="prod", account="123456789012", region="us-east-1", data_classes=("public", "internal")),
            Environment(
                name="phi",
                account="210987654321",
                region="us-gov-west-1",
                data_classes=("phi",),
                partition="aws-us-gov",
                profile="g",
            ),
        ),
        phi_accounts=("210987654321",),
        data_class="internal",
        data_classes={"wucci": "public"},
        archive_class="GLACIER_IR",
        listing="captured",
        record="state/mirror.json",
        money=Money(
            usd_per_tib_month=20,
            archive_usd_per_tib_month=1,
            expected_fill=0.5,
            compute_usd_per_month=0,
            alerts_percent=(80, 100),
        ),
        off_boarding=OffBoarding(read_only_after_days=7, archive_after_days=7),
        brakes=Brakes(allocations=3, share=0.1, listing_age_days=0.5),
        trusted_accounts=("333333333333",),
        site_cidrs=("10.20.0.0/16",),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "cluster: compute1",
            "cluster: Compute_1",
            "2: cluster: expected a-z, 0-9 and '-', a letter first, 31 at most",
        ),
        ("wustl-ris", "wu", "1: organization: expected 3 to 20 of"),
        ("wustl-ris", "xn--ris", "1: organization: expected 3 to 20 of"),
        ("wustl-ris", "sthree-ris", "1: organization: expected 3 to 20 of"),
        ("name: phi", "name: prod", "5: environments[1].name: expected a name of its own, found 'prod' again"),
        ("name: phi", "name: phi-", "5: environments[1].name: expected 1 to 16 of"),
        ('account: "123456789012"', 'account: "12345"', "4: environments[0].account: expected 12 digits, in quotes"),
        ('account: "123456789012"', "account: 123456789012", "4: environments[0].account: expected text"),
        ("us-east-1", "virginia", "4: environments[0].region: expected a region"),
        ("partition: aws-us-gov", "partition: gov", "5: environments[1].partition: expected aws"),
        ("[public, internal]", "[]", "4: environments[0].data_classes: expected at least one"),
        ("[public, internal]", "[secret]", "4: environments[0].data_classes[0]: expected 'public', 'internal'"),
        ('["210987654321"]', '["phi"]', "6: phi_accounts[0]: expected an account of 12 digits"),
        ('["333333333333"]', "[partner]", "17: trusted_accounts[0]: expected an account of 12 digits"),
        (
            "[10.20.0.0/16]",
            "[10.20.0.0/16, 10.30.0.1/16]",
            "18: site_cidrs[1]: expected a network such as 10.20.0.0/16, found '10.30.0.1/16'",
        ),
        ("GLACIER_IR", "STANDARD_IA", "9: archive_class: expected DEEP_ARCHIVE or GLACIER or GLACIER_IR"),
        ("listing: captured", 'listing: " "', "11: listing: expected a path"),
        (
            "expected_fill: 0.5",
            "expected_fill: 1.5",
            "13: money.expected_fill: expected a share from 0 to 1, found 1.5",
        ),
        (
            "usd_per_tib_month: 20",
            "usd_per_tib_month: -1",
            "13: money.usd_per_tib_month: expected 0 or more, found -1.0",
        ),
        ("[80, 100]", "[100, 80]", "14: money.alerts_percent: expected 1 to 5 figures above zero, each above"),
        ("[80, 100]", "[]", "14: money.alerts_percent: expected 1 to 5 figures"),
        ("[80, 100]", "[1, 2, 3, 4, 5, 6]", "14: money.alerts_percent: expected 1 to 5 figures"),
        ("archive_after_days: 7", "archive_after_days: 6", "15: off_boarding.archive_after_days: expected at least"),
        ("read_only_after_days: 7", "read_only_after_days: -7", "15: off_boarding.read_only_after_days: expected 0 to"),
        ("allocations: 3", "allocations: 0", "16: brakes.allocations: expected 1 or more, found 0"),
        ("share: 0.1", "share: 5", "16: brakes.share: expected a share from 0 to 1, found 5.0"),
        ("listing_age_days: 0.5", "listing_age_days: 0", "16: brakes.listing_age_days: expected days above zero"),
        ("listing:", "listings:", "11: listings: expected a known key, found 'listings' (did you mean listing?)"),
        (
            "record: state/mirror.json",
            "cluster: c2",
            "12: cluster: expected the key once, found it on line 2 and on line 12",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(one.startswith(said) for one in found), found


def test_a_folder_that_is_no_site_is_told_what_one_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mirror(tmp_path / "mirror.yaml")
    assert caught.value.message == f"{tmp_path / 'mirror.yaml'}: cannot be read: No such file or directory"
    assert caught.value.hint == "expected a site's folder with mirror.yaml; examples/site is one"


def test_a_site_needs_an_environment(tmp_path: Path) -> None:
    text = "organization: wustl-ris\ncluster: compute1\nenvironments: []\n"
    assert problems(tmp_path, text) == ["3: environments: expected at least one, found none"]
    assert problems(tmp_path, "") != []
