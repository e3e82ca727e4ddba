"""The runbook, followed step by step with its own commands, and the sample events, each of them sent."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from local.places import ROOT
from local.processes import wait_until
from local.relay import FunctionFailed, Relay, unique
from local.stack import QUICK
from runbook.book import Runbook

EVENTS = ROOT / "infra" / "events"


@pytest.fixture
def book(relay: Relay, authorized: dict, tmp_path: Path) -> Runbook:
    """The runbook, for the suite's stack."""
    aws = {name: value for name, value in relay.names.items() if name.startswith("AWS_")}
    return Runbook(tmp_path, aws | {"HOME": os.environ.get("HOME", "/"), "AWS_EC2_METADATA_DISABLED": "true"}, relay.names["STACK_NAME"])


def first_json(printed: str) -> dict:
    """The first JSON object of what was printed: an answer comes before what the CLI says of the call."""
    return json.JSONDecoder().raw_decode(printed[printed.index("{") :])[0]


def authorize(book: Runbook, relay: Relay, client_id: str, folder: Path) -> dict:
    """The entry *Authorize*, from the downloaded file on."""
    (folder / "self_client.json").write_text(json.dumps(relay.console.new_code(client_id)))
    book.run(*book.blocks("Authorize"))
    answer = json.loads((folder / "answer.json").read_text())
    assert not (folder / "self_client.json").exists(), "the file with the client secret is to be removed"
    return answer


def test_every_command_of_the_runbook_is_one_that_the_cli_knows(book: Runbook) -> None:
    import boto3

    words = {
        f"{first} {second}"
        for entry in book.entries
        for text in (*book.blocks(entry), *book.commands(entry))
        for first, second in invoked(text)
    }
    assert len(words) > 15, words
    for word in words - {"s3 ls", "s3 cp", "logs tail", "dynamodb wait"}:
        service, operation = word.split()
        known = boto3.client("s3" if service == "s3api" else service, region_name="us-east-1").meta.method_to_api_mapping
        assert operation.replace("-", "_") in known, word


def invoked(text: str) -> list[tuple[str, str]]:
    """Service and operation of each call in a text."""
    words = text.replace("$(", " ").replace('"', " ").split()
    return [(words[at + 1], words[at + 2].strip("`)")) for at, word in enumerate(words[:-2]) if word == "aws"]


def test_how_it_stands(book: Runbook) -> None:
    status = first_json(book.run(*book.blocks("How it stands")))
    for part in ("authorization", "token", "paused", "intake_open", "held_modules", "credits", "mints", "queues", "reports", "problems"):
        assert f"| `{part}` |" in book.entries["How it stands"]
        assert part in status
    assert set(status) <= set(re.findall(r"\| `(\w+)` \|", book.entries["How it stands"])), "each part is to be explained"


def test_rotate_then_revoke_then_authorize_again(book: Runbook, relay: Relay, client_id: str, tmp_path: Path, authorized: dict) -> None:
    org_id = authorized["authorization"]["org_id"]
    assert authorize(book, relay, client_id, tmp_path)["previous"] == "revoked", "rotating is authorizing with a new code"
    dry, real = book.blocks("Revoke")[0].splitlines()
    assert first_json(book.run(dry))["status"] == "planned"
    assert first_json(book.run(real, org_id=org_id))["status"] == "revoked"
    status = first_json(book.run(*book.blocks("How it stands")))
    assert status["paused"]["code"] == "revoked"
    assert f"| `{status['paused']['code']}` |" in book.entries["Paused"]
    assert authorize(book, relay, client_id, tmp_path)["org_id"] == org_id
    assert relay.status()["authorization"]["state"] == "active"


def test_pause_and_resume_and_see_why(book: Runbook, relay: Relay) -> None:
    pause, resume = book.blocks("Paused")[0].splitlines()
    assert first_json(book.run(pause))["status"] == "paused"
    assert "tidied up until noon" in relay.status()["paused"]["message"]
    assert first_json(book.run(resume))["status"] == "running"
    upkeep = next(command for command in book.commands("Paused") if "upkeep" in command and "invoke" in command)
    assert first_json(book.run(upkeep))["paused"] is False
    logs = next(command for command in book.commands("Paused") if "logs tail" in command)
    assert "upkeep" in book.run(logs)


def test_a_failing_refresh_is_asked_once(book: Runbook) -> None:
    logs, ask = (command for command in book.commands("Refresh failing") if command.startswith("aws"))
    assert first_json(book.run(ask))["status"] == "fresh"
    assert "refresh" in book.run(logs)


