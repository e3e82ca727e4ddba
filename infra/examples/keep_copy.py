"""Keeps a copy of Bigin's records in SQLite, from the files that the event `Bigin Changes Ready` tells of.

    pip install boto3
    python keep_copy.py QUEUE_URL copy.sqlite

The queue is that of changes-to-queue.yaml. `record` is null for a record that is gone.
"""

import gzip
import json
import sqlite3
import sys

TABLE = """CREATE TABLE IF NOT EXISTS records (
    module TEXT, record_id TEXT, changed_at TEXT, is_delete INTEGER, seen_at TEXT, record TEXT, PRIMARY KEY (module, record_id))"""

# The line with the greatest changed_at counts, a delete behind an upsert, then what was seen later. Instants are UTC in one
# form each, so their texts compare as they do.
TAKE = """INSERT INTO records VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    changed_at = excluded.changed_at, is_delete = excluded.is_delete, seen_at = excluded.seen_at, record = excluded.record
    WHERE (changed_at, is_delete, seen_at) < (excluded.changed_at, excluded.is_delete, excluded.seen_at)"""


def catch_up(copy: sqlite3.Connection, s3, detail: dict) -> None:
    """Takes over what one event tells of. Doing so twice, or in another order, makes no difference."""
    copy.execute(TABLE)

    def read(key: str) -> bytes:
        return s3.get_object(Bucket=detail["bucket"], Key=key)["Body"].read()

    for part in json.loads(read(detail["manifest_key"]))["files"]:
        for line in map(json.loads, gzip.decompress(read(part["key"])).splitlines()):
            record = json.dumps(line["record"], ensure_ascii=False)
            is_delete = line["op"] == "delete"
            copy.execute(TAKE, (line["module"], line["record_id"], line["changed_at"], is_delete, line["seen_at"], record))
    copy.commit()


def main(queue: str, path: str) -> None:
    """Takes events from the queue, for ever."""
    import boto3

    copy, s3, sqs = sqlite3.connect(path), boto3.client("s3"), boto3.client("sqs")
    while True:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            catch_up(copy, s3, detail)
            # Only now: a copy that could not be written gets the event again.
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            print(f"{detail['module']}: {detail['counts']}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
