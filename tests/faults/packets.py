"""The packets of the namespace, as a viewer reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PREFIX = "/windsock,"


@dataclass(frozen=True, slots=True)
class Packet:
    """What a packet says: ``kind`` is connect, refused, out or ack, or the name of an event."""

    kind: str
    number: int | None
    body: Any


def read(packet: str) -> Packet:
    """A packet of the namespace. Raises ValueError for any other."""
    code, found, text = packet.partition(PREFIX)
    kinds = {"40": "connect", "41": "out", "42": "event", "43": "ack", "44": "refused"}
    if not found or code not in kinds:
        raise ValueError(f"not a packet of the namespace: {packet!r:.100}")
    if code == "43":
        number, _, rest = text.partition("[")
        return Packet("ack", int(number), json.loads(f"[{rest}")[0])
    body: Any = json.loads(text) if text else None
    return Packet(body[0], None, body[1]) if code == "42" else Packet(kinds[code], None, body)
