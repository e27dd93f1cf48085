"""A page sleeps while its thing changes, or its server dies, hangs or is restarted; then what it shows is judged.

It sleeps in two ways: frozen by the browser, as a tab that was put to rest, and stopped by the kernel in the middle of
whatever it does, as on a laptop whose lid is shut. A recorder in the page notes what it shows in every frame and after
every change of its text. As a command, for as long as the documentation says:

    .venv/bin/python -m tests.faults.sleep --seconds 300
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import Any

from tests.faults.devtools import Tab, browsing
from tests.servers import Server, serving
from tests.waiting import eventually

BOARD = """
[things.door]
offline_after = "1h"
"""
WITHIN = 3.0
"""Seconds from waking in which the page has to be right."""
BACK_WITHIN = 10.0
"""Seconds from a server's return in which the page has to show the newest state as live."""
BLINK = 0.5
"""Seconds after waking in which a browser that was stopped may draw frames before it lets the page run: they show what
was on the screen all the time."""
BEFORE, AFTER, LATER = "BEFORE", "AFTER", "LATER"
WAYS = ("freeze", "stop")

LOOK = """(() => {
  const text = (id) => document.getElementById(id).textContent;
  const live = document.querySelector("main").dataset.liveness === "live" || text("link") === "Live";
  return { live, label: text("label"), link: text("link") };
})()"""
RECORDER = f"""{{
  window.seen = [];
  const clock = (time) => (performance.timeOrigin + time) / 1000;
  const look = (by, begun = performance.now()) =>
    window.seen.push({{ begun: clock(begun), at: clock(performance.now()), by, ...{LOOK} }});
  const wish = {{ subtree: true, childList: true, characterData: true, attributes: true }};
  new MutationObserver(() => look("change")).observe(document.documentElement, wish);
  const frame = (begun) => {{
    look("frame", begun);
    requestAnimationFrame(frame);
  }};
  frame();
  document.addEventListener("freeze", () => look("freeze"));
}}"""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens while a page sleeps, and how its server is brought back after it woke, if it has to be."""

    name: str
    happen: Callable[[Server], object]
    bring_back: Callable[[Server], object] | None = None


def restart(server: Server) -> None:
    """The server is another process when the page wakes, and the thing has changed."""
    server.kill()
    server.start()
    server.put_state("door", AFTER)


HAPPENINGS = (
    Happening("changed", lambda server: server.put_state("door", AFTER)),
    Happening("restarted", restart),
    Happening("killed", lambda server: server.kill(), lambda server: server.start()),
    Happening("hung", lambda server: server.signal(signal.SIGSTOP), lambda server: server.signal(signal.SIGCONT)),
)


@dataclass
class Sleeper:
    """One page that sleeps, and what was found out about it.

    A frame counts from when the browser began it: one that it had begun before it was stopped is finished afterwards.
    It shows what is known when it is drawn: one begun before the server's return may be drawn after it.
    """

    way: str
    happening: Happening
    server: Server
    tab: Tab
    findings: list[str] = field(default_factory=list)
    right_after: float = 0.0
    back_after: float | None = None
    woken: float = math.nan
    returned: float = math.inf
    moments: int = 0

    def fall_asleep(self) -> None:
        if self.way == "freeze":
            self.tab.freeze()
        else:
            self.tab.signal(signal.SIGSTOP)

    def wake(self) -> None:
        if self.way == "freeze":
            self.tab.thaw()
        else:
            self.tab.signal(signal.SIGCONT)

    def judge(self, woken: float) -> None:
        """Whether the page is right in time, and back in time after its server is."""
        self.woken = woken
        self.right_after = self._wait(self._right, woken, WITHIN, "right")
        if self.happening.bring_back:
            self.returned = time.time()
            self.happening.bring_back(self.server)
            back = time.time()
            self.server.put_state("door", LATER)
            self.back_after = self._wait(lambda: self._shows_live(LATER), back, BACK_WITHIN, "back")

    def count(self, happened: float) -> None:
        """Hold all moments since something happened against what was so: nothing is as it was before.

        Until the server is brought back, that is: then it tells what it knew, and that is so until the thing changes.
        """
        seen: list[dict[str, Any]] = self.tab.evaluate("window.seen")
        late = [moment for moment in seen if happened <= moment["begun"] and moment["at"] < self.returned]
        self.moments = len(late)
        wrong = [moment for moment in self._shown(late) if moment["live"] and moment["label"] == BEFORE]
        if wrong:
            span = wrong[-1]["at"] - wrong[0]["at"]
            when = f"{wrong[0]['at'] - self.woken:.3f} s after waking, {self.returned - wrong[-1]['at']:.3f} s before"
            self.findings.append(f"{len(wrong)} moments, over {span:.3f} s, {when}, live with an old value: {wrong[0]}")
        frozen = [moment for moment in seen if moment["by"] == "freeze"]
        if self.way == "freeze" and (len(frozen) != 1 or frozen[0]["live"]):
            self.findings.append(f"it did not say that it is not live before it was frozen: {frozen}")

    def _shown(self, moments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that the page could do something about: not the frames that a stopped browser draws as it wakes."""
        blink = self.woken + BLINK if self.way == "stop" else self.woken
        return list(dropwhile(lambda moment: moment["by"] == "frame" and moment["at"] < blink, moments))

    def _right(self) -> bool:
        """It shows the newest state as live; or, with a dead link, that this is lost."""
        if not self.happening.bring_back:
            return self._shows_live(AFTER)
        shown = self.tab.evaluate(LOOK)
        return not shown["live"] and shown["link"] == "Connection lost – trying again"

    def _shows_live(self, label: str) -> bool:
        shown = self.tab.evaluate(LOOK)
        return bool(shown["live"] and shown["label"] == label)

    def _wait(self, good: Callable[[], bool], since: float, within: float, what: str) -> float:
        while not good():
            if time.time() - since > within:
                self.findings.append(f"not {what} within {within} s: {self.tab.evaluate(LOOK)}")
                break
            time.sleep(0.02)
        return time.time() - since

    def __str__(self) -> str:
        back = "" if self.back_after is None else f", live again {self.back_after:.2f} s after the server's return"
        found = "; ".join(self.findings) or "never live with an old value"
        right = f"right after {self.right_after:.2f} s{back}"
        return f"{self.way}, {self.happening.name}: {right}; {self.moments} moments, {found}"


