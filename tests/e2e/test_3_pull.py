"""Changes out of Bigin: what people do there arrives as files of change records, deletes included, and nothing is missed."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator

import pytest
from local import changes
from local.consumer import Consumer
from local.processes import wait_until
from local.relay import Relay, unique
from local.stack import LocalStack

from .test_8_crashes import kill

# The form that docs/pull.md gives, in its order.
KEYS = [
    *("v", "id", "op", "module", "record_id", "changed_at", "created_at"),
    *("changed_by", "origin", "via", "run_id", "seen_at", "schema", "record"),
]
CANARY = "CanaryInBigin7731"


@pytest.fixture
def events(relay: Relay) -> Iterator[str]:
    """A queue that a rule brings `Bigin Changes Ready` to."""
    rule, aws = unique("changes"), relay.aws
    queue = aws("sqs").create_queue(QueueName=rule)["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["bigin-relay"], "detail-type": ["Bigin Changes Ready"]}
    aws("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    yield queue
    aws("events").remove_targets(Rule=rule, Ids=["queue"])
    aws("events").delete_rule(Name=rule)
    aws("sqs").delete_queue(QueueUrl=queue)


def event(relay: Relay, queue: str) -> dict:
    """The next event; answers its detail."""
    received = wait_until("the event", 30, lambda: relay.aws("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages"))
    [message] = received
    relay.aws("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])["detail"]


def cursor(relay: Relay) -> str:
    """How far Contacts were read, as the state table has it."""
    item = relay.aws("dynamodb").get_item(TableName=relay.names["STATE_TABLE"], Key={"pk": {"S": "pull"}, "sk": {"S": "Contacts"}})["Item"]
    [document] = [json.loads(value["S"]) for value in item.values() if value.get("S", "").startswith("{")]
    return document["cursor"]


def of(record_id: str, lines: list[dict]) -> dict:
    """The one line about a record."""
    [line] = [line for line in lines if line["record_id"] == record_id]
    return line


def test_a_change_in_bigin_comes_out_as_a_file_and_its_delete_after_it(relay: Relay, authorized: dict, events: str) -> None:
    first = changes.pulled(relay)
    assert event(relay, events)["manifest_key"].endswith(f"/{first['run_id']}.json")
    name = unique("Rao")
    [record_id] = relay.console.add("Contacts", {"Last_Name": name, "Description": "two\nlines"})
    manifest = changes.pulled(relay)
    assert (manifest["kind"], manifest["counts"]) == ("poll", {"upsert": 1, "delete": 0, "snapshot": 0})
    assert manifest["window"]["from"] == first["window"]["to"]
    assert cursor(relay) == manifest["window"]["to"]
    [part] = manifest["files"]
    day, stamp = datetime.datetime.fromisoformat(manifest["started_at"]), manifest["run_id"]
    assert part["key"] == f"changes/Contacts/dt={day:%Y-%m-%d}/{day:%H%M%S}-{stamp}-0001.ndjson.gz"
    packed = relay.aws("s3").get_object(Bucket=relay.bucket, Key=part["key"])["Body"].read()
    assert (len(packed), hashlib.sha256(packed).hexdigest()) == (part["bytes"], part["sha256"])
    line = of(record_id, changes.lines(relay, manifest))
    assert list(line) == KEYS
    assert line["id"] == f"{authorized['authorization']['org_id']}/Contacts/{record_id}/{line['changed_at']}"
    assert (line["v"], line["op"], line["module"], line["via"], line["origin"]) == (1, "upsert", "Contacts", "poll", "bigin")
    assert line["changed_at"] == line["created_at"]
    assert (line["record"]["Last_Name"], line["record"]["Description"], line["record"]["Email"]) == (name, "two\nlines", None)
    schema = json.loads(relay.text(f"changes/Contacts/_schema/{line['schema']}.json"))
    assert schema["properties"].keys() >= line["record"].keys()
    told = event(relay, events)
    assert (told["module"], told["counts"], told["bucket"]) == ("Contacts", manifest["counts"], relay.bucket)
    assert told["manifest_key"] == f"changes/Contacts/_manifests/{manifest['run_id']}.json"

    relay.console.delete("Contacts", record_id)
    gone = of(record_id, changes.lines(relay, changes.pulled(relay)))
    assert (gone["op"], gone["deletion"], gone["record"]) == ("delete", "recycle", None)
    assert gone["changed_at"] > line["changed_at"]
    assert changes.pulled(relay)["files"] == [], "nothing comes twice"


def test_while_the_relay_is_paused_nothing_comes_out_and_the_window_grows(relay: Relay, authorized: dict) -> None:
    before = changes.pulled(relay)
    relay.invoke("revoke", {"action": "pause", "reason": "the books are being closed"})
    [record_id] = relay.console.add("Contacts", {"Last_Name": unique("Paused")})
    calls, keys = relay.console.state()["calls_total"], relay.keys("changes/")
    relay.console.advance(900)
    answer = relay.invoke("pull", {"module": "Contacts"})
    assert (answer["runs"], answer["waits_for"]["code"]) == ([], "operator")
    assert (relay.console.state()["calls_total"], relay.keys("changes/")) == (calls, keys)
    relay.invoke("revoke", {"action": "resume"})
    after = changes.pulled(relay)
    assert after["window"]["from"] == before["window"]["to"]
    assert of(record_id, changes.lines(relay, after))["op"] == "upsert"


def many(relay: Relay, name: str, count: int) -> set[str]:
    """People add many contacts; answers their ids."""
    return set(relay.console.add("Contacts", *({"Last_Name": f"{name} {number}"} for number in range(count))))


def test_after_a_revoke_in_the_middle_of_a_run_nothing_leaves_and_authorize_lets_it_go_on(
    relay: Relay, authorized: dict, client_id: str
) -> None:
    changes.pulled(relay)
    ids = many(relay, unique("Revoked"), 600)
    relay.console.settings(latency_ms=400)
    queries = sum(relay.console.calls("POST /bigin/v2/coql").values())
    run = changes.start(relay)
    wait_until("a page that is read", 60, lambda: sum(relay.console.calls("POST /bigin/v2/coql").values()) > queries)
    keys = relay.keys("changes/")
    relay.revoke(confirm=authorized["authorization"]["org_id"], reason="left the company")
    wait_until("the run waits", 90, lambda: changes.is_waiting(relay, "revoked"))
    calls = relay.console.state()["calls_total"]
    assert relay.keys("changes/") == keys, "something was written after the revoke"
    answer = relay.invoke("pull", {"module": "Contacts"})
    assert (answer["runs"], answer["waits_for"]["code"]) == ([], "revoked")
    relay.console.settings(latency_ms=0)
    relay.authorize(client_id)
    manifest = changes.manifest(relay, run, seconds=150)
    assert ids <= {line["record_id"] for line in changes.lines(relay, manifest)}
    assert relay.console.state()["calls_total"] > calls


def test_a_pull_that_is_killed_in_the_middle_misses_no_change(stack: LocalStack | None, relay: Relay, authorized: dict) -> None:
    changes.pulled(relay)
    ids = many(relay, unique("Killed"), 600)
    relay.console.settings(latency_ms=300)
    queries = sum(relay.console.calls("POST /bigin/v2/coql").values())
    run = changes.start(relay)
    wait_until(
        "a page that is read, and a pull to kill",
        60,
        lambda: sum(relay.console.calls("POST /bigin/v2/coql").values()) > queries and kill(stack, relay, "pull"),
        pause=0.05,
    )
    assert run["manifest_key"] not in relay.keys("changes/Contacts/_manifests/"), "the run was over before it was killed"
    relay.console.settings(latency_ms=0)
    # The dead one has the turn for 100 seconds.
    manifest = changes.manifest(relay, run, seconds=240)
    assert ids <= {line["record_id"] for line in changes.lines(relay, manifest)}
    assert changes.pulled(relay)["files"] == []


def test_no_record_content_stands_in_pulls_log_or_in_the_state_table(relay: Relay, authorized: dict) -> None:
    [record_id] = relay.console.add("Contacts", {"Last_Name": CANARY, "Description": CANARY, "Email": f"{CANARY}@example.test"})
    assert of(record_id, changes.lines(relay, changes.pulled(relay)))["record"]["Last_Name"] == CANARY
    token = relay.secret("ACCESS_TOKEN_SECRET")["access_token"]
    pages = relay.aws("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{relay.names['PULL_FUNCTION']}")
    log = "\n".join(entry["message"] for page in pages for entry in page["events"])
    assert "the run is written" in log, "is anything looked at?"
    pages = relay.aws("dynamodb").get_paginator("scan").paginate(TableName=relay.names["STATE_TABLE"])
    state = json.dumps([item for page in pages for item in page["Items"]])
    assert "Contacts" in state
    for secret in (CANARY, token):
        assert secret.lower() not in log.lower()
        assert secret.lower() not in state.lower()


def test_a_consumers_copy_is_what_bigin_has(relay: Relay, authorized: dict) -> None:
    def truth() -> dict[str, dict]:
        shown = {record.pop("id"): record for record in relay.console.records("Contacts")}
        return {key: {name: value for name, value in record.items() if not name.startswith("$")} for key, record in shown.items()}

    with Consumer(relay) as consumer:

        def held() -> dict[str, dict]:
            return {key: record for key, record in consumer.records("Contacts").items() if record}

        kept, edited, gone = relay.console.add("Contacts", *({"Last_Name": unique("Copy")} for _ in range(3)))
        full = changes.pulled(relay, backfill=True)
        assert (full["kind"], full["window"]["from"]) == ("backfill", None)
        wait_until("a full copy", 60, lambda: held() == truth())
        assert {kept, edited, gone} <= held().keys()
        relay.console.edit("Contacts", {"id": edited, "Title": "Dr", "Tag": [{"name": "VIP"}]})
        relay.console.delete("Contacts", gone)
        [new] = relay.console.add("Contacts", {"Last_Name": unique("Copy")})
        counts = changes.pulled(relay)["counts"]
        assert counts == {"upsert": 2, "delete": 1, "snapshot": 0}
        wait_until("the copy after it", 60, lambda: held() == truth())
        assert consumer.records("Contacts")[gone] is None
        assert (held()[edited]["Title"], new in held()) == ("Dr", True)


def own(relay: Relay, record_id: str) -> list[str]:
    """Whose the changes of a record are, in the next run."""
    return [line["origin"] for line in changes.lines(relay, changes.pulled(relay)) if line["record_id"] == record_id]


@pytest.fixture
def noting(relay: Relay) -> Iterator[None]:
    """The functions as with `PullModules=Contacts`, but for the schedules."""
    functions, before = relay.aws("lambda"), {}
    for name in (relay.names["PUSH_FUNCTION"], relay.names["PULL_FUNCTION"]):
        before[name] = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before[name] | {"PULL_MODULES": "Contacts"}})
    yield
    for name, variables in before.items():
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def test_an_application_that_writes_by_the_queue_and_reads_changes_does_not_loop(relay: Relay, authorized: dict, noting: None) -> None:
    changes.pulled(relay)
    email = f"{unique('twoway')}@example.test"

    def write(number: int) -> None:
        message = {"module": "Contacts", "record": {"Last_Name": "Rao", "Email": email, "Title": f"Title {number}"}}
        relay.send(message)
        wait_until("the write", 60, lambda: relay.contacts().get(email, {}).get("Title") == f"Title {number}")
        relay.drained()

    writes = 0
    for number in range(3):
        write(number)
        writes += 1
        record_id = relay.contacts()[email]["id"]
        assert own(relay, record_id) == ["relay"], "its own write comes back, marked"
        relay.console.edit("Contacts", {"id": record_id, "Description": f"by hand {number}"})
        # What is not its own it answers with a write of its own; what is its own with nothing.
        for origin in own(relay, record_id):
            assert origin == "bigin"
            write(100 + number)
            writes += 1
        assert own(relay, record_id) == ["relay"]
    assert writes == 6
    assert changes.pulled(relay)["files"] == []


def census(relay: Relay) -> dict:
    """A whole census; answers its manifest."""
    relay.console.advance(changes.SETTLED_S)
    [run] = relay.invoke("pull", {"module": "Contacts", "census": True})["runs"]
    return changes.manifest(relay, run)


def test_a_census_finds_what_was_restored_and_proves_that_nothing_was_missed(relay: Relay, authorized: dict) -> None:
    [record_id] = relay.console.add("Contacts", {"Last_Name": unique("Restored")})
    # The first one may be a full copy: what came out before was not noted.
    if census(relay)["kind"] == "backfill":
        assert census(relay)["kind"] == "census"
    relay.console.delete("Contacts", record_id)
    assert of(record_id, changes.lines(relay, changes.pulled(relay)))["op"] == "delete"
    relay.console.restore("Contacts", record_id)
    manifest = census(relay)
    assert (manifest["missed"], manifest["census"]["restored"]) == (0, 1)
    line = of(record_id, changes.lines(relay, manifest))
    assert (line["op"], line["via"]) == ("upsert", "census")
    again = census(relay)
    assert (again["missed"], again["files"]) == (0, [])
    state = [key for key in relay.keys("state/Contacts/") if "/known-" in key]
    assert len(state) == 1
