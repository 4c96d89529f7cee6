#!/usr/bin/env python3
"""Makes tests/bed/aws/*: what botocore (Apache-2.0) makes of the calls of kinds.yaml and of their answers, to compare ours with.

  endpoints.tsv   service, region, mode (empty, fips, dual), address, signing region
  requests.json   per call of kinds.yaml with sample values: method, path, query, headers, body as botocore would send them
  answers.json    per operation with XML answers: a body authored from the shapes (lists with none, one and two elements, every
                  scalar), and what botocore reads out of it

Run it in an environment with the botocore of tests/requirements.txt; `--check` only compares.
"""

import argparse
import datetime
import json
import pathlib
import re
import sys
from xml.sax.saxutils import escape

import botocore.parsers
import botocore.serialize
import botocore.session
import yaml
from botocore.config import Config

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOG = ROOT / "src/catalog/aws"
BED = ROOT / "tests/bed/aws"
REGIONS = ["us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"]
NAMES = {"states": "stepfunctions"}
SESSION = botocore.session.get_session()
SESSION.set_credentials("AKIDEXAMPLE", "secret")


def models():
    return {path.stem: json.loads(path.read_text()) for path in sorted((CATALOG / "models").glob("*.json"))}


def service_model(service):
    return SESSION.get_service_model(NAMES.get(service, service))


def endpoints():
    lines = ["# service\tregion\tmode\taddress\tsigning region"]
    for service, model in models().items():
        operation = next(iter(model["operations"]))
        for region in REGIONS:
            for mode in ("", "fips", "dual"):
                if service in ("s3", "s3control") and mode == "fips" and region.startswith("cn-"):
                    continue  # does not exist
                config = Config(use_fips_endpoint=mode == "fips", use_dualstack_endpoint=mode == "dual")
                client = SESSION.create_client(NAMES.get(service, service), region_name=region, config=config)
                # The address of one bucket, not the legacy one of no region.
                operation = "ListBuckets" if service == "s3" else operation
                about = client.meta.service_model.operation_model(operation)
                context = {"client_region": region, "client_config": client.meta.config, "has_streaming_input": False, "auth_type": None}
                params = {"AccountId": "1"} if service == "s3control" else {}
                found = client._ruleset_resolver.construct_endpoint(about, params, context)
                url = found.url.replace("//1.", "//").replace("//s3.amazonaws.com", "//s3.us-east-1.amazonaws.com")
                schemes = [s for s in found.properties.get("authSchemes", []) if s["name"] == "sigv4"]
                signed = schemes[0].get("signingRegion", region) if schemes else region
                lines.append("\t".join([service, region, mode, url, signed]))
    return "\n".join(lines) + "\n"


def fill(value):
    """Parameters of the catalog with the fields of objects filled in, among them characters that need encoding."""
    if isinstance(value, dict):
        return {key: fill(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner) for inner in value]
    if isinstance(value, str):
        text = re.sub(r"\{account\}", "123456789012", value)
        text = re.sub(r"\{partition\}", "aws", text)
        return re.sub(r"\{[^}]*\}", "a/b c:d+é", text)
    return value


def calls():
    found = []
    for row in yaml.safe_load((CATALOG / "kinds.yaml").read_text()).values():
        if "list" in row:
            found.append((row["list"], row.get("with", {})))
        for ask in row.get("ask", []):
            found.append((ask["call"], ask.get("with", {})))
    unique = {json.dumps([call, fill(params)], sort_keys=True): (call, fill(params)) for call, params in found}
    return [unique[key] for key in sorted(unique)]


def protocol(model):
    return model["protocol"]


def requests():
    rows = []
    for call, params in calls():
        service, operation = call.split()
        model = models()[service]
        about = service_model(service).operation_model(operation)
        serializer = botocore.serialize.create_serializer(protocol(model), include_validation=False)
        made = serializer.serialize_to_request(params, about)
        body = made["body"]
        if isinstance(body, dict):  # form fields
            body = {key: str(value) for key, value in body.items()}
        elif isinstance(body, bytes):
            body = json.loads(body) if body else None
        query = made["query_string"]
        query = [[k, v] for k, vs in query.items() for v in (vs if isinstance(vs, list) else [vs])] if isinstance(query, dict) else []
        rows.append({
            "service": service, "operation": operation, "with": params, "method": made["method"],
            "path": made["url_path"], "query": [[k, str(v).lower() if isinstance(v, bool) else str(v)] for k, v in query],
            "target": made["headers"].get("X-Amz-Target"), "body": body or None,
        })
    return rows


