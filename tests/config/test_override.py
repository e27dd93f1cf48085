from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windsock.config import Config, default_config, override, parse
from windsock.errors import ConfigError

BASE = Path("/somewhere")
FILE = '[server]\nport = 8000\npublisher_key = "from the file"\n[store]\nurl = "memory:"\n[things.cloud]'


def overridden(**values: Any) -> Config:
    return override(parse(FILE, {}, BASE), values)


def problems(**values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        overridden(**values)
    return caught.value.problems


def test_a_key_of_the_application_wins_over_the_file() -> None:
    config = overridden(
        WINDSOCK_STORE_URL="sqlite:///app.db",
        WINDSOCK_PUBLISHER_KEY="from the application",
        WINDSOCK_ALLOWED_ORIGINS=["https://Example.org"],
    )
    assert "sqlite:///app.db" == config.store.url
    assert "from the application" == config.server.publisher_key
    assert ["https://example.org"] == config.server.allowed_origins


def test_what_the_application_does_not_say_stays_as_in_the_file() -> None:
    before = parse(FILE, {}, BASE)
    assert before == override(before, {})
    assert (8000, ["cloud"]) == (overridden(WINDSOCK_STORE_URL="memory:").server.port, list(before.things))


@pytest.mark.parametrize("key", ["WINDSOCK_PUBLISHER_KEY", "WINDSOCK_STORE_URL", "WINDSOCK_ALLOWED_ORIGINS"])
def test_a_variable_that_is_not_set_takes_no_key_away(key: str) -> None:
    [problem] = problems(**{key: None})
    assert problem.startswith(f"app.config: {key}: found None (an environment variable that is not set?), expected a")


def test_an_empty_publisher_key_takes_no_key_away() -> None:
    assert ["app.config: WINDSOCK_PUBLISHER_KEY: found a text, expected some text"] == problems(
        WINDSOCK_PUBLISHER_KEY=""
    )


def test_the_extensions_own_keys_are_known_here() -> None:
    default = default_config(BASE)
    assert default == override(default, {"WINDSOCK_CONFIG": "windsock.toml", "WINDSOCK_URL_PREFIX": "/live"})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"WINDSOCK_STORE_URI": "memory:"},
            "WINDSOCK_STORE_URI: unknown key; did you mean 'WINDSOCK_STORE_URL'?",
        ),
        ({"WINDSOCK_STORE_URL": 1}, "WINDSOCK_STORE_URL: found 1, expected a text"),
        (
            {"WINDSOCK_ALLOWED_ORIGINS": ["a.org"]},
            'WINDSOCK_ALLOWED_ORIGINS.0: found "a.org", expected an origin such as "https://example.org", without '
            "a path",
        ),
    ],
)
def test_a_mistake_is_named_by_the_applications_key(values: dict[str, Any], expected: str) -> None:
    assert [f"app.config: {expected}"] == problems(**values)


def test_a_key_like_no_other_comes_with_all_that_there_are() -> None:
    assert "X: unknown key; known are WINDSOCK_CONFIG, WINDSOCK_URL_PREFIX, WINDSOCK_STORE_URL" in problems(X=1)[0]


def test_all_mistakes_are_listed_at_once() -> None:
    assert 2 == len(problems(WINDSOCK_STORE_URL=1, WINDSOCK_PUBLISHER_KEY=" "))


def test_a_publisher_key_is_in_no_message() -> None:
    assert "31415926" not in "\n".join(problems(WINDSOCK_PUBLISHER_KEY=31415926))
