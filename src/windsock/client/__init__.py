"""Windsock for programs elsewhere: the states of things, as they are now, for as long as one likes.

    for state in windsock.client.watch("http://127.0.0.1:5000", "cloud"):
        print(state.label if state.live else f"not live: {state.liveness}")

It needs `windsock[client]`; `awatch`, for asyncio, needs `windsock[client-asyncio]`.
"""

from windsock.client.asynchronous import awatch
from windsock.client.blocking import Watch, watch
from windsock.client.options import NotInstalled, Refused
from windsock.client.state import Liveness, State
from windsock.errors import UnknownThing
from windsock.model import Position

__all__ = [
    "Liveness",
    "NotInstalled",
    "Position",
    "Refused",
    "State",
    "UnknownThing",
    "Watch",
    "awatch",
    "watch",
]
