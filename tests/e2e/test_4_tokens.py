"""Tokens: refreshed on schedule and when they fail, never more often than needed, and told when they cannot be."""

from __future__ import annotations

import pytest
from local.processes import wait_until
from local.relay import Relay, unique

HEADER = "Last Name,Email\n"


def minted(relay: Relay) -> int:
    return relay.console.state()["tokens"]["minted"]


def test_the_schedule_refreshes_the_token(relay: Relay, authorized: dict) -> None:
    scheduler = relay.aws("scheduler")
    name = f"{relay.names['STACK_NAME']}-refresh"
    schedule = scheduler.get_schedule(Name=name)
    assert schedule["ScheduleExpression"] == "rate(20 minutes)"
    assert schedule["Target"]["Arn"].endswith(relay.names["REFRESH_FUNCTION"])
    # Its own rate would outlast the suite; what is kept of it is who is invoked, with what, by which role.
    kept = {key: schedule[key] for key in ("FlexibleTimeWindow", "Target")}
    before = minted(relay)
    version = relay.let_token_run_out()
    scheduler.update_schedule(Name=name, ScheduleExpression="rate(1 minute)", **kept)
    try:
        wait_until("a scheduled refresh", 150, lambda: relay.token_version() != version)
    finally:
        scheduler.update_schedule(Name=name, ScheduleExpression=schedule["ScheduleExpression"], **kept)
    assert minted(relay) == before + 1


def test_a_token_that_ran_out_costs_one_refresh(relay: Relay, authorized: dict) -> None:
    mark = unique("expired")
    before = minted(relay)
    relay.console.advance(3700)
    relay.send(*({"module": "Contacts", "record": {"Last_Name": "E", "Email": f"{mark}.{number}@example.test"}} for number in range(20)))
    relay.put(f"inbox/Contacts/{mark}.csv", HEADER + f"F,{mark}.file@example.test\n")
    relay.arrived(*(f"{mark}.{number}@example.test" for number in range(20)), f"{mark}.file@example.test")
    assert minted(relay) == before + 1


def test_a_token_that_dies_in_the_middle_of_a_file_costs_one_refresh_and_no_row(relay: Relay, authorized: dict) -> None:
    mark = unique("middle")
    before = minted(relay)
    key = f"inbox/Contacts/{mark}.csv"
    relay.console.faults({"path": "/bigin/v2/Contacts/upsert", "skip": 3, "count": 1, "fault": {"kind": "revoke_token"}})
    relay.put(key, HEADER + "".join(f"M,{mark}.{number}@example.test\n" for number in range(1000)))
    report = relay.report(key)
    assert (report["status"], report["read"], report["inserted"] + report["updated"]) == ("complete", 1000, 1000), report
    assert relay.console.struck() == 1
    assert minted(relay) == before + 1


def test_a_refresh_that_is_asked_for_twice_mints_once(relay: Relay, authorized: dict) -> None:
    before, version = minted(relay), relay.token_version()
    assert relay.invoke("refresh", {"rejected_version": version})["status"] == "refreshed"
    assert relay.invoke("refresh", {"rejected_version": version})["status"] == "fresh"
    assert relay.invoke("refresh", {})["status"] == "fresh"
    assert minted(relay) == before + 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param({"kind": "html", "status": 503}, "RefreshFailing", id="a web page"),
        pytest.param({"kind": "garbage", "status": 200}, "RefreshFailing", id="garbage"),
        pytest.param({"kind": "cut"}, "RefreshFailing", id="a cut connection"),
        pytest.param({"kind": "status", "status": 200, "code": "general_error"}, "RefreshFailing", id="an error under 200"),
        pytest.param({"kind": "status", "status": 400, "code": "Access Denied"}, "RefreshThrottled", id="Access Denied"),
    ],
)
def test_a_refresh_that_fails_says_so_and_keeps_what_there_is(relay: Relay, authorized: dict, refused, fault: dict, kind: str) -> None:
    version = relay.token_version()
    relay.console.faults({"path": "/oauth/*", "fault": fault})
    assert refused("refresh", {"rejected_version": version}).kind == kind
    assert relay.token_version() == version
    if kind == "RefreshThrottled":
        assert relay.invoke("refresh", {"rejected_version": version})["status"] == "circuit_open"
        assert relay.console.struck() == 1, "Zoho is to be left in peace after an Access Denied"
        relay.forget_mints()
    relay.console.faults()
    assert relay.invoke("refresh", {"rejected_version": version})["status"] == "refreshed"
    assert relay.status()["authorization"]["state"] == "active"


def test_a_dead_refresh_token_needs_a_human_and_nothing_is_lost_meanwhile(relay: Relay, authorized: dict, client_id: str) -> None:
    mark = unique("dead")
    relay.console.cut_off(authorized["authorization"]["client_id"])
    relay.send({"module": "Contacts", "record": {"Last_Name": "D", "Email": f"{mark}@example.test"}})
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"D,{mark}.file@example.test\n")
    report = relay.report(key, status="paused")
    assert report["reason"]["code"] == "needs_authorization", report
    wait_until("the state says so", 30, lambda: relay.status()["authorization"]["state"] == "needs_authorization")
    assert relay.status()["paused"]["code"] == "needs_authorization"
    relay.forget_mints()
    relay.authorize(client_id)
    relay.arrived(f"{mark}.file@example.test", seconds=90)
    # Push had the message in hand and sent it back for a while; test_9_after_all.py sees it arrive.
    relay.held_back.add(f"{mark}@example.test")
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
