"""Ids of controls are those that are published: a slip would send an auditor looking for nothing."""

from __future__ import annotations

import re

from policies.rules.all_rules import RULES

PACKS = frozenset(
    [
        "CLOUDTRAIL_S3_DATAEVENTS_ENABLED",
        "CLOUD_TRAIL_ENABLED",
        "CLOUD_TRAIL_ENCRYPTION_ENABLED",
        "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
        "EC2_EBS_ENCRYPTION_BY_DEFAULT",
        "EC2_IMDSV2_CHECK",
        "EC2_INSTANCE_NO_PUBLIC_IP",
        "ECR_PRIVATE_IMAGE_SCANNING_ENABLED",
        "ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED",
        "ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED",
        "ENCRYPTED_VOLUMES",
        "IAM_CUSTOMER_POLICY_BLOCKED_KMS_ACTIONS",
        "IAM_INLINE_POLICY_BLOCKED_KMS_ACTIONS",
        "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS",
        "IAM_POLICY_NO_STATEMENTS_WITH_FULL_ACCESS",
        "INCOMING_SSH_DISABLED",
        "INTERNET_GATEWAY_AUTHORIZED_VPC_ONLY",
        "KMS_CMK_NOT_SCHEDULED_FOR_DELETION",
        "MULTI_REGION_CLOUD_TRAIL_ENABLED",
        "NO_UNRESTRICTED_ROUTE_TO_IGW",
        "RESTRICTED_INCOMING_TRAFFIC",
        "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
        "S3_BUCKET_ACL_PROHIBITED",
        "S3_BUCKET_DEFAULT_LOCK_ENABLED",
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "S3_BUCKET_LOGGING_ENABLED",
        "S3_BUCKET_PUBLIC_READ_PROHIBITED",
        "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
        "S3_BUCKET_SSL_REQUESTS_ONLY",
        "S3_BUCKET_VERSIONING_ENABLED",
        "S3_DEFAULT_ENCRYPTION_KMS",
        "S3_VERSION_LIFECYCLE_POLICY_CHECK",
        "SNS_ENCRYPTED_KMS",
        "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED",
        "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
        "VPC_FLOW_LOGS_ENABLED",
        "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS",
    ]
)
"""SourceIdentifiers read in the two conformance packs that ``policies.rules.control`` names."""
FSBP = frozenset(
    f"{service}.{number}"
    for service, numbers in {
        "AutoScaling": (3, 5),
        "CloudTrail": (1, 2, 4),
        "Config": (1,),
        "EC2": (2, 3, 6, 7, 8, 9, 10, 15, 18, 19, 25, 170, 181),
        "ECR": (1, 2, 3),
        "IAM": (1, 21),
        "KMS": (1, 2, 3, 5),
        "S3": (1, 2, 3, 5, 6, 8, 9, 12, 13),
        "SNS": (4,),
        "SQS": (1, 3),
    }.items()
    for number in numbers
)
"""Of the list of FSBP's controls in Security Hub's user guide, those that rules here name."""
FORMS = {
    "SITE": r"",
    "Security Hub": r"[A-Z][A-Za-z0-9]+\.\d+",
    "CIS 7.0": r"\d+(\.\d+)+",
    "45 CFR": r"164\.3(08|12)\([a-e]\)(\(\w+\))*",
}


def test_every_control_has_the_form_of_its_standard() -> None:
    for control in (control for rule in RULES for control in rule.controls):
        if control.standard == "Config":
            assert control.id in PACKS
        elif control.standard == "FSBP":
            assert control.id in FSBP
        else:
            assert re.fullmatch(FORMS[control.standard], control.id), control


def test_no_rule_names_a_control_twice() -> None:
    for rule in RULES:
        assert len(set(rule.controls)) == len(rule.controls), rule.name
