"""The REST interface, under ``/api/v1``, and the health of the service."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from windsock import jsontext, past, wire
from windsock.decode import decode, from_json
from windsock.errors import BadReading, ReadingTooLarge, UnknownThing, WindsockError
from windsock.model import Reading, Rejected
from windsock.recorder import Outcome
from windsock.times import format_time
from windsock.web import conditional, events, problems, query
from windsock.web.access import Caller, may_publish, require_json, require_publisher
from windsock.web.site import Site, current_site

log = logging.getLogger("windsock.rest")

MAX_BODY = 64 * 1024
"""The size of one reading's request, in bytes."""
MAX_READINGS_BODY = 1024 * 1024
"""The size of a request with several readings, in bytes."""
EXCERPT = 200
"""Characters of a message's body in a list."""
USUAL_SPAN = timedelta(hours=1)
LONGEST_SPAN = timedelta(days=36525)
_API = "/api/v1"
_LARGEST_NUMBER = 2**63 - 1  # that a store counts to


def register(blueprint: Blueprint) -> None:
    """Add the routes to Windsock's blueprint."""
    add = blueprint.add_url_rule
    add(f"{_API}/things", view_func=things)
    add(f"{_API}/things/<thing>", view_func=thing)
    add(f"{_API}/things/<thing>/state", view_func=put_state, methods=["PUT"])
    add(f"{_API}/things/<thing>/readings", view_func=post_readings, methods=["POST"])
    add(f"{_API}/things/<thing>/history", view_func=history)
    add(f"{_API}/things/<thing>/timeline", view_func=timeline)
    add(f"{_API}/rejected", view_func=rejected)
    add(f"{_API}/rejected/<int:number>", view_func=rejected_message)
    add(f"{_API}/rejected/<int:number>", view_func=drop, methods=["DELETE"], endpoint="drop")
    add(f"{_API}/rejected/<int:number>/retry", view_func=retry, methods=["POST"])
    events.register(blueprint)
    add("/healthz", view_func=healthz)
    add("/readyz", view_func=readyz)
    blueprint.register_error_handler(WindsockError, _refused)
    blueprint.register_error_handler(HTTPException, _failed)


def _failed(error: HTTPException) -> Response | HTTPException:
    """Programs are told of errors in a problem document; who looks at a page that failed gets a page."""
    is_page = _API not in request.path
    return error if is_page and (error.code or 500) >= 500 else problems.from_http(error)


def things() -> Response:
    """All things."""
    site = current_site()
    described = [site.views.described(name, site.base()) for name in site.runtime.specs]
    return conditional.answer(conditional.tag_of_things(described), _fresh({"things": described}))


def thing(thing: str) -> Response:
    """One thing; with ``Prefer: wait``, as soon as it differs from what the reader has."""
    site = current_site()
    base = site.base()

    def make() -> tuple[str, Response]:
        described = site.views.described(thing, base)
        return conditional.tag_of_thing(described), _fresh(described)

    return conditional.answer_later(site.feed, thing, lambda: site.tags.get(thing, base), make)


def put_state(thing: str) -> Response:
    """Record one reading."""
    site = _writable(thing)
    body = _body(MAX_BODY)
    spec = site.runtime.spec(thing)
    return _outcome(site.runtime.report(thing, decode(body, {thing: spec}, "plain")))


def post_readings(thing: str) -> Response:
    """Record several readings, all or none."""
    site = _writable(thing)
    value = jsontext.loads(_body(MAX_READINGS_BODY))
    items = value.get("readings") if isinstance(value, dict) else None
    if not isinstance(items, list) or not items:
        raise BadReading('expected {"readings": […]} with at least one reading')
    readings = [_numbered(index, item) for index, item in enumerate(items)]
    return _outcome(site.runtime.report_all(thing, readings))


def history(thing: str) -> Response:
    """Changes of a thing."""
    asked = wire.read_history_request(
        {
            "thing": thing,
            "epoch": request.args.get("epoch"),
            "since": query.number("since"),
            "limit": query.limit(),
        }
    )
    found = current_site().runtime.history(asked.thing, asked.epoch, asked.since, asked.limit)
    return _fresh(wire.history_message(found.epoch, found.changes, found.complete))


