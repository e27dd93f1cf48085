"""A service that is there, and does not do what it should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def answering(status: int | None) -> Iterator[tuple[int, list[str]]]:
    """A service that answers every request with ``status``; None: not at all."""
    requests: list[str] = []
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            if status is None:
                done.wait()
            else:
                self.send_error(status)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server.server_port, requests
        finally:
            done.set()
            server.shutdown()
            serving.join()
