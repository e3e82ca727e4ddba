"""The figures of push that need the sandbox and a local AWS: speed, memory, credits."""

from __future__ import annotations

import json

from local.processes import Failed

from . import rows
from .pushing import BATCH, by_push
from .runtime_api import Process
from .table import Row, at_least, at_most
from .world import World

# At 50 ms what happens between two calls, the sandbox's own work too, weighs more.
_SPEED_GOALS = {50: 0.95, 200: 0.98, 800: 0.98}
_MEMORY_GOAL, _CREDITS_GOAL = 32, 100


def speed(counts: tuple[int, ...], latencies: tuple[int, ...]) -> list[Row]:
    """push.ideal_ratio.<rows>.<latency_ms>"""
    found = []
    with World() as world, world.function("push") as push:
        push.wait_init()
        world.answers_after(0)
        by_push(world, push, 1_000)
        for count in counts:
            for latency in latencies:
                world.answers_after(latency)
                pushes = [by_push(world, push, count) for _ in range(_runs(count, latency))]
                ratios = [each.ideal_ratio(count, latency) for each in pushes]
                print(
                    f"{count:,} rows at {latency} ms: {', '.join(f'{ratio:.4f}' for ratio in ratios)} of the ideal;"
                    f" a call took {', '.join(f'{each.call_ms:.1f}' for each in pushes)} ms;"
                    f" whole imports {', '.join(f'{each.whole_seconds:.2f}' for each in pushes)} s,"
                    f" {', '.join(f'{each.cpu_ms:.0f}' for each in pushes)} ms of CPU",
                    flush=True,
                )
                found.append(at_least(f"push.ideal_ratio.{count}.{latency}", ratios, "ratio", _SPEED_GOALS[latency]))
    return found


def _runs(count: int, latency_ms: int) -> int:
    """Five, but fewer of those that last: a long run is its own average."""
    seconds = count / BATCH * latency_ms / 5_000
    return 5 if seconds < 10 else 3 if seconds < 30 else 2 if seconds < 60 else 1


def memory(counts: tuple[int, ...]) -> list[Row]:
    """memory.peak_rss_mb.<rows>: a process for each file, Bigin answering at once, so that nothing but push itself holds it back."""
    found = []
    for count in counts:
        with World() as world, world.function("push") as push:
            push.wait_init()
            world.answers_after(0)
            done = by_push(world, push, count)
            peak = push.peak_rss_mb()
        print(f"{count:,} rows: {peak:.1f} MB at most, {done.cpu_ms:,.0f} ms of CPU, {done.whole_seconds:.1f} s", flush=True)
        found.append(at_most(f"memory.peak_rss_mb.{count}", [peak], "MB", _MEMORY_GOAL))
    return found


def credits() -> list[Row]:
    """credits.per_1000.file and .queue: what writing 1,000 records costs, as the sandbox counts it."""
    with World() as world, world.function("push") as push:
        push.wait_init()
        world.answers_after(0)
        before = _spent(world)
        by_push(world, push, 1_000)
        by_file = _writes_cost(world, before)
        before = _spent(world)
        world.console.reset_counters()
        for first in range(0, 1_000, BATCH):
            _as_batch(push, range(first, first + BATCH))
        by_queue = _writes_cost(world, before)
    ways = {"file": by_file, "queue": by_queue}
    return [at_most(f"credits.per_1000.{way}", [cost], "credits", _CREDITS_GOAL) for way, cost in ways.items()]


def _spent(world: World) -> int:
    return world.console.state()["credits"]["spent_ever"]


def _writes_cost(world: World, before: int) -> int:
    state = world.console.state()
    if sum(state["writes"]["Contacts"].values()) != 1_000 or state["writes"]["Contacts"]["rejected"]:
        raise Failed(f"not 1,000 records were written: {state['writes']['Contacts']}")
    # Questions (the organisation, its fields) cost one each and are asked once in a while, however many records come.
    questions = sum(sum(endings.values()) for endpoint, endings in state["calls"].items() if endpoint.startswith("GET /bigin/"))
    return state["credits"]["spent_ever"] - before - questions


def _as_batch(push: Process, numbers: range) -> None:
    """A batch as the event source mapping gathers it from messages that were sent at once."""
    records = [
        {
            "messageId": f"bench-{number}",
            "receiptHandle": f"bench-{number}",
            "body": rows.message(number),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1790000000000",
                "ApproximateFirstReceiveTimestamp": "1790000000000",
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:bench-records",
            "awsRegion": "us-east-1",
        }
        for number in numbers
    ]
    answer = push.invoke({"Records": records}).answer
    if answer["batchItemFailures"]:
        raise Failed(f"messages came back: {json.dumps(answer)[:1000]}")
