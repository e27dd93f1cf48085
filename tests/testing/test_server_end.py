from __future__ import annotations

import threading
import time
import urllib.request

import pytest

from tests.leftovers import added, present
from tests.servers import request
from tests.testing.apps import create_app
from tests.waiting import eventually
from windsock.errors import ConfigError
from windsock.testing import LiveServer
from windsock.testing.carriers import CARRIERS, ServerName

every_server = pytest.mark.parametrize("server", CARRIERS)
both_ways = pytest.mark.parametrize("own_socketio", [False, True], ids=["windsock's socketio", "own socketio"])


@every_server
@both_ways
def test_nothing_is_left_of_it_whatever_was_open(server: ServerName, own_socketio: bool) -> None:
    before, pinging = present(), pings()

    with LiveServer(create_app(own_socketio), server) as live:
        live.viewer().open()
        vanished = live.viewer("door").open()
        vanished.vanish()
        url = f"{live.url}/socket.io/?EIO=4&transport=polling"
        request("GET", url)

    # Threads end a moment after what they did; one that sleeps until a ping would go on for ten seconds.
    eventually(lambda: ([], set()) == (added(before), pings() - pinging), within=2)


def pings() -> set[threading.Thread]:
    """The threads with which python-engineio's server sleeps until it is time for a ping."""
    return {thread for thread in threading.enumerate() if "_send_ping" in thread.name}


@every_server
def test_a_request_that_waits_for_news_does_not_hold_up_the_end(server: ServerName) -> None:
    with LiveServer(create_app(), server) as live:
        stream = urllib.request.urlopen(f"{live.url}/windsock/api/v1/things/door/events")  # noqa: S310
        assert stream.readline()
        began = time.monotonic()

    assert time.monotonic() - began < 4  # what would hold it up takes five seconds
    stream.close()


@every_server
def test_nothing_is_left_of_a_test_that_failed(server: ServerName) -> None:
    before = present()

    def test() -> None:
        with LiveServer(create_app(), server) as live:
            live.viewer().open().sees("OPEN", within=0.05)

    with pytest.raises(AssertionError):
        test()

    eventually(lambda: [] == added(before), within=2)


@every_server
def test_nothing_is_left_of_a_start_that_failed(server: ServerName) -> None:
    app = create_app()
    app.extensions["windsock"].windsock.thing("lamp", states={"ON": {"image": "nowhere.svg"}})
    before = present()

    with pytest.raises(ConfigError, match=r"nowhere.svg: no such file|image: no such file"):
        LiveServer(app, server).start()

    eventually(lambda: [] == added(before), within=2)


def test_the_application_is_given_back_as_it_was() -> None:
    app = create_app(own_socketio=True)
    site, socket_server = app.extensions["windsock"], app.extensions["socketio"].server
    before = (site.config, site.clock, site.delivery, type(socket_server), socket_server.eio, socket_server.manager)

    with LiveServer(app):
        assert site.delivery is not before[2]

    assert before == (
        site.config,
        site.clock,
        site.delivery,
        type(socket_server),
        socket_server.eio,
        socket_server.manager,
    )
