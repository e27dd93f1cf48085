"""A running server, over REST."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from windsock.addresses import host_of
from windsock.errors import WindsockError

TIMEOUT = 10
"""Seconds to wait for an answer."""


class ApiError(WindsockError):
    """The server cannot be reached, or says no; ``status`` is what it answered, 0 if nothing."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Api:
    """Raises ApiError from every call that fails."""

    def __init__(self, url: str, key: str | None = None) -> None:
        host = host_of(url)
        if host is None:
            raise ApiError(f"--url: found {url!r}, expected an address such as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self._key = key
        # A proxy that the environment names for the outside has no way to this machine.
        local = host in ("localhost", "::1") or host.startswith("127.")
        handlers = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, *path: str, **query: object) -> Any:
        """The JSON value at a path below ``/api/v1``."""
        return self._call("GET", path, query)

    def send(self, method: str, *path: str, body: object = None) -> Any:
        """The answer to a request with a JSON body."""
        return self._call(method, path, {}, json.dumps(body).encode())

    def stream(self, *path: str, timeout: float, **query: object) -> HTTPResponse:
        """An answer that goes on, from its beginning; reading fails after ``timeout`` seconds without a byte."""
        return self._open("GET", path, query, None, "text/event-stream", timeout)

    def _call(self, method: str, path: tuple[str, ...], query: Mapping[str, object], body: bytes | None = None) -> Any:
        with self._open(method, path, query, body, "application/json", TIMEOUT) as answer:
            try:
                text = answer.read()
            except OSError as error:
                raise ApiError(_unreachable(self.url, error)) from None
            except HTTPException:
                raise ApiError(_stranger(self.url)) from None
        return _value(text, self.url)

    def _open(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, object],
        body: bytes | None,
        accepted: str,
        timeout: float,
    ) -> HTTPResponse:
        address = "/".join([self.url, "api/v1", *(quote(part, safe="") for part in path)])
        asked = {name: value for name, value in query.items() if value is not None}
        if asked:
            address += "?" + urlencode(asked, doseq=True)
        headers = {"Accept": accepted}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # The scheme is http or https: the constructor has seen to that.
        request = urllib.request.Request(address, body, headers, method=method)  # noqa: S310
        try:
            answer: HTTPResponse = self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(_refusal(self.url, error), error.code) from None
        except (OSError, ValueError) as error:
            raise ApiError(_unreachable(self.url, error)) from None
        except HTTPException:
            raise ApiError(_stranger(self.url)) from None
        return answer


def _value(text: bytes, url: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise ApiError(_stranger(url)) from None


def _stranger(url: str) -> str:
    return f"{url} answers, but it is not a Windsock server"


def _refusal(url: str, error: urllib.error.HTTPError) -> str:
    detail = _detail(error)
    if detail is None:
        if error.code == 404:
            return _nothing_there(url)
        detail = f"the server answers {error.code} {error.reason}; is it a Windsock server?"
    hint = "; give it with --key, or in WINDSOCK_KEY" if error.code == 401 else ""
    return f"{detail}{hint}"


def _detail(error: urllib.error.HTTPError) -> str | None:
    """What a Windsock says in a problem document; None: it is none of a Windsock's."""
    try:
        document = json.loads(error.read())
        return str(document["detail"]) if document["code"] else None
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return None


def _nothing_there(url: str) -> str:
    nothing = f"there is no Windsock at {url} (404)."
    if urlsplit(url).path:
        return (
            f"{nothing} Is its path right? `windsock serve` has it at the root, a Flask application below /windsock, "
            "unless WINDSOCK_URL_PREFIX names another prefix"
        )
    return f"{nothing} If it is a Flask application, its Windsock is below a prefix: --url {url}/windsock"


def _unreachable(url: str, error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    reason = getattr(reason, "strerror", None) or reason
    return f"no server at {url}: {reason}. Start one with `windsock serve`, or name it with --url"
