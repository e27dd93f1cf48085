"""A real queue service: Azurite, Microsoft's emulator of Azure Storage, as a process of its own."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from tests.servers import environment
from tests.waiting import free_port

PROGRAM = Path(__file__).parents[1] / "node_modules" / ".bin" / "azurite-queue"
ACCOUNT = "devstoreaccount1"
# Azurite's own, the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_WITHIN = 60.0


class Azurite:
    """A queue service that a test can take away and bring back, on the same port and with the same messages."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.connection_string = connection_string(self.port)
        self._folder = folder
        self._log = folder / "azurite.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if not PROGRAM.exists():
            pytest.fail("Azurite is not installed; `make node_modules/.ready` installs it", pytrace=False)
        where = ["--queueHost", "127.0.0.1", "--queuePort", str(self.port), "--location", str(self._folder)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM), *where, "--silent", "--skipApiVersionCheck", "--disableTelemetry"],
                env=environment({}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _WITHIN
        while b"successfully listens" not in (said := self._log.read_bytes()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"Azurite did not start:\n{said.decode()}", pytrace=False)
            time.sleep(0.01)

    def stop(self) -> None:
        """Take it away; a second call does nothing. Its messages stay."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_WITHIN)
            self._process = None

    @contextmanager
    def queue(self, name: str, create: bool = True) -> Iterator[QueueClient]:
        """A queue as its senders see it: ``send_message`` sends a body as it is."""
        with QueueClient.from_connection_string(
            self.connection_string, name, message_encode_policy=None, message_decode_policy=None
        ) as client:
            if create:
                client.create_queue()
            yield client


def connection_string(port: int, key: str = KEY) -> str:
    """How to reach an Azurite on this machine."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};"
        f"QueueEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


@contextmanager
def azurite_in(folder: Path) -> Iterator[Azurite]:
    """A running Azurite that keeps its data in ``folder``."""
    azurite = Azurite(folder)
    try:
        azurite.start()
        yield azurite
    finally:
        azurite.stop()
