"""mirror.yaml → ``MirrorSettings``: every key strictly, with errors that name the line.

Names must fit what they become part of: stacks (``stacks.environment``), buckets, roles and repositories.
"""

from __future__ import annotations

import json
import re
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.document import Remark, UnreadableFile, UnusableFile, read
from ris_hybrid.config.figures import below
from ris_hybrid.config.problems import found, problems
from ris_hybrid.errors import ConfigError
from ris_hybrid.mirror.naming import CLUSTER, ENVIRONMENT, ORGANIZATION
from ris_hybrid.mirror.settings import MirrorSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.mirror.settings import Environment, Money

_HINT = "nothing is mirrored until this file can be read: mend these lines"
_NO_SITE = "expected a site's folder with mirror.yaml; examples/site is one"
_CLUSTER = re.compile(CLUSTER)
_ORGANIZATION = re.compile(ORGANIZATION)
_NOT_FIRST = ("xn--", "sthree-", "amzn-s3-demo-")  # S3's own
_ENVIRONMENT = re.compile(ENVIRONMENT)
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_PARTITION = re.compile(r"aws(-[a-z]+)*")
_ARCHIVE_CLASSES = ("DEEP_ARCHIVE", "GLACIER", "GLACIER_IR")
_MOST_ALERTS = 5  # of a budget, AWS Budgets
_MOST_DAYS = 36_500


def load_mirror(path: Path) -> MirrorSettings:
    """The settings in one file.

    Raises:
        ConfigError: there is no such file, or it cannot be opened.
        UnusableFile: with everything that is wrong, a line each.
    """
    try:
        document = read(path)
    except UnreadableFile as error:
        raise ConfigError(f"{path}: cannot be read: {error.reason}", _NO_SITE) from error
    written = tuple(
        document.remark(each.loc, f"expected the key once, found it on line {each.first} and on line {each.again}")
        for each in document.repeats
    )
    try:
        settings = TypeAdapter(MirrorSettings).validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        raise _unusable(written + problems(document, error)) from error
    wrong = written + tuple(document.remark(loc, text) for loc, text in faults(settings))
    if wrong:
        raise _unusable(wrong)
    return settings


def _unusable(wrong: tuple[Remark, ...]) -> UnusableFile:
    return UnusableFile(tuple(sorted(wrong, key=lambda remark: remark.line)), _HINT)


def faults(settings: MirrorSettings) -> Iterator[Fault]:
    """What is wrong with settings whose types are right."""
    yield from _shape(("cluster",), settings.cluster, _CLUSTER, "a-z, 0-9 and '-', a letter first, 31 at most")
    expected = "3 to 20 of a-z, 0-9 and '-', a letter first, no '-' at the end, not begun as S3 keeps for itself"
    yield from _shape(("organization",), settings.organization, _ORGANIZATION, expected, _NOT_FIRST)
    yield from _environments_faults(settings.environments)
    for key in ("phi_accounts", "trusted_accounts"):
        for index, account in enumerate(getattr(settings, key)):
            yield from _shape((key, index), account, _ACCOUNT, "an account of 12 digits, in quotes")
    for index, cidr in enumerate(settings.site_cidrs):
        if not _is_network(cidr):
            yield ("site_cidrs", index), f"expected a network such as 10.20.0.0/16, found {found(cidr)}"
    if settings.archive_class not in _ARCHIVE_CLASSES:
        yield ("archive_class",), f"expected {' or '.join(_ARCHIVE_CLASSES)}, found {found(settings.archive_class)}"
    for key in ("listing", "record"):
        if not getattr(settings, key).strip():
            yield (key,), "expected a path, found nothing"
    yield from _money_faults(settings.money)
    yield from _pace_faults(settings)


def _environments_faults(environments: tuple[Environment, ...]) -> Iterator[Fault]:
    if not environments:
        yield ("environments",), "expected at least one, found none"
    for index, environment in enumerate(environments):
        here = ("environments", index)
        if environment.name in {other.name for other in environments[:index]}:
            yield (*here, "name"), f"expected a name of its own, found {found(environment.name)} again"
        for loc, text in _environment_faults(environment):
            yield here + loc, text


def _environment_faults(environment: Environment) -> Iterator[Fault]:
    expected = "1 to 16 of a-z, 0-9 and '-', a letter first, no '-' at the end: it is a part of the stacks' names"
    yield from _shape(("name",), environment.name, _ENVIRONMENT, expected)
    yield from _shape(("account",), environment.account, _ACCOUNT, "12 digits, in quotes")
    yield from _shape(("region",), environment.region, _REGION, "a region such as us-east-1")
    yield from _shape(("partition",), environment.partition, _PARTITION, "aws, aws-us-gov or the like")
    if not environment.data_classes:
        yield ("data_classes",), "expected at least one, found none: nothing would be placed here"


def _money_faults(money: Money) -> Iterator[Fault]:
    for key in ("usd_per_tib_month", "archive_usd_per_tib_month", "compute_usd_per_month"):
        yield from below(("money", key), getattr(money, key), 0)
    if not 0 <= money.expected_fill <= 1:
        yield ("money", "expected_fill"), f"expected a share from 0 to 1, found {found(money.expected_fill)}"
    alerts = money.alerts_percent
    rising = all(one < other for one, other in pairwise((0, *alerts)))
    if not alerts or len(alerts) > _MOST_ALERTS or not rising:
        expected = f"1 to {_MOST_ALERTS} figures above zero, each above the one before"
        yield ("money", "alerts_percent"), f"expected {expected}, found {found(list(alerts) and str(alerts))}"


def _pace_faults(settings: MirrorSettings) -> Iterator[Fault]:
    pace, brakes = settings.off_boarding, settings.brakes
    for key in ("read_only_after_days", "archive_after_days"):
        days = getattr(pace, key)
        if not 0 <= days <= _MOST_DAYS:
            yield ("off_boarding", key), f"expected 0 to {_MOST_DAYS} days, found {found(days)}"
    if pace.archive_after_days < pace.read_only_after_days:
        expected = f"expected at least read_only_after_days ({pace.read_only_after_days})"
        yield ("off_boarding", "archive_after_days"), f"{expected}, found {found(pace.archive_after_days)}"
    yield from below(("brakes", "allocations"), brakes.allocations, 1)
    if not 0 <= brakes.share <= 1:
        yield ("brakes", "share"), f"expected a share from 0 to 1, found {found(brakes.share)}"
    if not brakes.listing_age_days > 0:
        yield ("brakes", "listing_age_days"), f"expected days above zero, found {found(brakes.listing_age_days)}"


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _shape(
    loc: tuple[str | int, ...], text: str, shape: re.Pattern[str], expected: str, not_first: tuple[str, ...] = ()
) -> Iterator[Fault]:
    if not shape.fullmatch(text) or text.startswith(not_first or "\0"):
        yield loc, f"expected {expected}, found {found(text)}"
