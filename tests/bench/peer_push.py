"""The peer's figures over ours: the same file, the same sandbox, turn by turn."""

from __future__ import annotations

from local.processes import Failed
from local.stack import REGION

from . import cold_start
from .places import BENCH, binary
from .pushing import Push, by_peer, by_push
from .runtime_api import Process
from .table import Row, at_least, told
from .world import World

ROWS, LATENCY_MS, RUNS, COLD_RUNS = 10_000, 50, 5, 9


def peer() -> list[Row]:
    """peer.*_ratio, after both have shown that they write the same."""
    _both_write_the_same()
    with World() as world:
        world.answers_after(0)
        # From here on both find every record there.
        _ours(world)
        world.answers_after(LATENCY_MS)
        pairs = [(_ours(world), _theirs(world)) for _ in range(RUNS)]
    cold = _cold_starts()
    rows = []
    for what, of in (("time", lambda side: side[0].seconds), ("cpu", lambda side: side[0].cpu_ms), ("memory", lambda side: side[1])):
        ours, theirs = [of(own) for own, _ in pairs], [of(other) for _, other in pairs]
        print(f"{what}: the peer {_numbers(theirs)}, ours {_numbers(ours)}", flush=True)
        ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
        # Without goals: a tenth of a peer that rests on C lies below a program that only reads and writes the rows.
        rows.append(told(f"peer.{what}_ratio", ratios, "ratio"))
    print(f"cold start: the peer {_numbers([other for _, other in cold])}, ours {_numbers([own for own, _ in cold])} ms of CPU", flush=True)
    return [*rows, at_least("peer.cold_start_ratio", [other / own for own, other in cold], "ratio", 10)]


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _ours(world: World) -> tuple[Push, float]:
    with world.function("push") as push:
        push.wait_init()
        return by_push(world, push, ROWS), push.peak_rss_mb()


def _theirs(world: World) -> tuple[Push, float]:
    environment = world.environment() | cold_start.peer_environment() | {"AWS_DEFAULT_REGION": REGION}
    with Process(cold_start.peer_command(), environment, BENCH / "peer.log") as process:
        process.wait_init()
        return by_peer(world, process, ROWS), process.peak_rss_mb()


def _cold_starts() -> list[tuple[float, float]]:
    commands = [str(binary("push"))], cold_start.peer_command()
    # The first of each brings the program into the page cache.
    pairs = [tuple(cold_start.init_cpu_ms(command) for command in commands) for _ in range(COLD_RUNS + 1)]
    return pairs[1:]


def _both_write_the_same() -> None:
    left = []
    for push in (_ours, _theirs):
        with World() as world:
            world.answers_after(0)
            push(world)
            left.append(world.contents())
    by_ours, by_theirs = left
    if by_ours != by_theirs or len(by_ours) != ROWS:
        differing = next((pair for pair in zip(by_ours, by_theirs, strict=False) if pair[0] != pair[1]), None)
        raise Failed(f"ours left {len(by_ours)} records, the peer {len(by_theirs)}; the first that differ: {differing}")
    print(f"both leave the same {len(by_ours):,} records in the sandbox", flush=True)
