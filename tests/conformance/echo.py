"""An Engine.IO server that sends every message back: what the protocol's test suites are run against.

.venv/bin/python -m tests.conformance.echo --port 3000
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from windsock.engine import Engine, EngineServer, Limits, Options
from windsock.engine.frames import message
from windsock.engine.router import Router
from windsock.engine.session import Session
from windsock.web.serving import listen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SUITE = Options("/engine.io/", ping_interval=0.3, ping_timeout=0.2, max_payload=1_000_000)
"""What the suites expect."""


class Echo(Router):
    """Takes the place of Socket.IO: no packets, no namespaces."""

    def dispatch(self, session: Session, data: str | bytes) -> None:
        self._greet(session)
        session.send(message(data))


def no_pages(_environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """There is nothing beside the endpoint."""
    start_response("404 NOT FOUND", [("Content-Length", "0")])
    return []


@contextmanager
def echoing(options: Options = SUITE, limits: Limits | None = None, port: int = 0) -> Iterator[Engine]:
    """A server of this kind in a thread of its own; ``engine.server`` is where it listens."""
    limits = limits or Limits()
    with listen("127.0.0.1", port) as listener:
        engine = Engine(options, limits, most_sessions=1000)
        engine.router = Echo(engine.now, limits.events_per_second, engine.greet)
        server = EngineServer(engine, no_pages, listener, drain=1)
        server.start()
        try:
            yield engine
        finally:
            server.stop()


def main() -> None:
    """Serve until somebody stops it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=3000)
    # A message that is echoed is one, and the suites' pace is theirs.
    with echoing(port=parser.parse_args().port) as engine:
        print(f"Echoing at http://{engine.server[0]}:{engine.server[1]}{engine.options.path}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
