"""Messages: records on the queue become records in Bigin; a bad one hurts nobody but itself."""

from __future__ import annotations

import json

import pytest
from local.processes import wait_until
from local.relay import Relay, unique


def rejects_of(relay: Relay, message_id: str, number: int = 1) -> list[dict]:
    """Waits for the rejected records of a message."""

    def look() -> list[dict] | None:
        found = []
        for key in relay.keys("rejects/_queue/"):
            found += [row for line in relay.text(key).splitlines() if (row := json.loads(line)).get("_message_id") == message_id]
        return found if len(found) >= number else None

    return wait_until(f"{number} rejects of message {message_id}", 60, look)


def test_messages_become_records(relay: Relay, authorized: dict) -> None:
    mark = unique("msg")
    relay.send(
        {"id": f"{mark}-1", "module": "Contacts", "records": [{"Last_Name": "Rao", "Email": f"{mark}.1@example.test"}]},
        {"module": "Contacts", "record": {"Last_Name": "Ångström", "Email": f"{mark}.2@example.test"}, "operation": "upsert"},
        {"module": "Products", "operation": "insert", "record": {"Product_Name": f"{mark} tile", "Unit_Price": 19.99}},
    )
    held = relay.arrived(f"{mark}.1@example.test", f"{mark}.2@example.test")
    assert held[f"{mark}.2@example.test"]["Last_Name"] == "Ångström"
    relay.drained()
    assert any(record["Product_Name"] == f"{mark} tile" for record in relay.console.records("Products"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('{"module": "Contacts", "records": [', id="no JSON"),
        pytest.param('["Contacts"]', id="no object"),
        pytest.param({"module": "Contacts", "recrods": [{"Last_Name": "X"}]}, id="an unknown key"),
        pytest.param({"module": "Unicorns", "record": {"Last_Name": "X"}}, id="an unknown module"),
        pytest.param({"module": "Contacts", "records": []}, id="no record"),
        pytest.param({"module": "Tasks", "record": {"Subject": "X"}, "operation": "upsert"}, id="upsert without a unique field"),
    ],
)
def test_a_message_that_cannot_be_meant_is_rejected_and_the_others_arrive(relay: Relay, authorized: dict, body: object) -> None:
    mark = unique("poison")
    good = {"module": "Contacts", "record": {"Last_Name": "Fine", "Email": f"{mark}@example.test"}}
    poison, _ = relay.send(body, good)
    relay.arrived(f"{mark}@example.test")
    rejects = rejects_of(relay, poison)
    assert rejects[0]["_code"]
    assert rejects[0]["_message"]
    relay.drained()
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


@pytest.mark.parametrize("number", [100, 101])
def test_a_message_may_bring_many_records_and_one_bad_one_hurts_only_itself(relay: Relay, authorized: dict, number: int) -> None:
    mark = unique("many")
    records = [{"Last_Name": f"L{place}", "Email": f"{mark}.{place}@example.test"} for place in range(number)]
    records[50]["Email"] = "nowhere"
    (message,) = relay.send({"module": "Contacts", "records": records})
    rejects = rejects_of(relay, message)
    assert (len(rejects), rejects[0]["_field"], rejects[0]["Last_Name"]) == (1, "Email", "L50")
    relay.drained()
    assert sum(email.startswith(mark) for email in relay.contacts()) == number - 1


def test_a_message_of_ten_thousand_records_is_either_delivered_or_told_why_not(relay: Relay, authorized: dict) -> None:
    mark = unique("huge")
    records = [{"Last_Name": "x", "Email": f"{mark}.{place}@t.test"} for place in range(10_000)]
    (message,) = relay.send(json.dumps({"module": "Contacts", "records": records}, separators=(",", ":")))
    relay.drained(seconds=120)
    held = sum(email.startswith(mark) for email in relay.contacts())
    rejected = 0 if held == 10_000 else len(rejects_of(relay, message))
    assert held == 10_000 or (held == 0 and rejected > 0), f"{held} arrived, {rejected} rejected"


def test_a_batch_in_which_half_the_messages_fail_returns_only_those(relay: Relay, authorized: dict) -> None:
    mark = unique("half")
    # Half of the calls come to nothing at first: what was accepted must not be sent again, the rest must not be lost.
    relay.console.faults({"path": "/bigin/v2/Contacts/upsert", "every": 2, "count": 3, "fault": {"kind": "status", "status": 500}})
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "H", "Email": f"{mark}.{number}@example.test"}} for number in range(30)))
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(30)), seconds=120)
    relay.drained(seconds=120)
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


def test_a_message_handed_to_push_directly_is_answered_with_its_report(relay: Relay, authorized: dict) -> None:
    mark = unique("direct")
    records = [{"Last_Name": "D", "Email": f"{mark}@example.test"}, {"Last_Name": "", "Email": f"{mark}-2@example.test"}]
    report = relay.invoke("push", {"module": "Contacts", "records": records})
    assert (report["read"], report["inserted"], report["rejected"]) == (2, 1, 1), report
    assert f"{mark}@example.test" in relay.contacts()
    with_mistake = relay.invoke("push", {"module": "Contacts", "record": {"Last_Nam": "D"}})
    assert with_mistake["rejected"] == 1 or with_mistake["status"] == "refused", with_mistake


def test_an_insert_into_a_module_without_a_unique_field_adds_a_record_each_time(relay: Relay, authorized: dict) -> None:
    mark = unique("task")
    message = {"module": "Tasks", "operation": "insert", "record": {"Subject": mark}}
    assert [relay.invoke("push", message)["inserted"] for _ in range(2)] == [1, 1]
    assert sum(record["Subject"] == mark for record in relay.console.records("Tasks")) == 2
