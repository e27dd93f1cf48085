"""Windsock: an application with one thing, whose function gives a reading whenever one is ordered.

`windsock run bench.servers.windsock_app:app --port 5000`; it finds the `windsock.toml` beside it.
"""

from __future__ import annotations

import os

from flask import Flask

from bench.servers.orders import Orders, data
from windsock import Reading, Windsock

app = Flask(__name__)
app.config["WINDSOCK_STORE_URL"] = os.environ.get("BENCH_STORE", "memory:")
windsock = Windsock(app)
cloud = windsock.thing("cloud")
orders = Orders()


@cloud.watch(every="10ms")
def read() -> Reading | None:
    """The next reading, as soon as it is due; None if none was ordered for a second."""
    number = orders.take(patience=1.0)
    return None if number is None else Reading("HUGGING", data(number))
