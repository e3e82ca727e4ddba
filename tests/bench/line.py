"""Files by the hundred on the deployed local stack, with the template's own defaults: how long one waits for the others."""

from __future__ import annotations

import concurrent.futures
import datetime
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from local.places import TEMPLATE
from local.processes import Failed, wait_until
from local.stack import QUICK, LocalStack

from . import rows
from .table import Row, at_most

LATENCY_MS, RUNS = 200, 3
COUNTS, MOST = (10, 100), 500
LARGE = 1_000_000
# So many seconds a file are waited for: more is so far from the goal that the figure does not matter.
PATIENCE_S = 3


def measured() -> list[Row]:
    """All rows of the line but that of the most files. One stack a run, so that no run meets what another has left."""
    found: dict[str, list[float]] = {}
    for _ in range(RUNS):
        with _stack() as relay:
            _note(found, "line.first_report_s", _first_report(relay))
            for count in COUNTS:
                seconds, credits = _at_once(relay, count)
                _note(found, f"line.seconds_per_file.{count}", seconds)
                if count == 100:
                    _note(found, "credits.per_100_small_files", credits)
            relay.put("inbox/Products/large.csv", _products(LARGE))
            _under_way(relay, "Products")
            _note(found, "line.seconds_per_file.100.beside_large", _at_once(relay, 100)[0])
            _note(found, "line.wait_behind_large_s", _first_report(relay))
    goals = {
        "line.first_report_s": ("s", 1.5),
        "line.seconds_per_file.10": ("s", 1.5),
        "line.seconds_per_file.100": ("s", 1.5),
        "line.seconds_per_file.100.beside_large": ("s", 3),
        "line.wait_behind_large_s": ("s", 20),
        "credits.per_100_small_files": ("credits", 110),
    }
    return [at_most(name, found[name], unit, goal) for name, (unit, goal) in goals.items()]


def most_measured() -> list[Row]:
    """The row of the most files, each run on a stack of its own behind a hundred files, which it is held against. A part of its
    own: the local AWS does not carry so many executions on every machine, and the other rows do not fall with it."""
    hundred, most = [], []
    for _ in range(RUNS):
        with _stack() as relay:
            hundred.append(_at_once(relay, 100)[0])
            most.append(_at_once(relay, MOST)[0])
    return [at_most(MOST_NAME, most, "s", min(1.5, 1.2 * sorted(hundred)[RUNS // 2]))]


MOST_NAME = f"line.seconds_per_file.{MOST}"
NAMES = [
    "line.first_report_s",
    *(f"line.seconds_per_file.{count}" for count in COUNTS),
    "line.seconds_per_file.100.beside_large",
    "line.wait_behind_large_s",
    "credits.per_100_small_files",
]


def _note(found: dict[str, list[float]], name: str, value: float) -> None:
    print(f"{name}: {value:.2f}", flush=True)
    found.setdefault(name, []).append(value)


@contextmanager
def _stack() -> Iterator[object]:
    """A stack with nothing shortened, authorized, and warm."""
    from local.relay import Relay

    text = TEMPLATE.read_text()
    defaults = {name: re.search(rf"^  {name}:.*?^    Default: (\S+)", text, re.MULTILINE | re.DOTALL)[1] for name in QUICK}
    with LocalStack(parameters=defaults) as stack:
        relay = Relay(stack.environment())
        relay.authorize(relay.console.new_client("the bench"))
        relay.console.settings(latency_ms=LATENCY_MS)
        _first_report(relay)
        yield relay


def _first_report(relay: object) -> float:
    """Seconds from the put of a file of one row to its final report."""
    key = f"inbox/Contacts/one-{time.monotonic_ns()}.csv"
    began = datetime.datetime.now(datetime.UTC)
    version = relay.put(key, f"Last Name,Email\nOne,{time.monotonic_ns()}@example.com\n")
    report = relay.report(key, version=version, seconds=120)
    if report["status"] != "complete":
        raise Failed(f"{key} ended as {report['status']}: {report['reason']}")
    return (_finished(report) - began).total_seconds()


def _at_once(relay: object, count: int) -> tuple[float, float]:
    """Seconds a file, of files of one row that are put at once, and the credits that they cost."""
    mark = f"many-{time.monotonic_ns()}"
    spent = relay.console.state()["credits"]["spent"]
    began = datetime.datetime.now(datetime.UTC)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        texts = (f"Last Name,Email\nN {number},{mark}.{number}@example.com\n" for number in range(count))
        keys = (f"inbox/Contacts/{mark}-{number:04}.csv" for number in range(count))
        list(pool.map(relay.put, keys, texts))
    final: dict[str, dict] = {}

    def all_are_final() -> bool:
        for key in relay.keys("reports/Contacts/"):
            if mark in key and key not in final:
                report = json.loads(relay.text(key))
                if report["finished_at"]:
                    final[key] = report
        return len(final) == count

    wait_until(f"{count} reports", PATIENCE_S * count + 60, all_are_final, pause=1.0)
    wrong = [report for report in final.values() if report["status"] != "complete"]
    if wrong:
        raise Failed(f"{len(wrong)} of {count} files are not complete: {wrong[0]['status']}, {wrong[0]['reason']}")
    last = max(_finished(report) for report in final.values())
    return (last - began).total_seconds() / count, relay.console.state()["credits"]["spent"] - spent


def _products(count: int) -> bytes:
    """A file of products, each with a name of its own."""
    return ("Product Name\n" + "".join(f"{rows.row(number).split(',')[1]} {number}\n" for number in range(count))).encode()


def _under_way(relay: object, module: str) -> None:
    wait_until("the large import under way", 300, lambda: relay.console.state()["records"].get(module, 0) > 1_000)


def _finished(report: dict) -> datetime.datetime:
    return datetime.datetime.fromisoformat(report["finished_at"])