def test_what_lies_on_the_queues_can_be_looked_at_and_sent_back(book: Runbook, relay: Relay) -> None:
    dead = relay.names["RECORDS_DEAD_LETTER_QUEUE_URL"]
    mark = unique("redrive")
    body = json.dumps({"module": "Contacts", "record": {"Last_Name": "R", "Email": f"{mark}@example.test"}})
    relay.aws("sqs").send_message(QueueUrl=dead, MessageBody=body)
    for command in book.commands("Messages wait too long"):
        if command.startswith("aws logs"):
            book.run(command)
    assert "Messages" not in book.run(*book.blocks("Messages wait too long")), "nothing waits"
    # The local AWS has no StartMessageMoveTask: that the command is right is all that can be seen, and then what it would do is done.
    said = book.run(*book.blocks("Records dead-letter queue"), fails=True)
    assert "StartMessageMoveTask" in said
    assert "ParamValidation" not in said
    (message,) = relay.aws("sqs").receive_message(QueueUrl=dead)["Messages"]
    relay.send(message["Body"])
    relay.aws("sqs").delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
    relay.arrived(f"{mark}@example.test")
    assert book.run(*book.blocks("Events dead-letter queue")) == ""


def test_a_stopped_import_is_found(book: Runbook, relay: Relay) -> None:
    key = f"inbox/Contacts/{unique('find')}.csv"
    relay.put(key, "Last Name,Email\nF,not an address\n")
    report = relay.report(key)
    listing = next(command for command in book.commands("Import stopped or failed") if "s3 ls" in command)
    assert report["report_key"] in book.run(listing)


def test_a_file_is_withdrawn(book: Runbook, relay: Relay) -> None:
    key = f"inbox/Contacts/{unique('withdrawn')}.csv"
    pause, resume = book.blocks("Paused")[0].splitlines()
    book.run(pause)
    relay.put(key, "Last Name,Email\nW,withdrawn@example.test\n")
    assert relay.report(key, status="paused")["reason"]["code"] == "operator"
    withdraw = next(command for command in book.commands("Import stopped or failed") if "delete-object" in command)
    book.run(withdraw.replace("<key of the file>", key))
    book.run(resume)
    report = relay.report(key, status="stopped")
    assert report["reason"]["code"] == "WITHDRAWN", report
    assert "withdrawn@example.test" not in relay.contacts()


def test_a_file_and_a_secret_are_restored(book: Runbook, relay: Relay) -> None:
    key = "inbox/Contacts/customers.csv"
    relay.put(key, "Last Name,Email\nC,customers@example.test\n")
    assert relay.report(key)["status"] == "complete"
    relay.aws("s3").delete_object(Bucket=relay.bucket, Key=key)
    listing, undelete = book.blocks("Restore")[0].splitlines()
    markers = first_json(book.run(listing))["DeleteMarkers"]
    marker = next(each["VersionId"] for each in markers if each["IsLatest"])
    book.run(undelete.replace("<version of the delete marker>", marker))
    assert "customers@example.test" in relay.text(key)

    relay.aws("secretsmanager").delete_secret(SecretId=relay.names["ACCESS_TOKEN_SECRET"], RecoveryWindowInDays=7)
    restore = next(command for command in book.commands("Restore") if "restore-secret" in command)
    book.run(restore, ARN=relay.names["ACCESS_TOKEN_SECRET"])
    assert relay.status()["problems"] == []


def writes(relay: Relay) -> tuple[int, int]:
    """Contacts inserted, and tokens minted."""
    state = relay.console.state()
    return state["writes"]["Contacts"]["inserted"], state["tokens"]["minted"]


def item_keys(relay: Relay) -> list[dict]:
    """The keys of all items of the state table."""
    pages = relay.aws("dynamodb").get_paginator("scan").paginate(TableName=relay.names["STATE_TABLE"])
    return [{"pk": item["pk"], "sk": item["sk"]} for page in pages for item in page["Items"]]


def test_a_deleted_state_table_is_restored_from_its_last_backup(book: Runbook, relay: Relay) -> None:
    dynamodb, table = relay.aws("dynamodb"), relay.names["STATE_TABLE"]
    _, restore, *_ = book.blocks("Restore")
    mark = unique("lost-table")
    relay.invoke("revoke", {"action": "pause", "reason": "a backup is made"})
    # AWS makes the last backup by itself when the table is deleted.
    backup = dynamodb.create_backup(TableName=table, BackupName="last")["BackupDetails"]["BackupArn"]
    before, known = writes(relay), len(item_keys(relay))
    dynamodb.delete_table(TableName=table)
    relay.send({"module": "Contacts", "record": {"Last_Name": "L", "Email": f"{mark}@example.test"}})
    with pytest.raises(FunctionFailed) as blind:
        relay.invoke("refresh", {})
    assert blind.value.kind == "StateTable"
    with pytest.raises(FunctionFailed):
        relay.invoke("push", {"module": "Contacts", "record": {"Last_Name": "L", "Email": f"{mark}-2@example.test"}})
    assert writes(relay) == before, "without the table nothing may be sent, nor a token be asked for"
    book.run(restore, ARN=backup)
    assert len(item_keys(relay)) == known
    assert relay.status()["paused"]["code"] == "operator", "what stood when the backup was made stands again"
    assert relay.invoke("refresh", {})["status"] == "fresh"
    relay.invoke("revoke", {"action": "resume"})
    relay.arrived(f"{mark}@example.test", seconds=120)
    assert writes(relay)[1] == before[1], "a restored table is no reason for another token"


