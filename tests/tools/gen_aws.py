#!/usr/bin/env python3
"""Writes a snapshot of a made-up AWS account, with planted faults and their true counts.

    gen_aws.py --resources 2000 --out account.jsonl [--seed 1]

OUT is what `spm scan --from` reads (JSON lines, as `--save` writes them). OUT.truth.json has, per check, how many resources
fail it. The counts come from the plan, made before any object: a fault is planted, counted, and only then written. OUT.pack is
a rule pack with a standard, `every`, that asks for every check of AWS.
"""

import argparse
import base64
import datetime
import hashlib
import json
import pathlib
import random
import re

ACCOUNT = "111122223333"
STRANGER = "999988887777"
REGIONS = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-southeast-1"]
NOW = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Share of each kind, in resources of a thousand.
SHARES = {
    "volume": 150, "snapshot": 150, "security_group": 120, "instance": 110, "interface": 110, "log_group": 85,
    "lambda": 60, "role": 60, "bucket": 45, "policy": 35, "secret": 15, "queue": 15, "topic": 10, "key": 10, "database": 8,
    "table": 5, "repository": 5, "stack": 4, "task": 2, "user": 1,
}
# How often each fault is planted.
RATES = {
    "aws-ec2-ebs-volume-encrypted": .15, "aws-ec2-snapshot-encrypted": .15, "aws-ec2-snapshot-public": .002,
    "aws-sg-remote-admin-ipv4": .02, "aws-sg-remote-admin-ipv6": .01, "aws-sg-all-ports-open": .005, "aws-sg-db-ports": .01,
    "aws-sg-default-closed": .5, "aws-sg-unused": .1,
    "aws-ec2-imdsv2": .3, "aws-ec2-instance-profile": .2, "aws-ec2-instance-public-ip": .05, "aws-ec2-instance-age": .2,
    "aws-ec2-userdata-secrets": .02,
    "aws-logs-retention": .3, "aws-logs-kms": .6,
    "aws-lambda-env-secrets": .03, "aws-lambda-public": .01, "aws-lambda-runtime": .2, "aws-lambda-vpc": .5,
    "aws-iam-role-trust-wildcard": .005, "aws-iam-role-confused-deputy": .4, "aws-iam-role-administrator": .03,
    "aws-iam-inline-no-admin-role": .01,
    "aws-s3-bucket-deny-http": .4, "aws-s3-bucket-public-access-block": .2, "aws-s3-bucket-versioning": .4,
    "aws-s3-bucket-default-encryption": .02, "aws-s3-bucket-acl-disabled": .1, "aws-s3-bucket-cross-account": .03,
    "aws-s3-bucket-policy-public-write": .01, "aws-s3-bucket-object-lock": .9, "aws-s3-bucket-lifecycle": .5,
    "aws-iam-policy-no-admin-wildcard": .02, "aws-iam-policy-kms-wildcard": .05, "aws-iam-policy-cloudtrail-wildcard": .03,
    "aws-iam-policy-priv-escalation": .04,
    "aws-secrets-rotation": .5, "aws-secrets-public": .01, "aws-secrets-unused": .2,
    "aws-sqs-queue-encrypted": .1, "aws-sqs-queue-public": .02, "aws-sns-topic-kms": .6, "aws-sns-topic-public": .02,
    "aws-kms-rotation": .3, "aws-kms-key-public": .01, "aws-kms-pending-deletion": .05,
    "aws-rds-instance-encrypted": .1, "aws-rds-instance-public": .05, "aws-rds-minor-upgrade": .2, "aws-rds-backup": .2,
    "aws-rds-deletion-protection": .4, "aws-rds-multi-az": .5,
    "aws-dynamodb-pitr": .4, "aws-dynamodb-cmk": .6,
    "aws-ecr-immutable": .5, "aws-ecr-scan-on-push": .4, "aws-ecr-public-policy": .01,
    "aws-cloudformation-output-secrets": .1, "aws-ecs-env-secrets": .1, "aws-ecs-privileged": .1, "aws-ecs-readonly-root": .6,
    "aws-iam-user-console-mfa": .3, "aws-iam-user-no-direct-policies": .3, "aws-iam-access-key-rotation-90": .3,
    "aws-iam-user-single-active-key": .2,
}