def sleep(folder: Path, way: str, seconds: float) -> list[Sleeper]:
    """Put one page for each happening to sleep, all at once; what was found out about each."""
    with ExitStack() as stack:
        sleepers = [stack.enter_context(sleeper(folder / one.name, way, one)) for one in HAPPENINGS]
        for one in sleepers:
            one.fall_asleep()
        # To sleep is what is tested here.
        time.sleep(seconds / 2)
        happened = time.time()
        for one in sleepers:
            one.happening.happen(one.server)
        time.sleep(seconds / 2)
        for one in sleepers:
            one.wake()
            woken = time.time()
            one.judge(woken)
            one.count(happened)
        return sleepers


@contextmanager
def sleeper(folder: Path, way: str, happening: Happening) -> Iterator[Sleeper]:
    """A page that is open, live and recorded, with a server and a browser of its own."""
    folder.mkdir()
    with serving(folder, BOARD) as server, browsing(folder) as tab:
        server.put_state("door", BEFORE)
        tab.open(f"{server.url}/things/door")
        eventually(lambda: tab.evaluate("document.querySelector('main')?.dataset.liveness") == "live", within=30)
        tab.evaluate(RECORDER)
        yield Sleeper(way, happening, server, tab)


def main() -> int:
    """Run, and print what was done and found; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    found = 0
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            for one in sleep(Path(folder), way, given.seconds):
                found += len(one.findings)
                print(f"{given.seconds:g} s: {one}", flush=True)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
