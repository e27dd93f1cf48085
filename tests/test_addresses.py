from __future__ import annotations

import pytest

from windsock.addresses import browsable, host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:5000", "127.0.0.1"),
        ("https://Shown.example/windsock", "shown.example"),
        ("http://[::1]:5000", "::1"),
    ],
)
def test_an_http_address_has_a_host(url: str, host: str) -> None:
    assert host == host_of(url)


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:5000", "localhost", "ftp://host", "http://", "http://h:0", "http://h:x", "http://[::1", "http://a b"],
)
def test_what_is_no_http_address_has_none(url: str) -> None:
    assert host_of(url) is None


@pytest.mark.parametrize(
    ("listened", "opened"),
    [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("shown.example", "shown.example")],  # noqa: S104
)
def test_a_host_that_is_listened_at_is_opened_as_one_that_can_be(listened: str, opened: str) -> None:
    assert opened == browsable(listened)
