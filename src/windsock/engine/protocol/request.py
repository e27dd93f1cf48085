"""The head of an HTTP/1.1 request (RFC 9112), in the strict common form that WebSocket handshakes come in.

Whatever differs from it in any way is left to a full parser, so nothing has to be understood here twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from windsock.engine.protocol.errors import ProtocolError

MAX_HEAD = 32 * 1024
"""Bytes of a head; what is longer is not common."""

_END = b"\r\n\r\n"
# A request line with a target in origin form, and fields whose names are tokens and whose values have no
# control characters (RFC 9110, 5.5). Every part ends where the next can begin, so it takes linear time.
_HEAD = re.compile(
    rb"GET (/[\x21\x22\x24-\x7e]*+) HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+)\r\n"
)
_BODY = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class Request:
    """A request without its body. Names of headers are in lower case; values are latin-1, without space around."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    @property
    def path(self) -> str:
        """The path, percent-encoded as it came."""
        return self.target.partition("?")[0]

    @property
    def query_string(self) -> str:
        """The query, percent-encoded as it came, without its "?"."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, str]:
        """The first value of each parameter, decoded: "+" is a space, what is not UTF-8 becomes U+FFFD."""
        values: dict[str, str] = {}
        for name, value in parse_qsl(self.query_string, keep_blank_values=True):
            values.setdefault(name, value)
        return values

    def header(self, name: str) -> str:
        """A header's value by its name in lower case: "" if absent; several are joined by ", " (RFC 9110, 5.3)."""
        return ", ".join([value for key, value in self.headers if key == name])

    def has(self, name: str) -> bool:
        """Whether there is a header of this name, in lower case."""
        return any(key == name for key, _ in self.headers)

    def tokens(self, name: str) -> set[str]:
        """The comma-separated items of a header, in lower case (RFC 9110, 5.6.1)."""
        return {token for item in self.header(name).lower().split(",") if (token := item.strip(" \t"))}


def parse_head(data: bytes) -> tuple[Request, int] | None:
    """The request whose head stands at the beginning of ``data``, and the head's length with its empty line.

    None if it is not, or not yet, a head in the common form: GET, a target in origin form, HTTP/1.1, one Host, no
    body, no folded lines, no control characters. Another parser then sees to all of it.
    """
    end = data.find(_END, 0, MAX_HEAD)
    if end < 0:
        return None
    found = _HEAD.match(data, 0, end + len(_END))
    if found is None:
        return None
    target, fields = found[1].decode("latin-1"), found[2].decode("latin-1")
    headers = tuple([_field(line) for line in fields.split("\r\n")[:-1]])
    names = [name for name, _ in headers]
    if names.count("host") != 1 or "content-length" in names or "transfer-encoding" in names:
        return None
    return Request("GET", target, headers), found.end()


def encode_head(method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A head that `parse_head` reads, from one that another parser took apart.

    The body was that parser's, so the headers that tell of it are left out. Raises ProtocolError if the request is
    not of the common form otherwise.
    """
    fields = [name + b": " + value + b"\r\n" for name, value in headers if name.lower() not in _BODY]
    head = f"{method} {target} HTTP/1.1\r\n".encode("latin-1", "replace") + b"".join(fields) + b"\r\n"
    parsed = parse_head(head)
    # Had anything slipped in a line of its own, there would be other fields, another target or another end.
    if parsed is None or parsed[1] != len(head) or parsed[0].target != target or len(parsed[0].headers) != len(fields):
        raise ProtocolError("a request with an unusual head")
    return head


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.strip(" \t")
