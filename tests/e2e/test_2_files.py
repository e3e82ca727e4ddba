"""Files: a CSV or NDJSON in the inbox becomes records in Bigin, and every row is accounted for."""

from __future__ import annotations

import json

import pytest
from local.processes import wait_until
from local.relay import Relay, unique

HEADER = "First Name,Last Name,Email,Phone\n"


def adds_up(report: dict) -> bool:
    """Whether every record read ended in exactly one way."""
    ends = ("inserted", "updated", "deleted", "unchanged", "rejected", "deferred")
    return report["read"] == sum(report[end] for end in ends)


def writes(relay: Relay) -> int:
    """Calls that wrote records, however they ended."""
    calls = relay.console.state()["calls"]
    return sum(sum(ends.values()) for call, ends in calls.items() if call.startswith(("POST /bigin", "PUT /bigin", "DELETE /bigin")))


def test_a_csv_becomes_contacts_and_its_report_rejects_and_outcomes_add_up(relay: Relay, authorized: dict) -> None:
    mark = unique("csv")
    rows = [f"Given {number},Family {number},{mark}.{number}@example.test,+49 30 {number:04d}" for number in range(250)]
    rows[7] = f"No,,{mark}.7@example.test,+49 30 0007"  # no last name
    rows[70] = f"Bad,Mail,{mark}.70 at example.test,+49 30 0070"
    rows[200] = f'"Quoted, with\nnewline","O\'Brien ""Jr.""",{mark}.200@example.test,'
    rows.append(f"Later,Wins,{mark}.0@EXAMPLE.test,+49 30 9999")  # the same person again, in other letters
    key = f"inbox/contacts/{mark} b+ü.csv"
    relay.put(key, "\ufeff" + (HEADER + "\n".join(rows) + "\n").replace("\n", "\r\n"))

    report = relay.report(key)
    assert report["status"] == "partial", report
    assert report["read"] == 251
    assert report["rejected"] == 2
    assert adds_up(report)
    assert sum(report["rejects_by_code"].values()) == 2
    assert report["module"] == "Contacts"
    assert report["match_on"] == ["Email"]
    assert report["operation"] == "upsert"
    assert report["trigger"] == []
    assert report["org_id"] == authorized["authorization"]["org_id"]
    assert report["credits"] > 0
    assert report["finished_at"]
    assert report["report_key"].startswith("reports/Contacts/")

    held = {email: record for email, record in relay.contacts().items() if email.startswith(mark)}
    assert len(held) == 248
    assert held[f"{mark}.0@example.test"]["Last_Name"] == "Wins", "of one person's two rows the later one is to win"
    assert held[f"{mark}.200@example.test"]["First_Name"].replace("\r\n", "\n") == "Quoted, with\nnewline"
    assert held[f"{mark}.200@example.test"]["Last_Name"] == 'O\'Brien "Jr."'

    rejects = relay.rows(report["rejects_key"])
    assert {row["_line"] for row in rejects} == {"9", "72"}
    assert {row["_field"] for row in rejects} == {"Last_Name", "Email"}
    assert all(row["_code"] and row["_message"] for row in rejects)
    assert {row["Email"] for row in rejects} == {f"{mark}.7@example.test", f"{mark}.70 at example.test"}

    outcomes = relay.rows(report["outcomes_key"])
    assert len(outcomes) == 251
    by_line = {row["_line"]: row for row in outcomes}
    assert by_line["3"]["id"] == held[f"{mark}.1@example.test"]["id"]
    assert by_line["9"]["_outcome"] == "rejected"


def test_rejects_mended_and_dropped_back_go_through(relay: Relay, authorized: dict) -> None:
    mark = unique("mend")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"Ann,,{mark}@example.test,1\nBob,Good,{mark}-2@example.test,2\n")
    report = relay.report(key)
    assert report["rejected"] == 1
    mended = relay.text(report["rejects_key"]).replace("Ann,,", "Ann,Mended,")
    again = f"inbox/Contacts/{mark} mended.csv"
    relay.put(again, mended)
    report = relay.report(again)
    assert report["status"] == "complete", report
    assert report["read"] == 1
    assert relay.contacts()[f"{mark}@example.test"]["Last_Name"] == "Mended"


