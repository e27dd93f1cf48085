from __future__ import annotations

import pytest

from tests.engine.hosted import Hosted, hosted
from tests.engine.raw import ENDPOINT, Response, Wire, poller

CONNECT = '40/windsock,{"things":["cloud"]}'
OPEN = f"{ENDPOINT}&transport=polling"
ELSEWHERE = "https://elsewhere.example"


def cors(answer: Response) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name.startswith("access-control") or name == "vary"
    }


@pytest.mark.parametrize(
    ("allowed", "origin"), [([], "http://localhost"), ([ELSEWHERE], ELSEWHERE), (["*"], ELSEWHERE)]
)
def test_a_page_that_may_connect_may_read_the_answers(allowed: list[str], origin: str) -> None:
    with hosted(allowed_origins=allowed) as running, poller(running.port, {"Origin": origin}) as polls:
        given = {
            "access-control-allow-origin": origin,
            "access-control-allow-credentials": "true",
            "vary": "Origin",
        }
        polls.post(CONNECT)
        assert [given] * 3 == [cors(answer) for answer in (polls.opened, polls.get(), polls.post("9"))]


def test_a_browser_is_told_beforehand_what_a_page_may_send(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        asked = {"Origin": "http://localhost", "Access-Control-Request-Method": "POST"}
        answer = wire.request("OPTIONS", OPEN, asked)
        assert (204, b"") == (answer.status, answer.body)
        assert "content-length" not in answer.headers
        assert {
            "access-control-allow-origin": "http://localhost",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": "content-type, authorization",
            "access-control-max-age": "600",
            "vary": "Origin",
        } == cors(answer)


def test_a_page_from_elsewhere_may_neither_connect_nor_read_why(idle: Hosted) -> None:
    with Wire(idle.port) as wire:
        answer = wire.request("GET", OPEN, {"Origin": ELSEWHERE})
        assert (403, 4, {}) == (answer.status, answer.json["code"], cors(answer))
        assert "access-control-allow-origin" not in wire.request("OPTIONS", OPEN, {"Origin": ELSEWHERE}).headers
