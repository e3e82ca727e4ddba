"""AWS that knows nothing and answers at once, over HTTP or HTTPS, and notes how far a function has got when it is asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.processes import Failed

from .runtime_api import cpu_ms


class Moments:
    """CPU time of the function at each thing it does that can be seen from outside."""

    def __init__(self) -> None:
        self.pid = 0
        self._lock = threading.Lock()
        self._seen: list[tuple[str, float]] = []

    def note(self, what: str) -> None:
        """Something was seen."""
        with self._lock:
            if self.pid:
                self._seen.append((what, cpu_ms(self.pid)))

    def first_call(self, at_the_end: float) -> float:
        """From the first TLS connection to the first thing after its answer."""
        with self._lock:
            seen = list(self._seen)
        names = [name for name, _ in seen]
        if "accepted" not in names or "answered" not in names:
            raise Failed(f"there was no HTTPS call: {names}")
        accepted, answered = names.index("accepted"), names.index("answered")
        after = next((cpu for name, cpu in seen[answered + 1 :] if name == "asked"), at_the_end)
        return after - seen[accepted][1]


class Stub:
    """AWS that knows nothing."""

    def __init__(self, tls: bool = False) -> None:
        self.moments = Moments()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                stub.moments.note("asked")
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                service = self.headers.get("X-Amz-Target", "").partition(".")[0]
                body, status = _answer(service)
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if tls:
                    stub.moments.note("answered")
                self.wfile.write(body)

            do_GET = do_PUT = do_HEAD = do_POST

            def log_message(self, *_arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def get_request(self) -> tuple:
                accepted = super().get_request()
                if tls:
                    stub.moments.note("accepted")
                return accepted

            def finish_request(self, request: object, address: object) -> None:
                if tls:
                    request = stub._context.wrap_socket(request, server_side=True)
                super().finish_request(request, address)

            def handle_error(self, *_arguments: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        port = self._server.server_address[1]
        self.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        if tls:
            from . import certificates

            self._context = certificates.server_context()

    def __enter__(self) -> Stub:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answer(service: str) -> tuple[bytes, int]:
    if service.startswith("DynamoDB"):
        return b"{}", 200
    return b'{"__type":"ResourceNotFoundException","Message":"there is nothing here"}', 400
