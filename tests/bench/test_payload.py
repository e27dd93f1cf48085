from __future__ import annotations

import json

import pytest

from bench import payload
from bench.servers import orders
from tests.builders import NOW
from windsock import wire
from windsock.model import Position, State, ThingSpec


def test_other_servers_send_what_windsock_sends() -> None:
    state = State("cloud", Position("a9d9cf65e176b3fb", 1))
    assert list(wire.state_message(ThingSpec("cloud", "Cloud"), state, None, NOW)) == list(payload.STATE)


def test_what_servers_fill_in_stands_in_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_STATE", json.loads(payload.state_json()))
    state = orders.state(orders.FIRST + 7)
    assert 7 == state["version"]
    assert ["n", "t"] == list(state["data"])
    assert orders.FIRST + 7 == state["data"]["n"]