def test_ndjson_becomes_companies(relay: Relay, authorized: dict) -> None:
    mark = unique("company")
    rows = [{"Account_Name": f"{mark} {number}", "Website": "www.firm.example"} for number in range(3)]
    lines = [json.dumps(row) for row in rows] + ['{"Account_Name": "cut off', ""]
    key = f"inbox/Companies/{mark}.ndjson"
    relay.put(key, "\n".join(lines))
    report = relay.report(key)
    assert report["status"] == "partial", report
    assert (report["module"], report["read"], report["rejected"]) == ("Accounts", 4, 1)
    assert adds_up(report)
    names = {record["Account_Name"] for record in relay.console.records("Accounts")}
    assert {f"{mark} {number}" for number in range(3)} <= names
    rejects = [json.loads(line) for line in relay.text(report["rejects_key"]).splitlines()]
    assert rejects[0]["_line"] == 4


def test_a_check_plans_and_sends_nothing(relay: Relay, authorized: dict) -> None:
    mark = unique("check")
    before = writes(relay)
    key = f"check/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"Dry,Run,{mark}@example.test,1\nNo,,{mark}-2@example.test,2\n")
    report = relay.report(key)
    assert report["status"] == "planned", report
    assert report["plan"]
    assert writes(relay) == before
    assert f"{mark}@example.test" not in relay.contacts()


def test_the_same_event_twice_changes_nothing(relay: Relay, authorized: dict) -> None:
    mark = unique("twice")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"Once,Only,{mark}@example.test,1\n")
    first = relay.report(key)
    assert first["status"] == "complete"
    before = writes(relay)
    states = relay.aws("stepfunctions")
    machine = relay.names["IMPORT_STATE_MACHINE"]
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    events = [states.describe_execution(executionArn=execution["executionArn"])["input"] for execution in executions]
    again = [states.start_execution(stateMachineArn=machine, input=event)["executionArn"] for event in events if mark in event]
    assert again, "the file's own execution was not found"
    states_of = lambda: {states.describe_execution(executionArn=arn)["status"] for arn in again}  # noqa: E731
    wait_until("the second execution over", 60, lambda: states_of() == {"SUCCEEDED"})
    assert writes(relay) == before
    # Nobody asked for it by hand, so nobody is told.
    assert relay.reports(key) == [first]


def test_of_two_versions_of_a_key_the_newer_stands(relay: Relay, authorized: dict) -> None:
    mark = unique("over")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"Old,Version,{mark}@example.test,1\n")
    newer = relay.put(key, HEADER + f"New,Version,{mark}@example.test,1\n")
    assert relay.report(key, version=newer, status="complete")["read"] == 1
    wait_until("no import under way", 60, lambda: not relay.executions("RUNNING"))
    assert [report["status"] for report in relay.reports(key)] == ["complete", "complete"]
    assert relay.contacts()[f"{mark}@example.test"]["First_Name"] == "New"


def test_five_quick_versions_are_imported_each_once_and_the_newest_stands(relay: Relay, authorized: dict) -> None:
    mark = unique("quick")
    key = f"inbox/Contacts/{mark}.csv"
    for number in range(5):
        newest = relay.put(key, HEADER + f"Version,{number},{mark}@example.test,1\nOnly,{number},{mark}-{number}@example.test,1\n")
    assert relay.report(key, version=newest, status="complete")["read"] == 2
    wait_until("no import under way", 60, lambda: not relay.executions("RUNNING"))
    assert [report["status"] for report in relay.reports(key)] == ["complete"] * 5, relay.reports(key)
    contacts = relay.contacts()
    assert contacts[f"{mark}@example.test"]["Last_Name"] == "4"
    assert {f"{mark}-{number}@example.test" for number in range(5)} <= set(contacts), "no version's own rows are missing"


