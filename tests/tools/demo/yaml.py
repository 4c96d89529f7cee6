"""YAML as kubectl prints it: keys sorted, lists not indented, texts quoted where they could be something else."""
import re

PLAIN = re.compile(r"^[A-Za-z/_.][A-Za-z0-9 /_.,=+@()*$-]*(:[A-Za-z0-9/_.@*-]+)*$")
OTHER = re.compile(r"^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan|[-+.0-9][-+.0-9_eE:xobTZ]*)$", re.IGNORECASE)


def scalar(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if PLAIN.match(value) and not OTHER.match(value) and value == value.strip():
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def lines(value, indent):
    pad = " " * indent
    if isinstance(value, dict):
        for key in sorted(value):
            yield from entry(f"{pad}{scalar(key)}:", value[key], indent)
    else:
        for item in value:
            if isinstance(item, (dict, list)) and item:
                inner = list(lines(item, indent + 2))
                yield f"{pad}- {inner[0][indent + 2:]}"
                yield from inner[1:]
            else:
                yield f"{pad}- {empty(item)}"


def entry(head, value, indent):
    if isinstance(value, dict) and value:
        yield head
        yield from lines(value, indent + 2)
    elif isinstance(value, list) and value:
        yield head
        yield from lines(value, indent)
    elif isinstance(value, str) and value.endswith("\n"):
        yield f"{head} |"
        for line in value[:-1].split("\n"):
            yield " " * (indent + 2) + line if line else ""
    else:
        yield f"{head} {empty(value)}"


def empty(value):
    return "{}" if value == {} else "[]" if value == [] else scalar(value)


def dump_list(items):
    head = {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}
    return "\n".join(lines(head, 0)) + "\n"
