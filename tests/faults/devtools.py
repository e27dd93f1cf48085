"""A browser of its own for one page, over the DevTools protocol alone.

Playwright tells every page that it is in the foreground, and a page in the foreground cannot be frozen.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from tests.browser import chromium_program
from tests.waiting import eventually

ADDRESS = re.compile(r"^DevTools listening on (ws://\S+)", re.MULTILINE)


class Tab:
    """A page in a browser, with another tab beside it that can be put before it."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._ids = count(1)
        self._other = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]

    def open(self, url: str) -> None:
        """Go to an address; it does not wait for the page."""
        self._send("Page.navigate", self._session, url=url)

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript, or a promise of it, gives. Raises AssertionError if it throws."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._send("Runtime.evaluate", self._session, **asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def freeze(self) -> None:
        """Put the other tab before the page, and freeze it, as a browser does to save power."""
        self._send("Target.activateTarget", targetId=self._other)
        eventually(lambda: self.evaluate("document.visibilityState") == "hidden")
        self._send("Page.setWebLifecycleState", self._session, state="frozen")

    def thaw(self) -> None:
        """Let the page go on, and put it before the other tab."""
        self._send("Page.setWebLifecycleState", self._session, state="active")
        self._send("Target.activateTarget", targetId=self._target)

    def renderers(self) -> list[int]:
        """The processes that run the browser's pages."""
        processes = self._send("SystemInfo.getProcessInfo")["processInfo"]
        return [process["id"] for process in processes if process["type"] == "renderer"]

    def signal(self, number: int) -> None:
        """Signal the processes that run the browser's pages."""
        for pid in self.renderers():
            os.kill(pid, number)

    def _send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        asked = next(self._ids)
        request = {"id": asked, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._socket.send(json.dumps(request))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == asked:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result


@contextmanager
def browsing(folder: Path) -> Iterator[Tab]:
    """A tab in a browser of its own, whose files lie in ``folder``."""
    log = folder / "chromium.log"
    options = ("--headless=new", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={folder / 'profile'}")
    with log.open("wb") as output:
        process = subprocess.Popen([chromium_program(), *options, "about:blank"], stderr=output, start_new_session=True)
    try:
        [address] = eventually(lambda: ADDRESS.findall(log.read_text(errors="replace")), within=30)
        socket = create_connection(address, suppress_origin=True, timeout=20)
        try:
            yield Tab(socket)
        finally:
            socket.close()
    finally:
        # All of it: a process that was stopped would not end with the browser.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
