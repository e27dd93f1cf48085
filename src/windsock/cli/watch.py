"""`windsock watch`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from types import FrameType

import click

from windsock.cli.following import Following
from windsock.cli.options import connect, server_options
from windsock.cli.screen import Ink, draw, frame
from windsock.cli.table import plain
from windsock.cli.words import not_live
from windsock.client.state import State
from windsock.times import format_time

EVERY = 0.5
"""Seconds between two looks at the clocks."""
LOOK = 0.1
"""Seconds between two looks whether it is to end."""
Ended = Callable[[], bool]
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


@click.command()
@click.argument("things", metavar="[THING]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
@server_options
def watch(things: Sequence[str], as_json: bool, url: str | None, key: str | None) -> None:
    """Show the state of a THING as it changes, or of several, or of all; Ctrl-C ends it.

    In a terminal it is a live view, with the time since the last change, since the thing was last heard, and since
    the server's last word. Where the output goes elsewhere, each change is a line.

    Example: windsock watch cloud
    """
    # Until there is a connection, Ctrl-C breaks off what is going on.
    with suppress(KeyboardInterrupt), Following(connect(url, key), things) as following, _signals() as ended:
        if as_json:
            _print_all(following, ended, json_line)
        elif sys.stdout.isatty():
            _view(following, ended)
        else:
            _print_all(following, ended, text_line)


def _print_all(following: Following, ended: Ended, line: Callable[[State], str]) -> None:
    while not ended():
        state = following.next(LOOK)
        if state is not None:
            click.echo(line(state))


def _view(following: Following, ended: Ended) -> None:
    ink = Ink.of_terminal(os.environ)
    height, drawn_at = 0, -EVERY
    click.echo(_HIDE, nl=False, color=True)
    try:
        while not ended():
            if following.next(LOOK) is None and time.monotonic() - drawn_at < EVERY:
                continue
            size = shutil.get_terminal_size()
            lines = frame(following.shown, size.columns, size.lines - 1, ink)
            click.echo(draw(lines, height), nl=False, color=True)
            height, drawn_at = len(lines), time.monotonic()
    finally:
        click.echo(_SHOW, nl=False, color=True)


@contextmanager
def _signals() -> Iterator[Ended]:
    """Whether SIGINT (Ctrl-C) or SIGTERM has come; a second one ends at once.

    Not as an exception, which could come between any two lines, and leave a lock locked.
    """
    come: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        come.append(number)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(come)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def text_line(state: State) -> str:
    """A state as one line for people."""
    at = state.updated_at if state.live or state.now is None else state.now
    parts = [_time(at), f"{state.thing}:", state.label or state.state or "nothing is known yet"]
    if state.label and state.label != state.state:
        parts.append(f"({state.state})")
    if state.data:
        parts.append(json.dumps(state.data, ensure_ascii=False))
    if state.anew:
        parts.append("[the history began anew]")
    elif state.gap:
        parts.append(f"[{state.gap} {'change' if state.gap == 1 else 'changes'} in between]")
    if not state.live:
        parts.append(f"[not live: {not_live(state)}]")
    return plain(" ".join(parts))


def json_line(state: State) -> str:
    """A state as a JSON object: the wire's, and whether it is live, why not, and what was missed before it."""
    message = {
        "thing": state.thing,
        "epoch": state.position.epoch,
        "version": state.version,
        "state": state.state,
        "label": state.label,
        "image": state.image,
        "color": state.color,
        "data": state.data,
        "changed_at": _text(state.changed_at),
        "updated_at": _text(state.updated_at),
        "heard_at": _text(state.heard_at),
        "now": _text(state.now),
        "stale": state.stale,
        "source": state.source,
        "liveness": state.liveness,
        "reason": state.reason,
        "gap": state.gap,
        "anew": state.anew,
    }
    return json.dumps(message)


def _time(time: datetime | None) -> str:
    return "-" if time is None else format_time(time)


def _text(time: datetime | None) -> str | None:
    return None if time is None else format_time(time)
