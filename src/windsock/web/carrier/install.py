"""Puts the engine beneath an application's Flask-SocketIO."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from socketio import Manager
from socketio.admin import InstrumentedServer
from socketio.packet import Packet

from windsock.engine.options import Options
from windsock.errors import ConfigError
from windsock.web.carrier.application import CarriedApplication
from windsock.web.carrier.eio import EngineIO
from windsock.web.carrier.inbox import Inbox
from windsock.web.carrier.manager import EngineManager
from windsock.web.carrier.options import read_options
from windsock.web.carrier.ports import Engine
from windsock.web.carrier.server import INSTRUMENT, carried_class

log = logging.getLogger("windsock.carrier")


def options_of(app: Flask) -> Options | None:
    """What an application asked of Flask-SocketIO's own server, as options of the engine; None if it has none."""
    socketio = app.extensions.get("socketio")
    return None if socketio is None else _options(socketio)


def install(app: Flask, engine: Engine) -> CarriedApplication | None:
    """Have the engine carry an application's Flask-SocketIO, if it has one. Opens nothing and starts nothing.

    Its `socketio.Server` stays the same object, for handlers and namespaces hold on to it; beneath it there is the
    engine from now on, for good. Raises ConfigError for what the engine cannot carry.
    """
    socketio = app.extensions.get("socketio")
    if socketio is None:
        return None
    server = socketio.server
    if isinstance(server.eio, EngineIO):
        raise ConfigError(f"the Socket.IO server of the application {app.name!r} is carried by an engine already")
    problems = _problems(socketio)
    if problems:
        raise ConfigError(problems)
    if server.async_mode != "threading":
        log.warning('the application\'s SocketIO was made for "%s"; the engine runs it in threads', server.async_mode)
    options = _options(socketio)
    inboxes: dict[str, Inbox] = {}
    server.__class__ = carried_class(type(server))
    server.eio = EngineIO(engine, server.eio, inboxes)
    server.manager = EngineManager()
    server.manager.set_server(server)
    server.async_mode = socketio.async_mode = server.eio.async_mode
    return CarriedApplication(app, server, engine, options, inboxes)


def _options(socketio: Any) -> Options:
    return read_options(socketio.server.eio, socketio.sockio_mw.engineio_path)


def _problems(socketio: Any) -> list[str]:
    """What the application asks for and cannot have here, in words."""
    server, found = socketio.server, []
    if type(server.manager) is not Manager:
        named = "message_queue" if socketio.server_options.get("message_queue") else "client_manager"
        found.append(
            f"SocketIO(…, {named}=…): several servers that share a message queue are not supported on this engine yet; "
            f"leave {named} out, or run the application with socketio.run(app)"
        )
    if server.packet_class is not Packet:
        found.append(
            "SocketIO(…, serializer=…): only the default serializer, JSON, is supported on this engine; leave it out"
        )
    if _is_instrumented(server):
        found.append(INSTRUMENT)
    return found


def _is_instrumented(server: Any) -> bool:
    connects = (handlers.get("connect") for handlers in server.handlers.values())
    return any(isinstance(getattr(connect, "__self__", None), InstrumentedServer) for connect in connects)
