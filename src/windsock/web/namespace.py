"""The Socket.IO namespace ``/windsock``: its requests, carried out and acknowledged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask_socketio import Namespace
from socketio import exceptions

from windsock import wire
from windsock.errors import WindsockError
from windsock.web import requests
from windsock.web.problems import UNAVAILABLE

if TYPE_CHECKING:
    from windsock.web.delivery import Delivery

log = logging.getLogger("windsock.delivery")


class WindsockNamespace(Namespace):  # type: ignore[misc]  # Flask-SocketIO has no annotations
    """Takes every event of the namespace. A viewer's mistake is an answer, never an exception."""

    def __init__(self, name: str, delivery: Delivery) -> None:
        super().__init__(name)
        self._delivery = delivery

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Called by python-socketio: with the session, and the environ or the event's arguments.

        A viewer may give its own events the names "connect" and "disconnect"; they must not pass for these.
        """
        sid, *values = args
        eio_sid = self._eio_sid(sid)
        if event == "connect" and values and values[0] is self.server.environ.get(eio_sid):
            return self._connect(sid, *values)
        if event == "disconnect" and not self.server.manager.is_connected(sid, self.namespace):
            return self._delivery.disconnect(eio_sid)
        return self._acknowledge(event, eio_sid, values[0] if values else None)

    def _set_server(self, server: Any) -> None:
        # Called by python-socketio when the namespace is registered, be that now or when the server is made.
        super()._set_server(server)
        self._delivery.listen(server.eio)

    def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        try:
            self._delivery.connect(self._eio_sid(sid), environ, auth)
        except WindsockError as error:
            data = {"code": wire.error_code(error)}
            raise exceptions.ConnectionRefusedError(self._words(error, environ, auth), data) from None

    def _words(self, error: WindsockError, environ: dict[str, Any], auth: object) -> str:
        """What a viewer is told: of what is wrong within, only somebody who may publish learns more."""
        token = auth.get("token") if isinstance(auth, dict) else None
        known = isinstance(token, str | None) and self._delivery.is_publisher(environ, token)
        return str(error) if known or wire.error_code(error) != "unavailable" else UNAVAILABLE

    def _acknowledge(self, event: str, eio_sid: str, value: object) -> wire.Payload:
        try:
            self._delivery.require_reader(eio_sid)
            return wire.accepted(**self._carry_out(event, eio_sid, value))
        except WindsockError as error:
            return wire.refused(error)
        except Exception:
            log.exception("the request %r failed", event)
            return wire.refused(WindsockError("the server failed; its log says why"))

    def _carry_out(self, event: str, eio_sid: str, value: object) -> wire.Payload:
        if event == "watch":
            self._delivery.watch(eio_sid, wire.read_things(value))
            return {}
        if event == "unwatch":
            self._delivery.unwatch(eio_sid, wire.read_things(value))
            return {}
        if event == "history":
            return requests.history(self._delivery.runtime, value)
        if event == "report":
            return requests.report(self._delivery.runtime, value, self._delivery.may_report(eio_sid))
        raise wire.BadRequest(f"there is no request {event!r:.40}; there are watch, unwatch, history and report")

    def _eio_sid(self, sid: str) -> str:
        return str(self.server.manager.eio_sid_from_sid(sid, self.namespace))
