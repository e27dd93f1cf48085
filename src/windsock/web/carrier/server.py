"""What a carried application's `socketio.Server` does differently; everything else in it stays as it is."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from socketio import Server
from socketio.exceptions import ConnectionRefusedError as RefusedError
from socketio.packet import CONNECT, CONNECT_ERROR, DISCONNECT

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

    def accepts(self, namespace: str) -> bool:
        """Whether somebody may connect to a namespace: one that has handlers, or is named by the application."""
        named = self.namespaces == "*" or namespace in self.namespaces
        return named or namespace in self.handlers or namespace in self.namespace_handlers

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
        sid = self.manager.pre_connect(eio_sid, namespace) if self.accepts(namespace) else None
        if sid is None:
            self._answer(eio_sid, CONNECT_ERROR, namespace, "Unable to connect")
            return
        if self.always_connect:
            self._accept(eio_sid, sid, namespace)
        refusal = self._introduce(eio_sid, sid, namespace, data)
        if refusal is None and not self.always_connect:
            self._accept(eio_sid, sid, namespace)
        elif refusal is not None:
            # Whom nobody told of its leaving is not told of its disconnect either.
            self.manager.pre_disconnect(sid, namespace)
            self._answer(eio_sid, DISCONNECT if self.always_connect else CONNECT_ERROR, namespace, refusal)
            self.manager.disconnect(sid, namespace)

    def _introduce(self, eio_sid: str, sid: str, namespace: str, auth: Any) -> Any:
        """Run the connect handler; what to refuse the client with, None if it is accepted."""
        try:
            accepted = self._run_connect_handler(namespace, sid, self.environ[eio_sid], auth or None)
        except RefusedError as error:
            return error.error_args
        except ConnectionRefusedError:
            return {"message": "Connection refused by server"}
        except (Exception, SystemExit):
            log.exception("a connect handler of the application failed")
            return None if self.always_connect else FAILED
        return RefusedError().error_args if accepted is False else None

    def _run_connect_handler(self, namespace: str, sid: str, environ: dict[str, Any], auth: Any) -> Any:
        try:
            return self._trigger_event("connect", namespace, sid, environ, auth)
        except TypeError:
            if auth is not None:
                raise
            with suppress(TypeError):  # if that was not the reason, the first error is the one to tell of
                return self._trigger_event("connect", namespace, sid, environ)  # handlers of old take no auth
            raise

    def _accept(self, eio_sid: str, sid: str, namespace: str) -> None:
        self._answer(eio_sid, CONNECT, namespace, {"sid": sid})
        self.manager.connect(sid, namespace)

    def _answer(self, eio_sid: str, kind: int, namespace: str, data: Any) -> None:
        self._send_packet(eio_sid, self.packet_class(kind, data=data, namespace=namespace))

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
                self._answer(eio_sid, DISCONNECT, namespace, None)
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
