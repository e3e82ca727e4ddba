"""What a pause does to what waits: old messages move into the bucket and come back, missed files are found, and a deploy ends nothing."""

from __future__ import annotations

import datetime
import json
import time

import pytest
from local.build import build_lock
from local.places import architecture, build_dir
from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import QUICK, STACK_NAME, LocalStack

HEADER = "Last Name,Email\n"


def pause(relay: Relay) -> None:
    assert relay.invoke("revoke", {"action": "pause", "reason": "a long one"})["status"] == "paused"


def resume(relay: Relay) -> None:
    answer = relay.invoke("revoke", {"action": "resume"})
    assert (answer["status"], answer["problems"]) == ("running", []), answer


def deferred(relay: Relay) -> list[dict]:
    """The messages in the bucket."""
    return [json.loads(line) for key in relay.keys("deferred/") for line in relay.text(key).splitlines()]


def test_old_messages_move_into_the_bucket_and_come_back_on_resume(relay: Relay, authorized: dict) -> None:
    mark = unique("defer")
    pause(relay)
    ids = relay.send(
        *({"module": "Contacts", "record": {"Last_Name": "D", "Email": f"{mark}.{number}@example.test"}} for number in range(25))
    )
    relay.invoke("refresh", {})
    # Half of the stack's DeferAfterSeconds: what is as old as that moves when the queue is looked at.
    time.sleep(31)
    (young,) = relay.send({"module": "Contacts", "record": {"Last_Name": "D", "Email": f"{mark}.young@example.test"}})
    relay.invoke("refresh", {})
    wait_until("25 messages in the bucket", 60, lambda: len(deferred(relay)) >= 25)
    moved = deferred(relay)
    assert sorted(message["message_id"] for message in moved) == sorted(ids)
    assert all(datetime.datetime.fromisoformat(message["sent_at"]) for message in moved)
    assert young not in str(moved)
    wait_until("the young one alone on the queue", 30, lambda: relay.depth() == 1)
    assert not any(email.startswith(mark) for email in relay.contacts())

    resume(relay)
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(25)), f"{mark}.young@example.test", seconds=120)
    relay.drained(seconds=120)
    wait_until("nothing deferred any more", 30, lambda: not relay.keys("deferred/"))
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


def test_a_file_whose_event_was_lost_is_found_on_resume(relay: Relay, authorized: dict) -> None:
    mark = unique("missed")
    events = relay.aws("events")
    rule = next(each["Name"] for each in events.list_rules()["Rules"] if "ImportRule" in each["Name"])
    known = f"inbox/Contacts/{mark}.known.csv"
    relay.put(known, HEADER + f"M,{mark}.known@example.test\n")
    assert relay.report(known)["status"] == "complete"
    pause(relay)
    events.disable_rule(Name=rule)
    try:
        key = f"inbox/Contacts/{mark} ü.csv"
        version = relay.put(key, HEADER + f"M,{mark}@example.test\n")
    finally:
        events.enable_rule(Name=rule)
    assert relay.reports(key) == []
    # Younger, it would be left to its event.
    time.sleep(int(QUICK["EventWithinSeconds"]) + 1)
    resume(relay)
    report = relay.report(key, seconds=90, version=version)
    assert (report["status"], report["read"]) == ("complete", 1), report
    assert [report["status"] for report in relay.reports(known)] == ["complete"]


def test_status_shows_how_old_the_oldest_messages_are(relay: Relay, authorized: dict) -> None:
    now = datetime.datetime.now(datetime.UTC)
    metrics = relay.aws("cloudwatch")
    for queue, age in (("RECORDS_QUEUE_URL", 90_000), ("RECORDS_DEAD_LETTER_QUEUE_URL", 400_000)):
        # SQS does this on AWS; the local one measures nothing.
        dimensions = [{"Name": "QueueName", "Value": relay.names[queue].rsplit("/", 1)[-1]}]
        point = {"MetricName": "ApproximateAgeOfOldestMessage", "Dimensions": dimensions, "Timestamp": now, "Value": age, "Unit": "Seconds"}
        metrics.put_metric_data(Namespace="AWS/SQS", MetricData=[point])
    queues = relay.status()["queues"]
    assert queues["records"]["oldest_message_s"] == 90_000, queues
    assert queues["records_dead_letter"]["oldest_message_s"] == 400_000, queues
    assert queues["events_dead_letter"]["oldest_message_s"] is None, queues
    assert all("age_problem" not in depth for depth in queues.values()), queues


def test_a_deploy_does_not_undo_a_pause(stack: LocalStack | None, relay: Relay, authorized: dict) -> None:
    if stack is None:
        pytest.skip("the servers are somebody else's")
    mark = unique("deploy")
    pause(relay)
    since = relay.status()["paused"]["since"]
    relay.send({"module": "Contacts", "record": {"Last_Name": "D", "Email": f"{mark}@example.test"}})
    before = relay.console.state()["calls_total"]
    # A deploy that changes the mapping itself, and with it may switch it on.
    changed = {"Architecture": architecture(), "AccountsUrl": stack.sandbox_url, "TlsOnly": "false"} | stack.parameters
    with build_lock():
        stack.deploy(STACK_NAME, build_dir(architecture()) / "template.yaml", changed | {"BatchingWindowSeconds": "2"})
    # What the local AWS makes of a changed number is a text, which AWS's client for Rust does not take for one.
    mappings = relay.aws("lambda")
    (mapping,) = mappings.list_event_source_mappings(FunctionName=relay.names["PUSH_FUNCTION"])["EventSourceMappings"]
    mappings.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=2)
    relay.invoke("refresh", {})
    status = relay.status()
    assert (status["paused"]["code"], status["paused"]["since"], status["intake_open"]) == ("operator", since, False), status
    assert f"{mark}@example.test" not in relay.contacts()
    writes = {call for call in relay.console.state()["calls"] if call.startswith(("POST /bigin", "PUT /bigin"))}
    assert relay.console.state()["calls_total"] == before, writes
    resume(relay)
    # If the deploy let it in once, push sent it back for a while; test_9_after_all.py sees it arrive.
    relay.held_back.add(f"{mark}@example.test")
