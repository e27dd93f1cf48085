"""Follows things over a connection: keeps a diary, comes back when the link is lost, asks and is answered."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from windsock.errors import WindsockError
from windsock.testing.diary import Diary
from windsock.testing.link import Link, LinkLost, Packet
from windsock.testing.seen import Seen, after_heard, gap_before, outdated, read_state

LOOK_EVERY = 0.05
"""Seconds after which the thread that reads sees that it is to stop, and after which a lost link is tried again."""


class Follower:
    """A link and the thread that reads from it. Everything but that thread's own part is safe from any other."""

    def __init__(self, address: str, things: Sequence[str], auth: Mapping[str, Any]) -> None:
        self.diary = Diary()
        self.shown: dict[str, Seen] = {}
        self._address = address
        self._things = things
        self._auth = auth
        # Things that had their first state on this link: that one is always right, the later ones are compared.
        self._settled: set[str] = set()
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._link: Link | None = None
        self._reading = threading.Event()
        self._reading.set()
        self._turn = threading.Lock()
        self._closing = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name="windsock-testing-viewer", daemon=True)

    @property
    def linked(self) -> bool:
        """Whether there is a connection."""
        return self._link is not None

    def open(self) -> None:
        """Connect, and begin to read. Raises ViewerRefused or LinkLost."""
        self._link = self._connect()
        self.diary.write("link", words="connected")
        self._thread.start()

    def close(self) -> None:
        """Say goodbye, if it reads, and let go of everything. A second call does nothing."""
        self._closing.set()
        link = self._link
        if link is not None:
            (link.say_goodbye if self._reading.is_set() else link.cut)()
        self._reading.set()
        if self._thread.ident is not None:
            self._thread.join()

    def leave(self) -> None:
        """Break the link off, and stay away until `come_back`."""
        self._away = True
        link = self._link
        if link is not None:
            link.cut()

    def come_back(self) -> None:
        """Connect again, before long."""
        self._away = False

    def stop_reading(self) -> None:
        """Read nothing from now on, until `read_on`; pings are not answered."""
        self._reading.clear()
        with self._turn:
            """What was just being read is noted now."""

    def read_on(self) -> None:
        """Read again."""
        self._reading.set()

    def ask(self, event: str, payload: Mapping[str, Any], within: float) -> dict[str, Any] | None:
        """The server's answer; None: there was none within so many seconds. It is asked once there is a link."""
        number = next(self._numbers)
        if event == "watch":
            self._settled.difference_update(payload.get("things", ()))
        self.diary.wait_for(lambda: self.linked, within)
        link = self._link
        if link is not None:
            with suppress(LinkLost):
                link.send(event, payload, number)
        self.diary.wait_for(lambda: number in self._answers, within)
        return self._answers.pop(number, None)

    # ------------------------------------------------------------------------------------------ the thread that reads

    def _run(self) -> None:
        link = self._link
        while link is not None:
            try:
                self._read(link)
            except LinkLost as error:
                self._lose(f"lost: {error}")
            finally:
                link.close()
            link = self._reconnect()

    def _read(self, link: Link) -> None:
        while not self._closing.is_set():
            if self._reading.wait(LOOK_EVERY):
                with self._turn:
                    packet = link.receive(LOOK_EVERY) if self._reading.is_set() else None
                    if packet is not None:
                        self._take(packet)

    def _lose(self, words: str) -> None:
        self._link = None
        if not self._closing.is_set():
            self.diary.write("link", words=words)

    def _reconnect(self) -> Link | None:
        told = ""
        while not self._closing.wait(LOOK_EVERY if told or self._away else 0):
            if self._away:
                continue
            try:
                self._link = self._connect()
            except WindsockError as error:
                if str(error) != told:
                    told = str(error)
                    self.diary.write("link", words=f"not yet: {told}")
            else:
                self.diary.write("link", words="back")
                return self._link
        return None

    def _connect(self) -> Link:
        auth = dict(self._auth)
        if self._things:
            auth["things"] = {thing: _position(self.shown.get(thing)) for thing in self._things}
        self._settled.clear()
        return Link(self._address, auth)

    # --------------------------------------------------------------------------------------- what the server says

    def _take(self, packet: Packet) -> None:
        if packet.kind == "ended":
            raise LinkLost("the server put this viewer out")
        if packet.kind == "answer" and packet.id is not None:
            self._answers[packet.id] = packet.value
            self.diary.wake()
        elif packet.kind == "event":
            name, payload = packet.value
            if name == "state":
                self._take_state(payload)
            elif name == "heard":
                self._take_heard(payload)
            elif name == "viewers":
                self.diary.write("viewers", payload["thing"], count=payload["count"])

    def _take_state(self, payload: Mapping[str, Any]) -> None:
        thing = payload["thing"]
        shown = self.shown.get(thing)
        if thing in self._settled and outdated(shown, payload):
            return
        self._settled.add(thing)
        new = read_state(payload)
        gap = gap_before(shown, new)
        if gap is not None:
            self.diary.write("gap", thing, gap=gap)
        self.shown[thing] = new
        self.diary.write("state", thing, seen=new)

    def _take_heard(self, payload: Mapping[str, Any]) -> None:
        thing = payload["thing"]
        shown = self.shown.get(thing)
        if shown is not None and (shown.epoch, shown.version) == (payload["epoch"], payload["version"]):
            new = self.shown[thing] = after_heard(shown, payload)
            self.diary.write("heard", thing, seen=new)


def _position(shown: Seen | None) -> Mapping[str, Any] | None:
    return {"epoch": shown.epoch, "version": shown.version} if shown else None
