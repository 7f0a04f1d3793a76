"""What is set for a whole account in one region: the things no single resource carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.holdings.buckets import all_blocked
from ris_hybrid.holdings.values import Account

if TYPE_CHECKING:
    from ris_hybrid.holdings.reading import Reading


def read_account(reading: Reading) -> Account:
    """The account's own switches; each is None where it could not be read."""
    ec2: Any = reading.client("ec2")

    def encrypts() -> bool:
        return bool(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])

    def imds() -> bool:
        return bool(ec2.get_instance_metadata_defaults().get("AccountLevel", {}).get("HttpTokens") == "required")

    return Account(
        account=reading.account,
        region=reading.region,
        public_blocked=reading.ask(
            "account: public access block", lambda: _blocked(reading), {"NoSuchPublicAccessBlockConfiguration": False}
        ),
        volumes_encrypted=reading.ask("account: encryption of volumes", encrypts),
        imds_v2=reading.ask("account: metadata defaults", imds),
        recorder=reading.ask("account: recorder of AWS Config", lambda: _records(reading)),
    )


def _blocked(reading: Reading) -> bool:
    control: Any = reading.client("s3control")
    return all_blocked(control.get_public_access_block(AccountId=reading.account)["PublicAccessBlockConfiguration"])


def _records(reading: Reading) -> bool:
    config: Any = reading.client("config")
    found = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    return any(one.get("recording") for one in found)
