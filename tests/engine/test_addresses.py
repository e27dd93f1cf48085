from __future__ import annotations

import ipaddress

import pytest

from windsock.engine.addresses import is_in, is_loopback, viewer_address
from windsock.engine.protocol.request import Request

PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")]


def request(forwarded: str | None) -> Request:
    headers = () if forwarded is None else (("x-forwarded-for", forwarded),)
    return Request("GET", "/socket.io/", headers)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("10.0.0.1", "192.0.2.9", "192.0.2.9"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.9", "192.0.2.9"),
        ("10.0.0.1", " 192.0.2.9 ", "192.0.2.9"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.7", "192.0.2.9", "192.0.2.7"),
        ("", "192.0.2.9", ""),
        # Two proxies in a row; before them anybody may have written anything.
        ("10.0.0.1", "192.0.2.9, 10.0.0.2", "192.0.2.9"),
        ("10.0.0.1", "6.6.6.6, 10.0.0.9, 192.0.2.9, 10.0.0.2", "192.0.2.9"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
    ],
)
def test_a_proxy_that_is_trusted_tells_whose_connection_it_is(peer: str, forwarded: str | None, address: str) -> None:
    assert address == viewer_address(request(forwarded), peer, PROXIES)


def test_without_trusted_proxies_nobody_can_pass_for_another() -> None:
    assert "10.0.0.1" == viewer_address(request("192.0.2.9"), "10.0.0.1", [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "192.0.2.7", "2001:db8::1", "localhost", "1127.0.0.1"])
def test_no_other_passes_for_it(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(("host", "found"), [("10.200.0.1", True), ("11.0.0.1", False), ("::1", True), ("no", False)])
def test_an_address_lies_in_a_network_or_not(host: str, found: bool) -> None:
    assert found == is_in(host, PROXIES)
