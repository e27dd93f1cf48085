"""The application that the soak is about; it is copied into a folder of its own and served from there.

It has a bit of all that Flask-SocketIO offers, a thing that changes 20 times a second, and a page that counts what is
in this process's memory.
"""

from __future__ import annotations

import ctypes
import gc
import threading
import time
from collections import Counter
from typing import Any

from flask import Flask, request
from flask_socketio import Namespace, SocketIO, emit, join_room, leave_room, rooms

from windsock import Reading, Windsock
from windsock.store import memory

HISTORY = memory.HISTORY_LENGTH = 500
"""Changes that are kept: so few that all have been replaced, wherever in memory they lie, before it is looked at."""

LARGE = 500_000
"""Bytes of a page that fits into no buffer of the kernel's."""

app = Flask(__name__)
app.config["SECRET_KEY"] = "for sessions"
socketio = SocketIO(app, ping_interval=1, ping_timeout=3, max_http_buffer_size=100_000)
windsock = Windsock(app)
counter = windsock.thing("counter")
door = windsock.thing("door", states=["OPEN", "CLOSED"])
running = threading.Event()


@counter.watch(every="50ms")
def count() -> Reading | None:
    return next_reading() if running.is_set() else None


def next_reading() -> Reading:
    number = (counter.state.data or {}).get("n", 0) + 1
    return Reading(f"S{number % 7}", {"n": number, "text": "x" * 100})


# ----------------------------------------------------------------------------------------- what viewers may do


def connect(auth: Any = None) -> bool:
    join_room("lobby")
    emit("welcome", {"rooms": rooms()})
    return not (isinstance(auth, dict) and auth.get("refuse"))


def disconnect(reason: str) -> None:
    emit("gone", reason, to="lobby")


def echo(*values: Any) -> Any:
    return values


def enter(room: str) -> list[str]:
    join_room(room)
    return list(rooms())


def leave(room: str) -> None:
    leave_room(room)


def say(room: str, words: Any) -> int:
    emit("said", words, to=room)
    return len(words)


def ask(question: Any) -> None:
    """The client is asked in turn, and what it answers comes back to it."""
    asker: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO's

    def answered(*values: Any) -> None:
        socketio.emit("answered", values, to=asker)

    emit("question", question, callback=answered)


def fail() -> None:
    raise ValueError("handlers may fail")


def on_error(error: Exception) -> str:
    return type(error).__name__


class Other(Namespace):  # type: ignore[misc]  # python-socketio has no annotations
    """A namespace of its own."""

    def on_connect(self) -> None:
        join_room("other")

    def on_news(self, news: Any) -> None:
        emit("news", news, to="other", include_self=False)


for handler in (connect, disconnect, echo, enter, leave, say, ask, fail):
    socketio.on_event(handler.__name__, handler)
socketio.on_error_default(on_error)
socketio.on_namespace(Other("/other"))


# ------------------------------------------------------------------------------------------------------- pages


@app.get("/")
def home() -> str:
    return f"<h1>It stands at {counter.state.data}</h1>{windsock.scripts()}"


@app.get("/slow")
def slow() -> str:
    time.sleep(0.1)
    return "at last"


@app.get("/large")
def large() -> bytes:
    return b"l" * LARGE


@app.post("/upload")
def upload() -> str:
    return str(len(request.get_data()))


# ----------------------------------------------------------------------------------------------- for the soak


@app.post("/fill")
def fill() -> str:
    """Fill the histories: from now on each change takes the place of an old one, and memory can be compared."""
    for number in range(HISTORY):
        reading = next_reading()
        counter.report(reading.state, reading.data)
        door.report(("OPEN", "CLOSED")[number % 2], {"by": number})
    return "full"


@app.post("/pace/<word>")
def pace(word: str) -> str:
    """Let the thing change, or have it rest."""
    (running.set if word == "go" else running.clear)()
    return word


class Allocated(ctypes.Structure):
    """The C library's books, in bytes: see mallinfo(3)."""

    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks")),
        *((name, ctypes.c_size_t) for name in ("uordblks", "fordblks", "keepcost")),
    ]


@app.get("/inventory")
def inventory() -> dict[str, Any]:
    """What is in memory, when all that can be given back has been."""
    cycles = gc.collect()
    objects = Counter(f"{type(one).__module__}.{type(one).__name__}" for one in gc.get_objects())
    system = ctypes.CDLL(None)
    system.malloc_trim(0)
    system.mallinfo2.restype = Allocated
    allocated = system.mallinfo2()
    return {
        "objects": {name: number for name, number in objects.items() if not name.startswith("builtins.")},
        "cycles": cycles,
        "used": allocated.uordblks + allocated.hblkhd,
        "threads": sorted(thread.name for thread in threading.enumerate()),
    }
