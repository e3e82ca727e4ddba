"""How long an import's end takes: rejects and outcomes are put together from thousands of parts, over as many invocations as it
takes, while AWS answers after 30 ms."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gzip
import hashlib
import itertools
import json
import queue
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from local.processes import Failed

from .places import binary
from .runtime_api import Process
from .table import Row, at_most
from .world import BUCKET, TABLE, World

PARTS, ANSWERS_AFTER_S = 3_000, 0.03
RUNS = 3
NAMES = [f"finish.seconds.{PARTS}", f"finish.peak_rss_mb.{PARTS}"]
# What is settled between two checkpoints: some thousand rows.
OUTCOMES_ROWS, REJECTS_BYTES = 3_000, 60_000


def measured() -> list[Row]:
    """Seconds, and the peak memory of the process that did nothing else."""
    seconds, memory = [], []
    with World() as world:
        for _ in range(RUNS):
            took, peak, invocations = _finish(world)
            print(f"{PARTS} parts: {took:.1f} s, {peak:.1f} MB, {invocations} invocations", flush=True)
            seconds.append(took)
            memory.append(peak)
    return [at_most(NAMES[0], seconds, "s", 60), at_most(NAMES[1], memory, "MB", 32)]


_numbers = itertools.count(1)


def _finish(world: World) -> tuple[float, float, int]:
    """An import that is over is taken back to before its end, with the parts of a large one."""
    key = f"inbox/Contacts/finish-{next(_numbers)}.csv"
    world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"Last Name,Email\nRao,rao@example.com\n")
    event = {"bucket": BUCKET, "key": key}
    step, carried = "claim", {"execution": f"bench-{key}", "started_at": datetime.now(UTC).isoformat(), "event": event}
    with world.function("push") as push:
        push.wait_init()
        while step != "done":
            answer = push.invoke({"step": step, "import": carried}).answer
            step, carried = answer["next"], answer["import"]
            if step not in ("plan", "slice", "finish", "done"):
                raise Failed(f"the import does not get on: {answer}")
    run_id = _run_id(world, key)
    wanted = _write_parts(world, run_id)
    with _answering_later(world.aws_url) as url:
        environment = world.environment() | {"AWS_ENDPOINT_URL": url}
        with Process([str(binary("push"))], environment, world.folder / "finish.log") as push:
            push.wait_init()
            began, step, invocations = time.monotonic(), "finish", 0
            while step != "done":
                answer = push.invoke({"step": step, "import": carried}).answer
                step, carried = answer["next"], answer["import"]
                invocations += 1
                if step not in ("finish", "done"):
                    raise Failed(f"the import does not get on: {answer}")
            took, peak = time.monotonic() - began, push.peak_rss_mb()
    _compare(world, run_id, wanted)
    return took, peak, invocations


def _items(world: World) -> list[dict]:
    scan = world.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    return [item for page in scan for item in page["Items"]]


def _run_id(world: World, key: str) -> str:
    """The run that imported a file."""
    items = [item for item in _items(world) if item["sk"]["S"] == "progress"]
    runs = [item["pk"]["S"].removeprefix("run#") for item in items if json.loads(item["document"]["S"])["report"]["source"] == key]
    if len(runs) != 1:
        raise Failed(f"{key} has {len(runs)} runs")
    return runs[0]


def _write_parts(world: World, run_id: str) -> dict[str, str]:
    """Parts as slices leave them, and the progress that names them; answers the hashes of what they come to."""
    drawn, each = random.Random(run_id), PARTS // 2
    wanted, bodies = {}, {}
    for kind in ("rejects", "outcomes"):
        whole = hashlib.sha256()
        for number in range(each):
            body = _part(kind, drawn)
            whole.update(body)
            bodies[f"work/{run_id}/{kind}-000001-{number:06}"] = body
        wanted[kind] = whole.hexdigest()
    s3 = world.client("s3")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=BUCKET, Key=key, Body=bodies[key]), bodies))
    dynamodb = world.client("dynamodb")
    progress = next(item for item in _items(world) if item["pk"]["S"] == f"run#{run_id}" and item["sk"]["S"] == "progress")
    document = json.loads(progress["document"]["S"])
    document["rejects"] = document["outcomes"] = [[1, each]]
    document["report"] |= {"status": "running", "finished_at": None, "duration_ms": None}
    document = {name: value for name, value in document.items() if not name.endswith("_joined")}
    dynamodb.put_item(TableName=TABLE, Item=progress | {"document": {"S": json.dumps(document)}})
    return wanted


def _part(kind: str, drawn: random.Random) -> bytes:
    if kind == "rejects":
        return drawn.randbytes(REJECTS_BYTES)
    rows = "".join(f"{drawn.randrange(10**7)},inserted,{drawn.randrange(10**18)},{drawn.randrange(10**9)}@example.com\n" for _ in range(20))
    return gzip.compress((rows * (OUTCOMES_ROWS // 20)).encode() + drawn.randbytes(20_000), compresslevel=1)


def _compare(world: World, run_id: str, wanted: dict[str, str]) -> None:
    """No byte is lost or doubled, and nothing is left under way."""
    s3 = world.client("s3")
    for kind, digest in wanted.items():
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{kind}/Contacts/").get("Contents", [])
        keys = [each["Key"] for each in listed if run_id in each["Key"]]
        if len(keys) != 1:
            raise Failed(f"{len(keys)} {kind} files for {run_id}")
        body = s3.get_object(Bucket=BUCKET, Key=keys[0])["Body"].read()
        if hashlib.sha256(body).hexdigest() != digest:
            raise Failed(f"{keys[0]} is not what its parts come to")
        s3.delete_object(Bucket=BUCKET, Key=keys[0])
    left = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"work/{run_id}/").get("Contents", [])
    if left:
        raise Failed(f"{len(left)} parts were left behind")


@contextlib.contextmanager
def _answering_later(url: str) -> Iterator[str]:
    """The same server, each answer of which begins so much later."""
    host, port = url.removeprefix("http://").split(":")
    ready: queue.Queue = queue.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(port))
        asked = asyncio.Event()

        async def forth() -> None:
            while data := await reader.read(1 << 16):
                asked.set()
                back.write(data)
                await back.drain()
            back.write_eof()

        async def home() -> None:
            while data := await there.read(1 << 16):
                if asked.is_set():
                    asked.clear()
                    await asyncio.sleep(ANSWERS_AFTER_S)
                writer.write(data)
                await writer.drain()
            writer.close()

        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(forth(), home())

    async def run() -> None:
        server, stop = await asyncio.start_server(serve, "127.0.0.1", 0), asyncio.Event()
        async with server:
            ready.put((asyncio.get_running_loop(), stop, server.sockets[0].getsockname()[1]))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    loop, stop, own_port = ready.get(timeout=10)
    try:
        yield f"http://127.0.0.1:{own_port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
