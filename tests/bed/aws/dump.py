#!/usr/bin/env python3
"""Saves an account as the AWS command line would print it, into a folder that `spm scan --from` reads.

    dump.py ENDPOINT DIR REGION...

One file per call: ACCOUNT/[REGION/]operation.json, for calls about one object operation.NAME.json. Where the answer is that
there is no such configuration the file holds `{}`; calls that fail otherwise leave no file.
"""

import datetime
import json
import pathlib
import re
import sys

import boto3
import botocore.config
import botocore.exceptions
import yaml
from botocore import xform_name

ENDPOINT, OUT, REGIONS = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
KINDS = yaml.safe_load((pathlib.Path(__file__).resolve().parents[3] / "src/catalog/aws/kinds.yaml").read_text())
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")
NAMES = {"states": "stepfunctions"}
ABOUT = {}


def client(service, region):
    config = botocore.config.Config(retries={"max_attempts": 0}, inject_host_prefix=False)
    made = SESSION.client(NAMES.get(service, service), region_name=region, endpoint_url=ENDPOINT, config=config)
    if service == "s3control":
        made.meta.events.register("before-sign", without_account)
    return made


def without_account(request, **_):
    """boto3 puts the account before the host, even before an address."""
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")


ACCOUNT = client("sts", REGIONS[0]).get_caller_identity()["Account"]


def printed(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise TypeError(type(value))


def ask(call, parameters, region, absent=()):
    service, operation = call.split()
    method = xform_name(operation)
    try:
        caller = client(service, region)
        if operation == "GetCredentialReport":
            caller.generate_credential_report()
        if caller.can_paginate(method):
            answer = caller.get_paginator(method).paginate(**parameters).build_full_result()
        else:
            answer = getattr(caller, method)(**parameters)
            answer.pop("ResponseMetadata", None)
    except botocore.exceptions.ClientError as error:
        return {} if error.response["Error"]["Code"] in [code.split("~")[0] for code in absent] else None
    # What moto does not have it answers with a page of HTML, which boto3 takes in several ways.
    except Exception:
        return None
    if operation == "GetCredentialReport":
        import base64

        answer["Content"] = base64.b64encode(answer["Content"]).decode()
    return answer


def fill(value, fields, region):
    if isinstance(value, str):
        places = {**fields, "account": ACCOUNT, "region": region, "partition": "aws"}
        return re.sub(r"\{([^{}]+)\}", lambda found: str(at(places, found[1])), value)
    if isinstance(value, list):
        return [fill(item, fields, region) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, fields, region) for key, item in value.items()}
    return value


def at(value, path):
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def save(answer, operation, about, region):
    folder = OUT / ACCOUNT / (region or "")
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z](?!s?[A-Z]|s$))", "-", operation).lower()
    suffix = "." + re.sub(r"[/:]", "_", about) if about else ""
    (folder / f"{name}{suffix}.json").write_text(json.dumps(answer, indent=1, default=printed))


def elements(answer, row):
    found = [(answer, {})]
    for depth, step in enumerate(row["items"].split(".")):
        inner = []
        for outer, around in found:
            plain = {key: value for key, value in outer.items() if not isinstance(value, (list, dict))} if depth else {}
            inner += [(item, {**around, **plain}) for item in as_list(outer.get(step, []))]
        found = inner
    key = re.search(r"\{([^{}]+)\}$", row["name"])
    return [{**around, **item} if isinstance(item, dict) else {key[1]: item} for item, around in found]


def as_list(value):
    return value if isinstance(value, list) else [value]


for kind, row in KINDS.items():
    if kind == "AWS::EC2::PublicSnapshot":
        continue
    lists = row.get("lists") or ([{"call": row["list"], "with": row.get("with", {})}] if "list" in row else [])
    for region in [REGIONS[0]] if row.get("scope") == "account" else REGIONS:
        shown = None if row.get("scope") == "account" else region
        parents = ABOUT.get((row.get("each"), region), []) if "each" in row else [({}, None)]
        for parent, parent_name in parents:
            objects = [] if lists else [{}]
            for call in lists:
                if region not in call.get("in", [region]):
                    continue
                parameters = fill(call.get("with", {}), parent, region)
                answer = ask(call["call"], parameters, region)
                if answer is None:
                    continue
                # Several lists of one operation are told apart by what was asked for.
                about = "-".join(map(str, parameters.values())) if len(lists) > 1 else parent_name
                save(answer, call["call"].split()[1], about, shown)
                objects += elements(answer, row)
            for fields in objects:
                for key, template in row.get("set", {}).items():
                    inner = template.replace("{parent.", "{")
                    fields[key] = fill(inner, parent if "{parent." in template else fields, region)
                name = fill(row["name"], fields, region)
                ABOUT.setdefault((kind, region), []).append((fields, name))
                locate = row.get("locate")
                if locate and row["region"] not in fields:
                    answer = ask(locate["call"], fill(locate["with"], fields, region), region)
                    if answer is not None:
                        save(answer, locate["call"].split()[1], name, shown)
                for more in row.get("ask", []):
                    if any(text not in fields[key] for key, text in more.get("when", {}).items()):
                        continue
                    try:
                        parameters = fill(more.get("with", {}), fields, region)
                    except (KeyError, IndexError):
                        continue
                    # Several answers of one operation about the account are told apart by what they become.
                    alike = [other for other in row["ask"] if other["call"] == more["call"]]
                    about = name if lists else more["as"] if len(alike) > 1 else None
                    if more["call"] == "iam GetCredentialReport":
                        about = None
                    answer = ask(more["call"], parameters, region, more.get("absent", []))
                    if answer is not None:
                        save(answer, more["call"].split()[1], about, shown)
