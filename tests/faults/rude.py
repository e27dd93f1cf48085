"""Viewers that nobody wants: they stop reading, vanish, or send rubbish. What becomes of them is of no interest."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.engine.protocol.frames import BINARY, FIN, TEXT
from tests.faults.soak_client import PATH, Http, WebSocket, frame
from tests.faults.streams import HOST, Stream
from tests.faults.viewer import FAILURES

FORBIDDEN = "note"
"""A thing that they try to write, without the key."""
PACKETS = (
    "", "9", "4", "40", "42[]", '42/windsock,["watch"]', '42/windsock,1["watch",{"things":7}]', "41/windsock,",
    '42/windsock,2["history",{"thing":"counter","since":-1}]', '42/windsock,3["state",{"version":99}]',
    "4" + "[" * 500, '451-/windsock,["watch",{"_placeholder":true,"num":0}]', "2probe", "1", "\x00",
    f'42/windsock,4["report",{{"thing":"{FORBIDDEN}","state":"WRITTEN"}}]',
    '42/windsock,5["report",{"thing":"counter","state":"WRITTEN"}]', '43/windsock,6[{"ok":true}]',
)  # fmt: skip


async def stop_reading(port: int, chance: random.Random) -> None:
    """Watch everything, and read nothing for a while."""
    link = await WebSocket.open(port, buffer=4096)
    await link.send("40/windsock,")
    await asyncio.sleep(chance.uniform(0.5, 1.5))


async def send_rubbish(port: int, chance: random.Random) -> None:
    """Bytes that are no HTTP, frames that are no packets, packets that are no requests."""
    kind = chance.choice(("bytes", "frames", "packets", "packets", "polling"))
    if kind == "bytes":
        stream = await Stream.open(port)
        stream.send(chance.choice((b"", b"GET ", b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n\r\n")))
        stream.send(chance.randbytes(chance.choice((1, 100, 5000))))
    elif kind == "polling":
        http = await Http.open(port)
        await http.request("POST", f"{PATH}polling&sid={chance.random()}", chance.randbytes(100))
        await http.request(chance.choice(("PUT", "DELETE", "GET")), f"{PATH}smoke", chance.randbytes(10))
    else:
        link = await WebSocket.open(port)
        await link.send("40/windsock,")
        for _ in range(chance.randint(1, 10)):
            opcode = chance.choice((TEXT, BINARY, 0x3, 0xF))
            rubbish = frame(chance.randbytes(50), FIN | opcode) if kind == "frames" else frame(chance.choice(PACKETS))
            link.stream.send(rubbish)
    await asyncio.sleep(chance.uniform(0, 0.2))


async def write_without_key(port: int, chance: random.Random) -> None:
    """Try to change a state by REST."""
    http = await Http.open(port)
    host = chance.choice((HOST, "windsock.example"))
    body = json.dumps({"state": "WRITTEN"}).encode()
    await http.request("PUT", f"/api/v1/things/{FORBIDDEN}/state?{host}", body, "application/json")


RUDE: dict[str, Callable[[int, random.Random], Awaitable[None]]] = {
    "stop reading": stop_reading,
    "send rubbish": send_rubbish,
    "write without the key": write_without_key,
}


async def visit(kind: str, port: int, chance: random.Random, viewers: int) -> None:
    """Several of a kind at a time; each breaks off, or closes."""

    async def one() -> None:
        opened: list[Stream] = []
        Stream.opened.set(opened)
        with suppress(*FAILURES):
            await RUDE[kind](port, chance)
        for stream in opened:
            chance.choice((stream.reset, stream.finish))()

    await asyncio.gather(*(asyncio.create_task(one()) for _ in range(viewers)))
