"""The bill, line by line, in a bucket: AWS Data Exports' cost and usage report 2.0 as one Pulumi component.

Sources: Data Exports user guide, "Setting up an Amazon S3 bucket for data exports" and "Cost and Usage Report (CUR)
2.0"; ``SELECT *`` is refused, so the columns stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import bcmdata

from stacks.documents import bucket_arn, bucket_name
from stacks.storage.log_bucket import LogBucket

if TYPE_CHECKING:
    from stacks.environment import Environment

REGION = "us-east-1"
_SERVICES = ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]
COLUMNS = (
    "bill_billing_period_start_date",
    "bill_invoice_id",
    "bill_payer_account_id",
    "cost_category",
    "discount",
    "line_item_line_item_type",
    "line_item_net_unblended_cost",
    "line_item_operation",
    "line_item_product_code",
    "line_item_resource_id",
    "line_item_unblended_cost",
    "line_item_usage_account_id",
    "line_item_usage_amount",
    "line_item_usage_start_date",
    "line_item_usage_type",
    "pricing_unit",
    "product",
    "reservation_effective_cost",
    "resource_tags",
    "savings_plan_savings_plan_effective_cost",
)
_QUERY = " ".join(("SELECT", ", ".join(COLUMNS), "FROM", "COST_AND_USAGE_REPORT"))
_TABLE = {
    "TIME_GRANULARITY": "DAILY",
    "INCLUDE_RESOURCES": "TRUE",
    "INCLUDE_SPLIT_COST_ALLOCATION_DATA": "FALSE",
    "INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY": "FALSE",
}


class CostExport(pulumi.ComponentResource):
    """A bucket and the export into it, written anew several times a day. Only us-east-1 has them."""

    def __init__(
        self, environment: Environment, *, retention_days: int, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self._name = f"{environment.name}-costs"
        super().__init__("ris-hybrid:guardrails:CostExport", self._name, None, opts)
        below = pulumi.ResourceOptions(parent=self)
        name = bucket_name(environment, "costs")
        logs = LogBucket(
            name,
            environment,
            _allowed(environment, bucket_arn(environment, name)),
            retention_days=retention_days,
            logs_to=bucket_name(environment, "logs"),
            opts=below,
        )
        bcmdata.Export(self._name, export=self._export(logs.ready), tags=environment.all_tags, opts=below)
        self.register_outputs({})

    def _export(self, bucket: pulumi.Input[str]) -> bcmdata.ExportExportArgs:
        written = bcmdata.ExportExportDestinationConfigurationS3DestinationS3OutputConfigurationArgs(
            output_type="CUSTOM", format="PARQUET", compression="PARQUET", overwrite="OVERWRITE_REPORT"
        )
        target = bcmdata.ExportExportDestinationConfigurationS3DestinationArgs(
            s3_bucket=bucket, s3_prefix="cur2", s3_region=REGION, s3_output_configurations=[written]
        )
        return bcmdata.ExportExportArgs(
            name=self._name,
            description="Costs by line, for chargeback",
            data_queries=[
                bcmdata.ExportExportDataQueryArgs(
                    query_statement=_QUERY,
                    table_configurations={"COST_AND_USAGE_REPORT": _TABLE},
                )
            ],
            destination_configurations=[bcmdata.ExportExportDestinationConfigurationArgs(s3_destinations=[target])],
            refresh_cadences=[bcmdata.ExportExportRefreshCadenceArgs(frequency="SYNCHRONOUS")],
        )


def _allowed(environment: Environment, arn: str) -> tuple[dict[str, Any], ...]:
    place = f"{REGION}:{environment.account}"
    sources = [
        f"arn:{environment.partition}:{one}"
        for one in (f"cur:{place}:definition/*", f"bcm-data-exports:{place}:export/*")
    ]
    return (
        {
            "Sid": "CostExport",
            "Effect": "Allow",
            "Principal": {"Service": _SERVICES},
            "Action": ["s3:PutObject", "s3:GetBucketPolicy"],
            "Resource": [arn, f"{arn}/*"],
            "Condition": {
                "StringLike": {"aws:SourceAccount": environment.account, "aws:SourceArn": sources},
            },
        },
    )
