"""The operator's tool, driven as a process: its text as people see it, its JSON parsed, its exit statuses."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from local import changes
from local.build import build_operator, operator_binary
from local.processes import wait_until
from local.relay import Relay, unique


@dataclass
class Tool:
    """The program, and what its environment says of AWS."""

    environment: dict[str, str]

    def run(self, *words: str | Path, ends: int = 0, given: str | None = None) -> str:
        """Runs one command, behind a pipe; answers what it printed."""
        done = self.done(*words, given=given)
        assert done.returncode == ends, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "\x1b" not in done.stdout + done.stderr, "no colours behind a pipe"
        return done.stdout + (done.stderr if ends else "")

    def done(self, *words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs one command, however it ends."""
        command = [str(operator_binary()), *map(str, words)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, input=given, timeout=120, check=False)

    def json(self, *words: str | Path, ends: int = 0) -> dict:
        """The same, as JSON."""
        return json.loads(self.run("--json", *words, ends=ends))


def environment(relay: Relay) -> dict[str, str]:
    """What the tool's environment says of a stack."""
    aws = {name: value for name, value in relay.names.items() if name.startswith("AWS_")}
    return aws | {"HOME": os.environ.get("HOME", "/"), "PATH": os.environ["PATH"], "BIGIN_RELAY_STACK": relay.names["STACK_NAME"]}


@pytest.fixture(scope="module")
def tool(relay: Relay) -> Tool:
    build_operator()
    return Tool(environment(relay))


def test_a_file_with_faults_is_checked_imported_mended_and_put_back(tool: Tool, relay: Relay, authorized: dict, tmp_path: Path) -> None:
    mark = unique("tool")
    file = tmp_path / f"{mark}.csv"
    rows = [("Åse", f"{mark}-1@example.test"), ("Bo", f"{mark}-2(at)example.test"), ("Çelik", f"{mark}-3@example.test")]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([("Last Name", "Email"), *rows])

    planned = tool.run("check", file, "Contacts")
    assert "planned" in planned
    assert "1 INVALID_EMAIL" in planned
    assert "line 3" in planned
    assert not any(mark in email for email in relay.contacts()), "a check sends nothing"

    shown = tool.run("import", file, "Contacts", "--wait", ends=2)
    assert "partial" in shown
    (run,) = [line.split()[1] for line in shown.splitlines() if line.startswith("run ")]
    report = tool.json("show", run, ends=2)
    assert (report["inserted"], report["rejected"], report["source"]) == (2, 1, f"inbox/Contacts/{file.name}")
    assert run in tool.run("runs")
    assert "INVALID_EMAIL" in tool.run("why", run, "3")
    assert tool.json("why", run, "2")["outcome"]["_outcome"] == "inserted"
    assert "says nothing of 99" in tool.run("why", run, "99", ends=3)

    rejects = tmp_path / "rejects.csv"
    assert "INVALID_EMAIL" in tool.run("rejects", run, "--save", rejects)
    rejects.write_text(rejects.read_text().replace("(at)", "@"))
    again = tool.run("retry", run, "--file", rejects, "--wait")
    assert "complete" in again
    assert relay.contacts()[f"{mark}-2@example.test"]["Last_Name"] == "Bo"
    (mended,) = [line.split()[1] for line in again.splitlines() if line.startswith("run ")]
    assert "no row of" in tool.run("rejects", mended, ends=3)


def test_messages_are_sent_from_a_file_or_a_pipe_and_none_of_a_bad_file(tool: Tool, relay: Relay, authorized: dict, tmp_path: Path) -> None:
    mark = unique("sent")
    lines = [json.dumps({"module": "Contacts", "record": {"Last_Name": "S", "Email": f"{mark}-{n}@example.test"}}) for n in range(12)]
    file = tmp_path / "messages.ndjson"
    file.write_text("\n".join([*lines[:11], "no message"]))
    assert "line 12" in tool.run("send", file, ends=64)
    file.write_text("\n".join(lines[:11]))
    assert "11 messages sent" in tool.run("send", file)
    assert "1 messages sent" in tool.run("send", "-", given=lines[11])
    relay.arrived(*(f"{mark}-{n}@example.test" for n in range(12)))


