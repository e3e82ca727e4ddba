"""Programs started and surely stopped: also on failure, Ctrl-C and SIGTERM, and only those started here."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_IS_LINUX = sys.platform == "linux"


class Failed(Exception):
    """A step came to nothing; the message says which and where to look."""


def end_on_signals() -> None:
    """Makes SIGTERM and SIGHUP end this process the way Ctrl-C does, so that everything it started is stopped too."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what: str, seconds: float, look: Callable[[], object], pause: float = 0.2) -> object:
    """Looks again and again until `look` answers something true; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= deadline:
            raise Failed(f"{what}: nothing after {seconds:.0f} s")
        time.sleep(pause)


def run(command: list[str], *, cwd: Path, env: dict[str, str], log: Path | None = None) -> None:
    """Runs a tool to its end. With `log` its output goes there, and the end of it is shown when the tool fails."""
    with log.open("wb") if log else contextlib.nullcontext() as output:
        status = run_status(command, cwd=cwd, env=env, output=output)
    if status:
        if log:
            sys.stderr.write("\n".join(log.read_text(errors="replace").splitlines()[-40:]) + "\n")
        raise Failed(f"`{' '.join(Path(part).name if part.startswith('/') else part for part in command[:4])}` failed with status {status}")


def run_status(command: list[str], *, cwd: Path, env: dict[str, str], output: object = None) -> int:
    """Runs a tool to its end and answers its status. Whatever interrupts the wait ends the tool first."""
    sys.stdout.flush()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
        preexec_fn=_die_with_parent if _IS_LINUX else None,
    )
    try:
        return process.wait()
    except BaseException:
        _end_group(process.pid, process, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), patience=20)
        raise


def run_piped(command: list[str], *, cwd: Path, env: dict[str, str], show: Callable[[str], None]) -> int:
    """Runs a tool to its end, handing over each line as it is said. Whatever interrupts that ends the tool first."""
    sys.stdout.flush()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_die_with_parent if _IS_LINUX else None,
    )
    try:
        for line in process.stdout:
            show(line)
        return process.wait()
    except BaseException:
        _end_group(process.pid, process, (signal.SIGINT, signal.SIGTERM, signal.SIGKILL), patience=20)
        raise


class Server:
    """A program that serves until it is told to stop, with its output in a file."""

    def __init__(self, name: str, command: list[str], *, cwd: Path, env: dict[str, str], log: Path, outlive: bool) -> None:
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if _IS_LINUX and not outlive else None,
            )
        self.pid = self._process.pid

    def wait_ready(self, seconds: float, look: Callable[[], object]) -> None:
        """Waits until it serves; fails at once when it has ended, with what it said last."""

        def ready_or_dead() -> object:
            if self._process.poll() is not None:
                said = self.log.read_text(errors="replace").splitlines()[-20:]
                raise Failed(f"{self.name} ended with status {self._process.returncode}:\n" + "\n".join(said))
            return look()

        wait_until(f"{self.name} did not start (see {self.log})", seconds, ready_or_dead)

    def stop(self) -> None:
        """Ends it and everything it started."""
        _end_group(self.pid, self._process, (signal.SIGTERM, signal.SIGKILL), patience=5)


def start_time(pid: int) -> str | None:
    """When the process was started, in the kernel's own units; tells a process from a later one with the same id."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return None


def end_group_of(pid: int) -> None:
    """Ends a process group that an earlier run started and left (make up)."""
    _end_group(pid, None, (signal.SIGTERM, signal.SIGKILL), patience=5)


def descendants(pid: int) -> Iterator[int]:
    """All processes that `pid` started, directly or not."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    open_ends = [pid]
    while open_ends:
        for child in children.get(open_ends.pop(), []):
            open_ends.append(child)
            yield child


def _end_group(group: int, process: subprocess.Popen | None, signals: tuple[signal.Signals, ...], patience: float) -> None:
    for each in signals:
        try:
            os.killpg(group, each)
        except (ProcessLookupError, PermissionError):
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and _group_lives(group, process):
            time.sleep(0.05)
        if not _group_lives(group, process):
            break
    if process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)


def _group_lives(group: int, process: subprocess.Popen | None) -> bool:
    if process:
        process.poll()
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
