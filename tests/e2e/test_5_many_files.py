"""Files by the hundred: 300 at once, of three modules, a large import among them; and executions that end without a word."""

from __future__ import annotations

import concurrent.futures
import json
import time

from local.processes import wait_until
from local.relay import Relay, unique

from .test_2_files import adds_up

EACH, ROWS = 100, 8_000


def final_reports(relay: Relay, folder: str, mark: str) -> dict[str, dict]:
    """The final reports of a module's files by their source."""
    keys = [key for key in relay.keys(f"reports/{folder}/") if mark in key]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        reports = [json.loads(text) for text in pool.map(relay.text, keys)]
    return {report["source"]: report for report in reports if report["finished_at"]}


def test_three_hundred_files_at_once_end_in_order_beside_a_large_one(relay: Relay, authorized: dict) -> None:
    mark = unique("many")
    relay.console.reset_counters()
    large = f"inbox/Contacts/{mark}-large.csv"
    rows = "".join(f"Old {row},{mark}-{row}@example.com\n" for row in range(ROWS))
    relay.put(large, "Last Name,Email\n" + rows)
    files: dict[str, list[str]] = {"Accounts": [], "Products": [], "Contacts": []}
    for number in range(EACH):
        for module, folder, text in [
            ("Accounts", "Companies", f"Company Name\n{mark} {number}\n"),
            ("Products", "Products", f"Product Name\n{mark} {number}\n"),
            # Newer data for a row of the large file.
            ("Contacts", "Contacts", f"Last Name,Email\nNew {number},{mark}-{number}@example.com\n"),
        ]:
            files[module].append(f"inbox/{folder}/{mark}-{number:03}.csv")
            relay.put(files[module][-1], text)
    started = time.monotonic()
    wait_until("all executions over", 900, lambda: not relay.executions("RUNNING"), pause=2.0)
    print(f"{3 * EACH + 1} files in {time.monotonic() - started:.0f} s")
    for module, keys in files.items():
        reports = final_reports(relay, module, mark)
        wanted = [large, *keys] if module == "Contacts" else keys
        assert reports.keys() == set(wanted), f"{module}: {set(wanted) ^ reports.keys()}"
        for key in wanted:
            adds_up(reports[key])
            assert reports[key]["status"] == "complete", reports[key]
        # Within a module oldest first.
        ended = [reports[key]["finished_at"] for key in wanted]
        assert ended == sorted(ended), module
    contacts = relay.contacts()
    for number in range(ROWS):
        expected = f"New {number}" if number < EACH else f"Old {number}"
        assert contacts[f"{mark}-{number}@example.com"]["Last_Name"] == expected
    assert relay.console.state()["most_in_flight"] <= 5


def stop(relay: Relay, execution: str) -> None:
    relay.aws("stepfunctions").stop_execution(executionArn=execution, cause="by the suite")


def places(relay: Relay) -> list[dict]:
    """The line of imports as it lies in the state table."""
    found = relay.aws("dynamodb").query(
        TableName=relay.names["STATE_TABLE"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "imports"}},
        ConsistentRead=True,
    )
    return found["Items"]


def test_an_execution_that_is_stopped_gives_its_place_back_within_five_seconds(relay: Relay, authorized: dict) -> None:
    mark = unique("stopped")
    relay.invoke("revoke", {"action": "pause", "reason": "the suite"})
    try:
        key = f"inbox/Contacts/{mark}.csv"
        version = relay.put(key, f"Last Name,Email\nX,{mark}@example.com\n")
        relay.report(key, status="paused")
        machine = relay.aws("stepfunctions")
        running = machine.list_executions(stateMachineArn=relay.names["IMPORT_STATE_MACHINE"], statusFilter="RUNNING")["executions"]
        assert len(running) == 1
        assert len(places(relay)) == 1
        stop(relay, running[0]["executionArn"])
        wait_until("the place is free", 5, lambda: not places(relay))
        report = relay.report(key, version=version, seconds=5)
        assert report["status"] == "failed", report
        assert "stopped by hand" in report["reason"]["message"], report
    finally:
        relay.invoke("revoke", {"action": "resume"})
    again = relay.invoke("push", {"bucket": relay.bucket, "key": key})
    assert again["status"] == "complete", again
