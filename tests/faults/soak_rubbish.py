"""What comes to a server beside viewers: pages and reports, and rubbish of every kind."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.engine.protocol.frames import BINARY, FIN, TEXT
from tests.faults.fuzz_protocol import spoilt
from tests.faults.soak_acts import (
    LINGER,
    MESSAGE_SIZE,
    World,
    chat,
    crowd,
    half,
    half_upgrade,
    leave,
    listen,
    no_namespace,
    refused,
    slow,
    until_ended,
    visit,
)
from tests.faults.soak_client import PATH, Http, Polling, WebSocket, connect, frame, handshake
from tests.faults.streams import Ended, Stream

JSON = "application/json"
LARGE = 500_000
"""Bytes of the page ``/large``; see `soak_app`."""

# ------------------------------------------------------------------------------------------------ pages and reports


async def pages(world: World, chance: random.Random) -> None:
    """Some pages over one connection."""
    http = await Http.open(world.port)
    for _ in range(chance.randrange(1, 6)):
        method, target, wanted = chance.choice(PAGES)
        status, _body = await http.request(method, target)
        world.require(status == wanted, f"{method} {target} was answered with {status}")
    if chance.random() < 0.5:
        http.stream.reset()
    else:
        http.stream.finish()


PAGES = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/slow", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/windsock/", 200),
    ("GET", "/windsock/things/counter", 200),
    ("GET", "/windsock/things/none", 404),
    ("GET", "/windsock/static/windsock.js", 200),
    ("GET", "/windsock/static/vendor/socket.io.min.js", 200),
    ("GET", "/windsock/api/v1/things", 200),
    ("GET", "/windsock/api/v1/things/counter/history?limit=500", 200),
    ("GET", "/windsock/api/v1/things/door", 200),
    ("GET", "/windsock/readyz", 200),
    ("GET", "/windsock/healthz", 200),
]


async def broken_off(world: World, chance: random.Random) -> None:
    """A page that is not waited for, or not read to its end, or read late."""
    stream = await Stream.open(world.port, 4096)
    target = chance.choice(("/slow", "/large", "/large"))
    stream.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await asyncio.sleep(chance.choice((0, 0.05, 1)))
    way = chance.choice(("fin", "rst", "late"))
    world.done[f"{target}, {way}"] += 1
    if way == "fin":
        stream.finish()
    elif way == "rst":
        stream.reset()
    else:
        status, body = await Http(stream).answer()
        world.require((status, len(body)) == (200, LARGE if target == "/large" else 7), f"{target}: {len(body)} bytes")
        stream.finish()


async def reports(world: World, chance: random.Random) -> None:
    """Reports through REST, right and wrong."""
    http = await Http.open(world.port)
    for _ in range(chance.randrange(1, 5)):
        method, target, body, wanted = chance.choice(REPORTS)
        status, answer = await http.request(method, f"/windsock/api/v1/things/{target}", body, JSON)
        world.require(status == wanted, f"{method} {target} {body!r:.60} was answered with {status}: {answer!r:.200}")
    http.stream.finish()


def _reading(state: str) -> bytes:
    return json.dumps({"state": state, "data": {"by": 12345}}).encode()


REPORTS = [
    ("PUT", "door/state", _reading("OPEN"), 200),
    ("PUT", "door/state", _reading("CLOSED"), 200),
    ("PUT", "door/state", _reading("AJAR"), 422),
    ("PUT", "counter/state", _reading("S1"), 409),
    ("PUT", "none/state", _reading("S1"), 404),
    ("POST", "door/readings", b'{"readings":[' + _reading("OPEN") + b"," + _reading("CLOSED") + b"]}", 200),
]


# ---------------------------------------------------------------------------------------------------------- rubbish


async def drop(world: World, chance: random.Random, stream: Stream) -> None:
    """Look for a moment at what it says to that, and go."""
    await stream.ended(chance.choice((0.02, 0.1)))
    if chance.random() < 0.5:
        stream.finish()
    else:
        stream.reset()


async def rubbish_requests(world: World, chance: random.Random) -> None:
    """No HTTP, or nearly."""
    stream = await Stream.open(world.port)
    kind = chance.randrange(4)
    if kind == 0:
        stream.send(chance.randbytes(chance.choice((1, 20, 3000, 100_000))))
    elif kind == 1:
        stream.send(spoilt(chance, "head"))
    elif kind == 2:
        whole = bytearray(handshake())
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        stream.send(bytes(whole))
    else:
        stream.send(chance.choice(BROKEN))
    await drop(world, chance, stream)


BROKEN = [
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000,
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"b" * 200_000,
    b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno\r\n0\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 30,
    b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n" * 5,
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"GET /windsock/ HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
]


async def rubbish_frames(world: World, chance: random.Random) -> None:
    """Frames that are none, on a session that was a good one."""
    link = await WebSocket.open(world.port)
    if chance.random() < 0.5:
        await connect(link)
    what = chance.choice(list(WRONG_FRAMES) or ["spoilt"]) if chance.random() < 0.5 else "spoilt"
    world.done[f"{what} frames"] += 1
    if what == "spoilt":
        link.stream.send(spoilt(chance, "frames"))
        await drop(world, chance, link.stream)
    else:
        link.stream.send(WRONG_FRAMES[what])
        await until_ended(world, link.stream, LINGER, f"a frame with {what}")


WRONG_FRAMES = {
    "no mask": b"\x81\x05hello",
    "bad UTF-8": frame(b"4\xff\xfe\xfd", FIN | TEXT),
    "half a character": frame(b"42\xc3", TEXT) + frame(b"(", 0x80),
    "a size beyond all": b"\x82\xff" + b"\x7f" + b"\xff" * 7 + bytes(4),
    "a size beyond the limit": frame(b"", FIN | BINARY)[:1] + b"\xff" + (MESSAGE_SIZE + 1).to_bytes(8) + bytes(4),
    "parts beyond the limit": frame(b"4" * 60_000, TEXT) + frame(b"4" * 60_000, 0x80),
    "reserved bits": frame("4", 0xF1),
    "an unknown kind": frame("4", 0x83),
    "a long ping": frame(bytes(126), 0x89),
    "no beginning": frame("4", 0x80),
}


async def rubbish_packets(world: World, chance: random.Random) -> None:
    """Right frames with wrong packets, of Engine.IO or Socket.IO."""
    link = await WebSocket.open(world.port)
    await connect(link, chance.choice(("/windsock", "/")))
    if chance.random() < 0.6:
        text = spoilt(chance, "packet").decode(errors="replace")
        await link.send(chance.choice(("4", "4", "")) + text)
        await drop(world, chance, link.stream)
    else:
        wrong = chance.choice(WRONG_PACKETS)
        await link.send(wrong)
        await until_ended(world, link.stream, LINGER, f"the packet {wrong!r:.50}")


WRONG_PACKETS: list[str | bytes] = [
    *("", "9", "0", "5", "6", "2probe", "4", "49", "4{}", "42/windsock", '42/windsock,"x"', "42/windsock,[]"),
    *('43/windsock,["no id"]', "44/windsock,{}", '451-/nowhere,["x",{"_placeholder":true,"num":0}]', "42[", "40[1]"),
    b"belongs to nothing",
]


async def rubbish_polls(world: World, chance: random.Random) -> None:
    """Polls that should not be: the server says so, and to good ones it goes on answering."""
    polling = await Polling.open(world.port)
    await connect(polling, chance.choice(("/windsock", "/")))
    http = await Http.open(world.port)
    kind = chance.randrange(4)
    if kind == 0:
        body = chance.choice((spoilt(chance, "payload"), b"", b"x" * (MESSAGE_SIZE + 1), b"\x1e", b"\xff"))
        status, _ = await http.request("POST", polling.target, body)
        world.require(status in {200, 400, 413}, f"the payload {body!r:.60} was answered with {status}")
    elif kind == 1:
        method, target = chance.choice(WRONG_POLLS)
        status, _ = await http.request(method, target.format(sid=polling.sid))
        world.require(status in {400, 405}, f"{method} {target} was answered with {status}")
        await listen(polling, 0.1)
        await leave(world, chance, polling)
    elif kind == 2:
        status = await _second_poll(polling, http)
        world.require(status in {200, 400}, f"a second poll at once was answered with {status}")
    else:
        await _second_upgrade(world, polling)
    http.stream.finish()


WRONG_POLLS = [
    ("GET", PATH + "polling&sid=unknown"),
    ("POST", PATH + "polling&sid=unknown"),
    ("POST", PATH + "polling"),
    ("PUT", PATH + "polling&sid={sid}"),
    ("GET", PATH + "smoke&sid={sid}"),
    ("GET", "/socket.io/?EIO=3&transport=polling"),
    ("GET", "/socket.io/"),
]


async def _second_poll(polling: Polling, http: Http) -> int:
    """The status that the second of two polls at once gets."""
    first = asyncio.create_task(polling.asking.request("GET", polling.target))
    await asyncio.sleep(0.02)
    status, _ = await http.request("GET", polling.target)
    with suppress(Ended):
        await first
    return status  # 200 if the first one happened to get something just before


async def _second_upgrade(world: World, polling: Polling) -> None:
    """A second WebSocket for the same session is closed, and the first goes on."""
    first = await polling.upgrade()
    await asyncio.gather(listen(first, LINGER), _upgrade_in_vain(world, polling.sid))
    first.finish()


async def _upgrade_in_vain(world: World, sid: str) -> None:
    second = await WebSocket.open(world.port, sid)
    with suppress(Ended):
        world.require(False, f"a second WebSocket of one session was sent {await second.receive()!r:.60}")
    await until_ended(world, second.stream, LINGER, "a second WebSocket of one session")


Act = Callable[[World, random.Random], Awaitable[None]]
ACTS: dict[Act, int] = {
    visit: 30,
    chat: 20,
    half: 15,
    rubbish_requests: 10,
    rubbish_frames: 8,
    rubbish_packets: 8,
    rubbish_polls: 8,
    pages: 8,
    reports: 6,
    refused: 4,
    slow: 4,
    half_upgrade: 3,
    no_namespace: 2,
    broken_off: 2,
    crowd: 0,
}
"""What there is to do, and how often."""
