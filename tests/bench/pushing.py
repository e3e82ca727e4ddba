"""One push of a file by the function as it was built, or by the peer, and what the sandbox saw of it."""

from __future__ import annotations

import itertools
import json
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from local.processes import Failed

from . import rows
from .runtime_api import Process
from .world import BUCKET, World

BATCH, WIDTH = 100, 5
"""Records a call, and calls in flight."""

_numbers = itertools.count(1)
_UPSERT = "POST /bigin/v2/Contacts/upsert"


@dataclass
class Push:
    """What one push came to."""

    seconds: float
    """From the first record call's arrival to the last one's end, as the sandbox saw them."""
    call_ms: float
    """What a call took in the sandbox: its latency, and its own work and lateness on top."""
    cpu_ms: float
    """The function's own, over all invocations, its start not counted."""
    whole_seconds: float
    """From the first invocation to the last answer."""

    def ideal_ratio(self, count: int, latency_ms: int) -> float:
        """The time that Bigin's limits allow over the time it took."""
        return -(-count // BATCH) * latency_ms / 1000 / WIDTH / self.seconds


def by_push(world: World, push: Process, count: int) -> Push:
    """An import, step by step as the state machine would do it."""
    key = _upload(world, count)
    now = datetime.now(UTC).isoformat()
    step, carried = "claim", {"execution": f"bench-{key}", "started_at": now, "event": {"bucket": BUCKET, "key": key}}
    calls = _Calls(world)
    began, cpu = time.monotonic(), 0.0
    while step != "done":
        done = push.invoke({"step": step, "import": carried})
        cpu += done.cpu_ms
        step, carried = done.answer["next"], done.answer["import"]
        if step == "abandon" or done.answer["wait_seconds"]:
            raise Failed(f"the import does not get on: {done.answer}")
    whole = time.monotonic() - began
    report = _report(world, key)
    if report["status"] != "complete" or report["read"] != count:
        raise Failed(f"the import of {count} rows came to: {report}")
    return Push(*calls.seconds_and_call_ms(count), cpu, whole)


def by_peer(world: World, peer: Process, count: int) -> Push:
    """The same file, by the peer."""
    key = _upload(world, count)
    calls = _Calls(world)
    done = peer.invoke({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": key}}}]}, seconds=900)
    if done.answer["inserted"] + done.answer["updated"] != count:
        raise Failed(f"the peer's push of {count} rows came to: {done.answer}")
    return Push(*calls.seconds_and_call_ms(count), done.cpu_ms, done.seconds)


class _Calls:
    """The record calls since it was made. The sandbox keeps the last 20,000 calls, which is twice the most that are made."""

    def __init__(self, world: World) -> None:
        self._console = world.console
        self._console.reset_counters()

    def seconds_and_call_ms(self, count: int) -> tuple[float, float]:
        """From the first one's arrival to the last one's end, and what one took.

        Fails unless every record was written once, by as few calls as can be, not too many at a time.
        """
        state = self._console.state()
        calls = [call for call in self._console.last_calls() if call["endpoint"] == _UPSERT]
        endings = {call["ending"] for call in calls}
        wrote = state["writes"]["Contacts"]
        if endings != {"200"} or wrote["inserted"] + wrote["updated"] != count or wrote["rejected"]:
            raise Failed(f"{count} records were to be written: {wrote}, calls ended with {endings}")
        if len(calls) != -(-count // BATCH) or state["most_in_flight"] > WIDTH:
            raise Failed(f"{count} records took {len(calls)} calls, up to {state['most_in_flight']} at a time")
        began, ended = [instant(call["began"]) for call in calls], [instant(call["ended"]) for call in calls]
        took = statistics.fmean((end - begin).total_seconds() for begin, end in zip(began, ended, strict=True))
        return (max(ended) - min(began)).total_seconds(), took * 1000


def _upload(world: World, count: int) -> str:
    """Puts a file of that many rows under a key of its own."""
    key = f"inbox/Contacts/run-{next(_numbers)}.csv"
    with rows.file(count).open("rb") as body:
        world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return key


def instant(text: str) -> datetime:
    """A time as the sandbox writes it."""
    # Nanoseconds are more than datetime reads.
    head, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{head}.{rest[:6]:0<6}+00:00")


def _report(world: World, key: str) -> dict:
    s3 = world.client("s3")
    name = key.rsplit("/", 1)[1].removesuffix(".csv")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/Contacts/").get("Contents", [])
    found = [each["Key"] for each in listed if each["Key"].rsplit("/", 1)[1].startswith(f"{name}.")]
    if len(found) != 1:
        raise Failed(f"{len(found)} reports for {key}: {[each['Key'] for each in listed]}")
    return json.loads(s3.get_object(Bucket=BUCKET, Key=found[0])["Body"].read())
