#!/usr/bin/env python3
"""Builds an AWS account on a moto server and says what a right assessment of it is.

    account.py ENDPOINT OUT.json

Good and bad variants for every CIS rule that moto can hold. The expected states are computed here with boto3, from what the
account holds, by the words of the benchmark; nothing of spm is used. OUT has {rule: {resource: state}} for the resources of
rules that judge resources, and {rule: state} for the others.
"""

import json
import sys

import boto3

ENDPOINT, OUT = sys.argv[1], sys.argv[2]
REGIONS = ["us-east-1", "eu-west-1"]
# What moto accepts; the real thing never comes near it.
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")


def client(service, region="us-east-1"):
    return SESSION.client(service, region_name=region, endpoint_url=ENDPOINT)


ACCOUNT = client("sts").get_caller_identity()["Account"]
POLICY = lambda *statements: json.dumps({"Version": "2012-10-17", "Statement": list(statements)})  # noqa: E731
TRUST = POLICY({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})


def build_iam():
    iam = client("iam")
    iam.update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=5)
    for user in ("alice", "bob", "carol", "dave"):
        iam.create_user(UserName=user)
    for user in ("alice", "bob"):
        iam.create_login_profile(UserName=user, Password="a-long-Password-1!")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="alice", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.create_access_key(UserName="carol")
    iam.create_access_key(UserName="carol")
    iam.create_access_key(UserName="dave")
    iam.put_user_policy(
        UserName="dave",
        PolicyName="own",
        PolicyDocument=POLICY({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}),
    )
    statements = {
        "admin": {"Effect": "Allow", "Action": "*", "Resource": "*"},
        "admin-listed": {"Effect": "Allow", "Action": ["s3:*", "*:*"], "Resource": ["*"]},
        "narrow": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
        "idle-admin": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
    arns = {
        name: iam.create_policy(PolicyName=name, PolicyDocument=POLICY(statement))["Policy"]["Arn"]
        for name, statement in statements.items()
    }
    iam.create_group(GroupName="people")
    for name in ("admin", "admin-listed", "narrow"):
        iam.attach_group_policy(GroupName="people", PolicyArn=arns[name])
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName="app")
    iam.add_role_to_instance_profile(InstanceProfileName="app", RoleName="app")


def build_network(region):
    ec2 = client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="REJECT", LogDestinationType="cloud-watch-logs",
        LogGroupName="flow", DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/app",
    )
    rule = lambda protocol, low, high, **ranges: {  # noqa: E731
        "IpProtocol": protocol, **({"FromPort": low, "ToPort": high} if low is not None else {}), **ranges
    }
    v4, v6 = [{"CidrIp": "0.0.0.0/0"}], [{"CidrIpv6": "::/0"}]
    groups = {
        "closed": [],
        "office": [rule("tcp", 22, 22, IpRanges=[{"CidrIp": "198.51.100.0/24"}])],
        "web": [rule("tcp", 443, 443, IpRanges=v4, Ipv6Ranges=v6)],
        "ssh": [rule("tcp", 22, 22, IpRanges=v4)],
        "rdp6": [rule("tcp", 3000, 4000, Ipv6Ranges=v6)],
        "all": [rule("-1", None, None, IpRanges=v4)],
        "udp": [rule("udp", 3389, 3389, IpRanges=v4)],
    }
    for name, permissions in groups.items():
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        if permissions:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
    guarded = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = dict(NetworkAclId=guarded, Egress=False, CidrBlock="0.0.0.0/0")
    ec2.create_network_acl_entry(**entry, RuleNumber=90, Protocol="-1", RuleAction="deny")
    ec2.create_network_acl_entry(**entry, RuleNumber=100, Protocol="-1", RuleAction="allow")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.1.0/24")["Subnet"]["SubnetId"]
    launch = dict(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)
    ec2.run_instances(
        **launch, IamInstanceProfile={"Name": "app"}, MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled"}
    )
    ec2.run_instances(**launch)
    if region == "us-east-1":
        ec2.enable_ebs_encryption_by_default()


