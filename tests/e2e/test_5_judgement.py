"""One record's fault stays its own, whatever way it shows, and a state of the account rejects nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from local.processes import wait_until
from local.relay import Relay, unique

from .test_2_files import adds_up

HEADER = "Last Name,Email\n"
WAYS = [
    pytest.param({"kind": "status", "status": 500, "code": "INTERNAL_ERROR"}, id="500"),
    pytest.param({"kind": "html", "status": 403}, id="a firewall's page"),
    pytest.param({"kind": "cut"}, id="cut"),
    pytest.param({"kind": "garbage"}, id="garbage"),
]


@pytest.fixture
def unlimited(relay: Relay, authorized: dict) -> Iterator[Relay]:
    """An account that is let alone again after the test, with no module held."""
    yield relay
    relay.console.faults()
    relay.console.limits()
    for held in relay.status()["held_modules"]:
        relay.invoke("revoke", {"action": "retry_held", "module": held["module"]})


def poisoned(text: str, fault: dict) -> dict:
    return {"when": {"text": text, "endpoint": "write"}, "fault": fault}


@pytest.mark.parametrize("fault", WAYS)
def test_a_row_that_makes_its_calls_fail_is_rejected_and_all_others_arrive(unlimited: Relay, fault: dict) -> None:
    relay, mark = unlimited, unique("poison")
    relay.console.faults(poisoned(f"{mark}.57@", fault))
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + "".join(f"P,{mark}.{number}@example.test\n" for number in range(250)))
    report = relay.report(key, seconds=240)
    assert (report["status"], report["inserted"], report["rejects_by_code"]) == ("partial", 249, {"CALL_FAILS": 1}), report
    assert adds_up(report)
    (reject,) = relay.rows(report["rejects_key"])
    assert reject["Email"] == f"{mark}.57@example.test"


# Each way takes a minute on the queue: two of them do, since the file's test above has all four.
@pytest.mark.parametrize("fault", WAYS[::2])
def test_a_message_that_makes_its_calls_fail_takes_no_other_along(unlimited: Relay, fault: dict) -> None:
    relay, mark = unlimited, unique("poison")
    relay.console.faults(poisoned(f"{mark}.3@", fault))
    emails = [f"{mark}.{number}@example.test" for number in range(10)]
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "P", "Email": email}} for email in emails))
    relay.arrived(*(email for email in emails if not email.startswith(f"{mark}.3@")), seconds=240)
    relay.drained(seconds=240)
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
    assert any(f"{mark}.3@" in relay.text(key) for key in relay.keys("rejects/_queue/"))


def is_held(relay: Relay, code: str) -> bool:
    return any((held["module"], held["code"]) == ("Contacts", code) for held in relay.status()["held_modules"])


@pytest.mark.parametrize(
    "restriction",
    [
        pytest.param({"code": "LICENSE_LIMIT_EXCEEDED", "answers": "call", "status": 402}, id="licences, as a call"),
        pytest.param({"code": "MAX_RECORDS_LIMIT_REACHED"}, id="storage, record by record"),
        pytest.param({"code": "MAX_RECORDS_LIMIT_REACHED", "answers": "call", "status": 400}, id="storage, as a call"),
        pytest.param({"code": "A_CODE_THAT_NOBODY_KNOWS"}, id="an unknown code, record by record"),
    ],
)
def test_a_state_of_the_account_holds_the_module_and_rejects_nobody(unlimited: Relay, restriction: dict) -> None:
    relay, mark = unlimited, unique("full")
    relay.console.limits(restrictions=[{"modules": ["Contacts"], "operations": ["insert"], **restriction}])
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + "".join(f"F,{mark}.{number}@example.test\n" for number in range(30)))
    wait_until("the module is held", 120, lambda: is_held(relay, restriction["code"]))
    report = relay.report(key, seconds=60, status="paused")
    assert (report["rejected"], report["deferred"]) == (0, 30), report
    relay.console.limits()
    assert relay.invoke("revoke", {"action": "retry_held", "module": "Contacts"})["status"] == "retrying"
    report = relay.report(key, seconds=240)
    assert (report["status"], report["inserted"]) == ("complete", 30), report


def test_a_file_that_is_bad_in_every_row_for_a_field_is_rejected_and_the_next_one_goes(unlimited: Relay) -> None:
    relay, mark = unlimited, unique("named")
    relay.console.faults(
        {"path": "/bigin/v2/Contacts*", "when": {"text": mark, "endpoint": "write"},
         "fault": {"kind": "records", "every": 1, "code": "INVALID_DATA", "details": {"api_name": "Email"}}}
    )  # fmt: skip
    bad, good = f"inbox/Contacts/{mark}.csv", f"inbox/Contacts/{unique('good')}.csv"
    relay.put(bad, HEADER + "".join(f"B,{mark}.{number}@example.test\n" for number in range(20)))
    relay.put(good, HEADER + "".join(f"G,{unique('good')}@example.test\n" for _ in range(5)))
    report = relay.report(bad, seconds=120)
    assert (report["rejects_by_code"], report["deferred"]) == ({"INVALID_DATA": 20}, 0), report
    assert relay.report(good, seconds=120)["status"] == "complete"
    assert not is_held(relay, "INVALID_DATA")


def test_an_operator_has_the_records_of_a_held_module_rejected(unlimited: Relay) -> None:
    relay, mark = unlimited, unique("bad")
    relay.console.faults(
        {"path": "/bigin/v2/Contacts*", "when": {"text": mark, "endpoint": "write"},
         "fault": {"kind": "records", "every": 1, "code": "BAD_IN_EVERY_ROW"}}
    )  # fmt: skip
    bad, good = f"inbox/Contacts/{mark}.csv", f"inbox/Contacts/{unique('good')}.csv"
    relay.put(bad, HEADER + "".join(f"B,{mark}.{number}@example.test\n" for number in range(20)))
    wait_until("the module is held", 120, lambda: is_held(relay, "BAD_IN_EVERY_ROW"))
    assert relay.invoke("revoke", {"action": "reject_held", "module": "Contacts"})["status"] == "rejecting"
    report = relay.report(bad, seconds=240)
    assert (report["rejects_by_code"], report["deferred"]) == ({"BAD_IN_EVERY_ROW": 20}, 0), report
    relay.put(good, HEADER + "".join(f"G,{unique('good')}@example.test\n" for _ in range(5)))
    assert relay.report(good, seconds=120)["status"] == "complete"


def test_a_record_that_may_not_be_edited_is_rejected_and_holds_nobody(unlimited: Relay) -> None:
    relay, mark = unlimited, unique("locked")
    relay.send({"module": "Contacts", "record": {"Last_Name": "L", "Email": f"{mark}@example.test"}})
    record = relay.arrived(f"{mark}@example.test")[f"{mark}@example.test"]
    relay.console.limits(restrictions=[{"code": "NO_PERMISSION", "modules": ["Contacts"], "operations": ["update"], "ids": [record["id"]]}])
    relay.send({"module": "Contacts", "operation": "update", "record": {"id": record["id"], "Title": "Dr"}})
    wait_until("it is rejected", 120, lambda: any(record["id"] in relay.text(key) for key in relay.keys("rejects/_queue/")))
    assert not is_held(relay, "NO_PERMISSION")
    relay.send({"module": "Contacts", "record": {"Last_Name": "N", "Email": f"{mark}.next@example.test"}})
    relay.arrived(f"{mark}.next@example.test")


def let_a_quarter_of_an_hour_pass(relay: Relay) -> None:
    """The hold is looked at again, as if its time was over; nothing else about it changes."""
    table, key = relay.aws("dynamodb"), {"pk": {"S": "held"}, "sk": {"S": "Contacts"}}
    name = relay.names["STATE_TABLE"]
    held = json.loads(table.get_item(TableName=name, Key=key, ConsistentRead=True)["Item"]["document"]["S"])
    held["look_again_at"] = held["since"]
    table.update_item(
        TableName=name,
        Key=key,
        UpdateExpression="SET document = :document",
        ExpressionAttributeValues={":document": {"S": json.dumps(held)}},
    )


def test_a_hold_is_ended_by_the_queue_once_its_messages_are_tried_again(unlimited: Relay) -> None:
    relay, mark = unlimited, unique("held")
    relay.console.limits(restrictions=[{"code": "A_STATE_THAT_PASSES", "modules": ["Contacts"], "operations": ["insert"]}])
    emails = [f"{mark}.{number}@example.test" for number in range(4)]
    for some in (emails[:2], emails[2:]):
        relay.send({"module": "Contacts", "records": [{"Last_Name": "H", "Email": email} for email in some]})
        wait_until("the messages are put away", 120, lambda: relay.keys("deferred/held/Contacts/") and not relay.depth())
    assert is_held(relay, "A_STATE_THAT_PASSES")
    relay.console.limits()
    let_a_quarter_of_an_hour_pass(relay)
    relay.invoke("push", {"upkeep": True})
    relay.arrived(*emails, seconds=120)
    assert not is_held(relay, "A_STATE_THAT_PASSES")
    assert relay.keys("deferred/held/") == []
