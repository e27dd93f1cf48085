"""Applications with Windsock to test with, and their clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from windsock import Windsock

KEY = "a-publisher-key"
STATES = ["NEUTRAL", "HUGGING", "PUNCHING"]
API = "/windsock/api/v1"


def make_app(name: str = "app", **config: Any) -> tuple[Flask, Windsock]:
    """An application that keeps its states in memory, and its Windsock; nothing is started."""
    app = Flask(name)
    app.config.update({"WINDSOCK_STORE_URL": "memory:"} | config)
    return app, Windsock(app)


@contextmanager
def running(app: Flask, windsock: Windsock) -> Iterator[FlaskClient]:
    """A client of the application, while its Windsock runs."""
    windsock.start(app)
    try:
        yield app.test_client()
    finally:
        windsock.stop(app)


@contextmanager
def clouds(**config: Any) -> Iterator[FlaskClient]:
    """A client of a running application with ``cloud``, that has states, and ``kiln``, that takes any."""
    app, windsock = make_app(**config)
    windsock.thing("cloud", title="The Huggable Cloud", states=STATES)
    windsock.thing("kiln")
    with running(app, windsock) as client:
        yield client


def put(client: FlaskClient, thing: str = "cloud", body: Any = "HUGGING", **options: Any) -> TestResponse:
    """PUT a JSON value as a thing's state."""
    return client.put(f"{API}/things/{thing}/state", json=body, **options)


def problem(response: TestResponse) -> tuple[int, str, str]:
    """Status, code and detail of a problem document, which the response has to be."""
    assert "application/problem+json" == response.content_type
    document = response.get_json(force=True)
    assert {"type", "title", "status", "detail", "code"} == set(document)
    assert ("about:blank", response.status_code) == (document["type"], document["status"])
    return document["status"], document["code"], document["detail"]