def test_dead_letters_are_brought_back_by_one_word(tool: Tool, relay: Relay, authorized: dict) -> None:
    mark = unique("dead")
    emails = [f"{mark}-{n}@example.test" for n in range(12)]
    for email in emails:
        body = json.dumps({"module": "Contacts", "record": {"Last_Name": "D", "Email": email}})
        relay.aws("sqs").send_message(QueueUrl=relay.names["RECORDS_DEAD_LETTER_QUEUE_URL"], MessageBody=body)
    assert "queue --redrive" in tool.run("queue")
    done = tool.json("queue", "--redrive")
    assert done["brought_back"] == done["found"]
    assert done["found"] >= len(emails)
    relay.arrived(*emails)
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
    assert "0 dead letters brought back" in tool.run("queue", "--redrive")


def test_changes_are_listed_and_followed(tool: Tool, relay: Relay, authorized: dict) -> None:
    changes.pulled(relay)
    [record_id] = relay.console.add("Contacts", {"Last_Name": unique("Rao"), "Title": "not on the screen"})
    changes.pulled(relay)
    change = tool.json("changes", "Contacts", "--most", "1")
    assert (change["record_id"], change["record"]["Title"]) == (record_id, "not on the screen")
    shown = tool.run("changes", "--most", "5")
    assert record_id in shown
    assert "not on the screen" not in shown
    assert "PullModules" in tool.run("changes", "Nothings", ends=3)

    command = [str(operator_binary()), "changes", "Contacts", "--most", "1", "--tail"]
    with subprocess.Popen(command, env=tool.environment, stdout=subprocess.PIPE, text=True) as follower:
        # Whatever it does not print, or does not hear: the test ends.
        patience = threading.Timer(120, follower.kill)
        patience.start()
        try:
            lines = iter(follower.stdout.readline, "")
            assert any(record_id in line for line in lines)
            [later] = relay.console.add("Contacts", {"Last_Name": unique("Li")})
            changes.pulled(relay)
            assert any(later in line for line in lines)
            # It may be reading at this moment.
            follower.send_signal(signal.SIGINT)
            assert follower.wait(timeout=30) == 0
        finally:
            patience.cancel()
            follower.kill()


def test_a_person_is_erased_from_every_version_and_nobody_else_from_what_came_out(
    tool: Tool, relay: Relay, authorized: dict, tmp_path: Path
) -> None:
    mark = unique("erase")
    person, other = f"{mark}.ann@example.test", f"{mark}.bo@example.test"
    key = f"inbox/Contacts/{mark}.csv"
    for rows in (f"Rao,{person}\nBo,{other}\n,{person}\n", f"Bo,{other}\n"):
        relay.put(key, f"Last Name,Email\n{rows}")
        wait_until("its import", 60, lambda: not relay.executions("RUNNING"))
    relay.arrived(person, other)
    run_id = changes.pulled(relay)["run_id"]

    def holders() -> list[str]:
        """Every version of an object that has the person in it."""
        pages = relay.aws("s3").get_paginator("list_object_versions").paginate(Bucket=relay.bucket)
        versions = [version for page in pages for version in page.get("Versions", [])]
        bodies = (
            (each["Key"], relay.aws("s3").get_object(Bucket=relay.bucket, Key=each["Key"], VersionId=each["VersionId"]))
            for each in versions
        )
        texts = ((key, body["Body"].read()) for key, body in bodies)
        return sorted(key for key, text in texts if person.encode() in (gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text))

    before = holders()
    assert {each.split("/")[0] for each in before} >= {"inbox", "rejects", "outcomes", "changes"}
    shown = tool.run("erase", person, ends=3)
    assert f"erase {person} --confirm {person}" in shown
    assert all(each in shown for each in before)
    assert "somebody else" in tool.run("erase", person, "--confirm", other, ends=3)
    # What other tests left that cannot be looked through is named each time.
    done = tool.done("--json", "erase", person, "--confirm", person)
    told = json.loads(done.stdout)
    to_look = sum(found["to_do"] == "look" for found in told["found"])
    assert (told["erased"], told["left"], done.returncode) == (len(before), to_look, 2 if to_look else 0)
    assert holders() == []
    manifest = json.loads(relay.text(f"changes/Contacts/_manifests/{run_id}.json"))
    assert manifest["erased"] >= 1
    assert any((line["record"] or {}).get("Email") == other for line in changes.lines(relay, manifest))
    for part in manifest["files"]:
        packed = relay.aws("s3").get_object(Bucket=relay.bucket, Key=part["key"])["Body"].read()
        assert (part["bytes"], part["sha256"]) == (len(packed), hashlib.sha256(packed).hexdigest())
        assert part["lines"] == len(relay.text(part["key"]).splitlines())
    found = json.loads(tool.done("--json", "erase", person).stdout)["found"]
    assert {each["to_do"] for each in found} <= {"look"}
    assert other in relay.contacts()


