"""Stands for the AWS CLI where the runbook's commands are run: the part of it that they use, over boto3.

Operations and their parameters are taken from AWS's own descriptions, as the CLI does, so a command that is misspelt, or gives
a parameter that there is none of, fails here as it would there. It is not the CLI: what that prints beside an answer is not
imitated. Run as `python aws.py SERVICE OPERATION --parameter value ...`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import sys
import time
from pathlib import Path

import boto3
import jmespath
from botocore import xform_name
from botocore.config import Config

_GLOBAL = {"--query", "--output", "--cli-binary-format"}


def main(words: list[str]) -> None:
    """Runs one command and prints its answer."""
    service, operation, *rest = words
    match service, operation:
        case "s3", "cp":
            _copy(*rest)
        case "s3", "ls":
            _list(rest)
        case "logs", "tail":
            _tail(rest)
        case "dynamodb", "wait":
            client("dynamodb").get_waiter(rest[0].replace("-", "_")).wait(TableName=rest[rest.index("--table-name") + 1])
        case _:
            _call(service, operation, rest)


def client(service: str) -> object:
    """A client of whatever AWS the environment names."""
    return boto3.client(service, config=Config(read_timeout=300, retries={"max_attempts": 1}, s3={"addressing_style": "path"}))


def _call(service: str, operation: str, words: list[str]) -> None:
    api = client("s3" if service == "s3api" else service)
    method = operation.replace("-", "_")
    model = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[method])
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    arguments, flags, loose = {}, {}, []
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            loose.append(word)
            continue
        values = []
        while words and not words[0].startswith("--") and (not values or _takes_many(word, members)):
            values.append(words.pop(0))
        if word in _GLOBAL:
            flags[word] = values[0]
        else:
            name, shape = members[word.removeprefix("--")]
            arguments[name] = _value(shape, values)
    if api.can_paginate(method):
        answer = api.get_paginator(method).paginate(**arguments).build_full_result()
    else:
        answer = getattr(api, method)(**arguments)
        answer.pop("ResponseMetadata", None)
    if method == "invoke":
        with Path(loose.pop(0)).open("wb") as file:
            file.write(answer.pop("Payload").read())
    elif "Body" in answer:
        Path(loose.pop(0)).write_bytes(answer.pop("Body").read())
    if loose:
        raise SystemExit(f"Unknown options: {' '.join(loose)}")
    _print(answer, flags)


def _takes_many(word: str, members: dict) -> bool:
    return word.removeprefix("--") in members and members[word.removeprefix("--")][1].type_name == "list"


def _value(shape: object, values: list[str]) -> object:
    text = values[0] if values else "true"
    if text.startswith("file://"):
        text = Path(text.removeprefix("file://")).read_text()
    match shape.type_name:
        case "list":
            return values
        case "integer" | "long":
            return int(text)
        case "boolean":
            return text == "true"
        case "map":
            return json.loads(text)
        case "structure":
            pairs = (pair.split("=", 1) for pair in text.split(","))
            return {name: _value(shape.members[name], [value]) for name, value in pairs}
        case "timestamp" | "string":
            return text
        case "blob":
            return text.encode()
        case other:
            raise SystemExit(f"a parameter of type {other} is not imitated")


def _print(answer: object, flags: dict[str, str]) -> None:
    if query := flags.get("--query"):
        answer = jmespath.search(query, answer)
    if flags.get("--output") == "text":
        print("\t".join(map(str, answer)) if isinstance(answer, list) else answer)
    elif answer not in ({}, None):
        print(
            json.dumps(answer, indent=4, default=lambda value: base64.b64encode(value).decode() if isinstance(value, bytes) else str(value))
        )


def _copy(source: str, target: str) -> None:
    s3 = client("s3")
    if target.startswith("s3://"):
        bucket, _, key = target.removeprefix("s3://").partition("/")
        s3.upload_file(source, bucket, key + Path(source).name if not key or key.endswith("/") else key)
    else:
        bucket, _, key = source.removeprefix("s3://").partition("/")
        s3.download_file(bucket, key, target)


def _list(words: list[str]) -> None:
    bucket, _, prefix = next(word for word in words if word.startswith("s3://")).removeprefix("s3://").partition("/")
    for page in client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            print(f"{item['LastModified']:%Y-%m-%d %H:%M:%S} {item['Size']:>10} {item['Key']}")


def _tail(words: list[str]) -> None:
    group, since = words[0], re.fullmatch(r"(\d+)([mhd])", words[words.index("--since") + 1])
    seconds = int(since[1]) * {"m": 60, "h": 3600, "d": 86_400}[since[2]]
    pages = client("logs").get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int((time.time() - seconds) * 1000))
    for page in pages:
        for event in page["events"]:
            print(event["message"].rstrip())


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(sys.argv[1:])
