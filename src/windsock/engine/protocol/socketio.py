"""Socket.IO packets, version 5 of the protocol ("Packet encoding" in its document), in JSON.

    <type>[<attachments>-][<namespace>,][<id>][<JSON>]

A header is read without reading the JSON behind it: most packets are for an application, whose own Socket.IO
server reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from windsock.engine.protocol.errors import ProtocolError

RESERVED_EVENTS = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
)
"""Names that no event may have: they are what the clients and servers themselves tell of."""
MAX_ID = 2**53 - 1
"""The greatest id of an acknowledgement: clients count in JavaScript, where greater numbers are not exact."""
MAX_NAMESPACE = 512
"""Characters of a namespace's name."""


class SioType(IntEnum):
    """What a packet is for."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class Header(NamedTuple):
    """A packet, taken apart. ``body`` is its JSON text, or empty."""

    type: SioType
    attachments: int
    namespace: str
    id: int | None
    body: str


_TYPES = {str(kind.value): kind for kind in SioType}
# As many digits as fit into MAX_ID and no more: others are left to the body, which cannot begin with a digit.
_HEADER = re.compile(r"([0-6])(?:([0-9]{1,6})-)?(?:(/[^,]*)(?:,|\Z))?([0-9]{1,16})?")
# An array up to the end of its first item, a text or a number. Possessive: a name of a megabyte takes no stack.
_NAME = re.compile(
    r'\[[ \t\r\n]*+("(?:[^"\\\x00-\x1f]++|\\["\\/bfnrtu])*+"|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)'
    r"[ \t\r\n]*+[],]"
)
_ACKS = (SioType.ACK, SioType.BINARY_ACK)
_BINARY = (SioType.BINARY_EVENT, SioType.BINARY_ACK)
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_encode_ascii = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def read_header(text: str) -> Header:
    """Take a packet apart, without its Engine.IO "4". Raises ProtocolError.

    The namespace is "/" if none is named; a query behind it is dropped.
    """
    found = _HEADER.match(text)
    if found is None:
        raise ProtocolError(f"a Socket.IO packet of the unknown type {text[:1]!r}")
    digit, attachments, namespace, number = found.groups()
    kind = _TYPES[digit]
    if (attachments is None) == (kind in _BINARY):
        raise ProtocolError(f"a Socket.IO packet {kind.name} {'without' if kind in _BINARY else 'with'} attachments")
    if namespace is None:
        namespace = "/"
    else:
        namespace = namespace.partition("?")[0]
        if len(namespace) > MAX_NAMESPACE:
            raise ProtocolError(f"a namespace of more than {MAX_NAMESPACE} characters")
    body = text[found.end() :]
    id_ = None if number is None else int(number)
    # What a CONNECT brings along is for its namespace to judge; elsewhere this is what follows a wrong id.
    if (kind is not SioType.CONNECT and body and body[0] not in "[{") or (id_ is not None and id_ > MAX_ID):
        raise ProtocolError("a Socket.IO packet whose id is not a number, or too large, or whose payload is no JSON")
    return Header(kind, int(attachments or 0), namespace, id_, body)


def validate(header: Header) -> None:
    """Raise ProtocolError for what no application could make sense of, as far as that shows at the first look.

    A body is not read in full: whoever is to use it does that.
    """
    kind, body = header.type, header.body
    if kind == SioType.EVENT or kind == SioType.BINARY_EVENT:
        _check_name(_first_name(body))
    elif kind == SioType.ACK or kind == SioType.BINARY_ACK:
        if header.id is None or not body.startswith("["):
            raise ProtocolError("an acknowledgement without an id or an array")
    elif kind == SioType.CONNECT_ERROR:
        raise ProtocolError("CONNECT_ERROR is for servers to send")
    elif header.id is not None:
        raise ProtocolError(f"a Socket.IO packet {kind.name} with an id")
    elif body and (kind == SioType.DISCONNECT or not body.startswith("{")):
        raise ProtocolError(f"a Socket.IO packet {kind.name} with an unfit payload")
    if body and body[-1] not in "]} \t\r\n":
        raise ProtocolError("a Socket.IO packet whose payload breaks off")


def read_array(header: Header) -> list[Any]:
    """The payload of an event or an acknowledgement, whatever is in it; never empty for an event.

    In the place of each attachment there are bytes: none, for they come later. Raises ProtocolError.
    """
    payload = _loads(header.body, _no_bytes if header.attachments else None)
    if not isinstance(payload, list) or not (payload or header.type in _ACKS):
        raise ProtocolError("a payload that is not an array, or empty")
    return payload


def read_body(header: Header) -> Any:
    """What a CONNECT brings along, of whatever kind; None if nothing. Raises ProtocolError if it is not JSON."""
    return _loads(header.body) if header.body else None


def encode_connect(namespace: str, payload: Mapping[str, Any]) -> str:
    """The answer to a CONNECT that is accepted."""
    return _start("0", namespace) + _dump(dict(payload))


def encode_connect_error(namespace: str, payload: Mapping[str, Any]) -> str:
    """The answer to a CONNECT that is refused."""
    return _start("4", namespace) + _dump(dict(payload))


def encode_disconnect(namespace: str) -> str:
    """The end of a namespace's connection."""
    return _start("1", namespace)


def encode_event(namespace: str, event: str, payload: Any, id: int | None = None) -> str:  # noqa: A002 as in Header
    """An event with one argument; with an ``id`` it asks for an acknowledgement. Raises ValueError for NaN."""
    return _start("2", namespace) + ("" if id is None else str(id)) + _dump([event, payload])


def encode_ack(namespace: str, id: int, args: Sequence[Any]) -> str:  # noqa: A002 as in Header
    """The acknowledgement of the event with this id. Raises ValueError for NaN."""
    return f"{_start('3', namespace)}{id}{_dump(list(args))}"


def _start(digit: str, namespace: str) -> str:
    return digit if namespace == "/" else f"{digit}{namespace},"


def _dump(value: Any) -> str:
    """JSON as JavaScript writes it: only a lone surrogate, which UTF-8 has no form for, is escaped."""
    text = _encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _encode_ascii(value)
    return text


def _first_name(body: str) -> str:
    """The name that an event's payload begins with; of the rest, only that it is an array."""
    found = _NAME.match(body)
    if found is None:
        raise ProtocolError("an event whose payload is not an array with a name")
    name = found[1]
    return str(_loads(name)) if "\\" in name else name.strip('"')


def _check_name(name: str) -> str:
    if name in RESERVED_EVENTS:
        raise ProtocolError(f"an event with the reserved name {name}")
    return name


def _no_bytes(value: dict[str, Any]) -> Any:
    return b"" if value.get("_placeholder") is True else value


def _loads(text: str, hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """The value of a JSON text, and of whatever else Flask-SocketIO takes for JSON, such as NaN."""
    try:
        return json.loads(text, object_hook=hook)
    except (ValueError, RecursionError):
        raise ProtocolError("a Socket.IO packet whose payload is not JSON") from None