def test_the_state_is_shown_on_one_screen_with_the_command_that_mends_it(tool: Tool, relay: Relay, authorized: dict) -> None:
    shown = tool.run("status")
    assert authorized["authorization"]["org_id"] in shown
    assert "runs" in shown
    assert "next:" not in shown
    assert tool.json("status")["authorization"] == authorized["authorization"]
    assert "spent in 24 hours" in tool.run("credits")
    assert "records" in tool.run("queue")
    tool.run("pause", "--reason", "the tool's own test")
    shown = tool.run("status")
    assert "the tool's own test" in shown
    assert "next: bigin-relay resume" in shown
    tool.run("resume")
    shown = tool.run("status")
    assert "paused" not in shown
    assert "next:" not in shown
    assert tool.json("refresh")["status"] in ("fresh", "refreshed")


def test_the_doctor_says_what_works_and_what_to_type_where_something_does_not(tool: Tool, relay: Relay, authorized: dict) -> None:
    told = tool.json("doctor")
    assert not told["wrong"]
    by_name = {finding["name"]: finding for finding in told["findings"]}
    names = ("authorize", "refresh", "push", "pull", "revoke", "settings", "bucket", "authorization", "access token", "delivery", "Bigin")
    assert {name: by_name[name]["verdict"] for name in names} == dict.fromkeys(names, "ok")
    assert by_name["alarms"]["verdict"] == "unknown"
    aws, name = relay.aws("lambda"), relay.names["PULL_FUNCTION"]
    before = aws.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    aws.update_function_configuration(FunctionName=name, Environment={"Variables": before | {"STATE_TABLE": "another"}})
    try:
        shown = tool.run("doctor", ends=4)
    finally:
        aws.update_function_configuration(FunctionName=name, Environment={"Variables": before})
    assert "do not agree on STATE_TABLE" in shown
    assert "deploy the stack again" in shown
    wait_until("the function as it was", 60, lambda: "a change of it" not in tool.run("doctor"))


def test_it_authorizes_removes_the_file_and_revokes_only_when_the_id_was_typed(
    tool: Tool, relay: Relay, authorized: dict, client_id: str, tmp_path: Path
) -> None:
    relay.forget_mints()
    file = tmp_path / "self_client.json"
    file.write_text(json.dumps(relay.console.new_code(client_id)))
    assert authorized["authorization"]["org_id"] in tool.run("authorize", file)
    assert not file.exists(), "it holds a secret"
    org_id = authorized["authorization"]["org_id"]
    assert f"revoke --confirm {org_id}" in tool.run("revoke", ends=3)
    assert relay.status()["authorization"]["state"] == "active"
    assert "NotConfirmed" in tool.run("revoke", "--confirm", "1", ends=4)
    tool.run("revoke", "--confirm", org_id, "--reason", "the tool's own test")
    assert "next: bigin-relay authorize" in tool.run("status")
    relay.forget_mints()
    relay.authorize(client_id)


def test_what_is_wrong_is_said_with_what_to_do(tool: Tool, authorized: dict) -> None:
    assert "--stack" in tool.run("--stack", "nobodys-stack", "status", ends=64)
    assert "runs" in tool.run("show", "20200101T000000-00000000", ends=64)
    assert "Usage" in tool.run("import", ends=64)
    assert "cannot be read" in tool.run("import", "/nowhere/file.csv", "Contacts", ends=64)
    assert "bigin-relay" in tool.run("--version")
    assert "complete" in tool.run("completions", "bash")
