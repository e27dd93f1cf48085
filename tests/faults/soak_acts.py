"""What viewers do to a server, well and badly: they come, look around, and leave in every way there is."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import psutil

from tests.engine.protocol.frames import CLOSE, FIN
from tests.faults.soak_client import WAYS, Link, Polling, WebSocket, connect, frame, handshake, open_link
from tests.faults.streams import Ended, Stream

PING_TIMES = 4.0
"""Seconds in which the server gives up a viewer that does not answer; see `soak_app`."""
TIMEOUT = 4.0
"""Seconds of each other timeout that the server is given."""
LINGER = 2.0
"""Seconds that it waits for the answer to a close frame."""
SLACK = 6.0
"""Seconds by which a busy machine may be late."""
MESSAGE_SIZE = 100_000
"""The most bytes of a message."""
WAITING_SIZE = 200_000
"""The most bytes that wait for a viewer that does not read."""


@dataclass
class World:
    """Where it all happens, what was done, and what should not have been."""

    port: int
    server: psutil.Process
    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    rooms: Any = field(default_factory=count)

    def require(self, condition: bool, what: str) -> None:
        if not condition:
            self.problems.append(what)


async def listen(link: Link, seconds: float | None = None) -> None:
    """Take what comes for a while, or until it ends. Raises Ended."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                await link.receive()


async def converse(link: Link, messages: Iterable[Sequence[str | bytes]], then: float) -> None:
    """Send one after the other, and take what comes meanwhile, and for a while afterwards. Raises Ended.

    A viewer that sends, or waits for another connection, answers pings as well.
    """
    listening = asyncio.create_task(listen(link))
    try:
        for packets in messages:
            await link.send(*packets)
        await asyncio.sleep(then)
        if listening.done():
            listening.result()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def until_ended(world: World, stream: Stream, within: float, what: str) -> None:
    """Say nothing, until the server ends it; it has to, in time."""
    world.require(await stream.ended(within + SLACK), f"{what}: not ended within {within} seconds")
    stream.finish()


# ---------------------------------------------------------------------------------------------------- whole visits


async def visit(world: World, chance: random.Random) -> None:
    """A viewer of ``/windsock``."""
    link = await open_link(world.port, chance.choice(WAYS))
    hello = [None, {"things": ["counter"]}, {"things": {"counter": None, "door": None}}, {"viewers": True}]
    before = await connect(link, auth=chance.choice(hello))
    world.require(not before, f"before CONNECT was answered came {before}")
    events = [chance.choice(REQUESTS) for _ in range(chance.randrange(5))]
    messages = [(f"42/windsock,{number}{json.dumps(event)}",) for number, event in enumerate(events)]
    await converse(link, messages, chance.choice((0, 0, 0.1, 0.5, 2)))
    await leave(world, chance, link)


REQUESTS: Sequence[Any] = [
    ["watch", {"things": ["door"]}],
    ["unwatch", {"things": ["counter", "door"]}],
    ["watch", {"things": ["nothing"]}],
    ["watch", 7],
    ["history", {"thing": "counter", "limit": 50}],
    ["history", {"thing": "counter", "epoch": "?", "since": 1}],
    ["report", {"thing": "door", "state": "OPEN"}],
    ["report", {"thing": "counter", "state": "OPEN"}],
    ["dance"],
]


async def leave(world: World, chance: random.Random, link: Link) -> None:
    """One of the ways out: said, unsaid, or not at all."""
    way = chance.choice(("fin", "rst", "packet", "namespace", "frame", "silence"))
    world.done[f"left by {way}"] += 1
    if way == "fin":
        link.finish()
    elif way == "rst":
        link.reset()
    elif way == "namespace":
        await link.send("41/windsock,", "41")
        await listen(link, 0.2)
        link.finish()
    elif way == "packet":
        await link.send("1")
        await end(world, link, LINGER, "a closed session")
    elif isinstance(link, WebSocket) and way == "frame":
        link.stream.send(frame(b"\x03\xe8bye", FIN | CLOSE))
        await end(world, link, LINGER, "a closed WebSocket")
    else:
        await end(world, link, PING_TIMES + LINGER, "a session that answers no pings")


async def end(world: World, link: Link, within: float, what: str) -> None:
    """See `until_ended`. A session on polling has no connection that could be ended: it is not asked for any more."""
    if isinstance(link, WebSocket):
        await until_ended(world, link.stream, within, what)
    else:
        link.finish()


async def chat(world: World, chance: random.Random) -> None:
    """A client of the application's own namespaces."""
    link = await open_link(world.port, chance.choice(WAYS))
    await connect(link, "/")
    if chance.random() < 0.5:
        await connect(link, "/other")
    room = f"room {chance.randrange(5)}"
    data = chance.randbytes(chance.choice((1, 100, 3000)))
    packets: list[tuple[str | bytes, ...]] = [
        (f'42["enter","{room}"]',),
        (f'421["say","{room}",{{"text":"{"y" * chance.randrange(2000)}"}}]',),
        (f'451-2["say","{room}",{{"_placeholder":true,"num":0}}]', data),
        ('452-3["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', data, b"second"),
        ('42["ask","how are you?"]',),
        ('430["well"]',),
        ('424["fail"]',),
        (f'42["leave","{room}"]',),
        ('42/other,["news",1]',),
        ('42["unknown"]',),
    ]
    messages = [chance.choice(packets) for _ in range(chance.randrange(12))]
    await converse(link, messages, chance.choice((0, 0.1, 1)))
    await leave(world, chance, link)


