"""What all tests share: nothing may be left behind, and a real queue service."""

from __future__ import annotations

import gc
import signal
import time
import uuid
from collections.abc import Iterator

import pytest
import uvloop
from azure.storage.queue import QueueClient

from tests.azurite import Azurite, azurite_in
from tests.browser import browser, open_page  # noqa: F401  # fixtures for all
from tests.delivery.carries import carry  # noqa: F401  # the same
from tests.leftovers import added, present

GRACE = 10.0
"""Seconds for what is just ending."""


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread, a child process, a socket or a file behind.

    What fixtures of a wider scope have started is there before, and so counts as theirs; so do the processes that
    a program of theirs starts later, such as a browser's.
    """
    before = present()
    yield
    deadline = time.monotonic() + GRACE
    while left := added(before):
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: {', '.join(left)}", pytrace=False)
        gc.collect()
        time.sleep(0.01)


@pytest.fixture(scope="session", autouse=True)
def first_loop() -> None:
    """The first loop of a process opens a pipe for signals that libuv keeps: it is nobody's in particular."""
    uvloop.new_event_loop().close()


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A run in the background of a script ignores Ctrl-C, and every program that it starts would too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A real queue service that runs during all tests."""
    with azurite_in(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture
def azurite_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A queue service that the test may stop and start again."""
    with azurite_in(tmp_path_factory.mktemp("azurite")) as running:
        yield running


@pytest.fixture
def queue(azurite: Azurite) -> Iterator[QueueClient]:
    """A new queue with a name of its own."""
    with azurite.queue(f"q-{uuid.uuid4()}") as client:
        yield client
