#!/usr/bin/env python3
"""Makes src/catalog/aws/models/*.json: protocol, request, answer and paging of every operation that spm calls.

The facts come from the service models of botocore (Apache-2.0), reduced to what kinds.yaml names and without any prose.
Run it in an environment with the botocore of tests/bed/aws/requirements.txt; `--check` only compares.

One file per service:
  protocol    json, query, ec2, rest-json or rest-xml
  endpoint    prefix of the host name; `signing`: name in the signature, if another
  lacks       regions where the vendor's list of endpoints, which knows them, has none of the service
  version, target, json    API version; prefix of X-Amz-Target and content type version of the json protocol
  operations  method and path, input and output shape, `wrapper` of the answer (query), `paging`: [parameter, path of the token]
  shapes      structures, lists and maps by name; scalars stand where they are used as string, boolean, integer, float,
              timestamp or blob
  A member is its type, or {type, name (on the wire), in (uri, querystring, header, ...), flat}.
"""

import argparse
import gzip
import json
import pathlib
import sys

import botocore
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
AWS = ROOT / "src/catalog/aws"
# Called by the program itself, for no kind.
ALWAYS = [
    "ec2 DescribeRegions",
    "iam GenerateCredentialReport",
    "iam GetRole",
    "iam SimulatePrincipalPolicy",
    "organizations ListAccounts",
    "sts AssumeRole",
    "sts GetCallerIdentity",
]
FOLDERS = {"states": "stepfunctions"}
PARTITIONS = ["aws", "aws-cn", "aws-us-gov"]
# The list does not know all of their endpoints, but every region has them.
EVERYWHERE = {"s3", "s3control", "sts"}
SCALARS = {
    "string": "string", "character": "string", "boolean": "boolean", "integer": "integer", "long": "integer",
    "short": "integer", "byte": "integer", "bigInteger": "integer", "float": "float", "double": "float",
    "bigDecimal": "float", "timestamp": "timestamp", "blob": "blob",
}


def calls():
    found = set(ALWAYS)
    for row in yaml.safe_load((AWS / "kinds.yaml").read_text()).values():
        if "list" in row:
            found.add(row["list"])
        found.update(ask["call"] for ask in [*row.get("lists", []), *row.get("ask", []), row.get("locate")] if ask)
    services = {}
    for call in sorted(found):
        service, operation = call.split()
        services.setdefault(service, []).append(operation)
    return services


def load(service, name):
    folder = pathlib.Path(botocore.__file__).parent / "data" / FOLDERS.get(service, service)
    newest = sorted(path for path in folder.iterdir() if path.is_dir())[-1]
    for path in (newest / f"{name}.json", newest / f"{name}.json.gz"):
        if path.exists():
            return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_text())
    return {}


