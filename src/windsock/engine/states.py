"""The namespace ``/windsock``, served in the engine's loop: CONNECT, states, watch and unwatch enter no thread."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from windsock import wire
from windsock.engine.frames import Frame, message
from windsock.engine.protocol import socketio
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.socketio import Header, SioType
from windsock.engine.state_site import StateSite, StateViewer
from windsock.engine.topics import Topic
from windsock.errors import NotStarted, UnknownThing, WindsockError

if TYPE_CHECKING:
    from windsock.engine.engine import Engine
    from windsock.engine.session import Session

log = logging.getLogger("windsock.engine")

FAILED = "the server failed; its log says why"
MOST_ASKED = 64
"""Requests of one viewer for the store that may be unanswered."""
LONGEST = 200_000
"""Characters of one message: room for the positions of a thousand things. What is read here, the loop waits for."""
COUNT_EVERY = 1.0
"""Seconds between two messages of how many are watching."""


class States:
    """Everything of the namespace; touched only in the loop, except `changed` and `heard`."""

    def __init__(self, engine: Engine, site: StateSite) -> None:
        self._engine = engine
        self._site = site
        self._topics: dict[tuple[str, str], Topic] = {}
        self._of_thing: dict[str, list[Topic]] = {}
        # One for all viewers that watch the same things under the same addresses.
        self._shared: dict[tuple[str, tuple[str, ...]], Mapping[str, Topic]] = {}
        # Each with something that stands for its CONNECT: one that was left and comes anew is another one.
        self._connecting: dict[Session, object] = {}
        self._viewers: set[Session] = set()
        self._counting: set[Session] = set()
        self._recounted: set[str] = set()
        self._counted_at = 0.0

    def __len__(self) -> int:
        return len(self._viewers)

    def watching(self, thing: str) -> int:
        """How many viewers watch a thing. Safe from any thread."""
        return sum(map(len, self._of_thing.get(thing, ())))

    # ------------------------------------------------------------------------------------------------ for the engine

    def receive(self, session: Session, header: Header) -> None:
        """One packet of the namespace. Raises ProtocolError if it cannot be one."""
        if len(header.body) > LONGEST:
            raise ProtocolError(f"a message to {wire.NAMESPACE} has at most {LONGEST:,} characters")
        if header.type is SioType.CONNECT:
            self._connect(session, socketio.read_body(header))
        elif header.type is SioType.DISCONNECT:
            self.leave(session)
        elif header.type in (SioType.EVENT, SioType.BINARY_EVENT):
            name, *arguments = socketio.read_array(header)
            if session.viewer is not None:
                self._event(session, name, arguments[0] if arguments else None, header.id)
        else:
            socketio.validate(header)

    def leave(self, session: Session) -> None:
        """A viewer has left, or its session has ended."""
        self._connecting.pop(session, None)
        viewer, session.viewer = session.viewer, None
        if viewer is None:
            return
        self._viewers.discard(session)
        self._counting.discard(session)
        self._take_out(session, viewer.things.values())

    def changed(self, thing: str, at: float | None = None, times: int = 1) -> None:
        """A thing has a newer version; see `Topic.changed`."""
        for topic in self._of_thing.get(thing, ()):
            topic.changed(at, times)
            self._engine.turns.add(topic)

    def heard(self, thing: str) -> None:
        """A thing's clocks moved."""
        for topic in self._of_thing.get(thing, ()):
            topic.heard()
            self._engine.turns.add(topic)

    def tick(self, now: float) -> None:
        """Tell how many are watching, if that changed and somebody wants to know."""
        if not self._recounted or now - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = now
        things, self._recounted = self._recounted, set()
        for session in self._counting:
            viewer = session.viewer
            if viewer is None:
                continue
            for thing in things.intersection(viewer.things):
                frame = self._frame("viewers", {"thing": thing, "count": self._count(thing)})
                session.note(viewer.things[thing], frame)

    def put_out(self) -> None:
        """Have all viewers leave the namespace; their connections live on."""
        goodbye = message(socketio.encode_disconnect(wire.NAMESPACE))
        for session in list(self._viewers):
            self.leave(session)
            session.send(goodbye)

    def renew(self) -> None:
        """Send everybody everything: what was published before now may have been told to nobody."""
        for thing in self._of_thing:
            self.changed(thing)

    # ----------------------------------------------------------------------------------------------------- connecting

    def _connect(self, session: Session, auth: object) -> None:
        if session.viewer is not None or session in self._connecting:
            self._refuse(session, "this connection is in the namespace already", wire.BadRequest(""))
            return
        attempt = self._connecting[session] = object()
        if self._site.started and self._site.inline:
            self._take_in(session, attempt, auth, self._enter(session))
        else:
            then = partial(self._take_in, session, attempt, auth)
            self._engine.in_thread(session, partial(self._prepare, session), then)

    def _prepare(self, session: Session) -> str | WindsockError:
        self._site.start_for_viewer()
        return self._enter(session)

    def _enter(self, session: Session) -> str | WindsockError:
        try:
            return self._site.enter(session)
        except WindsockError as error:
            return error
        except Exception:
            log.exception("the application failed at a viewer's request")
            return WindsockError(FAILED)

    def _take_in(self, session: Session, attempt: object, auth: object, base: str | WindsockError) -> None:
        """Let a viewer in: CONNECT first, then its states, in one write if its socket takes it."""
        if self._connecting.get(session) is not attempt:
            return
        try:
            if isinstance(base, WindsockError):
                raise base
            hello = wire.read_hello(auth)
            things = self._known(self._site.things() if hello.things is None else hello.things)
            if not self._site.started:  # whoever is there was put out just now, and nothing would be told any more
                raise NotStarted("Windsock is being stopped")
            viewer = StateViewer(base, hello.token)
            topics = self._join(session, viewer, things)
        except WindsockError as error:
            self._explain(session, auth, error)
            return
        del self._connecting[session]
        session.viewer = viewer
        self._viewers.add(session)
        self._engine.traffic.connections += 1
        if hello.viewers:
            self._counting.add(session)
            self.recount(things)
        self._engine.greet(session)
        answer = message(socketio.encode_connect(wire.NAMESPACE, {"sid": secrets.token_urlsafe(15)}))
        self._send_states(session, answer, topics)

    def _explain(self, session: Session, auth: object, error: WindsockError) -> None:
        """Refuse a viewer in words that depend on who it is."""
        token = auth.get("token") if isinstance(auth, dict) else None
        look = partial(self._words, session, token if isinstance(token, str) else None, error)
        attempt = self._connecting[session]
        if self._site.inline:
            self._turn_away(session, attempt, error, look())
        else:
            self._engine.in_thread(session, look, partial(self._turn_away, session, attempt, error))

    def _words(self, session: Session, token: str | None, error: WindsockError) -> str:
        try:
            return self._site.words(error, self._site.may_publish(session, token))
        except Exception:  # noqa: BLE001  # the application's middleware does not let it through, which `error` says
            return self._site.words(error, publisher=False)

    def _turn_away(self, session: Session, attempt: object, error: WindsockError, words: str) -> None:
        if self._connecting.get(session) is attempt:
            del self._connecting[session]
            self._refuse(session, words, error)

    def _refuse(self, session: Session, words: str, error: WindsockError) -> None:
        reason = {"message": words, "data": {"code": wire.error_code(error)}}
        session.send(message(socketio.encode_connect_error(wire.NAMESPACE, reason)))

    def _send_states(self, session: Session, first: Frame | None, topics: Iterable[Topic]) -> None:
        if session.write is not None:
            now = self._engine.now()
            parts = [] if first is None else [first.wire]
            data = b"".join(parts + [topic.newest(now).wire for topic in topics])
            self._engine.traffic.bytes += len(data)
            session.write(data)
            return
        if first is not None:
            session.send(first)
        for topic in topics:
            session.pend(topic)

    # ------------------------------------------------------------------------------------------------------- requests

    def _event(self, session: Session, name: object, value: object, id: int | None) -> None:  # noqa: A002  # Socket.IO's
        viewer = session.viewer
        assert viewer is not None
        if name == "history" or name == "report":
            self._ask(session, viewer, self._site.history if name == "history" else None, value, id)
            return
        self._acknowledge(session, id, self._answer(self._request, session, viewer, name, value))

    def _ask(
        self,
        session: Session,
        viewer: StateViewer,
        carry_out: Callable[[object], wire.Payload] | None,
        value: object,
        id: int | None,  # noqa: A002  # Socket.IO's
    ) -> None:
        """Have a thread carry out a request, ``report`` if None. What waits for one takes memory, so it is bounded."""
        if viewer.asked >= MOST_ASKED:
            refusal = wire.BadRequest(f"at most {MOST_ASKED} requests may be unanswered")
            self._acknowledge(session, id, wire.refused(refusal))
            return
        viewer.asked += 1
        work = partial(self._answer, carry_out or partial(self._report, session, viewer.token), value)
        self._engine.in_thread(session, work, partial(self._answered, session, viewer, id))

    def _answered(self, session: Session, viewer: StateViewer, number: int | None, answer: wire.Payload) -> None:
        viewer.asked -= 1
        self._acknowledge(session, number, answer)

    def _report(self, session: Session, token: str | None, value: object) -> wire.Payload:
        return self._site.report(value, self._site.may_publish(session, token))

    def _answer(self, carry_out: Callable[..., wire.Payload], *arguments: Any) -> wire.Payload:
        try:
            return wire.accepted(**carry_out(*arguments))
        except WindsockError as error:
            return wire.refused(error)
        except Exception:
            log.exception("a viewer's request failed")
            return wire.refused(WindsockError(FAILED))

    def _request(self, session: Session, viewer: StateViewer, name: object, value: object) -> wire.Payload:
        if name == "watch":
            asked = self._known(wire.read_things(value))
            self._send_states(session, None, self._join(session, viewer, asked))
        elif name == "unwatch":
            self._unwatch(session, viewer, wire.read_things(value))
        else:
            raise wire.BadRequest(f"there is no request {name!r:.40}; there are watch, unwatch, history and report")
        return {}

    def _acknowledge(self, session: Session, id: int | None, answer: wire.Payload) -> None:  # noqa: A002  # Socket.IO's
        if id is not None and session.viewer is not None:
            session.send(message(socketio.encode_ack(wire.NAMESPACE, id, [answer])))

    # --------------------------------------------------------------------------------------------------------- topics

    def _known(self, names: Collection[str]) -> tuple[str, ...]:
        known = self._site.things()
        for name in names:
            if name not in known:
                raise UnknownThing(f"there is no thing {name!r}")
        return tuple(names)

    def _join(self, session: Session, viewer: StateViewer, things: tuple[str, ...]) -> list[Topic]:
        """Register before the states are sent: news in between is sent twice rather than lost."""
        every = tuple(dict.fromkeys([*viewer.things, *things]))
        most = self._engine.limits.things_per_viewer
        if len(every) > most:
            raise wire.BadRequest(f"a viewer watches at most {most} things")
        viewer.things = self._share(viewer.base, every)
        topics = [viewer.things[thing] for thing in things]
        for topic in topics:
            topic.join(session)
        self.recount(things)
        return topics

    def _unwatch(self, session: Session, viewer: StateViewer, things: Collection[str]) -> None:
        gone = set(things).intersection(viewer.things)
        topics = [viewer.things[thing] for thing in gone]
        viewer.things = self._share(viewer.base, tuple(thing for thing in viewer.things if thing not in gone))
        self._take_out(session, topics)

    def _take_out(self, session: Session, topics: Iterable[Topic]) -> None:
        for topic in topics:
            topic.leave(session)
            if session.backlog is not None:
                session.backlog.forgive(topic)
            self.recount([topic.thing])

    def _share(self, base: str, things: tuple[str, ...]) -> Mapping[str, Topic]:
        found = self._shared.get((base, things))
        if found is None:
            found = {thing: self._topic(thing, base) for thing in things}
            if len(self._shared) < 1000:  # viewers may choose their things; what is rare need not be shared
                self._shared[base, things] = found
        return found

    def _topic(self, thing: str, base: str) -> Topic:
        topic = self._topics.get((thing, base))
        if topic is None:
            topic = self._topics[thing, base] = Topic(thing, self._site.encoder(thing, base), self._engine.traffic)
            self._of_thing.setdefault(thing, []).append(topic)
        return topic

    # --------------------------------------------------------------------------------------------------------- counts

    def recount(self, things: Iterable[str]) -> None:
        """Tell before long how many are watching."""
        if self._counting:
            self._recounted.update(things)

    def _count(self, thing: str) -> int:
        return self.watching(thing) + self._site.others(thing)

    def _frame(self, event: str, payload: wire.Payload) -> Frame:
        return message(socketio.encode_event(wire.NAMESPACE, event, payload))
