"""What the terminal says of states, in words."""

from __future__ import annotations

from datetime import timedelta

from windsock.client.state import State

_LIVENESS = {
    "live": "live",
    "silent": "nothing was heard for too long",
    "source-failing": "its source fails, so nobody would know of a change",
    "unlinked": "no connection",
    "unknown": "nothing was reported yet",
    "past": "it is over",
}


def not_live(state: State) -> str:
    """Why a state is not live."""
    words = _LIVENESS[state.liveness]
    return f"{words}: {state.reason}" if state.reason else words


def ago(span: timedelta | None) -> str:
    """How long ago something was; None: never."""
    if span is None:
        return "never"
    seconds = int(span.total_seconds())
    if seconds < 2:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
