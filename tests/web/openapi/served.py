"""A served application, and its document as a client that generates requests from it reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import schemathesis
from flask import Flask, Response
from schemathesis.schemas import BaseSchema

from tests.web.apps import KEY, STATES, make_app, running
from windsock import Windsock
from windsock.model import Rejected
from windsock.runtime import Runtime
from windsock.times import utc_now
from windsock.web.openapi import build
from windsock.web.openapi.pieces import Place
from windsock.web.site import site_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

NAMES = ["cloud", "kiln", "oven", "fog"]
"""Three things, the last of which has a source of its own; and one that there is not."""
CONFIG = {
    "seed": 1,
    # Keys are given by the tests.
    "generation": {"deterministic": True, "database": "none", "max-examples": 12, "with-security-parameters": False},
    # Methods that there are not are tested where REST is, and sequences where things are.
    "phases": {"coverage": {"unexpected-methods": []}, "stateful": {"enabled": False}},
}


def site(keyed: bool) -> tuple[Flask, Windsock]:
    """The application; its streams end after their beginning, as they do behind a middleware of its own."""
    app, windsock = make_app(**({"WINDSOCK_PUBLISHER_KEY": KEY} if keyed else {}))
    windsock.thing("cloud", title="The Huggable Cloud", states=STATES)
    windsock.thing("kiln", backlog="every")
    windsock.thing("oven").watch(every="1h")(lambda: None)
    app.after_request(_cut)
    app.wsgi_app = partial(_from_here, app.wsgi_app)  # type: ignore[method-assign]
    return app, windsock


@contextmanager
def filled(app: Flask, windsock: Windsock, store: str = "memory:") -> Iterator[None]:
    """It runs, with a past and with messages that were set aside."""
    site_of(app).make_runtime = lambda specs, _url, *rest: Runtime(specs, store, *rest)
    with running(app, windsock):
        for thing in windsock.things[:2]:
            for force, state in enumerate(STATES):
                thing.report(state, {"force": force, "by": "Ada"})
        bodies = [b"HUGING", b'{"thing": "cloud", "state": "HUGGING"}', b"\xff", b"{"]
        messages = [Rejected("inbox:", body, "wrong", utc_now()) for body in bodies * 25]
        site_of(app).runtime._running_recorder().record([], messages)
        yield


def document(keyed: bool) -> dict[str, Any]:
    """The document, made narrower: nothing is answered but what it names, and mostly what there is is asked for."""
    found = build(Place("/windsock", keyed))
    for schema in found["components"]["schemas"].values():
        if schema.get("type") == "object" and not schema["description"].startswith(("A reading", "Several")):
            schema["additionalProperties"] = False
    parameters = found["components"]["parameters"]
    parameters["thing"]["schema"]["enum"] = NAMES
    parameters["number"]["schema"]["maximum"] = 100
    copy: dict[str, Any] = json.loads(json.dumps(found))
    return copy


def schema_of(app: Flask, keyed: bool) -> BaseSchema:
    """The document as schemathesis reads it, with the application that it describes."""
    found = schemathesis.openapi.from_dict(document(keyed), config=schemathesis.Config.from_dict(CONFIG))
    found.app = app
    return found


def _from_here(app: WSGIApplication, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Werkzeug's own client, which schemathesis uses, does not say where its requests come from.

    It claims to take compressed answers, and does not open them.
    """
    plain = {"HTTP_ACCEPT_ENCODING": "identity"}
    return app({"REMOTE_ADDR": "127.0.0.1"} | environ | plain, start_response)


def _cut(response: Response) -> Response:
    if response.mimetype == "text/event-stream":
        stream = response.iter_encoded()
        response.set_data(next(stream))
        response.close()
    return response
