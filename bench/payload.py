"""The event that all servers send: Windsock's `state`, with the same keys and values of the same length."""

from __future__ import annotations

import json

STATE: dict[str, object] = {
    "thing": "cloud",
    "epoch": "a9d9cf65e176b3fb",
    "version": 0,
    "state": "HUGGING",
    "label": "Somebody is hugging the cloud",
    "image": None,
    "color": "#e2557f",
    "data": {"n": 0, "t": 0},
    "changed_at": "2026-11-22T20:00:00.000Z",
    "updated_at": "2026-11-22T20:00:00.000Z",
    "heard_at": "2026-11-22T20:00:00.000Z",
    "now": "2026-11-22T20:00:00.000Z",
    "stale": False,
    "source": "ok",
}


def state_json() -> str:
    """The state in compact JSON, as it goes over the wire. Servers fill in the version, the number and the time."""
    return json.dumps(STATE, separators=(",", ":"))