def timeline(thing: str) -> Response:
    """A thing's past, few enough to be drawn: ``span`` long, until ``end``, in at most about ``slices`` segments."""
    site = current_site()
    epoch = site.runtime.state(thing).position.epoch
    now = site.clock()
    end = min(query.time("end", now), now)
    begin = max(end - query.duration("span", USUAL_SPAN, LONGEST_SPAN), query.FIRST)
    slices = query.count("slices", past.USUAL_SLICES, past.MAX_SLICES)
    return _fresh(wire.timeline_message(thing, epoch, site.runtime.timeline(thing, begin, end, slices), now))


def rejected() -> Response:
    """Messages that were set aside, newest first."""
    site = _for_publisher()
    messages = site.runtime.rejected(query.limit(), query.number("before"))
    return _fresh({"rejected": [described(message, EXCERPT) for message in messages]})


def rejected_message(number: int) -> Response:
    """One message that was set aside, whole."""
    message = _for_publisher().runtime.rejected_message(_countable(number))
    if message is None:
        raise _no_message(number)
    return _fresh(described(message, None))


def retry(number: int) -> Response:
    """Read a message again that was set aside."""
    outcome = _for_publisher(writes=True).runtime.retry(_countable(number))
    if outcome is None:
        raise _no_message(number)
    return _outcome(outcome)


def drop(number: int) -> Response:
    """Forget a message that was set aside."""
    if not _for_publisher(writes=True).runtime.drop(_countable(number)):
        raise _no_message(number)
    return Response(status=204)


def healthz() -> Response:
    """The process is up."""
    return _fresh({"status": "ok"})


def readyz() -> Response:
    """Every source and the store work; 503 with the reasons if not."""
    runtime = current_site().runtime
    reasons = runtime.problems()
    if not _is_publisher():
        sources = [health.source for health in runtime.health()]
        reasons = [problems.reason_for_strangers(reason, sources) for reason in reasons]
    response = _fresh({"status": "failing" if reasons else "ok", "reasons": reasons})
    response.status_code = 503 if reasons else 200
    return response


def _writable(thing: str) -> Site:
    """The site, if this request may report the thing; who may is asked before what there is."""
    site = _for_publisher(writes=True)
    site.runtime.require_inbox(thing)
    return site


def _for_publisher(writes: bool = False) -> Site:
    site = current_site()
    require_publisher(Caller.from_environ(request.environ), site.publisher_key)
    if writes:
        require_json(request.content_type, site.publisher_key)
    return site


def _is_publisher() -> bool:
    return may_publish(Caller.from_environ(request.environ), current_site().publisher_key)


def _refused(error: WindsockError) -> Response:
    """The answer to a request that cannot be carried out."""
    response = problems.from_windsock(error, _is_publisher())
    # Why it did not start is in the log already, once and not with every request.
    if response.status_code == 503 and current_site().started:
        log.error("a request failed: %s", error)
    return response


def _body(limit: int) -> str:
    request.max_content_length = limit + 1  # one sent in chunks is cut off there, without an error
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise ReadingTooLarge(f"the body is larger than {limit:,} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadReading(f"the body is not UTF-8 text: invalid byte at position {error.start}") from None


def _numbered(index: int, item: object) -> Reading:
    try:
        return from_json(item)
    except BadReading as error:
        raise type(error)(f"readings[{index}]: {error}") from None


def described(message: Rejected, longest: int | None) -> dict[str, Any]:
    """A message that was set aside, its body cut after so many characters."""
    body = message.body.decode(errors="backslashreplace")
    return {
        "number": message.number,
        "source": message.source,
        "at": format_time(message.at),
        "reason": message.reason,
        "id": message.message_id,
        "size": len(message.body),
        "body": body if longest is None else shortened(body, longest),
    }


def shortened(text: str, longest: int) -> str:
    """At most so many characters of a text; the last one says whether there are more."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _countable(number: int) -> int:
    if number > _LARGEST_NUMBER:
        raise _no_message(number)
    return number


def _no_message(number: int) -> UnknownThing:
    return UnknownThing(f"there is no message {number} set aside")


def _outcome(outcome: Outcome) -> Response:
    position = outcome.position
    return _fresh({"result": outcome.result, "epoch": position.epoch, "version": position.version})


def _fresh(value: object) -> Response:
    response = jsonify(value)
    response.headers["Cache-Control"] = "no-store"
    return response
