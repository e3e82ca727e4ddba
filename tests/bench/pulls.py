"""The figures of pull: how long it takes to read what has changed, what that costs, and how much memory it needs."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from datetime import datetime

from local.processes import Failed

from .pushing import instant
from .runtime_api import Process
from .table import Row, at_least, at_most
from .world import World

CHANGED, LATENCY_MS = 100_000, 200
"""Records that have changed, and how long each of Bigin's answers takes."""
SCATTERED = 1_000
COPIED = 1_000_000
NAMES = [f"pull.ideal_ratio.{CHANGED}", "pull.credits_per_1000", f"pull.peak_rss_mb.{COPIED}"]
# Longer than the two minutes in which a change settles.
SETTLES_S = 300
# Many records of one pattern, with most of what a contact has.
RECORD = {
    "First_Name": "Åse {n}",
    "Last_Name": "Nordmann",
    "Email": "person{n}@example.com",
    "Phone": "+47 22 {n}",
    "Title": "Buyer",
    "Mailing_City": "Tromsø",
    "Description": "Asked for an offer; call back in spring. Number {n}.",
}


def measured() -> list[Row]:
    """pull.ideal_ratio.<records>, pull.credits_per_1000 and pull.peak_rss_mb.<records>"""
    return [*_changes(), _copy()]


def _changes() -> list[Row]:
    with World() as world, _pulling(world) as pull:
        world.answers_after(0)
        _run(pull)
        world.console.generate("Contacts", CHANGED, RECORD)
        world.console.advance(SETTLES_S)
        world.answers_after(LATENCY_MS)
        world.console.reset_counters()
        done = _run(pull)
        calls = _calls(world)
        if done["counts"]["upsert"] != CHANGED:
            raise Failed(f"{CHANGED} records had changed: {done}")
        seconds = (max(ended for _, ended in calls) - min(began for began, _ in calls)).total_seconds()
        ratio = len(calls) * LATENCY_MS / 1000 / seconds
        print(f"{CHANGED:,} changes: {len(calls)} calls in {seconds:.1f} s, {pull.peak_rss_mb():.1f} MB at most", flush=True)
        world.answers_after(0)
        ids = [record["id"] for record in world.console.records("Contacts")]
        chosen = random.Random(1).sample(ids, SCATTERED)
        world.console.edit("Contacts", *({"id": record_id, "Title": "Head of purchase"} for record_id in chosen))
        world.console.advance(SETTLES_S)
        before = world.console.state()["credits"]["spent_ever"]
        done = _run(pull)
        credits = world.console.state()["credits"]["spent_ever"] - before
        if done["counts"]["upsert"] != SCATTERED:
            raise Failed(f"{SCATTERED} records had changed: {done}")
        print(f"{SCATTERED:,} scattered changes: {credits} credits", flush=True)
    return [at_least(NAMES[0], [ratio], "ratio", 0.95), at_most(NAMES[1], [credits], "credits", 20)]


def _copy() -> Row:
    """The first run, which reads everything, in a process of its own."""
    with World() as world:
        world.answers_after(0)
        for first in range(1, COPIED, 100_000):
            world.console.generate("Contacts", 100_000, RECORD, first)
        world.console.advance(SETTLES_S)
        with _pulling(world) as pull:
            done = _run(pull)
            peak = pull.peak_rss_mb()
    if done["counts"]["snapshot"] != COPIED:
        raise Failed(f"{COPIED} records were to be copied: {done}")
    print(f"a copy of {COPIED:,} records: {peak:.1f} MB at most", flush=True)
    return at_most(NAMES[2], [peak], "MB", 48)


@contextlib.contextmanager
def _pulling(world: World) -> Iterator[Process]:
    """Pull, and a state machine that does nothing: its steps are carried out here."""
    does_nothing = '{"StartAt": "Nothing", "States": {"Nothing": {"Type": "Succeed"}}}'
    role = "arn:aws:iam::000000000000:role/bench"
    machine = world.client("stepfunctions").create_state_machine(name="bench-pull", definition=does_nothing, roleArn=role)
    with world.function("pull", PULL_STATE_MACHINE=machine["stateMachineArn"], PULL_MODULES="Contacts") as pull:
        pull.wait_init()
        yield pull


def _run(pull: Process) -> dict:
    """One run over the contacts, step by step as the state machine would do it; answers what it tells of itself."""
    started = pull.invoke({"module": "Contacts"}).answer["runs"][0]
    run = {"module": "Contacts", "run_id": started["run_id"]}
    while True:
        answer = pull.invoke({"step": "slice", "waited_s": 0} | run).answer
        if answer["next"] == "announce":
            pull.invoke({"step": "close"} | run)
            return answer["announcement"]
        if answer["next"] != "slice" or answer["wait_seconds"]:
            raise Failed(f"the run does not get on: {answer}")


def _calls(world: World) -> list[tuple[datetime, datetime]]:
    """When each call of Bigin's API began and ended. The sandbox keeps the last 20,000."""
    if world.console.state()["most_in_flight"] > 1:
        raise Failed("pull had more than one call in flight")
    calls = [call for call in world.console.last_calls() if "/bigin/" in call["endpoint"]]
    if {call["ending"] for call in calls} - {"200", "204"}:
        raise Failed(f"calls ended with {sorted({call['ending'] for call in calls})}")
    return [(instant(call["began"]), instant(call["ended"])) for call in calls]
