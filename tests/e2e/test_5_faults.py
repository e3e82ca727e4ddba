"""What goes wrong at Bigin: throttled, broken, cut off, talking nonsense. When, never whether."""

from __future__ import annotations

import pytest
from local.relay import Relay, unique

from .test_2_files import adds_up

UPSERT = "/bigin/v2/Contacts/upsert"
FAULTS = [
    pytest.param({"count": 3, "fault": {"kind": "status", "status": 429}}, id="429"),
    pytest.param({"count": 2, "fault": {"kind": "status", "status": 500}}, id="500"),
    pytest.param({"count": 2, "fault": {"kind": "html", "status": 502}}, id="a web page"),
    pytest.param({"count": 2, "fault": {"kind": "garbage"}}, id="garbage"),
    pytest.param({"count": 2, "fault": {"kind": "cut"}}, id="cut before the commit"),
    pytest.param({"count": 2, "fault": {"kind": "cut", "after_commit": True, "after_bytes": 20}}, id="cut after the commit"),
    pytest.param({"count": 2, "fault": {"kind": "status", "status": 200, "code": "INTERNAL_ERROR"}}, id="an error under 200"),
]


@pytest.mark.parametrize("rule", FAULTS)
def test_a_file_gets_through_whatever_bigin_does_for_a_while(relay: Relay, authorized: dict, rule: dict) -> None:
    mark = unique("fault")
    relay.console.faults({"path": UPSERT} | rule)
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, "Last Name,Email\n" + "".join(f"F,{mark}.{number}@example.test\n" for number in range(300)))
    report = relay.report(key, seconds=150)
    assert (report["status"], report["read"], report["rejected"]) == ("complete", 300, 0), report
    assert adds_up(report)
    assert relay.console.struck() == rule["count"]
    assert sum(email.startswith(mark) for email in relay.contacts()) == 300


@pytest.mark.parametrize("rule", FAULTS)
def test_messages_get_through_whatever_bigin_does_for_a_while(relay: Relay, authorized: dict, rule: dict) -> None:
    mark = unique("fault")
    relay.console.faults({"path": UPSERT} | rule)
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "F", "Email": f"{mark}.{number}@example.test"}} for number in range(10)))
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(10)), seconds=150)
    relay.drained(seconds=150)
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0


def test_calls_in_flight_never_exceed_what_the_stack_may(relay: Relay, authorized: dict) -> None:
    mark = unique("flight")
    relay.console.reset_counters()
    relay.console.settings(latency_ms=100, concurrency=100)
    keys = [f"inbox/Contacts/{mark}.{file}.csv" for file in range(2)]
    for file, key in enumerate(keys):
        relay.put(key, "Last Name,Email\n" + "".join(f"F,{mark}.{file}.{number}@example.test\n" for number in range(2000)))
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "F", "Email": f"{mark}.m{number}@example.test"}} for number in range(100)))
    for key in keys:
        assert relay.report(key, seconds=120)["status"] == "complete"
    relay.drained(seconds=120)
    state = relay.console.state()
    assert sum(email.startswith(mark) for email in relay.contacts()) == 4100
    assert 2 <= state["most_in_flight"] <= 5, f"{state['most_in_flight']} calls were in flight at once"