class Model:
    def __init__(self, service):
        self.raw = load(service, "service-2")
        self.paginators = load(service, "paginators-1").get("pagination", {})
        self.shapes = {}

    def type(self, name):
        """The type of a shape; structures, lists and maps are noted under their name."""
        shape = self.raw["shapes"][name]
        kind = shape["type"]
        if kind in SCALARS:
            return SCALARS[kind]
        if shape.get("document"):
            return "any"
        reference = "#" + name
        if name not in self.shapes:
            self.shapes[name] = {}
            self.shapes[name] = self.describe(shape, kind)
        return reference

    def describe(self, shape, kind):
        if kind == "list":
            described = {"list": self.member(shape["member"], shape)}
            if shape.get("flattened"):
                described["flat"] = True
            return described
        if kind == "map":
            described = {"map": self.member(shape["value"], shape)}
            names = [shape["key"].get("locationName", "key"), shape["value"].get("locationName", "value")]
            if names != ["key", "value"]:
                described["names"] = names
            if shape.get("flattened"):
                described["flat"] = True
            return described
        described = {"members": {name: self.member(member, shape) for name, member in shape["members"].items()}}
        if "payload" in shape:
            described["payload"] = shape["payload"]
        return described

    def member(self, member, _):
        described = {"type": self.type(member["shape"])}
        # Seldom it is the type that has another name, wherever it is a member.
        name = member.get("queryName") or member.get("locationName") or self.raw["shapes"][member["shape"]].get("locationName")
        if name:
            described["name"] = name
        if member.get("queryName") and member.get("locationName") and member["locationName"] != member["queryName"]:
            described["name"] = member["locationName"]
            described["query"] = member["queryName"]
        if "location" in member:
            described["in"] = member["location"]
        if member.get("flattened"):
            described["flat"] = True
        return described["type"] if len(described) == 1 else described

    def operation(self, name):
        raw = self.raw["operations"][name]
        described = {"http": [raw["http"]["method"], raw["http"]["requestUri"]]}
        if "input" in raw:
            described["input"] = self.type(raw["input"]["shape"])
        if "output" in raw:
            described["output"] = self.type(raw["output"]["shape"])
            if "resultWrapper" in raw["output"]:
                described["wrapper"] = raw["output"]["resultWrapper"]
        if raw.get("endpoint", {}).get("hostPrefix"):
            described["host"] = raw["endpoint"]["hostPrefix"]
        paging = self.paginators.get(name)
        if paging and "input_token" in paging:
            first = lambda value: value[0] if isinstance(value, list) else value  # noqa: E731
            token = first(paging["output_token"]).split("||")[0].strip()
            described["paging"] = [first(paging["input_token"]), token]
        else:
            described.update(self.guess_paging(raw))
        return described

    def guess_paging(self, raw):
        """Paging that has no paginator in botocore: a token of the same name on both sides."""
        members = [self.raw["shapes"][raw[side]["shape"]]["members"] if side in raw else {} for side in ("input", "output")]
        for given, answered in (("NextToken",) * 2, ("nextToken",) * 2, ("Marker",) * 2, ("NextMarker",) * 2, ("Marker", "NextMarker")):
            if given in members[0] and answered in members[1]:
                return {"paging": [given, answered]}
        return {}


def protocol(metadata):
    known = ("json", "query", "ec2", "rest-json", "rest-xml")
    return next(p for p in [metadata["protocol"], *metadata.get("protocols", [])] if p in known)


def lacks(service, endpoint):
    """Regions that botocore's list of endpoints knows, and knows no endpoint of the service in."""
    listed = json.loads((pathlib.Path(botocore.__file__).parent / "data/endpoints.json").read_text())["partitions"]
    listed = [partition for partition in listed if partition["partition"] in PARTITIONS]
    entries = [partition["services"].get(endpoint) for partition in listed]
    # Of what nothing is known nothing is said, and services without regions are in none.
    if service in EVERYWHERE or not any(entries) or any("partitionEndpoint" in entry for entry in entries if entry):
        return []
    missing = (set(partition["regions"]) - set((entry or {}).get("endpoints", ())) for partition, entry in zip(listed, entries))
    return sorted(set().union(*missing))


def service_text(service, operations):
    model = Model(service)
    metadata = model.raw["metadata"]
    described = {name: model.operation(name) for name in operations}
    head = {
        "protocol": protocol(metadata),
        "endpoint": metadata["endpointPrefix"],
        "version": metadata["apiVersion"],
    }
    if metadata.get("signingName", metadata["endpointPrefix"]) != metadata["endpointPrefix"]:
        head["signing"] = metadata["signingName"]
    if missing := lacks(service, head["endpoint"]):
        head["lacks"] = missing
    if head["protocol"] == "json":
        head["target"] = metadata["targetPrefix"]
        head["json"] = metadata.get("jsonVersion", "1.0")
    compact = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=True)  # noqa: E731
    block = lambda entries: "{\n" + ",\n".join(f"{json.dumps(k)}:{compact(v)}" for k, v in entries) + "\n}"  # noqa: E731
    lines = [f"{json.dumps(key)}:{compact(value)}" for key, value in head.items()]
    lines.append('"operations":' + block(sorted(described.items())))
    lines.append('"shapes":' + block(sorted(model.shapes.items())))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare with the committed files")
    options = parser.parse_args()
    folder = AWS / "models"
    wanted = {f"{service}.json": service_text(service, operations) for service, operations in calls().items()}
    present = {path.name: path.read_text() for path in folder.glob("*.json")} if folder.exists() else {}
    if options.check:
        stale = sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))
        if stale:
            sys.exit(f"{folder}: stale or missing: {', '.join(stale)}; run {pathlib.Path(__file__).name}")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