def build_storage():
    s3 = client("s3")
    for name in ("plain", "strict", "partly", "trail-logs"):
        s3.create_bucket(Bucket=name)
    deny = {
        "Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::strict", "arn:aws:s3:::strict/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="strict", Policy=POLICY(deny))
    s3.put_bucket_policy(Bucket="partly", Policy=POLICY({**deny, "Resource": "arn:aws:s3:::partly/*"}))
    block = dict(BlockPublicAcls=True, IgnorePublicAcls=True, BlockPublicPolicy=True, RestrictPublicBuckets=True)
    s3.put_public_access_block(Bucket="strict", PublicAccessBlockConfiguration=block)
    s3.put_public_access_block(Bucket="partly", PublicAccessBlockConfiguration={**block, "BlockPublicAcls": False})
    s3.put_bucket_versioning(Bucket="strict", VersioningConfiguration={"Status": "Enabled"})
    rds = client("rds")
    common = dict(DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20, MasterUsername="u", MasterUserPassword="password")
    rds.create_db_instance(DBInstanceIdentifier="good", StorageEncrypted=True, PubliclyAccessible=False, AutoMinorVersionUpgrade=True, **common)
    rds.create_db_instance(DBInstanceIdentifier="bad", StorageEncrypted=False, PubliclyAccessible=True, AutoMinorVersionUpgrade=False, **common)
    efs = client("efs", "eu-west-1")
    efs.create_file_system(CreationToken="a", Encrypted=True)
    efs.create_file_system(CreationToken="b", Encrypted=False)


def build_logging():
    logs, cloudwatch, sns = client("logs"), client("cloudwatch"), client("sns")
    logs.create_log_group(logGroupName="trail")
    group = logs.describe_log_groups(logGroupNamePrefix="trail")["logGroups"][0]["arn"]
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="security@example.org")
    quiet = sns.create_topic(Name="nobody")["TopicArn"]
    filters = {
        # Alarmed and heard.
        "console-mfa": ('{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }', topic),
        "trail-changes": (
            "{ ($.eventName = StopLogging) || ($.eventName = StartLogging) || ($.eventName = DeleteTrail) || "
            "($.eventName = UpdateTrail) || ($.eventName = CreateTrail) }", topic,
        ),
        # Nobody hears it.
        "root": (
            '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }', quiet,
        ),
        # One event is missing.
        "kms": ('{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey)) }', topic),
    }
    for name, (pattern, target) in filters.items():
        logs.put_metric_filter(
            logGroupName="trail", filterName=name, filterPattern=pattern,
            metricTransformations=[{"metricName": name, "metricNamespace": "Audit", "metricValue": "1"}],
        )
        cloudwatch.put_metric_alarm(
            AlarmName=name, MetricName=name, Namespace="Audit", Statistic="Sum", Period=300, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[target],
        )
    client("iam").create_role(RoleName="trail", AssumeRolePolicyDocument=TRUST)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    client("kms").enable_key_rotation(KeyId=key)
    client("kms").create_key()
    client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    trail = client("cloudtrail")
    trail.create_trail(
        Name="main", S3BucketName="trail-logs", IsMultiRegionTrail=True, EnableLogFileValidation=True, KmsKeyId=key,
        CloudWatchLogsLogGroupArn=group if group.endswith(":*") else group + ":*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )
    trail.start_logging(Name="main")
    trail.put_event_selectors(
        TrailName="main",
        EventSelectors=[{
            "ReadWriteType": "All", "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        }],
    )
    client("cloudtrail", "eu-west-1").create_trail(Name="local", S3BucketName="trail-logs")
    client("securityhub").enable_security_hub()
    config = client("config")
    config.put_configuration_recorder(ConfigurationRecorder={
        "name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/app",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    })
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "trail-logs"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


# ---- what is right, from what the account holds ----

STATE = {True: "passed", False: "failed"}


def pages(service, operation, key, region="us-east-1", **parameters):
    return [item for page in client(service, region).get_paginator(operation).paginate(**parameters) for item in page[key]]


def is_world(cidr):
    return cidr in ("0.0.0.0/0", "::/0")


def opens(permission, family):
    ranges = permission["IpRanges"] if family == 4 else permission.get("Ipv6Ranges", [])
    if not any(is_world(entry.get("CidrIp") or entry.get("CidrIpv6")) for entry in ranges):
        return False
    if permission["IpProtocol"] == "-1":
        return True
    return permission["IpProtocol"] in ("tcp", "udp") and any(
        permission["FromPort"] <= port <= permission["ToPort"] for port in (22, 3389)
    )


def acl_opens(entries):
    for cidr in ("0.0.0.0/0", "::/0"):
        inbound = sorted((e for e in entries if not e["Egress"]), key=lambda entry: entry["RuleNumber"])
        for port in (22, 3389):
            for entry in inbound:
                span = entry.get("PortRange", {"From": 0, "To": 65535})
                matches = cidr in (entry.get("CidrBlock"), entry.get("Ipv6CidrBlock")) and entry["Protocol"] in ("-1", "6")
                if matches and span["From"] <= port <= span["To"]:
                    if entry["RuleAction"] == "allow":
                        return True
                    break
    return False


def expected():
    right = {}
    iam, s3 = client("iam"), client("s3")
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    right["1.8"] = STATE[policy["MinimumPasswordLength"] >= 14]
    right["1.9"] = STATE[policy.get("PasswordReusePrevention", 0) >= 24]
    users = [user["UserName"] for user in pages("iam", "list_users", "Users")]
    console = {}
    for user in users:
        try:
            iam.get_login_profile(UserName=user)
            console[user] = bool(iam.list_mfa_devices(UserName=user)["MFADevices"])
        except iam.exceptions.NoSuchEntityException:
            pass
    right["1.10"] = {user: STATE[console[user]] if user in console else "not_relevant" for user in users}
    active = {
        user: sum(key["Status"] == "Active" for key in pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=user))
        for user in users
    }
    right["1.13"] = {user: STATE[active[user] <= 1] for user in users}
    right["1.14"] = {user: "passed" if active[user] else "not_relevant" for user in users}
    right["1.15"] = {
        user: STATE[not iam.list_user_policies(UserName=user)["PolicyNames"] and not iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]]
        for user in users
    }
    right["1.16"] = {}
    for found in pages("iam", "list_policies", "Policies", Scope="Local"):
        document = iam.get_policy_version(PolicyArn=found["Arn"], VersionId=found["DefaultVersionId"])["PolicyVersion"]["Document"]
        one = lambda value: value if isinstance(value, list) else [value]  # noqa: E731
        admin = any(
            statement["Effect"] == "Allow" and {"*", "*:*"} & set(one(statement["Action"])) and "*" in one(statement["Resource"])
            for statement in one(document["Statement"])
        )
        right["1.16"][found["Arn"]] = STATE[not admin] if found["AttachmentCount"] else "not_relevant"
    right["1.17"] = "failed"
    right["1.22"] = "passed"
    right["2.1.1"] = {"plain": "failed", "strict": "passed", "partly": "failed", "trail-logs": "failed"}
    right["2.1.2"] = {}
    right["2.1.4"] = {}
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        right["2.1.2"][name] = STATE[s3.get_bucket_versioning(Bucket=name).get("MFADelete") == "Enabled"]
        try:
            block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        except s3.exceptions.ClientError:
            block = {"none": False}
        right["2.1.4"][name] = STATE[all(block.values())]
    right["2.2.1"] = {region: STATE[client("ec2", region).get_ebs_encryption_by_default()["EbsEncryptionByDefault"]] for region in REGIONS}
    databases = [database for region in REGIONS for database in pages("rds", "describe_db_instances", "DBInstances", region)]
    right["2.3.1"] = {database["DBInstanceIdentifier"]: STATE[database["StorageEncrypted"]] for database in databases}
    right["2.3.2"] = {database["DBInstanceIdentifier"]: STATE[database["AutoMinorVersionUpgrade"]] for database in databases}
    right["2.3.3"] = {database["DBInstanceIdentifier"]: STATE[not database["PubliclyAccessible"]] for database in databases}
    systems = [system for region in REGIONS for system in pages("efs", "describe_file_systems", "FileSystems", region)]
    right["2.4.1"] = {system["FileSystemId"]: STATE[system["Encrypted"]] for system in systems}
    trails = {trail["TrailARN"]: trail for region in REGIONS for trail in client("cloudtrail", region).describe_trails()["trailList"]}
    right["3.1"] = "passed"
    right["3.2"] = {arn: STATE[trail["LogFileValidationEnabled"]] for arn, trail in trails.items()}
    # The bucket of both trails keeps no access log.
    right["3.4"] = {arn: "failed" for arn in trails}
    right["3.5"] = {arn: STATE[bool(trail.get("KmsKeyId"))] for arn, trail in trails.items()}
    right["3.6"] = {}
    for region in REGIONS:
        kms = client("kms", region)
        for found in pages("kms", "list_keys", "Keys", region):
            key = kms.describe_key(KeyId=found["KeyId"])["KeyMetadata"]
            judged = key["KeyManager"] == "CUSTOMER" and key["KeyState"] == "Enabled" and key["KeySpec"] == "SYMMETRIC_DEFAULT" and key["Origin"] == "AWS_KMS"
            right["3.6"][found["KeyId"]] = STATE[kms.get_key_rotation_status(KeyId=found["KeyId"])["KeyRotationEnabled"]] if judged else "not_relevant"
    right["3.7"], right["5.1"], right["5.2"], right["5.3"], right["5.4"] = {}, {}, {}, {}, {}
    right["1.18"], right["5.6"] = {}, {}
    for region in REGIONS:
        logged = {log["ResourceId"] for log in pages("ec2", "describe_flow_logs", "FlowLogs", region) if log["FlowLogStatus"] == "ACTIVE" and log.get("DeliverLogsStatus") != "FAILED" and log["TrafficType"] in ("ALL", "REJECT")}
        for vpc in pages("ec2", "describe_vpcs", "Vpcs", region):
            right["3.7"][vpc["VpcId"]] = STATE[vpc["VpcId"] in logged]
        for acl in pages("ec2", "describe_network_acls", "NetworkAcls", region):
            right["5.1"][acl["NetworkAclId"]] = STATE[not acl_opens(acl["Entries"])]
        for group in pages("ec2", "describe_security_groups", "SecurityGroups", region):
            for rule, family in (("5.2", 4), ("5.3", 6)):
                right[rule][group["GroupId"]] = STATE[not any(opens(permission, family) for permission in group["IpPermissions"])]
            default = group["GroupName"] == "default"
            right["5.4"][group["GroupId"]] = STATE[not group["IpPermissions"] and not group["IpPermissionsEgress"]] if default else "not_relevant"
        for reservation in pages("ec2", "describe_instances", "Reservations", region):
            for instance in reservation["Instances"]:
                right["1.18"][instance["InstanceId"]] = STATE["IamInstanceProfile" in instance]
                right["5.6"][instance["InstanceId"]] = STATE[instance.get("MetadataOptions", {}).get("HttpTokens") == "required"]
    right["3.8"] = right["3.9"] = "passed"
    for rule in range(1, 16):
        right[f"4.{rule}"] = "failed"
    right["4.2"] = right["4.5"] = "passed"
    # No organization.
    right["4.15"] = "not_relevant"
    right["4.16"] = {"us-east-1": "passed", "eu-west-1": "failed"}
    return right


build_iam()
for region in REGIONS:
    build_network(region)
build_storage()
build_logging()
with open(OUT, "w") as out:
    json.dump({"account": ACCOUNT, "regions": REGIONS, "rules": expected()}, out, indent=1, sort_keys=True)