class Author:
    """Writes an XML answer for a shape."""

    def __init__(self):
        self.count = 0

    def scalar(self, shape):
        self.count += 1
        kind = shape.type_name
        if kind == "boolean":
            return "true" if self.count % 2 else "false"
        if kind in ("integer", "long"):
            return str(self.count)
        if kind in ("float", "double"):
            return f"{self.count}.5"
        if kind == "timestamp":
            return f"2024-05-01T10:{self.count % 60:02}:00.000Z"
        if kind == "blob":
            return "YWJj"
        return f"v{self.count} <&'\">"

    def value(self, shape, depth, path):
        kind = shape.type_name
        if kind == "structure":
            return self.members(shape, depth, path)
        if kind == "list":
            name = shape.member.serialization.get("name", "member")
            many = 0 if shape.member.type_name in path or depth > 4 else 1 + self.count % 2
            return "".join(f"<{name}>{self.value(shape.member, depth + 1, path)}</{name}>" for _ in range(many))
        if kind == "map":
            key, value = (s.serialization.get("name", n) for s, n in ((shape.key, "key"), (shape.value, "value")))
            one = lambda i: f"<entry><{key}>k{i}</{key}><{value}>{self.value(shape.value, depth + 1, path)}</{value}></entry>"  # noqa: E731
            return "".join(one(i) for i in range(2))
        return escape(self.scalar(shape))

    def members(self, shape, depth, path):
        if shape.name in path or depth > 6:
            return ""
        path = path | {shape.name}
        out = ""
        for at, (name, member) in enumerate(shape.members.items()):
            if member.serialization.get("location") or member.serialization.get("xmlAttribute"):
                continue
            wire = member.serialization.get("name", name)
            if at % 7 == 6:
                continue  # some are absent
            if member.serialization.get("flattened") and member.type_name == "list":
                own = member.member.serialization.get("name") or wire
                out += "".join(f"<{own}>{self.value(member.member, depth + 1, path)}</{own}>" for _ in range(1 + at % 2))
            elif member.serialization.get("flattened"):
                raise SystemExit(f"{shape.name}: a flattened map")
            else:
                inner = self.value(member, depth + 1, path)
                out += f"<{wire}>{inner}</{wire}>" if inner else f"<{wire}/>"
        return out


def plain(value):
    """As the command line prints it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return "YWJj"
    return value


def answers():
    rows = []
    for service, model in models().items():
        kind = protocol(model)
        if kind not in ("query", "ec2", "rest-xml"):
            continue
        for operation in model["operations"]:
            if service == "ec2" and operation not in ("DescribeInstanceAttribute", "DescribeSecurityGroups", "DescribeRegions", "DescribeVpcs", "GetEbsEncryptionByDefault", "DescribeFlowLogs", "DescribeNetworkAcls"):
                continue  # their answers are long and alike
            about = service_model(service).operation_model(operation)
            shape = about.output_shape
            payload = shape.serialization.get("payload")
            author = Author()
            if payload and shape.members[payload].type_name != "structure":
                body = '{"Version":"2012-10-17"}'
            elif operation == "GetBucketLocation":
                body = "<LocationConstraint xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>eu-west-1</LocationConstraint>"
            elif payload:
                inner = shape.members[payload]
                name = inner.serialization.get("name", payload)
                body = f"<{name} xmlns='urn:x'>{author.members(inner, 0, frozenset())}</{name}>"
            else:
                inner = author.members(shape, 0, frozenset())
                if kind == "query":
                    wrapper = shape.serialization["resultWrapper"]
                    inner = f"<{wrapper}>{inner}</{wrapper}><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
                if kind == "ec2":
                    inner = "<requestId>r</requestId>" + inner
                body = f"<{operation}Response xmlns='urn:x'>{inner}</{operation}Response>"
            if not body.startswith("{"):
                body = "<?xml version='1.0' encoding='UTF-8'?>\n" + body
            parser = botocore.parsers.create_parser(kind)
            read = parser.parse({"status_code": 200, "headers": {}, "body": body.encode()}, shape)
            if operation == "GetBucketLocation":
                read = {"LocationConstraint": "eu-west-1"}
            rows.append({"service": service, "operation": operation, "body": body, "read": plain(read)})
    return rows


def lines(rows):
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows) + "\n]\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare with the committed files")
    options = parser.parse_args()
    wanted = {"endpoints.tsv": endpoints(), "requests.json": lines(requests()), "answers.json": lines(answers())}
    if options.check:
        stale = [name for name, text in wanted.items() if not (BED / name).exists() or (BED / name).read_text() != text]
        if stale:
            sys.exit(f"{BED}: stale or missing: {', '.join(stale)}; run {pathlib.Path(__file__).name}")
        return
    BED.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (BED / name).write_text(text)


if __name__ == "__main__":
    main()