def test_spoilt_items_of_the_state_table_are_restored_beside_and_copied_over(book: Runbook, relay: Relay) -> None:
    dynamodb, table = relay.aws("dynamodb"), relay.names["STATE_TABLE"]
    key = f"inbox/Contacts/{unique('spoilt')}.csv"
    relay.put(key, "Last Name,Email\nS,spoilt@example.test\n")
    assert relay.report(key)["status"] == "complete"
    *_, pause, restore = book.blocks("Restore")
    book.run(pause)
    assert relay.status()["paused"]["code"] == "operator"
    # The local AWS restores the present state, whatever the time: so the items are spoilt after that line.
    names, beside, *copy = restore.splitlines()
    book.run(names, beside, time="2026-11-24T20:00:00Z")
    mine = [each for each in item_keys(relay) if each["pk"]["S"] == f"file#{key}"]
    assert mine, "the ledger knows the file"
    for each in mine:
        dynamodb.delete_item(TableName=table, Key=each)
    book.run(names, *copy)
    assert [each for each in item_keys(relay) if each["pk"]["S"] == f"file#{key}"] == mine
    assert f"{table}-restored" not in dynamodb.list_tables()["TableNames"]
    assert relay.status()["paused"] is None


def test_a_state_table_without_any_items_costs_no_token_and_doubles_no_record(relay: Relay) -> None:
    # What other tests have put would be imported again as well, and keep those that follow waiting.
    clear_inbox(relay)
    mark = unique("emptied")
    key = f"inbox/Contacts/{mark}.csv"
    rows = "Last Name,Email\n" + "".join(f"E,{mark}-{number}@example.test\n" for number in range(20))
    relay.put(key, rows)
    assert relay.report(key)["inserted"] == 20
    before = writes(relay)
    for each in item_keys(relay):
        relay.aws("dynamodb").delete_item(TableName=relay.names["STATE_TABLE"], Key=each)
    assert relay.status()["authorization"]["state"] == "not_authorized"
    relay.invoke("revoke", {"action": "pause", "reason": "as before"})
    assert relay.invoke("refresh", {})["status"] == "fresh"
    assert relay.status()["authorization"]["state"] == "active"
    assert relay.status()["paused"]["code"] == "operator", "the pause that was set again holds"
    assert writes(relay) == before
    # Younger, the file would be left to its event.
    time.sleep(int(QUICK["EventWithinSeconds"]) + 1)
    relay.invoke("revoke", {"action": "resume"})
    # After the pause, the sweep imports what the ledger has forgotten.
    again = wait_until("the file is imported again", 60, lambda: [each for each in relay.reports(key)[1:] if each["status"] == "complete"])
    assert [(each["inserted"], each["updated"]) for each in again] == [(0, 20)]
    assert writes(relay) == before, "sent again, and there once"
    assert not relay.executions("FAILED")


