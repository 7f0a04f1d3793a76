"""How long a staging takes and what it costs, and which bounds it would pass (pure).

Dollars are floats as in ``ris_hybrid.mirror.money``: estimates, not accounts. A GB is 1024^3 bytes, as S3 bills it.
Free tiers (100 GB of egress a month) and waivers belong to whoever holds the contract, not to a lab, and are not
counted. Files per second and the seconds before a task moves its first byte are planning figures: nothing at this
site was measured. While a staging runs, its own rate is what to go by.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from ris_hybrid.data.values import Estimate
from ris_hybrid.mirror.facts import OWN_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.data.settings import DataSettings, Prices
    from ris_hybrid.data.values import Totals, Way
    from ris_hybrid.mirror.values import DataClass

GB = 1024**3
_BYTES_PER_GBIT = 1e9 / 8
_FILES_PER_S = {"globus": 200.0, "afm": 100.0, "datasync": 500.0}
_START_S = {"globus": 60.0, "afm": 30.0, "datasync": 180.0}
_VERIFY_GBIT_PER_S = 4.0
"""At which one host reads the site's files for their checksums."""
_VERIFY_FILES_PER_S = 300.0
"""One question to S3 for each file, a few at a time."""
_P90 = 2.0
"""Others move data too: one time in ten it takes longer than twice as long."""
_PART = 64 * 1024**2
"""Bytes of a part of a large object: each is a request."""
_BUCKET_KEY = 0.01
"""Share of requests that reach KMS where the bucket has a bucket key, as ours have (AWS: up to 99 % fewer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What an estimate is made for."""

    way: Way
    moving: Totals
    """What has yet to move."""
    kept: Totals
    """What is in the bucket afterwards, or is reached by the mount."""
    data_class: DataClass
    results_bytes: int | None = None
    """What comes back; None where nobody said: then a share of what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What this month's stagings have cost so far, and what is reserved by those under way."""

    usd: float = 0.0
    egress_gb: float = 0.0


def results_bytes(load: Load, share: float) -> int:
    """What is expected to come back."""
    return round(load.kept.bytes * share) if load.results_bytes is None else load.results_bytes


def estimate(load: Load, settings: DataSettings) -> Estimate:
    """Seconds until every file is there and compared; dollars by what they are for."""
    back = results_bytes(load, settings.bounds.results_share)
    egress = back / GB * settings.prices.egress_usd_per_gb
    if load.way == "mount":
        return Estimate(seconds_p50=0.0, seconds_p90=0.0, usd={"egress": egress})
    p50 = _seconds(load.way, load.moving, settings)
    puts, gets = _puts(load.moving), load.moving.files + load.kept.files  # compared once; read by jobs once
    usd = {
        "transfer": _transfer(load, settings),
        "requests": (puts * settings.prices.put_usd_per_thousand + gets * settings.prices.get_usd_per_thousand) / 1000,
        "storage_month": load.kept.bytes / GB * settings.prices.storage_usd_per_gb_month,
        "egress": egress,
    }
    if load.data_class in OWN_KEY:
        usd["kms"] = _kms(puts + gets, settings.prices)
    return Estimate(seconds_p50=p50, seconds_p90=p50 * _P90, usd=usd)


def over(made: Estimate, load: Load, settings: DataSettings, spent: Spent) -> tuple[str, ...]:
    """Every bound that the staging would pass, with both figures."""
    return tuple(_over(made, load, settings, spent))


def _over(made: Estimate, load: Load, settings: DataSettings, spent: Spent) -> Iterator[str]:
    bounds = settings.bounds
    copies = load.way != "mount"
    if copies and load.kept.bytes > bounds.staging_bytes:
        yield f"size: {tib(load.kept.bytes)} is more than bounds.staging_bytes, {tib(bounds.staging_bytes)}"
    if copies and load.kept.files > bounds.staging_files:
        yield f"size: {load.kept.files:,} files are more than bounds.staging_files, {bounds.staging_files:,}"
    back = results_bytes(load, bounds.results_share) / GB
    if spent.egress_gb + back > bounds.egress_gb_per_month:
        so_far = f"{back:,.1f} GB of results and {spent.egress_gb:,.1f} GB this month so far"
        yield f"egress: {so_far} are more than bounds.egress_gb_per_month, {bounds.egress_gb_per_month:,.1f}"
    if spent.usd + made.usd_once > bounds.usd_per_month:
        so_far = f"${made.usd_once:,.2f} and ${spent.usd:,.2f} this month so far"
        yield f"budget: {so_far} are more than bounds.usd_per_month, ${bounds.usd_per_month:,.2f}"
    hours = made.seconds_p90 / 3600
    if hours > bounds.deadline_hours:
        yield f"time: {hours:,.1f} hours, at worst, are more than bounds.deadline_hours, {bounds.deadline_hours:g}"


def tib(size: int) -> str:
    """A size for people: TiB with two digits, or what is smaller."""
    for unit, name in ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB")):
        if size >= unit:
            return f"{size / unit:,.2f} {name}"
    return f"{size:,} bytes"


def _seconds(way: Way, moving: Totals, settings: DataSettings) -> float:
    if not moving.files:
        return 0.0
    rates = {
        "globus": settings.globus.gbit_per_s if settings.globus else 0.0,
        "afm": settings.afm.gbit_per_s if settings.afm else 0.0,
        "datasync": settings.datasync.gbit_per_s if settings.datasync else 0.0,
    }
    moved = _START_S[way] + _span(moving.files, moving.bytes, rates[way], _FILES_PER_S[way])
    return moved + comparing_s(moving.files, moving.bytes)


def comparing_s(files: int, size: int) -> float:
    """Seconds to read so many files and bytes for their checksums and hold them against S3's."""
    return _span(files, size, _VERIFY_GBIT_PER_S, _VERIFY_FILES_PER_S)


def _span(files: int, size: int, gbit_per_s: float, files_per_s: float) -> float:
    """Bytes and the handling of files overlap badly: the sum, not the greater of the two."""
    return size / (gbit_per_s * _BYTES_PER_GBIT) + files / files_per_s


def _transfer(load: Load, settings: DataSettings) -> float:
    if load.way != "datasync" or not settings.datasync:
        return 0.0
    return load.moving.bytes / GB * settings.datasync.usd_per_gib


def _puts(moving: Totals) -> int:
    """A request a file, and one more for each further part."""
    return moving.files + ceil(moving.bytes / _PART) if moving.bytes else moving.files


def _kms(requests: int, prices: Prices) -> float:
    return requests * _BUCKET_KEY * prices.kms_usd_per_ten_thousand / 10_000
