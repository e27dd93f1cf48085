"""What a carried application's `socketio.Server` does differently; everything else in it stays as it is."""

from __future__ import annotations

import logging
from typing import Any

from socketio import Server
from socketio.packet import CONNECT_ERROR, DISCONNECT

from windsock.errors import ConfigError
from windsock.web.carrier.manager import EngineManager

log = logging.getLogger("windsock.carrier")

FAILED = {"message": "the server failed; its log says why"}
"""What a client is told whose connect handler raised something unforeseen."""


class CarriedServer(Server):  # type: ignore[misc]  # python-socketio has no annotations
    """For threads that disconnect, send and ask at the same time, and handlers that fail.

    Nothing of this kind is ever made: an application's server becomes one, so that whoever holds on to it has it.
    """

    manager: EngineManager

    def instrument(self, *_arguments: Any, **_options: Any) -> None:
        """Refused: the admin page looks into parts of python-engineio that are not there."""
        raise ConfigError(INSTRUMENT)

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnect a client. Its disconnect handler runs once, whoever else does the same at that moment."""
        self._part(sid, namespace or "/", self.reason.SERVER_DISCONNECT, tell=True)

    def call(self, *arguments: Any, **options: Any) -> Any:
        """Ask a client and wait for its answer; if none comes in time, nothing goes on waiting for it."""
        with self.manager.asking():
            return super().call(*arguments, **options)

    def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        encoded = pkt.encode()
        # In one piece: other threads send to the same client, and attachments must follow their packet.
        self.eio.send_parts([eio_sid], encoded if isinstance(encoded, list) else [encoded])

    def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        namespace = namespace or "/"
        try:
            super()._handle_connect(eio_sid, namespace, data)
        except (Exception, SystemExit):
            log.exception("a connect handler of the application failed")
            sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
            if sid is not None and self.manager.is_pre_connected(sid, namespace):
                self._send_packet(eio_sid, self.packet_class(CONNECT_ERROR, data=FAILED, namespace=namespace))
                self.manager.disconnect(sid, namespace)

    def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        namespace = namespace or "/"
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        try:
            self._part(sid, namespace, reason or self.reason.CLIENT_DISCONNECT, tell=False)
        except (Exception, SystemExit):
            log.exception("a disconnect handler of the application failed")

    def _handle_event_internal(self, *arguments: Any) -> None:
        if self.async_handlers:  # in a thread of its own, which says what it ended with
            super()._handle_event_internal(*arguments)
            return
        try:
            super()._handle_event_internal(*arguments)
        except (Exception, SystemExit):
            log.exception("an event handler of the application failed")

    def _part(self, sid: str | None, namespace: str, reason: str, tell: bool) -> None:
        """Have a client leave a namespace, if it is in and nobody else has begun to."""
        eio_sid = None if sid is None else self.manager.pre_disconnect(sid, namespace)
        if eio_sid is None:
            return
        assert sid is not None
        try:
            if tell:
                self._send_packet(eio_sid, self.packet_class(DISCONNECT, namespace=namespace))
            self._trigger_event("disconnect", namespace, sid, reason)
        finally:
            self.manager.disconnect(sid, namespace)


INSTRUMENT = (
    "the application instruments its Socket.IO server for the admin page (server.instrument), which does not work on "
    "this engine yet: leave it out"
)
"""Why `instrument` is refused."""


def carried_class(own: type[Any]) -> type[Any]:
    """The class that a server of class ``own`` becomes."""
    return CarriedServer if own is Server else type(f"Carried{own.__name__}", (CarriedServer, own), {})
