"""What is recorded, set and spent in an account, as the sandbox's apply makes it (sandbox)."""

from __future__ import annotations

import json

import pytest

from ris_hybrid.errors import ConfigError

ACCOUNT = "123456789012"


def test_a_trail_records_what_it_is_told_and_stops_when_told(applied, clients):
    kind, trail = "aws:cloudtrail/trail:Trail", clients.get("cloudtrail")
    clients.get("s3").create_bucket(Bucket="trail-1")
    selector = {"name": "calls", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
    made = applied.make(
        kind,
        name="t-1",
        s3BucketName="trail-1",
        isMultiRegionTrail=True,
        enableLogFileValidation=True,
        enableLogging=True,
        advancedEventSelectors=[selector],
        tags={"ris_env": "x"},
    )
    assert trail.get_trail_status(Name="t-1")["IsLogging"]
    (kept,) = trail.get_event_selectors(TrailName="t-1")["AdvancedEventSelectors"]
    assert kept["FieldSelectors"] == [{"Field": "eventCategory", "Equals": ["Management"]}]
    applied.change(kind, made, enableLogging=False, isMultiRegionTrail=False, tags={"ris_env": "y"})
    assert not trail.get_trail_status(Name="t-1")["IsLogging"]
    assert not trail.get_trail(Name="t-1")["Trail"]["IsMultiRegionTrail"]
    tags = trail.list_tags(ResourceIdList=[made.outputs["arn"]])["ResourceTagList"][0]["TagsList"]
    assert tags == [{"Key": "ris_env", "Value": "y"}]
    applied.delete(kind, made)
    assert trail.describe_trails()["trailList"] == []


def test_config_records_delivers_and_judges(applied, clients):
    config = clients.get("config")
    clients.get("s3").create_bucket(Bucket="trail-1")
    role = f"arn:aws:iam::{ACCOUNT}:role/config"
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder = applied.make("aws:cfg/recorder:Recorder", name="r", roleArn=role, recordingGroup=group)
    channel = applied.make("aws:cfg/deliveryChannel:DeliveryChannel", name="r", s3BucketName="trail-1")
    running = applied.make("aws:cfg/recorderStatus:RecorderStatus", name="r", isEnabled=True)
    source = {"owner": "AWS", "sourceIdentifier": "S3_BUCKET_LOGGING_ENABLED"}
    rule = applied.make("aws:cfg/rule:Rule", name="logs", source=source, tags={"ris_env": "x"})
    assert config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
    applied.change("aws:cfg/rule:Rule", rule, description="who comes is recorded")
    (kept,) = config.describe_config_rules()["ConfigRules"]
    assert (kept["ConfigRuleName"], kept["Description"]) == ("logs", "who comes is recorded")
    assert "name" in applied.of["aws:cfg/rule:Rule"].replace_on
    applied.change("aws:cfg/recorderStatus:RecorderStatus", running, isEnabled=False)
    assert not config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
    for kind, made in {
        "aws:cfg/rule:Rule": rule,
        "aws:cfg/recorderStatus:RecorderStatus": running,
        "aws:cfg/deliveryChannel:DeliveryChannel": channel,
        "aws:cfg/recorder:Recorder": recorder,
    }.items():
        applied.delete(kind, made)
        applied.delete(kind, made)  # gone already
    assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []


def test_an_account_is_closed_encrypted_and_asks_for_tokens(applied, clients):
    ec2 = clients.get("ec2")
    key = clients.get("kms").create_key()["KeyMetadata"]["Arn"]
    closed = {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    block = applied.make("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", accountId=ACCOUNT, **closed)
    volumes = applied.make("aws:ebs/defaultKmsKey:DefaultKmsKey", keyArn=key)
    encrypted = applied.make("aws:ebs/encryptionByDefault:EncryptionByDefault", enabled=True)
    kind = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
    tokens = applied.make(kind, httpTokens="required", httpPutResponseHopLimit=1)
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert ec2.get_instance_metadata_defaults()["AccountLevel"]["HttpTokens"] == "required"
    applied.delete(kind, tokens)
    applied.delete("aws:ebs/encryptionByDefault:EncryptionByDefault", encrypted)
    with pytest.raises(ConfigError, match="does not know property x"):
        applied.make("aws:ebs/encryptionByDefault:EncryptionByDefault", x=1)
    applied.delete("aws:ebs/defaultKmsKey:DefaultKmsKey", volumes)
    applied.delete("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", block)
    assert not ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]


def test_a_service_linked_role_comes_and_goes(applied, clients):
    kind, iam = "aws:iam/serviceLinkedRole:ServiceLinkedRole", clients.get("iam")
    made = applied.make(kind, awsServiceName="spot.amazonaws.com")
    assert iam.list_roles()["Roles"][0]["RoleName"] == made.outputs["name"]
    applied.delete(kind, made)
    assert iam.list_roles()["Roles"] == []


ALERT = {"notificationType": "ACTUAL", "comparisonOperator": "GREATER_THAN", "thresholdType": "PERCENTAGE"}


def test_a_budget_and_its_action_follow_the_plan(applied, clients):
    client, kind, acting = clients.get("budgets"), "aws:budgets/budget:Budget", "aws:budgets/budgetAction:BudgetAction"
    alerts = [{**ALERT, "threshold": percent, "subscriberEmailAddresses": ["pi@example.edu"]} for percent in (50, 80)]
    made = applied.make(
        kind,
        name="ris-wucci",
        accountId=ACCOUNT,
        budgetType="COST",
        timeUnit="MONTHLY",
        limitAmount="150.50",
        limitUnit="USD",
        costFilters=[{"name": "TagKeyValue", "values": ["user:ris_allocation$wucci"]}],
        notifications=alerts,
        tags={"ris_lab": "wucci"},
    )
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:money"
    action = applied.make(
        acting,
        accountId=ACCOUNT,
        budgetName="ris-wucci",
        actionType="APPLY_IAM_POLICY",
        approvalModel="AUTOMATIC",
        notificationType="ACTUAL",
        actionThreshold={"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100},
        definition={"iamActionDefinition": {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/stop", "roles": ["lab"]}},
        executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/money",
        subscribers=[{"address": topic, "subscriptionType": "SNS"}],
        tags={"ris_lab": "wucci"},
    )
    later = {**alerts[1], "threshold": 90}
    applied.change(kind, made, limitAmount="99.00", notifications=[alerts[0], later], tags={"ris_lab": "core"})
    applied.change(acting, action, approvalModel="MANUAL", tags={})
    held = client.describe_budget(AccountId=ACCOUNT, BudgetName="ris-wucci")["Budget"]
    assert (held["BudgetLimit"]["Amount"], held["CostFilters"]) == (
        "99.00",
        {"TagKeyValue": ["user:ris_allocation$wucci"]},
    )
    told = client.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="ris-wucci")["Notifications"]
    assert [one["Threshold"] for one in told] == [50, 90]
    tags = client.list_tags_for_resource(ResourceARN=made.outputs["arn"])["ResourceTags"]
    assert {"Key": "ris_lab", "Value": "core"} in tags
    (acts,) = client.describe_budget_actions_for_account(AccountId=ACCOUNT)["Actions"]
    assert (acts["BudgetName"], acts["ApprovalModel"], acts["Status"]) == ("ris-wucci", "MANUAL", "STANDBY")
    assert applied.of[kind].find(clients, "auto", {"name": "ris-wucci", "accountId": ACCOUNT}).id == made.id
    assert applied.of[kind].find(clients, "auto", {"name": "ris-other", "accountId": ACCOUNT}) is None
    assert applied.of[kind].replace_on == {"name", "accountId"}
    applied.delete(acting, action)
    applied.delete(acting, action)  # gone already
    applied.delete(kind, made)
    assert client.describe_budgets(AccountId=ACCOUNT)["Budgets"] == []


def test_tags_show_in_the_bill_and_the_bill_is_written_out(applied, clients):
    kind, client = "aws:costexplorer/costAllocationTag:CostAllocationTag", clients.get("ce")
    made = applied.make(kind, tagKey="ris_lab", status="Active")
    (tag,) = client.list_cost_allocation_tags(Status="Active")["CostAllocationTags"]
    assert tag["TagKey"] == "ris_lab"
    applied.change(kind, made, status="Inactive")
    applied.delete(kind, made)
    assert client.list_cost_allocation_tags(Status="Active")["CostAllocationTags"] == []
    with pytest.raises(ConfigError, match="does not know property x"):
        applied.make(kind, tagKey="ris_lab", status="Active", x=1)


def test_an_export_of_the_bill(applied, clients):
    kind, client = "aws:bcmdata/export:Export", clients.get("bcm-data-exports")
    written = {"outputType": "CUSTOM", "format": "PARQUET", "compression": "PARQUET", "overwrite": "OVERWRITE_REPORT"}
    target = {"s3Bucket": "costs", "s3Prefix": "cur2", "s3Region": "us-east-1", "s3OutputConfigurations": [written]}
    tables = {"COST_AND_USAGE_REPORT": {"TIME_GRANULARITY": "DAILY"}}
    export = {
        "name": "costs",
        "dataQueries": [{"queryStatement": "SELECT product FROM COST_AND_USAGE_REPORT", "tableConfigurations": tables}],
        "destinationConfigurations": [{"s3Destinations": [target]}],
        "refreshCadences": [{"frequency": "SYNCHRONOUS"}],
    }
    made = applied.make(kind, export=export, tags={"ris_env": "x"})
    applied.change(kind, made, export={**export, "description": "for chargeback"}, tags={"ris_env": "y"})
    held = client.get_export(ExportArn=made.id)["Export"]
    assert (held["Description"], held["DataQuery"]["TableConfigurations"]) == ("for chargeback", tables)
    assert client.list_tags_for_resource(ResourceArn=made.id)["ResourceTags"] == [{"Key": "ris_env", "Value": "y"}]
    assert [one["ExportName"] for one in client.list_exports()["Exports"]] == ["costs"]
    applied.delete(kind, made)
    applied.delete(kind, made)  # gone already


def test_a_topic_tells_whom_it_is_told_to(applied, clients):
    sns = clients.get("sns")
    made = applied.make("aws:sns/topic:Topic", name="alarms", kmsMasterKeyId="alias/k", tags={"ris_env": "x"})
    statement = {"Sid": "Publish", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    ruled = applied.make("aws:sns/topicPolicy:TopicPolicy", arn=made.id, policy=policy)
    applied.make("aws:sns/topicSubscription:TopicSubscription", topic=made.id, protocol="email", endpoint="a@b.edu")
    applied.change("aws:sns/topic:Topic", made, kmsMasterKeyId="alias/other")
    held = sns.get_topic_attributes(TopicArn=made.id)["Attributes"]
    assert (held["KmsMasterKeyId"], json.loads(held["Policy"])["Statement"]) == ("alias/other", [statement])
    assert [one["Endpoint"] for one in sns.list_subscriptions()["Subscriptions"]] == ["a@b.edu"]
    applied.delete("aws:sns/topicPolicy:TopicPolicy", ruled)
    assert json.loads(sns.get_topic_attributes(TopicArn=made.id)["Attributes"]["Policy"])["Statement"] == []
    applied.delete("aws:sns/topic:Topic", made)
    applied.delete("aws:sns/topicPolicy:TopicPolicy", ruled)  # gone with its topic
    assert sns.list_topics()["Topics"] == []


def test_alarms_filters_and_dashboards(applied, clients):
    watch, logs = clients.get("cloudwatch"), clients.get("logs")
    logs.create_log_group(logGroupName="trail")
    rising = {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "threshold": 120}
    alarm, kind = {"namespace": "AWS/SQS", "metricName": "Age", "statistic": "Maximum", "period": 60}, "aws:cloudwatch"
    made = applied.make(
        f"{kind}/metricAlarm:MetricAlarm", name="late", dimensions={"QueueName": "q"}, **rising, **alarm
    )
    query = {"id": "q", "expression": 'SELECT MIN(TunnelState) FROM SCHEMA("AWS/VPN", VpnId)', "returnData": True}
    applied.make(f"{kind}/metricAlarm:MetricAlarm", name="down", metricQueries=[{**query, "period": 300}], **rising)
    counted = applied.make(
        f"{kind}/logMetricFilter:LogMetricFilter",
        name="root",
        logGroupName="trail",
        pattern="{ $.a = 1 }",
        metricTransformation={"name": "root", "namespace": "Ris", "value": "1"},
    )
    board = applied.make(f"{kind}/dashboard:Dashboard", dashboardName="ops", dashboardBody='{"widgets": []}')
    applied.change(f"{kind}/metricAlarm:MetricAlarm", made, threshold=60)
    applied.change(f"{kind}/logMetricFilter:LogMetricFilter", counted, pattern="{ $.a = 2 }")
    (late,) = watch.describe_alarms(AlarmNames=["late"])["MetricAlarms"]
    assert (late["Threshold"], late["Dimensions"]) == (60.0, [{"Name": "QueueName", "Value": "q"}])
    assert watch.describe_alarms(AlarmNames=["down"])["MetricAlarms"][0]["Metrics"][0]["Expression"].startswith(
        "SELECT"
    )
    (filtered,) = logs.describe_metric_filters(logGroupName="trail")["metricFilters"]
    assert filtered["filterPattern"] == "{ $.a = 2 }"
    for suffix, one in {"metricAlarm:MetricAlarm": made, "logMetricFilter:LogMetricFilter": counted}.items():
        applied.delete(f"{kind}/{suffix}", one)
    applied.delete(f"{kind}/dashboard:Dashboard", board)
    assert watch.list_dashboards()["DashboardEntries"] == []
    assert [one["AlarmName"] for one in watch.describe_alarms()["MetricAlarms"]] == ["down"]
