"""What `windsock.toml` says of the server and its limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from windsock.config import Config, load, parse
from windsock.errors import ConfigError

BASE = Path("/base")


def parsed(text: str) -> Config:
    return parse(text, {}, BASE)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    return caught.value.problems


def test_limits_that_are_left_out_are_the_engines_own() -> None:
    assert {None} == {value for _, value in parsed("").limits}


def test_limits_are_numbers_and_durations() -> None:
    limits = parsed('[limits]\nconnections = 7\nconnect_timeout = "3s"\n').limits
    assert (7, timedelta(seconds=3), None) == (limits.connections, limits.connect_timeout, limits.message_size)


def test_pings_and_the_drain_time_are_durations() -> None:
    server = parsed('[server]\nping_interval = "25s"\nping_timeout = "500ms"\n').server
    found = (server.ping_interval, server.ping_timeout, server.drain)
    assert (timedelta(seconds=25), timedelta(seconds=0.5), timedelta(seconds=5)) == found


def test_a_certificate_lies_beside_the_file_or_where_its_whole_path_says() -> None:
    server = parsed('[server]\ncertificate = "cert.pem"\ncertificate_key = "/etc/key.pem"\n').server
    assert (BASE / "cert.pem", Path("/etc/key.pem")) == (server.certificate, server.certificate_key)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[limits]\nconnections = 0", "limits.connections: found 0, expected a whole number, 1 or more"),
        ('[limits]\nconnections = "many"', 'limits.connections: found "many", expected a whole number'),
        ("[limits]\nconection = 1", "limits.conection: unknown key; did you mean 'connections'?"),
        ('[server]\ndrain = "soon"', 'server.drain: found "soon", expected a duration such as 500ms, 5s, 1m30s or 2h'),
        (
            '[server]\ncertificate = "cert.pem"',
            "server.certificate and server.certificate_key: found one of them, expected both or none",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key_and_what_is_expected(text: str, problem: str) -> None:
    assert [f"windsock.toml: {problem}"] == problems(text)


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "windsock.toml"
    file.write_text('[server]\ncertificate = "cert.pem"\ncertificate_key = "key.pem"\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    keys = {"certificate": "cert.pem", "certificate_key": "key.pem"}
    expected = [f"{file}: server.{key}: no such file: {tmp_path / name}" for key, name in keys.items()]
    assert expected == caught.value.problems