def clear_inbox(relay: Relay) -> None:
    """Deletes every version of every object in it."""
    s3 = relay.aws("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=relay.bucket, Prefix="inbox/"):
        for each in page.get("Versions", []) + page.get("DeleteMarkers", []):
            s3.delete_object(Bucket=relay.bucket, Key=each["Key"], VersionId=each["VersionId"])


def test_one_persons_data_is_erased_from_the_bucket(book: Runbook, relay: Relay) -> None:
    mark = unique("erase")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, "Last Name,Email\nRao,ann.rao@example.com\n,ann.rao@example.com\n")
    report = relay.report(key)
    (message,) = relay.send({"module": "Contacts", "record": {"Last_Name": "", "Email": "ann.rao@example.com"}})
    wait_until("the message's reject", 60, lambda: any(message in relay.text(key) for key in relay.keys("rejects/_queue/")))
    of_message = next(key for key in relay.keys("rejects/_queue/") if message in relay.text(key))
    # The whole suite's bucket has hundreds of objects by now: the person's are laid into one of their own, among others'.
    s3, bucket = relay.aws("s3"), mark
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for each in (key, report["rejects_key"], report["outcomes_key"], of_message):
        s3.put_object(Bucket=bucket, Key=each, Body=s3.get_object(Bucket=relay.bucket, Key=each)["Body"].read())
    s3.put_object(Bucket=bucket, Key=key, Body="Last Name,Email\nBo,bo@example.test\n")
    s3.put_object(Bucket=bucket, Key="check/Contacts/x.csv", Body="Last Name,Email\nBo,bo@example.test\n")
    s3.put_object(Bucket=bucket, Key="deferred/2026-11-24/x.ndjson", Body='{"body": "Ann.Rao@example.com"}')
    s3.delete_object(Bucket=bucket, Key="deferred/2026-11-24/x.ndjson")
    line = json.dumps({"op": "upsert", "record": {"Email": "ann.rao@example.com"}})
    s3.put_object(Bucket=bucket, Key="changes/Contacts/dt=2026-11-24/101500-r-0001.ndjson.gz", Body=gzip.compress(line.encode()))

    here = f"BUCKET={bucket}"
    find, delete = book.blocks("Erase one person's data")
    book.run(here, find)
    assert len((book.folder / "found.tsv").read_text().splitlines()) == 6
    book.run(here, delete)
    book.run(here, find)
    assert (book.folder / "found.tsv").read_text() == "", "the person is found still"
    left = [each["Key"] for each in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert left == ["check/Contacts/x.csv", key]


def placed(relay: Relay, text: str) -> dict:
    """A sample with this stack's own names in the place of the made-up ones."""
    event = text.replace("my-stack-databucket-1a2b3c4d5e6f", relay.bucket)
    return json.loads(event)


SAMPLES: dict[str, tuple[str, Callable[[dict], bool]]] = {
    "authorize-verify.json": ("authorize", lambda answer: bool(answer["org_id"])),
    "refresh.json": ("refresh", lambda answer: answer["status"] in ("fresh", "refreshed")),
    "refresh-rejected.json": ("refresh", lambda answer: answer["status"] in ("fresh", "refreshed")),
    "status.json": ("revoke", lambda answer: answer["authorization"]["state"] == "active"),
    "pause.json": ("revoke", lambda answer: answer["status"] == "paused"),
    "resume.json": ("revoke", lambda answer: answer["status"] == "running"),
    "reject_held.json": ("revoke", lambda answer: answer["status"] == "not_held"),
    "message.json": ("push", lambda answer: answer["read"] == 2 and answer["rejected"] == 0),
    "file.json": ("push", lambda answer: answer["status"] == "planned"),
    "upkeep.json": ("push", lambda answer: answer["paused"] is False),
    "queue-batch.json": ("push", lambda answer: answer == {"batchItemFailures": []}),
    "pull.json": ("pull", lambda answer: answer == {"runs": []}),
    # The second joins the run that the first has started.
    "pull-backfill.json": ("pull", lambda answer: [run["module"] for run in answer["runs"]] == ["Contacts"]),
    "pull-module.json": ("pull", lambda answer: [run["module"] for run in answer["runs"]] == ["Contacts"]),
    # It comes after that run.
    "pull-census.json": ("pull", lambda answer: [run["module"] for run in answer["runs"]] == ["Contacts"]),
}
REFUSED = {"authorize.json": ("authorize", "CodeExpired"), "revoke.json": ("revoke", "NotConfirmed")}


def test_each_sample_event_is_what_its_function_takes(relay: Relay, authorized: dict) -> None:
    relay.put("inbox/Contacts/customers.csv", "Last Name,Email\nC,customers@example.test\n")
    named = {path.name for path in EVENTS.glob("*.json")}
    assert named == {*SAMPLES, *REFUSED, "object-created.json"}, "each sample is to be tried here"
    assert all(name in (EVENTS / "README.md").read_text() for name in named)
    # In the order above, in which a pause is followed by its resume.
    for name, (function, is_right) in SAMPLES.items():
        answer = relay.invoke(function, placed(relay, (EVENTS / name).read_text()))
        assert is_right(answer), f"{name}: {answer}"
    # Made up as they are, these two are refused for what is made up in them.
    for name, (function, kind) in REFUSED.items():
        with pytest.raises(FunctionFailed) as refused:
            relay.invoke(function, placed(relay, (EVENTS / name).read_text()))
        assert refused.value.kind == kind, f"{name}: {refused.value}"


def test_the_sample_of_an_objects_event_starts_an_import(relay: Relay, authorized: dict) -> None:
    event = placed(relay, (EVENTS / "object-created.json").read_text())
    key = event["detail"]["object"]["key"] = f"inbox/Contacts/{unique('sample')}.csv"
    relay.aws("stepfunctions").start_execution(stateMachineArn=relay.names["IMPORT_STATE_MACHINE"], input=json.dumps(event))
    assert relay.report(key)["reason"]["code"] == "OBJECT_GONE"
