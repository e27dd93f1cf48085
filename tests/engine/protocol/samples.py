"""Right inputs of every kind, as viewers send them."""

from __future__ import annotations

from itertools import chain

from tests.engine.protocol.frames import BINARY, CLOSE, FIN, PING, PONG, TEXT, fragments, masked, text

EVENTS = [
    '["watch",{"things":["cloud"]}]',
    '["a\\u00fc",1,-2.5e3,null,true]',
    '["x",{"_placeholder":true,"num":0}]',
]
PACKETS = [
    "0",
    "0/windsock,",
    '0/a?b=c,{"token":"abc"}',
    "1",
    "1/windsock,",
    f"2{EVENTS[0]}",
    f"2/windsock,12{EVENTS[1]}",
    "2[1,2]",
    "312[]",
    '3/a,0["ok"]',
    f"51-{EVENTS[2]}",
    f"51-/a,7{EVENTS[2]}",
    '61-3[{"_placeholder":true,"num":0}]',
]
PAYLOADS = ["0{}", "1", "2probe", "3", "5", "6", "bAQIDBA==", "b", "4üü", *("4" + packet for packet in PACKETS)]
HEADS = [
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-Proto: https\r\n\r\n",
    b"GET /a%20b?EIO=3&transport=polling&sid=x+%C3%BC&sid=y HTTP/1.1\r\nhost:[::1]:5000\r\nA: \t\xe9 \r\n\r\n",
]
FRAMES = [
    *(text(payload) for payload in PAYLOADS),
    text("x" * 130),
    masked(FIN | BINARY, bytes(200)),
    *(b"".join(fragments(kind, b"a", "ü".encode(), b"")) for kind in (TEXT, BINARY)),
    b"".join(chain.from_iterable(zip(fragments(TEXT, b"a", b"b"), [masked(FIN | PING, b"p")] * 2, strict=True))),
    masked(FIN | PONG, b""),
    masked(FIN | CLOSE, b"\x03\xe8bye"),
    masked(FIN | CLOSE, b""),
]