def test_a_file_asked_for_by_hand_goes_the_same_way(relay: Relay, authorized: dict) -> None:
    mark = unique("hand")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"By,Hand,{mark}@example.test,1\n")
    assert relay.report(key)["status"] == "complete"
    planned = relay.invoke("push", {"bucket": relay.bucket, "key": key, "dry_run": True})
    assert planned["status"] == "planned", planned
    before = writes(relay)
    assert relay.invoke("push", {"bucket": relay.bucket, "key": key})["status"] == "duplicate"
    assert writes(relay) == before
    forced = relay.invoke("push", {"bucket": relay.bucket, "key": key, "force": True})
    assert (forced["status"], forced["read"]) == ("complete", 1), forced


def test_an_object_that_vanished_is_said(relay: Relay, authorized: dict) -> None:
    answer = relay.invoke("push", {"bucket": relay.bucket, "key": f"inbox/Contacts/{unique('gone')}.csv"})
    assert (answer["status"], answer["reason"]["code"]) == ("refused", "OBJECT_GONE"), answer


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        pytest.param("Contacts/{}.csv", b"", ["empty"], id="an empty file"),
        pytest.param("Contacts/{}.csv", b"First Name,Last Name,Email\n", [], id="a header and nothing else"),
        pytest.param("Contacts/{}.csv", b"First Name,Last Nam,Email,Shoe Size\nA,B,c@example.test,42\n", ["Shoe Size"], id="a column that is no field"),
        pytest.param("Contacts/{}.csv", "Name;Größe\n".encode("utf-16-le")[1:] + b"\x00\x01\x02" * 9, [], id="bytes that are no text"),
        pytest.param("Contacts/{}.csv", b"PK\x03\x04" + b"\x00" * 60, [], id="a spreadsheet that calls itself CSV"),
        pytest.param("Contacts/{}.xlsx", b"PK\x03\x04" + b"\x00" * 60, [], id="an ending that is not read"),
        pytest.param("Unicorns/{}.csv", b"Last Name\nA\n", ["Unicorns"], id="a module that Bigin does not have"),
        pytest.param("{}.csv", b"Last Name\nA\n", [], id="no module in the key"),
        pytest.param("Contacts/a/b/{}.csv", b"Last Name\nA\n", [], id="too deep a key"),
        pytest.param("Contacts/nomapping/{}.csv", b"Last Name\nA\n", ["nomapping"], id="a mapping that is not there"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused_with_words(
    relay: Relay, authorized: dict, name: str, body: bytes, words: list[str]
) -> None:
    before = writes(relay)
    key = f"inbox/{name.format(unique('refused'))}"
    relay.put(key, body)
    report = relay.report(key)
    if body.endswith(b"Email\n"):
        assert (report["status"], report["read"]) in {("complete", 0), ("refused", 0)}, report
    else:
        assert report["status"] == "refused", report
        assert report["reason"]["code"]
        assert report["reason"]["action"]
        for word in words:
            assert word.lower() in report["reason"]["message"].lower()
    assert report["read"] == 0
    assert writes(relay) == before


def test_a_file_in_which_every_row_is_bad_is_told_row_by_row(relay: Relay, authorized: dict) -> None:
    mark = unique("allbad")
    relay.console.faults(
        {
            "path": "/bigin/v2/Contacts/upsert",
            "fault": {"kind": "records", "every": 1, "code": "INVALID_DATA", "details": {"api_name": "Email"}},
        }
    )
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + "".join(f"Bad,Row,{mark}.{number}@example.test,1\n" for number in range(5)))
    report = relay.report(key)
    assert (report["status"], report["read"], report["rejected"]) == ("partial", 5, 5), report
    rejects = relay.rows(report["rejects_key"])
    assert {(row["_code"], row["_origin"]) for row in rejects} == {("INVALID_DATA", "zoho")}


def test_a_row_with_too_many_cells_hurts_nobody_but_itself(relay: Relay, authorized: dict) -> None:
    mark = unique("cells")
    key = f"inbox/Contacts/{mark}.csv"
    relay.put(key, HEADER + f"A,One,{mark}.1@example.test,1\nB,Two,{mark}.2@example.test,1,surplus\nC,Three,{mark}.3@example.test,1\n")
    report = relay.report(key)
    assert (report["read"], report["inserted"], report["rejected"]) == (3, 2, 1), report
    assert "surplus" in relay.text(report["rejects_key"])
