"""A stack with a FIFO queue, on the same local AWS and the same stand-in for Zoho: messages of one group stay in order.

The local AWS gives more of a group while some of it is in flight, which AWS does not: what becomes of a blocked group is shown by
functions/push/tests/upkeep.rs, with a queue that blocks like AWS's.
"""

from __future__ import annotations

import json
import time

import pytest
from local.build import build_lock
from local.places import architecture, build_dir
from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import QUICK, LocalStack, snake_case

NAME = "ordered-relay"


@pytest.fixture(scope="module")
def ordered(stack: LocalStack | None, relay: Relay) -> Relay:
    """The second stack, authorized with a self client of its own."""
    if stack is None:
        pytest.skip("the servers are somebody else's")
    base = {"Architecture": architecture(), "AccountsUrl": stack.sandbox_url, "TlsOnly": "false"}
    with build_lock():
        stack.deploy(NAME, build_dir(architecture()) / "template.yaml", base | QUICK | {"RecordsQueueFifo": "true"})
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
