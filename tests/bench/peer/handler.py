"""The peer: what a careful engineer writes today to push a CSV file from S3 into Bigin.

A Lambda handler with boto3, requests and orjson: clients made at init, the object streamed, batches of 100 records upserted by a pool
of threads over one session with kept connections and retries, each record's outcome looked at, the rejected rows written back to S3.
It knows nothing of field metadata, order, checkpoints, pauses or files larger than one invocation can push.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import logging
import os
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import boto3
import orjson
import requests
from botocore.config import Config
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

log = logging.getLogger()
log.setLevel(logging.INFO)

BATCH = 100
WIDTH = int(os.environ.get("WIDTH", "5"))
TIMEOUT = (5, 30)
MODULE = "Contacts"
MATCH_ON = ["Email"]
COLUMNS: dict[str, str] = json.loads(os.environ["COLUMNS"])
CONVERT: dict[str, Callable[[str], object]] = {"Loyalty_Points": int}
SECRET = os.environ["ACCESS_TOKEN_SECRET"]

config = Config(retries={"mode": "standard", "max_attempts": 4})
s3 = boto3.client("s3", config=config)
secrets = boto3.client("secretsmanager", config=config)

session = requests.Session()
# Neither a .netrc nor proxy variables have to be looked for before every call.
session.trust_env = False
retries = Retry(
    total=5, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, respect_retry_after_header=True
)
for scheme in ("https://", "http://"):
    session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=WIDTH, max_retries=retries))

Row = list[str]


class Bigin:
    """Where records go."""

    def __init__(self) -> None:
        token = json.loads(secrets.get_secret_value(SecretId=SECRET)["SecretString"])
        self.url = f"{token['api_domain']}/bigin/v2/{MODULE}/upsert"
        self.headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}", "Content-Type": "application/json"}

    def upsert(self, records: list[dict[str, object]]) -> list[dict]:
        body = orjson.dumps({"data": records, "duplicate_check_fields": MATCH_ON, "trigger": []})
        answer = session.post(self.url, data=body, headers=self.headers, timeout=TIMEOUT)
        if answer.status_code not in (200, 201, 202, 207, 400):
            answer.raise_for_status()
        results = orjson.loads(answer.content)["data"]
        if len(results) != len(records):
            raise ValueError(f"{len(results)} results for {len(records)} records")
        return results


class Body(io.RawIOBase):
    """The streamed object as a file that can be buffered."""

    def __init__(self, body: object) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        chunk = self._body.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def rows(bucket: str, key: str) -> Iterator[Row]:
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    text = io.TextIOWrapper(io.BufferedReader(Body(body), 1 << 20), encoding="utf-8-sig", newline="")
    return filter(None, csv.reader(text))


class Mapper:
    """Which cell of a row becomes which field."""

    def __init__(self, header: Row) -> None:
        unknown = [column for column in header if column not in COLUMNS]
        if unknown:
            raise ValueError(f"unknown columns: {', '.join(unknown)}")
        self.fields = [(COLUMNS[column], CONVERT.get(COLUMNS[column])) for column in header]

    def record(self, row: Row) -> dict[str, object]:
        made: dict[str, object] = {}
        for (field, convert), cell in zip(self.fields, row, strict=True):
            value = cell.strip()
            if value:
                made[field] = convert(value) if convert else value
        return made


def push(bucket: str, key: str) -> dict[str, int]:
    bigin, counts = Bigin(), {"read": 0, "inserted": 0, "updated": 0, "rejected": 0}
    source = rows(bucket, key)
    header = next(source)
    mapper, rejects = Mapper(header), []

    def settle(batch: list[Row], done: Future[list[dict]]) -> None:
        for row, result in zip(batch, done.result(), strict=True):
            if result.get("status") == "success":
                counts["updated" if result.get("action") == "update" else "inserted"] += 1
            else:
                counts["rejected"] += 1
                rejects.append([*row, result.get("code"), result.get("message")])

    with ThreadPoolExecutor(WIDTH) as pool:
        in_flight: deque[tuple[list[Row], Future[list[dict]]]] = deque()
        while batch := list(itertools.islice(source, BATCH)):
            counts["read"] += len(batch)
            in_flight.append((batch, pool.submit(bigin.upsert, [mapper.record(row) for row in batch])))
            if len(in_flight) > 2 * WIDTH:
                settle(*in_flight.popleft())
        while in_flight:
            settle(*in_flight.popleft())
    if rejects:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([[*header, "_code", "_message"], *rejects])
        s3.put_object(Bucket=bucket, Key=f"rejects/{key}", Body=text.getvalue().encode())
    return counts


def handle(event: dict, _context: object) -> dict[str, int]:
    total = {"read": 0, "inserted": 0, "updated": 0, "rejected": 0}
    for each in event["Records"]:
        bucket, key = each["s3"]["bucket"]["name"], urllib.parse.unquote_plus(each["s3"]["object"]["key"])
        counts = push(bucket, key)
        log.info("%s: %s", key, counts)
        total = {name: total[name] + counts[name] for name in total}
    return total
