"""python-socketio's AsyncServer on uvicorn: `python -m bench.servers.asyncio_app PORT`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import socketio
import uvicorn

from bench.servers import orders

NAMESPACE = "/windsock"
server = socketio.AsyncServer(async_mode="asgi")
followed = orders.Orders()
tasks: set[asyncio.Task[None]] = set()


@server.on("connect", namespace=NAMESPACE)  # type: ignore[untyped-decorator]  # python-socketio has no annotations
async def connect(sid: str, _environ: dict[str, Any]) -> None:
    """A new viewer gets the state as it is."""
    await server.emit("state", orders.state(followed.number), namespace=NAMESPACE, to=sid)


async def follow() -> None:
    """Send what is ordered, to all."""
    loop = asyncio.get_running_loop()
    while True:
        number = await loop.run_in_executor(None, followed.take, 60.0)
        if number is not None:
            await server.emit("state", orders.state(number), namespace=NAMESPACE)


async def start() -> None:
    """Follow orders beside serving."""
    tasks.add(asyncio.create_task(follow()))


if __name__ == "__main__":
    app = socketio.ASGIApp(server, on_startup=start)
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="websockets", log_level="warning", backlog=4096
    )
