from __future__ import annotations

import queue
import threading
from typing import Any

import pytest
from engineio import Server
from engineio.packet import CLOSE, MESSAGE, NOOP, Packet

from tests.waiting import WITHIN
from tests.web.carrier.carrying import Carrier, carried, make_app
from windsock.web.carrier.eio import EngineIO


@pytest.fixture
def carrier() -> Carrier:
    return Carrier(make_app(ping_interval=7, http_compression=False)[0])


@pytest.fixture
def eio(carrier: Carrier) -> EngineIO:
    found: EngineIO = carrier.server.eio
    return found


def test_it_has_every_public_name_of_the_server_that_it_takes_the_place_of(eio: EngineIO) -> None:
    stock = Server(async_mode="threading")
    missing = {name for name in dir(stock) if not name.startswith("_")} - set(dir(eio))
    # What only its own inside uses, and what says how it compresses.
    assert {
        "compression_methods",
        "event_names",
        "log_message_keys",
        "sequence_number",
        "service_task_handle",
        "valid_transports",
    } == missing


def test_settings_are_those_that_were_asked_for(eio: EngineIO) -> None:
    found: Any = eio
    assert (7, 20, False, "threading") == (
        found.ping_interval,
        found.ping_timeout,
        found.http_compression,
        found.async_mode,
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [("text", "text"), (b"x", b"x"), (bytearray(b"x"), b"x"), ({"a": [1]}, '{"a":[1]}'), ([1, 2], "[1,2]")],
)
def test_messages_of_every_kind_are_sent(carrier: Carrier, eio: EngineIO, data: Any, message: Any) -> None:
    eio.send("sid", data)
    eio.send_packet("sid", Packet(MESSAGE, data))
    assert [("sid", [message])] * 2 == carrier.engine.sends


def test_of_other_packets_only_the_end_is_the_application_s(carrier: Carrier, eio: EngineIO) -> None:
    eio.send_packet("sid", Packet(NOOP))
    eio.send_packet("sid", Packet(CLOSE))
    assert ([], ["sid"]) == (carrier.engine.sends, carrier.engine.closed)


def test_nothing_is_sent_to_nobody(carrier: Carrier, eio: EngineIO) -> None:
    eio.send_parts([], ["2[]"])
    assert ([], []) == (carrier.engine.sends, carrier.engine.broadcasts)


def test_sessions_can_be_ended_one_or_all() -> None:
    app, _ = make_app()
    with carried(app) as carrier:
        viewers = [carrier.viewer() for _ in range(3)]
        for viewer in viewers:
            viewer.connect()
        carrier.server.eio.disconnect(viewers[1].sid)
        assert [viewers[1].sid] == carrier.engine.closed
        carrier.server.eio.sockets[viewers[2].sid].close()
        carrier.server.eio.disconnect()
        assert [viewer.sid for viewer in viewers] == carrier.engine.closed[2:]


def test_what_is_kept_with_a_session() -> None:
    app, _ = make_app()
    with carried(app) as carrier:
        eio, viewer = carrier.server.eio, carrier.viewer()
        viewer.connect()
        assert {} == eio.get_session(viewer.sid)
        with eio.session(viewer.sid) as kept:
            kept["name"] = "Ada"
        assert {"name": "Ada"} == eio.get_session(viewer.sid) == eio.sockets[viewer.sid].session
        eio.save_session(viewer.sid, {"name": "Grace"})
        assert {"name": "Grace"} == eio.get_session(viewer.sid)
        eio.sockets[viewer.sid].send(Packet(MESSAGE, "x"))
        assert "x" == viewer.next()


@pytest.mark.parametrize("ask", ["get_session", "transport"])
def test_of_an_unknown_session_nothing_is_known(eio: EngineIO, ask: str) -> None:
    with pytest.raises(KeyError, match="Session not found"):
        getattr(eio, ask)("unknown")


def test_handlers_are_set_in_both_ways(eio: EngineIO) -> None:
    @eio.on("connect")  # type: ignore[untyped-decorator]
    def first(*_arguments: Any) -> None: ...

    assert first is eio.handlers["connect"]
    eio.on("connect", print)
    assert print is eio.handlers["connect"]
    with pytest.raises(ValueError, match="Invalid event"):
        eio.on("whatever", print)


def test_a_background_task_is_a_thread_that_can_be_joined(eio: EngineIO) -> None:
    done = threading.Event()
    task = eio.start_background_task(lambda first, second: done.set(), 1, second=2)
    task.join(WITHIN)
    assert done.is_set()
    assert task.daemon


def test_what_threads_need_is_the_standard_library_s(eio: EngineIO) -> None:
    assert isinstance(eio.create_queue(maxsize=3), queue.Queue)
    assert isinstance(eio.create_event(), threading.Event)
    assert queue.Empty is eio.get_queue_empty_exception()
    eio.sleep(0)
    eio.shutdown()
    assert not eio.is_asyncio_based()
    assert ["threading"] == eio.async_modes()


def test_ids_are_different_and_as_long_as_before(eio: EngineIO) -> None:
    ids = {eio.generate_id() for _ in range(1000)}
    assert (1000, {20}) == (len(ids), {len(one) for one in ids})
