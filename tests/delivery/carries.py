"""The deliveries, as a fixture: what is tested with ``carry`` has to hold on each of them."""

from __future__ import annotations

import pytest

from tests.delivery import engine, flask_socketio
from tests.delivery.harness import Carry


@pytest.fixture(
    scope="module",
    params=[pytest.param(flask_socketio.carry, id="flask-socketio"), pytest.param(engine.carry, id="engine")],
)
def carry(request: pytest.FixtureRequest) -> Carry:
    found: Carry = request.param
    return found
