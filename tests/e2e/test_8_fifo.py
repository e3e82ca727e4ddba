"""A stack with a FIFO queue, on the same local AWS and the same stand-in for Zoho: messages of one group stay in order.

The local AWS gives more of a group while some of it is in flight, which AWS does not: what becomes of a blocked group is shown by
functions/push/tests/upkeep.rs, with a queue that blocks like AWS's.
"""

from __future__ import annotations

import json
import time

import pytest
from local import changes
from local.build import build_lock, build_operator
from local.places import architecture, build_dir
from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import QUICK, LocalStack, snake_case

from .test_8_operator import Tool, environment

NAME = "ordered-relay"
# The one stack here that tells of each changed record.
EVENTS = {"PullModules": "Contacts", "PullRecordEvents": "true"}


@pytest.fixture(scope="module")
def ordered(stack: LocalStack | None, relay: Relay) -> Relay:
    """The second stack, authorized with a self client of its own."""
    if stack is None:
        pytest.skip("the servers are somebody else's")
    base = {"Architecture": architecture(), "AccountsUrl": stack.sandbox_url, "TlsOnly": "false"}
    with build_lock():
        stack.deploy(NAME, build_dir(architecture()) / "template.yaml", base | QUICK | {"RecordsQueueFifo": "true"} | EVENTS)
    outputs = {snake_case(name): value for name, value in stack.stack_outputs(NAME).items()}
    ordered = Relay(stack.environment() | outputs | {"STACK_NAME": NAME})
    ordered.authorize(ordered.console.new_client(NAME))
    return ordered


def send(relay: Relay, group: str, bodies: list[dict]) -> None:
    """Sends messages of one group, in this order."""
    assert relay.queue.endswith(".fifo")
    for number, body in enumerate(bodies):
        relay.aws("sqs").send_message(
            QueueUrl=relay.queue, MessageBody=json.dumps(body), MessageGroupId=group, MessageDeduplicationId=f"{group}-{number}"
        )


def numbered(mark: str, number: int) -> dict:
    """A message that gives one contact a number."""
    return {"module": "Contacts", "record": {"Last_Name": "O", "Email": f"{mark}@example.test", "Title": str(number)}}


def test_the_last_message_of_a_group_has_the_last_word(ordered: Relay) -> None:
    marks = [unique("ordered") for _ in range(3)]
    for mark in marks:
        send(ordered, mark, [numbered(mark, number) for number in range(15)])
    ordered.drained(seconds=120)
    contacts = ordered.contacts()
    assert [contacts[f"{mark}@example.test"]["Title"] for mark in marks] == ["14"] * 3
    assert ordered.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


def test_a_bad_message_hurts_nobody_behind_it(ordered: Relay) -> None:
    mark = unique("bad")
    send(ordered, mark, [numbered(mark, 0), {"module": "Unicorns", "record": {}}, numbered(mark, 2)])
    ordered.drained(seconds=60)
    assert ordered.contacts()[f"{mark}@example.test"]["Title"] == "2"


def test_dead_letters_of_a_group_come_back_in_their_order(ordered: Relay) -> None:
    build_operator()
    mark = unique("letter")
    for number in range(5):
        ordered.aws("sqs").send_message(
            QueueUrl=ordered.names["RECORDS_DEAD_LETTER_QUEUE_URL"],
            MessageBody=json.dumps(numbered(mark, number)),
            MessageGroupId=mark,
            MessageDeduplicationId=f"{mark}-{number}",
        )
    assert "5 dead letters brought back" in Tool(environment(ordered)).run("queue", "--redrive")
    ordered.drained(seconds=120)
    assert ordered.contacts()[f"{mark}@example.test"]["Title"] == "4"
    assert ordered.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


def test_each_changed_record_is_an_event_of_its_own(ordered: Relay) -> None:
    changes.pulled(ordered)
    rule, aws = unique("record-events"), ordered.aws
    queue = aws("sqs").create_queue(QueueName=rule)["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["bigin-relay"], "detail-type": ["Bigin Record Changed"]}
    aws("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    ids = ordered.console.add("Contacts", *({"Last_Name": unique("Told")} for _ in range(12)))
    manifest = changes.pulled(ordered)
    told: dict[str, dict] = {}

    def all_told() -> bool:
        for message in aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            detail = json.loads(message["Body"])["detail"]
            told[detail["record_id"]] = detail
            aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return told.keys() >= set(ids)

    wait_until("an event for each record", 60, all_told)
    lines = {line["record_id"]: line for line in changes.lines(ordered, manifest)}
    assert {record_id: told[record_id] for record_id in ids} == {record_id: lines[record_id] for record_id in ids}
    aws("events").remove_targets(Rule=rule, Ids=["queue"])
    aws("events").delete_rule(Name=rule)
    aws("sqs").delete_queue(QueueUrl=queue)


def test_hundreds_of_messages_of_a_group_move_into_the_bucket_in_their_order(ordered: Relay) -> None:
    mark = unique("long")
    ordered.invoke("revoke", {"action": "pause", "reason": "a long one"})
    send(ordered, mark, [numbered(mark, number) for number in range(200)])
    # Half of the stack's DeferAfterSeconds: what is as old as that moves when the queue is looked at.
    time.sleep(31)
    ordered.invoke("refresh", {})

    def deferred() -> list[str]:
        lines = [json.loads(line) for key in sorted(ordered.keys("deferred/")) for line in ordered.text(key).splitlines()]
        return [json.loads(line["body"])["record"]["Title"] for line in lines if line["group"] == mark]

    wait_until("200 messages in the bucket", 120, lambda: len(deferred()) >= 200)
    assert deferred() == [str(number) for number in range(200)]
    assert ordered.depth() == 0