class Account:
    def __init__(self, seed, out):
        self.random = random.Random(seed)
        self.out = out
        self.truth = dict.fromkeys(RATES, 0)
        self.objects = 0
        self.region = REGIONS[0]

    def planted(self, check):
        """Whether this resource gets the fault; counts it. The first one does, so that small accounts have every fault."""
        fault = self.truth[check] == 0 or self.random.random() < RATES[check]
        self.truth[check] += fault
        return fault

    def id(self, prefix, n):
        return prefix + hashlib.sha256(f"{prefix}{n}".encode()).hexdigest()[:17]

    def days_ago(self, days):
        return (NOW - datetime.timedelta(days=days)).isoformat()

    def write(self, kind, name, fields, scope="region"):
        metadata = {"name": name, "account": ACCOUNT}
        if scope == "region":
            metadata["namespace"] = self.region
        line = {"apiVersion": "spm.aws/v1", "kind": kind, "metadata": metadata, **fields}
        self.out.write(json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n")
        self.objects += 1

    # ---- kinds

    def volume(self, n):
        encrypted = not self.planted("aws-ec2-ebs-volume-encrypted")
        volume = self.id("vol-", n)
        self.write("AWS::EC2::Volume", volume, {
            "AvailabilityZoneId": "euw1-az1", "Iops": 3000, "VolumeType": "gp3", "MultiAttachEnabled": False, "Throughput": 125,
            "Operator": {"Managed": False}, "VolumeId": volume, "Size": self.random.choice([8, 20, 100, 500]),
            "SnapshotId": self.id("snap-", n % 100), "AvailabilityZone": self.region + "a", "State": "in-use",
            "CreateTime": self.days_ago(n % 900), "Encrypted": encrypted, "Tags": tags(n),
            "Attachments": [{"DeleteOnTermination": True, "VolumeId": volume, "InstanceId": self.id("i-", n), "Device": "/dev/xvda",
                             "State": "attached", "AttachTime": self.days_ago(n % 900)}],
        })

    def snapshot(self, n):
        snapshot = self.id("snap-", n)
        encrypted = not self.planted("aws-ec2-snapshot-encrypted")
        fields = {
            "OwnerAlias": "self", "Tags": tags(n), "StorageTier": "standard", "TransferType": "standard",
            "CompletionTime": self.days_ago(n % 400), "FullSnapshotSizeInBytes": 8589934592, "SnapshotId": snapshot,
            "VolumeId": self.id("vol-", n), "State": "completed", "StartTime": self.days_ago(n % 400), "Progress": "100%",
            "OwnerId": ACCOUNT, "Description": f"Created by CreateImage(i-{n:017x}) for ami-{n:017x}", "VolumeSize": 8,
            "Encrypted": encrypted,
        }
        self.write("AWS::EC2::Snapshot", snapshot, fields)
        if self.planted("aws-ec2-snapshot-public"):
            self.write("AWS::EC2::PublicSnapshot", snapshot, fields)

    def security_group(self, n):
        group = self.id("sg-", n)
        default = n % 50 == 0
        world4 = lambda low, high, protocol="tcp": {  # noqa: E731
            "IpProtocol": protocol, **({} if protocol == "-1" else {"FromPort": low, "ToPort": high}),
            "UserIdGroupPairs": [], "IpRanges": [{"Description": "all", "CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [],
        }
        rules = []
        if default:
            if self.planted("aws-sg-default-closed"):
                rules.append({"IpProtocol": "-1", "UserIdGroupPairs": [{"UserId": ACCOUNT, "GroupId": group}], "IpRanges": [],
                              "Ipv6Ranges": [], "PrefixListIds": []})
        else:
            rules.append({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [], "Ipv6Ranges": [],
                          "PrefixListIds": [], "IpRanges": [{"CidrIp": f"10.{n % 200}.0.0/16"}, {"CidrIp": "192.168.7.0/24"}]})
            # All ports is also each of the others.
            everything = self.planted("aws-sg-all-ports-open")
            if everything:
                rules.append(world4(0, 0, "-1"))
                for check in ("aws-sg-remote-admin-ipv4", "aws-sg-db-ports"):
                    self.truth[check] += 1
            else:
                if self.planted("aws-sg-remote-admin-ipv4"):
                    rules.append(world4(*self.random.choice([(22, 22), (3389, 3389), (20, 30)])))
                if self.planted("aws-sg-db-ports"):
                    rules.append(world4(*self.random.choice([(5432, 5432), (3306, 3306), (1433, 1434)])))
            if self.planted("aws-sg-remote-admin-ipv6"):
                rules.append({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [], "IpRanges": [],
                              "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": []})
            if not self.planted("aws-sg-unused"):
                self.interface_of(n, group)
        out = [] if default and not rules else [{
            "IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "UserIdGroupPairs": [], "PrefixListIds": []}]
        self.write("AWS::EC2::SecurityGroup", group, {
            "GroupId": group, "GroupName": "default" if default else f"app-{n}", "Description": f"Group {n}", "OwnerId": ACCOUNT,
            "SecurityGroupArn": f"arn:aws:ec2:{self.region}:{ACCOUNT}:security-group/{group}", "VpcId": self.vpc, "Tags": tags(n),
            "IpPermissions": rules, "IpPermissionsEgress": out,
        })

    def interface(self, n):
        self.interface_of(f"own-{n}", self.id("sg-", "elsewhere"))

    def interface_of(self, n, group):
        interface = self.id("eni-", n)
        self.write("AWS::EC2::NetworkInterface", interface, {
            "NetworkInterfaceId": interface, "VpcId": self.vpc, "SubnetId": self.id("subnet-", self.region), "Status": "in-use",
            "Groups": [{"GroupId": group, "GroupName": "app"}], "InterfaceType": "interface", "OwnerId": ACCOUNT,
            "MacAddress": "06:00:00:00:00:01", "PrivateIpAddress": "10.0.0.9", "SourceDestCheck": True, "Description": "",
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.0.0.9"}], "Ipv6Addresses": [], "TagSet": [],
            "Attachment": {"AttachmentId": self.id("eni-attach-", n), "DeleteOnTermination": True, "DeviceIndex": 0,
                           "InstanceId": self.id("i-", n), "InstanceOwnerId": ACCOUNT, "Status": "attached"},
        })

    def instance(self, n):
        instance = self.id("i-", n)
        script = "#!/bin/bash\nyum install -y httpd\nsystemctl enable --now httpd\n"
        if self.planted("aws-ec2-userdata-secrets"):
            script += f"export DB_PASSWORD={password(n)}\n"
        fields = {
            "InstanceId": instance, "ImageId": self.id("ami-", n % 20), "InstanceType": "m6i.large", "State": {"Code": 16, "Name": "running"},
            "KeyName": "ops", "PrivateDnsName": "ip-10-0-0-9.internal", "PrivateIpAddress": "10.0.0.9", "SubnetId": self.id("subnet-", self.region),
            "VpcId": self.vpc, "Architecture": "x86_64", "EbsOptimized": True, "RootDeviceType": "ebs", "RootDeviceName": "/dev/xvda",
            "Monitoring": {"State": "disabled"}, "Placement": {"AvailabilityZone": self.region + "a", "GroupName": "", "Tenancy": "default"},
            "Tags": tags(n), "OwnerId": ACCOUNT, "UserData": base64.b64encode(script.encode()).decode(),
            "LaunchTime": self.days_ago(400 if self.planted("aws-ec2-instance-age") else 20),
            "MetadataOptions": {"State": "applied", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled", "InstanceMetadataTags": "disabled",
                                "HttpTokens": "optional" if self.planted("aws-ec2-imdsv2") else "required"},
            "SecurityGroups": [{"GroupId": self.id("sg-", n), "GroupName": f"app-{n}"}],
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": self.id("vol-", n), "Status": "attached"}}],
            "NetworkInterfaces": [{"NetworkInterfaceId": self.id("eni-", n), "Status": "in-use", "Groups": [{"GroupId": self.id("sg-", n)}]}],
        }
        if not self.planted("aws-ec2-instance-profile"):
            fields["IamInstanceProfile"] = {"Arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/app", "Id": "AIPAEXAMPLE"}
        if self.planted("aws-ec2-instance-public-ip"):
            fields["PublicIpAddress"] = "198.51.100.7"
        self.write("AWS::EC2::Instance", instance, fields)

    def log_group(self, n):
        name = f"/app/service-{n}"
        fields = {"logGroupName": name, "creationTime": 1700000000000 + n, "metricFilterCount": 0, "storedBytes": n * 1000,
                  "arn": f"arn:aws:logs:{self.region}:{ACCOUNT}:log-group:{name}:*", "logGroupClass": "STANDARD",
                  "retentionInDays": self.random.choice([7, 30]) if self.planted("aws-logs-retention") else 400}
        if not self.planted("aws-logs-kms"):
            fields["kmsKeyId"] = self.key_arn(n)
        self.write("AWS::Logs::LogGroup", name, fields)

    def function(self, n):
        name = f"function-{n}"
        arn = f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:{name}"
        variables = {"STAGE": "prod", "LOG_LEVEL": "info", "TABLE": f"orders-{n % 50}"}
        if self.planted("aws-lambda-env-secrets"):
            variables["DB_PASSWORD"] = password(n)
        fields = {
            "FunctionName": name, "FunctionArn": arn, "Role": f"arn:aws:iam::{ACCOUNT}:role/role-{n}", "Handler": "main.handler",
            "CodeSize": 4096, "Description": "", "Timeout": 30, "MemorySize": 512, "LastModified": self.days_ago(n % 300),
            "Runtime": "python3.8" if self.planted("aws-lambda-runtime") else "python3.13", "PackageType": "Zip", "Version": "$LATEST",
            "Environment": {"Variables": variables}, "Architectures": ["arm64"], "TracingConfig": {"Mode": "PassThrough"},
        }
        if not self.planted("aws-lambda-vpc"):
            fields["VpcConfig"] = {"VpcId": self.vpc, "SubnetIds": [self.id("subnet-", self.region)], "SecurityGroupIds": [self.id("sg-", n)]}
        public = self.planted("aws-lambda-public")
        if public or n % 3 == 0:
            condition = {} if public else {"Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}}
            fields["Policy"] = document(allow("*" if public else {"Service": "s3.amazonaws.com"}, "lambda:InvokeFunction", arn, **condition))
        self.write("AWS::Lambda::Function", name, fields)

    def role(self, n):
        name = f"role-{n}"
        if self.planted("aws-iam-role-trust-wildcard"):
            trust = [allow({"AWS": "*"}, "sts:AssumeRole")]
        elif self.planted("aws-iam-role-confused-deputy"):
            trust = [allow({"Service": self.random.choice(["events.amazonaws.com", "lambda.amazonaws.com"])}, "sts:AssumeRole")]
        elif n % 3 == 0:
            trust = [allow({"Service": "ec2.amazonaws.com"}, "sts:AssumeRole")]
        else:
            trust = [allow({"Service": "sns.amazonaws.com"}, "sts:AssumeRole", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})]
        own = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::bucket-{n}/*"}
        if self.planted("aws-iam-inline-no-admin-role"):
            own = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        attached = ["service-role/AWSLambdaBasicExecutionRole"] + ["AdministratorAccess"] * self.planted("aws-iam-role-administrator")
        self.write("AWS::IAM::Role", name, {
            "Path": "/", "RoleName": name, "RoleId": f"AROA{n:016d}", "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "CreateDate": self.days_ago(n % 2000),
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": trust}, "InstanceProfileList": [], "Tags": tags(n),
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [own]}}],
            "AttachedManagedPolicies": [{"PolicyName": arn.rsplit("/", 1)[-1], "PolicyArn": f"arn:aws:iam::aws:policy/{arn}"} for arn in attached],
        }, scope="account")

    def policy(self, n):
        # One fault each: some would be others as well.
        faults = {
            "aws-iam-policy-kms-wildcard": ("kms:Decrypt", "*"),
            "aws-iam-policy-cloudtrail-wildcard": ("cloudtrail:*", "*"),
            "aws-iam-policy-priv-escalation": ("iam:CreatePolicyVersion", "*"),
        }
        action, resource = ["s3:GetObject", "sqs:SendMessage"], f"arn:aws:s3:::bucket-{n}/*"
        if self.planted("aws-iam-policy-no-admin-wildcard"):
            action, resource = "*", "*"
            for check in faults:
                self.truth[check] += 1
        else:
            for check, statement in faults.items():
                if self.planted(check):
                    action, resource = statement
                    break
        arn = f"arn:aws:iam::{ACCOUNT}:policy/policy-{n}"
        statement = {"Sid": f"S{n}", "Effect": "Allow", "Action": action, "Resource": resource}
        self.write("AWS::IAM::ManagedPolicy", arn, {
            "PolicyName": f"policy-{n}", "PolicyId": f"ANPA{n:016d}", "Arn": arn, "Path": "/", "DefaultVersionId": "v2", "AttachmentCount": 1,
            "PermissionsBoundaryUsageCount": 0, "IsAttachable": True, "CreateDate": self.days_ago(n % 2000), "UpdateDate": self.days_ago(n % 300),
            "PolicyVersionList": [
                {"Document": {"Version": "2012-10-17", "Statement": [statement]}, "VersionId": "v2", "IsDefaultVersion": True},
                {"Document": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}, "VersionId": "v1",
                 "IsDefaultVersion": False},
            ],
        }, scope="account")

    def user(self, n):
        name = f"user-{n}"
        key = lambda days: {"active": True, "last_rotated": self.days_ago(days), "last_used_date": self.days_ago(2)}  # noqa: E731
        keys = [key(200 if self.planted("aws-iam-access-key-rotation-90") else 20)]
        if self.planted("aws-iam-user-single-active-key"):
            keys.append(key(10))
        direct = self.planted("aws-iam-user-no-direct-policies")
        self.write("AWS::IAM::User", name, {
            "Path": "/", "UserName": name, "UserId": f"AIDA{n:016d}", "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "CreateDate": self.days_ago(n % 2000),
            "GroupList": ["people"], "AttachedManagedPolicies": [{"PolicyName": "ReadOnlyAccess", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * direct,
            "CredentialReport": {"user": name, "password_enabled": True, "password_last_used": self.days_ago(1), "access_keys": keys,
                                 "mfa_active": not self.planted("aws-iam-user-console-mfa")},
        }, scope="account")

    def bucket(self, n):
        name = f"bucket-{n}"
        arn = f"arn:aws:s3:::{name}"
        statements = []
        if not self.planted("aws-s3-bucket-deny-http"):
            statements.append({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, arn + "/*"],
                               "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
        if self.planted("aws-s3-bucket-cross-account"):
            statements.append(allow({"AWS": f"arn:aws:iam::{STRANGER}:root"}, "s3:GetObject", arn + "/*"))
        open_ = self.planted("aws-s3-bucket-policy-public-write")
        if open_:
            statements.append(allow("*", "s3:PutObject", arn + "/*"))
        block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
        if open_:
            block = dict.fromkeys(block, False)
            self.truth["aws-s3-bucket-public-access-block"] += 1
        elif self.planted("aws-s3-bucket-public-access-block"):
            block["BlockPublicAcls"] = False
        ownership = "ObjectWriter" if self.planted("aws-s3-bucket-acl-disabled") else "BucketOwnerEnforced"
        fields = {
            "Name": name, "CreationDate": self.days_ago(n % 2000), "BucketRegion": self.region, "BucketArn": arn,
            "Acl": {"Owner": {"ID": "a" * 64}, "Grants": [{"Grantee": {"ID": "a" * 64, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}, "PublicAccessBlockConfiguration": block,
            "Versioning": {"Status": "Suspended" if self.planted("aws-s3-bucket-versioning") else "Enabled"},
            "LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": name}, "PolicyStatus": {"IsPublic": open_},
        }
        if statements:
            fields["Policy"] = document(*statements)
        if not self.planted("aws-s3-bucket-default-encryption"):
            fields["ServerSideEncryptionConfiguration"] = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}
        if not self.planted("aws-s3-bucket-object-lock"):
            fields["ObjectLockConfiguration"] = {"ObjectLockEnabled": "Enabled"}
        if not self.planted("aws-s3-bucket-lifecycle"):
            fields["LifecycleRules"] = [{"ID": "old", "Status": "Enabled", "Expiration": {"Days": 400}, "Filter": {"Prefix": ""}}]
        self.write("AWS::S3::Bucket", name, fields)

    def secret(self, n):
        arn = f"arn:aws:secretsmanager:{self.region}:{ACCOUNT}:secret:app/secret-{n}-AbCdEf"
        unused = self.planted("aws-secrets-unused")
        self.write("AWS::SecretsManager::Secret", f"app/secret-{n}", {
            "ARN": arn, "Name": f"app/secret-{n}", "LastChangedDate": self.days_ago(50), "CreatedDate": self.days_ago(500), "Tags": tags(n),
            "LastAccessedDate": self.days_ago(300 if unused else 3), "RotationEnabled": not self.planted("aws-secrets-rotation"),
            "ResourcePolicy": self.access("aws-secrets-public", "secretsmanager:GetSecretValue"),
        })

    # A policy that lets everybody in if the fault is planted, else only the account.
    def access(self, check, action):
        condition = {} if self.planted(check) else {"Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}}
        return document(allow({"AWS": "*"}, action, **condition))

    def queue(self, n):
        url = f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/queue-{n}"
        self.write("AWS::SQS::Queue", url, {"QueueUrl": url, "Attributes": {
            "QueueArn": f"arn:aws:sqs:{self.region}:{ACCOUNT}:queue-{n}", "VisibilityTimeout": "30", "MessageRetentionPeriod": "345600",
            "SqsManagedSseEnabled": "false" if self.planted("aws-sqs-queue-encrypted") else "true",
            "Policy": self.access("aws-sqs-queue-public", "sqs:SendMessage"),
        }})

    def topic(self, n):
        arn = f"arn:aws:sns:{self.region}:{ACCOUNT}:topic-{n}"
        attributes = {"TopicArn": arn, "Owner": ACCOUNT, "DisplayName": "", "Policy": self.access("aws-sns-topic-public", "sns:Publish")}
        if not self.planted("aws-sns-topic-kms"):
            attributes["KmsMasterKeyId"] = self.key_arn(n)
        self.write("AWS::SNS::Topic", arn, {"TopicArn": arn, "Attributes": attributes})

    def key_arn(self, n):
        return f"arn:aws:kms:{self.region}:{ACCOUNT}:key/00000000-0000-4000-8000-{n % 100:012d}"

    def key(self, n):
        key = f"00000000-0000-4000-8000-{n:012d}"
        pending = self.planted("aws-kms-pending-deletion")
        # What is about to be deleted does not rotate.
        rotates = pending or not self.planted("aws-kms-rotation")
        self.write("AWS::KMS::Key", key, {
            "KeyId": key, "KeyArn": f"arn:aws:kms:{self.region}:{ACCOUNT}:key/{key}", "AWSAccountId": ACCOUNT, "KeyManager": "CUSTOMER",
            "KeyState": "PendingDeletion" if pending else "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS", "MultiRegion": False,
            "KeyRotationEnabled": rotates and not pending, "Policy": self.access("aws-kms-key-public", "kms:*"),
        })

    def database(self, n):
        name = f"database-{n}"
        self.write("AWS::RDS::DBInstance", name, {
            "DBInstanceIdentifier": name, "DBInstanceClass": "db.m6g.large", "Engine": "postgres", "DBInstanceStatus": "available",
            "MasterUsername": "owner", "AllocatedStorage": 100, "EngineVersion": "17.2", "StorageType": "gp3",
            "StorageEncrypted": not self.planted("aws-rds-instance-encrypted"), "PubliclyAccessible": self.planted("aws-rds-instance-public"),
            "AutoMinorVersionUpgrade": not self.planted("aws-rds-minor-upgrade"), "MultiAZ": not self.planted("aws-rds-multi-az"),
            "BackupRetentionPeriod": 1 if self.planted("aws-rds-backup") else 14,
            "DeletionProtection": not self.planted("aws-rds-deletion-protection"),
            "Parameters": [{"ParameterName": f"parameter_{p}", "ParameterValue": str(p)} for p in range(40)]
            + [{"ParameterName": "rds.force_ssl", "ParameterValue": "1"}],
        })

    def table(self, n):
        fields = {"TableName": f"table-{n}", "TableStatus": "ACTIVE", "ItemCount": n, "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": {
                "PointInTimeRecoveryStatus": "DISABLED" if self.planted("aws-dynamodb-pitr") else "ENABLED"}}}
        if not self.planted("aws-dynamodb-cmk"):
            fields["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": self.key_arn(n)}
        self.write("AWS::DynamoDB::Table", f"table-{n}", fields)

    def repository(self, n):
        self.write("AWS::ECR::Repository", f"app/{n}", {
            "repositoryName": f"app/{n}", "repositoryArn": f"arn:aws:ecr:{self.region}:{ACCOUNT}:repository/app/{n}",
            "imageTagMutability": "MUTABLE" if self.planted("aws-ecr-immutable") else "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": not self.planted("aws-ecr-scan-on-push")},
            "policyText": self.access("aws-ecr-public-policy", "ecr:BatchGetImage"),
        })

    def stack(self, n):
        outputs = [{"OutputKey": "Url", "OutputValue": f"https://app-{n}.example.com"}]
        if self.planted("aws-cloudformation-output-secrets"):
            outputs.append({"OutputKey": "AdminPassword", "OutputValue": password(n)})
        self.write("AWS::CloudFormation::Stack", f"stack-{n}", {
            "StackName": f"stack-{n}", "StackId": f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/stack-{n}/1", "StackStatus": "CREATE_COMPLETE",
            "CreationTime": self.days_ago(n % 900), "Outputs": outputs, "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "prod"}],
        })

    def task(self, n):
        environment = [{"name": "LOG_LEVEL", "value": "info"}]
        if self.planted("aws-ecs-env-secrets"):
            environment.append({"name": "API_TOKEN", "value": password(n)})
        self.write("AWS::ECS::TaskDefinition", f"task-{n}", {
            "family": f"task-{n}", "revision": 3, "status": "ACTIVE", "containerDefinitions": [{
                "name": "app", "image": f"registry.example.com/app:{n}", "essential": True, "environment": environment,
                "privileged": self.planted("aws-ecs-privileged"), "readonlyRootFilesystem": not self.planted("aws-ecs-readonly-root"),
            }],
        })

    # ---- the whole

    def fill(self, resources):
        makers = {name: getattr(self, {"lambda": "function"}.get(name, name)) for name in SHARES}
        self.write("AWS::Account", ACCOUNT, {"SummaryMap": {"Users": 1}}, scope="account")
        self.write("AWS::IAM::RootUser", "root", {"SummaryMap": {"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}}, scope="account")
        for self.region in REGIONS:
            self.write("AWS::Region", self.region, {"EbsEncryptionByDefault": True})
            self.write("AWS::ECR::RegistryScanningConfiguration", ACCOUNT, {"scanningConfiguration": {"scanType": "BASIC", "rules": []}})
            self.write("AWS::EC2::VPC", self.vpc, {"VpcId": self.vpc, "CidrBlock": "10.0.0.0/8", "IsDefault": False, "State": "available"})
            self.write("AWS::EC2::FlowLog", self.id("fl-", self.region), {
                "FlowLogId": self.id("fl-", self.region), "ResourceId": self.vpc, "FlowLogStatus": "ACTIVE", "TrafficType": "ALL",
                "DeliverLogsStatus": "SUCCESS"})
        # Every kind is there, however few resources are asked for.
        names = [name for name, share in SHARES.items() for _ in range(max(1, resources * share // sum(SHARES.values())))]
        for n, name in enumerate(names):
            self.region = REGIONS[n % len(REGIONS)]
            makers[name](n)

    @property
    def vpc(self):
        return self.id("vpc-", self.region)


def tags(n):
    return [{"Key": "Name", "Value": f"resource-{n}"}, {"Key": "team", "Value": f"team-{n % 30}"}, {"Key": "stage", "Value": "prod"}]


def password(n):
    return "Pw!" + base64.b32encode(hashlib.sha256(str(n).encode()).digest()).decode()[:13].lower() + "9Z"


def allow(principal, action, resource=None, **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**statement, **({"Resource": resource} if resource else {}), **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--resources", type=int, required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments = arguments.parse_args()
    read = {"mode": "live", "now": NOW.strftime("%Y-%m-%dT%H:%M:%SZ")}
    with open(arguments.out, "w", encoding="utf-8") as out:
        header = {"kind": "Snapshot", "apiVersion": "spm.snapshot/v1", "technology": "aws", **read}
        out.write(json.dumps(header) + "\n")
        account = Account(arguments.seed, out)
        account.fill(arguments.resources)
        system = {"technology": "aws", "name": ACCOUNT, "version": None, "distribution": "aws", "origin": "generated"}
        kinds = re.findall(r"^(AWS::[\w:]+):$", (ROOT / "src/catalog/aws/kinds.yaml").read_text(), re.M)
        trailer = {"kind": "SnapshotEnd", "apiVersion": "spm.snapshot/v1", **read, "system": system, "kinds": kinds, "gaps": [], "notes": [],
                   "objects": account.objects}
        out.write(json.dumps(trailer) + "\n")
    with open(arguments.out + ".truth.json", "w", encoding="utf-8") as out:
        json.dump({"objects": account.objects, "failed": account.truth}, out, indent=1, sort_keys=True)
    standards = pathlib.Path(arguments.out + ".pack") / "standards"
    standards.mkdir(parents=True, exist_ok=True)
    checks = sorted(path.stem for path in (ROOT / "rules/checks/aws").rglob("*.yaml"))
    rules = "".join(f"  - {{ id: '{n}', title: Check {check}, checks: [{check}] }}\n" for n, check in enumerate(checks, 1))
    (standards / "every-aws-1.yaml").write_text(
        "standard: { short: every, name: Every check of AWS, version: '1', url: https://example.com, kind: benchmark }\n"
        "applies: { technology: aws, distribution: '*' }\nrules:\n" + rules)


main()
