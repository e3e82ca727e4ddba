"""A tiny Lambda Runtime API on the loopback interface, and functions as plain child processes of this one.

The CPU time and the peak memory of a function are read from outside, at the moments when it talks to this API, so that what is
measured is the function as it is deployed.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from local.processes import Failed

_VERSION = "/2018-06-01/runtime"


@dataclass
class Invocation:
    """What one invocation came to."""

    answer: object
    seconds: float
    cpu_ms: float


@dataclass
class _Function:
    """What the API knows of the function that talks to it."""

    work: queue.Queue = field(default_factory=queue.Queue)
    done: queue.Queue = field(default_factory=queue.Queue)
    asked: queue.Queue = field(default_factory=queue.Queue)
    pid: int = 0


class Process:
    """One function in a process of its own, from its start to the end of the block."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._function = _Function()
        self._server = _serve(self._function)
        port = self._server.server_address[1]
        lambda_environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        }
        self._command, self._environment, self.log = command, environment | lambda_environment, log
        self._ended = False

    def __enter__(self) -> Process:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        # posix_spawn, since nothing of this process's own may count as the function's CPU time.
        self.pid = self._function.pid = os.posix_spawn(
            self._command[0],
            self._command,
            self._environment,
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(self.log), flags, 0o644), (os.POSIX_SPAWN_DUP2, 1, 2)],
            setpgroup=0,
        )
        self._started = time.monotonic()
        return self

    def __exit__(self, *_reason: object) -> None:
        if not self._ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._ended = True
        self._server.shutdown()
        self._server.server_close()

    def cpu_ms(self) -> float:
        """CPU time so far, of all threads, by the kernel's own clock of the process."""
        return cpu_ms(self.pid)

    def peak_rss_mb(self) -> float:
        """The most memory it ever had resident."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise Failed("the kernel does not say how much memory a process had")

    def wait_init(self, seconds: float = 60) -> tuple[float, float]:
        """Waits until it asks for work; answers with the CPU time and the seconds that took."""
        cpu, at = self._next(self._function.asked, seconds, "it never asked for work")
        return cpu, at - self._started

    def invoke(self, payload: object, seconds: float = 170) -> Invocation:
        """One invocation; fails where the function does."""
        cpu, began = self.cpu_ms(), time.monotonic()
        self._function.work.put((json.dumps(payload).encode(), time.time() + seconds))
        kind, body, cpu_after, at = self._next(self._function.done, seconds + 30, "it never answered")
        if kind != "response":
            raise Failed(f"the function failed: {body[:2000]!r} (see {self.log})")
        return Invocation(json.loads(body or b"null"), at - began, cpu_after - cpu)

    def invoke_whatever(self, payload: object, seconds: float = 60) -> None:
        """One invocation that may fail."""
        self._function.work.put((json.dumps(payload).encode(), time.time() + seconds))
        self._next(self._function.done, seconds, "it never answered")

    def refusal(self, payload: object, seconds: float = 60) -> str:
        """One invocation that is to fail; answers the error's type."""
        self._function.work.put((json.dumps(payload).encode(), time.time() + seconds))
        kind, body, *_ = self._next(self._function.done, seconds, "it never answered")
        if kind == "response":
            raise Failed(f"the function took what it does not know: {body[:2000]!r}")
        return json.loads(body)["errorType"]

    def _next(self, events: queue.Queue, seconds: float, problem: str) -> tuple:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                return events.get(timeout=0.2)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self._ended = True
                said = self.log.read_text(errors="replace")[-2000:]
                raise Failed(f"the function ended with status {status}:\n{said}")
            if time.monotonic() > deadline:
                raise Failed(f"{problem} (see {self.log})")


def cpu_ms(pid: int) -> float:
    """CPU time of a process: clock_getcpuclockid(3), which Python does not have, is this arithmetic on Linux."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


def _serve(function: _Function) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with contextlib.suppress(ProcessLookupError, OSError):
                function.asked.put((cpu_ms(function.pid), time.monotonic()))
            payload, deadline = function.work.get()
            if payload is None:
                return
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", f"00000000-0000-4000-8000-{time.monotonic_ns() % 10**12:012d}")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:bench")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def do_POST(self) -> None:
            now, cpu = time.monotonic(), cpu_ms(function.pid)
            body = self._body()
            kind = "response" if self.path.startswith(_VERSION) and self.path.endswith("/response") else "error"
            function.done.put((kind, body, cpu, now))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(chunks)

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_arguments: object) -> None:
            """A function that ends cuts its connections; that is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
