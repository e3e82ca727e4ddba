"""The deployed stack as its users see it: operators invoke functions, systems put files and send messages."""

from __future__ import annotations

import csv
import datetime
import functools
import gzip
import io
import json
import uuid

from .console import Console
from .processes import wait_until
from .stack import client

# A report with one of these is not rewritten any more.
ENDED = {"planned", "complete", "partial", "refused", "stopped", "failed", "duplicate"}


class FunctionFailed(Exception):
    """A function answered with an error; the payload says which."""

    def __init__(self, function: str, payload: dict) -> None:
        super().__init__(f"{function}: {json.dumps(payload)}")
        self.kind = payload.get("errorType", "")
        self.message = payload.get("errorMessage", "")


class Relay:
    """What one can do with the deployed stack from outside. `names` is what `make up` writes into target/local/env."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self.console = Console(names["SANDBOX_URL"])
        self.bucket = names["DATA_BUCKET"]
        self.queue = names["RECORDS_QUEUE_URL"]
        # Addresses in messages that a pause met on their way: SQS shows such a message again when its time is over.
        self.held_back: set[str] = set()

    @functools.cache  # noqa: B019 (one relay a session)
    def aws(self, service: str) -> object:
        """A boto3 client, as the stack's administrator."""
        return client(self.names["AWS_ENDPOINT_URL"], service)

    # ---- functions

    def invoke(self, function: str, payload: dict) -> dict:
        """Invokes a function and waits for the answer."""
        answer = self.aws("lambda").invoke(FunctionName=self.names[f"{function.upper()}_FUNCTION"], Payload=json.dumps(payload).encode())
        body = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise FunctionFailed(function, body)
        return body

    def authorize(self, client_id: str, **more: object) -> dict:
        """A new one-time code in the console, and the downloaded file handed to authorize."""
        return self.invoke("authorize", self.console.new_code(client_id) | more)

    def status(self) -> dict:
        """What revoke's status action says."""
        return self.invoke("revoke", {"action": "status"})

    def revoke(self, **more: object) -> dict:
        """Cuts the access off."""
        return self.invoke("revoke", {"action": "revoke"} | more)

    def forget_mints(self) -> None:
        """A test's hand: the budget of six mints in ten minutes begins anew, as if ten minutes had passed."""
        self.aws("dynamodb").delete_item(TableName=self.names["STATE_TABLE"], Key={"pk": {"S": "relay"}, "sk": {"S": "mints"}})

    def secret(self, name: str, stage: str = "AWSCURRENT") -> dict:
        """What `SELF_CLIENT_SECRET` or `ACCESS_TOKEN_SECRET` holds under a label."""
        value = self.aws("secretsmanager").get_secret_value(SecretId=self.names[name], VersionStage=stage)
        return json.loads(value["SecretString"])

    def token_version(self) -> str:
        """The version of the access token that is current."""
        return self.aws("secretsmanager").get_secret_value(SecretId=self.names["ACCESS_TOKEN_SECRET"])["VersionId"]

    def let_token_run_out(self, minutes: int = 30) -> str:
        """A test's hand: the access token now has no more than so many minutes to live, as if an hour had nearly passed."""
        document = self.secret("ACCESS_TOKEN_SECRET")
        document["expires_at"] = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)).isoformat()
        manager = self.aws("secretsmanager")
        return manager.put_secret_value(SecretId=self.names["ACCESS_TOKEN_SECRET"], SecretString=json.dumps(document))["VersionId"]

    # ---- files

    def put(self, key: str, body: str | bytes) -> str:
        """Puts an object into the data bucket; answers its version."""
        data = body.encode() if isinstance(body, str) else body
        return self.aws("s3").put_object(Bucket=self.bucket, Key=key, Body=data)["VersionId"]

    def text(self, key: str) -> str:
        """An object's text, unpacked if it is gzipped."""
        data = self.aws("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return (gzip.decompress(data) if key.endswith(".gz") else data).decode("utf-8-sig")

    def rows(self, key: str, delimiter: str = ",") -> list[dict[str, str]]:
        """The rows of a CSV object."""
        return list(csv.DictReader(io.StringIO(self.text(key), newline=""), delimiter=delimiter))

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin so."""
        pages = self.aws("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def reports(self, source: str) -> list[dict]:
        """The reports of a file, oldest first."""
        found = [
            json.loads(self.text(key)) for key in self.keys("reports/") if key.endswith(".json") and not key.startswith("reports/_queue/")
        ]
        return sorted((report for report in found if report["source"] == source), key=lambda report: report["started_at"])

    def report(self, source: str, *, seconds: float = 60, version: str | None = None, status: str | None = None) -> dict:
        """Waits for the report of a file (of that version) to be final, or to have the status asked for."""
        wanted = {status} if status else ENDED
        last: list[dict] = []

        def look() -> dict | None:
            last[:] = [each for each in self.reports(source) if version is None or each["source_version"] == version]
            return next((each for each in reversed(last) if each["status"] in wanted), None)

        try:
            return wait_until(f"report of {source}", seconds, look)
        except Exception as error:
            raise AssertionError(f"{error}; reports so far: {json.dumps(last)[:2000]}; {self.executions()}") from error

    def executions(self, status: str | None = None) -> list[str]:
        """The import executions as `name status`, or only those of a status."""
        more = {"statusFilter": status} if status else {}
        found = self.aws("stepfunctions").list_executions(stateMachineArn=self.names["IMPORT_STATE_MACHINE"], **more)["executions"]
        return [f"{each['name']} {each['status']}" for each in found]

    # ---- messages

    def send(self, *messages: dict | str) -> list[str]:
        """Sends messages to RecordsQueue; answers their ids."""
        ids = []
        for start in range(0, len(messages), 10):
            entries = [
                {"Id": str(number), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
                for number, body in enumerate(messages[start : start + 10])
            ]
            answer = self.aws("sqs").send_message_batch(QueueUrl=self.queue, Entries=entries)
            assert not answer.get("Failed"), answer["Failed"]
            ids += [sent["MessageId"] for sent in sorted(answer["Successful"], key=lambda sent: int(sent["Id"]))]
        return ids

    def depth(self, queue: str = "RECORDS_QUEUE_URL") -> int:
        """Messages on a queue, waiting or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        values = self.aws("sqs").get_queue_attributes(QueueUrl=self.names[queue], AttributeNames=names)["Attributes"]
        return sum(int(values[name]) for name in names)

    def drained(self, seconds: float = 60) -> None:
        """Waits until RecordsQueue is empty, nothing in flight, but for what a pause has held back."""
        wait_until("RecordsQueue drained", seconds, lambda: self.depth() <= len(self.held_back - self.contacts().keys()))

    # ---- what Bigin holds

    def contacts(self) -> dict[str, dict]:
        """The contacts in Bigin by lower-case e-mail address."""
        return {record["Email"].lower(): record for record in self.console.records("Contacts") if record.get("Email")}

    def arrived(self, *emails: str, seconds: float = 60) -> dict[str, dict]:
        """Waits until contacts with these addresses are in Bigin."""
        wanted = {email.lower() for email in emails}

        def look() -> dict[str, dict] | None:
            held = self.contacts()
            return held if wanted <= held.keys() else None

        return wait_until(f"{len(wanted)} contacts in Bigin", seconds, look)


def unique(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{uuid.uuid4().hex[:8]}"