async def refused(world: World, chance: random.Random) -> None:
    """A client that is not let in, or wants in where there is nothing."""
    link = await open_link(world.port, chance.choice(WAYS))
    for namespace, auth in (("/", {"refuse": True}), ("/nowhere", None), ("/windsock", {"things": ["nothing"]})):
        try:
            await connect(link, namespace, auth)
        except Ended as refusal:
            world.require("44" in str(refusal), f"{namespace}: cut off instead of refused: {refusal}")
            continue
        world.require(False, f"{namespace} let in whom it should have refused")
    await leave(world, chance, link)


async def crowd(world: World, chance: random.Random, size: int = 150) -> None:
    """Very many at once, who vanish at once: a proxy that restarts."""
    links = await asyncio.gather(*(WebSocket.open(world.port) for _ in range(size)))
    await asyncio.gather(*(connect(link) for link in links))
    await asyncio.gather(*(listen(link, 0.5) for link in links))
    for link in links:
        link.reset()


# -------------------------------------------------------------------------------------------------------- half ones


async def half(world: World, chance: random.Random) -> None:
    """Breaks off in the middle of something, or before it began."""
    what = chance.choice(list(HALVES))
    greeted, whole = HALVES[what]
    stream = await Stream.open(world.port)
    if greeted is not None:
        link = WebSocket(stream)
        stream.send(handshake())
        await stream.take_until(b"\r\n\r\n")
        if greeted:
            await link.receive()
            await connect(link)
    cut = chance.choice((0, chance.randrange(len(whole)), len(whole) - 1))
    stream.send(whole[:cut])
    await asyncio.sleep(chance.choice((0, 0, 0.1)))
    way = chance.choice(("fin", "rst", "silence"))
    world.done[f"half a {what}, {way}"] += 1
    if way == "fin":
        stream.finish()
    elif way == "rst":
        stream.reset()
    else:
        within = PING_TIMES + LINGER if greeted is not None else TIMEOUT
        await until_ended(world, stream, within, f"{cut} of {len(whole)} bytes of a {what}")


# What is broken off, and where it comes: before a WebSocket (None), after its handshake, or (True) after CONNECT.
HALVES: dict[str, tuple[bool | None, bytes]] = {
    "handshake": (None, handshake()),
    "page request": (None, b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"),
    "report": (None, b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n" + bytes(40)),
    "CONNECT": (False, frame('40/windsock,{"things":["counter"]}')),
    "frame": (True, frame('42/windsock,1["watch",{"things":["door"]}]')),
    "large frame": (True, frame("x" * 90_000)),
    "fragment": (True, frame("42/windsock,1", 0x01) + frame('["dance"]', 0x80)),
    "attachment": (True, frame('451-["echo",{"_placeholder":true,"num":0}]') + frame(bytes(200))),
}


async def no_namespace(world: World, chance: random.Random) -> None:
    """Opens a session, answers its pings, and connects to nothing."""
    link = await WebSocket.open(world.port)
    try:
        async with asyncio.timeout(TIMEOUT + SLACK):
            while True:
                await link.receive()
    except Ended:
        await until_ended(world, link.stream, LINGER, "a session without a namespace")
    except TimeoutError:
        world.require(False, "a session without a namespace went on")


async def half_upgrade(world: World, chance: random.Random) -> None:
    """Begins an upgrade and does not end it; the polls go on, if the WebSocket goes."""
    polling = await Polling.open(world.port)
    await connect(polling)
    link = await WebSocket.open(world.port, polling.sid)
    if chance.random() < 0.7:
        await link.send("2probe")
    if chance.random() < 0.5:
        await until_ended(world, link.stream, TIMEOUT + LINGER, "an upgrade that is not ended")
        polling.reset()  # it has answered no pings meanwhile
    else:
        link.reset()
        await listen(polling, 0.5)
        await leave(world, chance, polling)


# ------------------------------------------------------------------------------------------------------- slow ones


async def slow(world: World, chance: random.Random) -> None:
    """Stops reading for a while, with much coming; then reads again, vanishes, or only says goodbye."""
    link = await WebSocket.open(world.port, buffer=4096)
    await connect(link)
    await connect(link, "/")
    room = f"slow {next(world.rooms)}"
    await link.send(f'42["enter","{room}"]')
    many = chance.choice((0, 4, 15, 60))
    for _ in range(many):
        await link.send(f'42["say","{room}","{"z" * 8000}"]')
    stalled = chance.choice((0.5, 1.5, PING_TIMES + 1))
    await asyncio.sleep(stalled)
    way = chance.choice(("reads", "vanishes", "says goodbye"))
    world.done[f"slow, then {way}"] += 1
    if way == "vanishes":
        link.reset()
    elif way == "says goodbye":
        link.stream.send(frame(b"", FIN | CLOSE))
        await unread(world, link.stream)
    else:
        await _catch_up(world, link, may_be_ended=stalled > PING_TIMES - 2 or many * 8000 > WAITING_SIZE / 2)


async def _catch_up(world: World, link: WebSocket, may_be_ended: bool) -> None:
    try:
        await listen(link, 1.0)
        await link.send('42/windsock,1["dance"]')
        await listen(link, 0.5)
    except Ended as error:
        world.require(may_be_ended, f"a slow viewer was ended too soon: {error}")
    link.finish()


async def unread(world: World, stream: Stream) -> None:
    """It is the server's to end what nobody reads: what it has sent stands in the way of an end that is polite."""
    own = stream.writer.get_extra_info("sockname")
    deadline = asyncio.get_running_loop().time() + LINGER + SLACK
    while any(own == held.raddr for held in world.server.net_connections("tcp4")):
        if asyncio.get_running_loop().time() > deadline:
            world.require(False, "a viewer that said goodbye and does not read keeps its connection")
            break
        await asyncio.sleep(0.5)
    stream.reset()
