#!/usr/bin/env python3
"""Whether every `aws SERVICE OPERATION --OPTION` in the texts of the rules exists, by the service models of botocore.

The command line makes its operations and options from these models; what it adds by itself is listed here. Run it in an
environment with the botocore of tests/bed/aws/requirements.txt.
"""

import functools
import pathlib
import re
import shlex
import sys

import botocore.exceptions
import botocore.session
import yaml
from botocore import xform_name

RULES = pathlib.Path(__file__).resolve().parents[2] / "rules"
# Services under another name, and the commands and options that no model has.
NAMES = {"configservice": "config", "s3api": "s3"}
SERVICES = {"configure", "s3"}
OPERATIONS = {"cloudtrail validate-logs", "ecr get-login-password", "eks get-token", "eks update-kubeconfig", "sso login"}
EVERYWHERE = {"cli-input-json", "no-paginate", "output", "profile", "query", "region"}
RULE = {"cidr", "port", "protocol", "source-group"}
OPTIONS = {
    "configservice put-configuration-recorder": {"recording-group"},
    "ec2 authorize-security-group-ingress": RULE,
    "ec2 create-network-acl-entry": {"ingress"},
    "ec2 revoke-security-group-ingress": RULE,
    "ec2 run-instances": {"associate-public-ip-address", "no-associate-public-ip-address"},
    "eks update-cluster-version": {"kubernetes-version"},
    "iam create-virtual-mfa-device": {"bootstrap-method", "outfile"},
}


def commands(value):
    """The commands in the texts of a rule file."""
    if isinstance(value, str):
        for span in re.findall(r"`aws ([^`]+)`", value):
            yield re.sub(r"\s+", " ", span)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []:
        if key not in ("examples", "links"):
            yield from commands(inner)


@functools.cache
def operations(service):
    """Operations of a service with their options; none if there is no such service."""
    try:
        model = session.get_service_model(NAMES.get(service, service))
    except botocore.exceptions.UnknownServiceError:
        return None
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def options(operation):
    """Options of an operation."""
    for name, shape in operation.input_shape.members.items() if operation.input_shape else ():
        option = xform_name(name, "-")
        yield option
        # Switches that are a boolean, or in EC2 a structure around one.
        if shape.type_name == "boolean" or set(getattr(shape, "members", ())) == {"Value"}:
            yield f"no-{option}"


def faults(command):
    """What of a command does not exist."""
    try:
        # What comes behind a pipe is of another program.
        words = shlex.split(command.split(" | ")[0])
    except ValueError as error:
        return [str(error)]
    service, name = (words + ["", ""])[:2]
    known = operations(service)
    if service in SERVICES or f"{service} {name}" in OPERATIONS:
        return []
    if known is None or name not in known:
        return ["there is no such operation"]
    options_of = {*options(known[name]), *EVERYWHERE, *OPTIONS.get(f"{service} {name}", ())}
    given = [word[2:].split("=")[0] for word in words[2:] if word.startswith("--")]
    return [f"there is no option --{option}" for option in given if option not in options_of]


def main():
    count, wrong = 0, []
    for path in sorted(RULES.rglob("*.yaml")):
        for command in commands(yaml.safe_load(path.read_text())):
            count += 1
            wrong += [f"{path}: aws {command}: {fault}" for fault in faults(command)]
    if wrong or not count:
        sys.exit("\n".join(wrong) or f"{RULES} has no commands")


session = botocore.session.get_session()

if __name__ == "__main__":
    main()
