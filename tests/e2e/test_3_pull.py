"""Changes out of Bigin: what people do there arrives as files of change records, deletes included."""

from __future__ import annotations

import json

from local.processes import wait_until
from local.relay import Relay, unique

# What was changed before is settled.
SETTLED_S = 180


def pulled(relay: Relay) -> list[dict]:
    """A run over Contacts, from the request to the manifest; answers its lines."""
    relay.console.advance(SETTLED_S)
    [run] = relay.invoke("pull", {"module": "Contacts"})["runs"]
    wait_until("the manifest", 60, lambda: run["manifest_key"] in relay.keys("changes/Contacts/_manifests/"))
    wait_until("the end of the run", 60, lambda: not running(relay))
    manifest = json.loads(relay.text(run["manifest_key"]))
    assert manifest["run_id"] == run["run_id"]
    return [json.loads(line) for part in manifest["files"] for line in relay.text(part["key"]).splitlines()]


def running(relay: Relay) -> list[dict]:
    """Executions of pull that go on; none has failed."""
    found = relay.aws("stepfunctions").list_executions(stateMachineArn=relay.names["PULL_STATE_MACHINE"])["executions"]
    assert {each["status"] for each in found} <= {"RUNNING", "SUCCEEDED"}, found
    return [each for each in found if each["status"] == "RUNNING"]


def test_a_change_in_bigin_comes_out_as_a_file_and_its_delete_after_it(relay: Relay, authorized: dict) -> None:
    pulled(relay)
    events, queue = relay.aws("events"), relay.aws("sqs").create_queue(QueueName=unique("changes"))["QueueUrl"]
    arn = relay.aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = unique("changes")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["bigin-relay"], "detail-type": ["Bigin Changes Ready"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        name = unique("Rao")
        [record_id] = relay.console.add("Contacts", {"Last_Name": name, "Description": "two\nlines"})
        [line] = [line for line in pulled(relay) if line["record_id"] == record_id]
        assert (line["op"], line["via"], line["record"]["Last_Name"]) == ("upsert", "poll", name)
        assert line["record"]["Description"] == "two\nlines"
        message = wait_until("the event", 30, lambda: relay.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))
        detail = json.loads(message[0]["Body"])["detail"]
        assert (detail["module"], detail["counts"]["upsert"]) == ("Contacts", 1)
        assert detail["manifest_key"] in relay.keys("changes/Contacts/_manifests/")
        relay.console.delete("Contacts", record_id)
        [line] = [line for line in pulled(relay) if line["record_id"] == record_id]
        assert (line["op"], line["deletion"], line["record"]) == ("delete", "recycle", None)
        assert pulled(relay) == [], "nothing comes twice"
    finally:
        events.remove_targets(Rule=rule, Ids=["queue"])
        events.delete_rule(Name=rule)
