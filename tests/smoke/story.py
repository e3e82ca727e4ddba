"""Runs the story against a deployed stack and the real Bigin: one marked contact is written, changed, and deleted again.

Nothing is written before the organisation's id has been typed. Whatever happens then, the contact and the files are removed at
the end, or it is said what is left. Delivery is neither paused nor revoked, since the stack may be in use.
"""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from local.processes import Failed, wait_until

_ENDED = {"planned", "complete", "partial", "refused", "stopped", "failed", "duplicate"}
# A queue's batching window, an import's turn, a cold start: all of it, generously.
_PATIENCE_S = 300


def tell() -> None:
    """The whole story; fails where something is not as it should be."""
    stack = os.environ.get("STACK_NAME")
    if not stack:
        raise Failed("say which stack: make smoke-aws STACK_NAME=... AWS_REGION=... (credentials as the AWS CLI finds them)")
    smoke = Smoke(stack)
    organisation = smoke.authorization(os.environ.get("SELF_CLIENT"))
    smoke.confirm(organisation, os.environ.get("CONFIRM"))
    try:
        smoke.write()
    finally:
        smoke.clean_up()
    print(f"\nThe story is true of {stack}: authorized, planned, inserted, updated by file and by message, refreshed, deleted.")


class Smoke:
    """One run, under a mark of its own."""

    def __init__(self, stack: str) -> None:
        import boto3

        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
        self._aws: Callable[[str], object] = session.client
        described = self._aws("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        self._outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        self._mark = f"bigin-relay-smoke-{uuid.uuid4().hex[:8]}"
        # example.com is nobody's (RFC 2606): a workflow that mails to it reaches no one.
        self._email = f"{self._mark}@example.com"
        self._keys: list[str] = []

    def authorization(self, self_client: str | None) -> dict:
        """Whose authorization is in force; a self client file, where one is given, is handed to authorize first."""
        if self_client:
            answer = self._invoke("AuthorizeFunction", json.loads(Path(self_client).read_text()))
            say(f"authorized for {answer['org_name']}, scopes missing: {answer['scopes']['missing'] or 'none'}")
        status = self._invoke("RevokeFunction", {"action": "status"})
        authorization = status["authorization"]
        check(
            authorization["state"] == "active",
            f"the authorization is {authorization['state']}: give a fresh self client file with SELF_CLIENT=self_client.json",
        )
        check(not status["paused"], f"delivery is paused: {status['paused']}")
        check(not status["problems"], f"status has problems: {status['problems']}")
        return authorization

    def confirm(self, organisation: dict, given: str | None) -> None:
        """Nothing is written before somebody has typed whose data it will be."""
        org_id = organisation["org_id"]
        print(
            f"\nThis writes ONE contact, {self._email}, into the Bigin organisation {organisation['org_name']} ({org_id}), changes\n"
            f"it, and deletes it again (it stays in Bigin's recycle bin); and it puts two files into {self._outputs['DataBucket']}.\n"
            "No workflow is started. It costs a few dozen API credits."
        )
        if given is None and sys.stdin.isatty():
            given = input(f"Type the organisation's id to go on ({org_id}): ").strip()
        check(given == org_id, "not confirmed: nothing was written")

    def write(self) -> None:
        """The story itself."""
        rows = f"First Name,Last Name,Email\nSmoke,{self._mark},{self._email}\n"
        self._check_plan(self._put("check", rows))
        report = self._message({"operation": "insert", "record": {"Last_Name": self._mark, "Email": self._email}})
        check((report["read"], report["inserted"]) == (1, 1), f"the message was not inserted: {report}")
        say("a message handed to push was inserted")
        report = self._report(self._put("inbox", rows))
        check((report["status"], report["updated"] + report["unchanged"]) == ("complete", 1), f"the file did not update it: {report}")
        say("a file in the inbox found it by its e-mail address and updated it")
        self._by_queue()
        refreshed = self._invoke("RefreshFunction", {})
        check(refreshed["status"] in ("fresh", "refreshed"), f"refresh: {refreshed}")
        say(f"refresh: {refreshed['status']}, the token is good until {refreshed['expires_at']}")
        planned = self._invoke("RevokeFunction", {"action": "revoke", "dry_run": True})
        check(planned["status"] == "planned", f"revoke's dry run: {planned}")
        say("a revoke was planned, and not done")

    def clean_up(self) -> None:
        """Deletes the contact and the files with all their versions; says what could not be."""
        left = []
        try:
            report = self._message({"operation": "delete", "match_on": ["Email"], "record": {"Email": self._email}})
            if report["deleted"] + report["unchanged"] != 1:
                left.append(f"the contact {self._email} in Bigin: {report}")
        except Exception as error:
            left.append(f"the contact {self._email} in Bigin ({error})")
        for key in self._keys:
            try:
                self._delete(key)
            except Exception as error:
                left.append(f"{key} in the bucket ({error})")
        if left:
            raise Failed("LEFT BEHIND, remove by hand: " + "; ".join(left))
        say("the contact and the files are deleted (reports and outcomes stay, as of any import)")

    def _check_plan(self, key: str) -> None:
        report = self._report(key)
        check(report["status"] == "planned", f"the dry run: {report}")
        say("a dry run planned one row and sent nothing")

    def _by_queue(self) -> None:
        body = {"module": "Contacts", "record": {"Last_Name": f"{self._mark} by queue", "Email": self._email}}
        self._aws("sqs").send_message(QueueUrl=self._outputs["RecordsQueueUrl"], MessageBody=json.dumps(body))

        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def is_drained() -> bool:
            ask = self._aws("sqs").get_queue_attributes(QueueUrl=self._outputs["RecordsQueueUrl"], AttributeNames=names)
            return all(number == "0" for number in ask["Attributes"].values())

        wait_until("the message to be taken from the queue", _PATIENCE_S, is_drained, pause=3)
        say("a message on the queue was taken and settled")

    def _message(self, message: dict) -> dict:
        return self._invoke("PushFunction", {"module": "Contacts", "trigger": [], **message})

    def _put(self, area: str, rows: str) -> str:
        key = f"{area}/Contacts/{self._mark}.csv"
        self._keys.append(key)
        self._aws("s3").put_object(Bucket=self._outputs["DataBucket"], Key=key, Body=rows.encode())
        return key

    def _report(self, key: str) -> dict:
        def look() -> dict | None:
            s3, bucket = self._aws("s3"), self._outputs["DataBucket"]
            day = time.strftime("%Y-%m-%d", time.gmtime())
            for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"reports/Contacts/{day}/{self._mark}").get("Contents", []):
                report = json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
                if report["source"] == key and report["status"] in _ENDED:
                    return report
            return None

        return wait_until(f"the report of {key}", _PATIENCE_S, look, pause=2)

    def _delete(self, key: str) -> None:
        s3, bucket = self._aws("s3"), self._outputs["DataBucket"]
        listed = s3.list_object_versions(Bucket=bucket, Prefix=key)
        for version in (*listed.get("Versions", []), *listed.get("DeleteMarkers", [])):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])

    def _invoke(self, output: str, payload: dict) -> dict:
        answer = self._aws("lambda").invoke(FunctionName=self._outputs[output], Payload=json.dumps(payload).encode())
        body = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise Failed(f"{self._outputs[output]}: {body.get('errorType')}: {body.get('errorMessage')}")
        return body


def say(text: str) -> None:
    """One line of progress."""
    print(f"  {time.strftime('%H:%M:%S')}  {text}", flush=True)


def check(holds: bool, otherwise: str) -> None:
    """Fails where the story is not true."""
    if not holds:
        raise Failed(otherwise)
