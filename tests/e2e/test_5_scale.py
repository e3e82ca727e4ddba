"""Scale: a file of 50,000 rows and 5,000 messages at once, with faults and poison, each record accounted for."""

from __future__ import annotations

import concurrent.futures
import gzip
import json
import time

from local.relay import Relay, unique

from .test_2_files import adds_up

ROWS, AGAIN, FAULTY_EVERY = 50_000, 500, 1_000
MESSAGES, POISON_EVERY = 5_000, 50
# What goes wrong while they are on their way: of a hundred calls about seven, in five ways.
FAULTS = [
    {"path": "/bigin/v2/*/upsert", "probability": 0.03, "fault": {"kind": "status", "status": 429}},
    {"path": "/bigin/v2/*/upsert", "probability": 0.02, "fault": {"kind": "status", "status": 500, "code": "INTERNAL_ERROR"}},
    {"path": "/bigin/v2/*/upsert", "probability": 0.01, "fault": {"kind": "cut", "after_commit": True, "after_bytes": 20}},
    {"path": "/bigin/v2/*/upsert", "probability": 0.005, "fault": {"kind": "garbage", "after_commit": True}},
    {"path": "/bigin/v2/*/upsert", "probability": 0.005, "fault": {"kind": "latency", "ms": 400}},
]


def the_file(mark: str) -> bytes:
    """Products, one in a thousand without a name; at the end the first 500 once more, dearer."""
    lines = ["Product Name,Unit Price"]
    for row in range(ROWS - AGAIN):
        name = "" if row % FAULTY_EVERY == FAULTY_EVERY - 1 else f"{mark} {row}"
        lines.append(f"{name},{row % 97}.50")
    lines += [f"{mark.upper()} {row},1000" for row in range(AGAIN)]
    return gzip.compress("\n".join(lines).encode())


def the_messages(mark: str) -> list[dict | str]:
    """Companies, one a message; every fiftieth message is poison of one of five kinds."""
    kinds: list[dict | str] = [
        '{"module": "Companies", "record": {',
        {"module": "Companies", "recrod": {"Account_Name": "x"}},
        {"module": "Unicorns", "record": {"Account_Name": "x"}},
        {"module": "Companies", "record": {"Website": "no.name.example"}},
        {"module": "Companies", "record": {"Account_Name": "x" * 300}},
    ]
    good = ({"module": "Companies", "record": {"Account_Name": f"{mark} {number}"}} for number in range(MESSAGES))
    return [kinds[number // POISON_EVERY % len(kinds)] if number % POISON_EVERY == 7 else each for number, each in enumerate(good)]


def rejects_of_messages(relay: Relay, ids: set[str]) -> list[dict]:
    """All rejected records of these messages."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(relay.text, relay.keys("rejects/_queue/")))
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [line for line in lines if line.get("_message_id") in ids]


def test_fifty_thousand_rows_and_five_thousand_messages_at_once(relay: Relay, authorized: dict) -> None:
    mark = unique("scale")
    relay.console.reset_counters()
    # The sandbox itself would let 50 calls in at once: only the relay keeps it to the stack's 5.
    relay.console.settings(concurrency=50, credits=1_000_000, latency_ms=30)
    relay.console.faults(*FAULTS)
    began = time.monotonic()
    key = f"inbox/Products/{mark}.csv.gz"
    relay.put(key, the_file(mark))
    ids = relay.send(*the_messages(mark))
    report = relay.report(key, seconds=240)
    file_took = time.monotonic() - began
    relay.drained(seconds=240)
    state, struck = relay.console.state(), relay.console.struck()
    print(
        f"\n{ROWS:,} rows in {file_took:.0f} s, with {MESSAGES:,} messages in {time.monotonic() - began:.0f} s: {state['calls_total']:,} calls, "
        f"{struck} struck by faults, {report['retries']} retries of the file, most in flight {state['most_in_flight']}"
    )
    assert struck > 20, "the faults were to strike"
    assert 3 <= state["most_in_flight"] <= 5, f"{state['most_in_flight']} calls were in flight at once"

    faulty = (ROWS - AGAIN) // FAULTY_EVERY
    assert (report["status"], report["read"], report["rejected"]) == ("partial", ROWS, faulty), report
    assert adds_up(report)
    held = {record["Product_Name"].lower(): record for record in relay.console.records("Products")}
    held = {name: record for name, record in held.items() if name.startswith(mark)}
    assert len(held) == ROWS - AGAIN - faulty
    dearer = [held[f"{mark} {row}"]["Unit_Price"] for row in range(AGAIN)]
    assert set(dearer) == {1000}, "of one product's two rows the later one is to win"
    assert len(relay.rows(report["rejects_key"])) == faulty
    assert len(relay.rows(report["outcomes_key"])) == ROWS

    poison = len(range(7, MESSAGES, POISON_EVERY))
    companies = [name for record in relay.console.records("Accounts") if (name := record["Account_Name"]).startswith(mark)]
    assert (len(companies), len(set(companies))) == (MESSAGES - poison, MESSAGES - poison)
    rejected = rejects_of_messages(relay, set(ids))
    assert len({reject["_message_id"] for reject in rejected}) == poison
    assert relay.depth("RECORDS_DEAD_LETTER_QUEUE_URL") == 0
