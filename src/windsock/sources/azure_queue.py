"""``azure-queue://NAME?visibility=30s&poll=1s``: an Azure Storage Queue, on the official SDK.

The connection string comes from the environment variable ``AZURE_STORAGE_CONNECTION_STRING``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.queue import QueueClient, QueueMessage

from windsock.decode import Encoding
from windsock.errors import ConfigError, SourceError
from windsock.sources.base import Message, Wait
from windsock.times import whole_milliseconds

CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
BATCH = 32
"""The most messages that the service gives at once."""
MOST = 10 * BATCH
"""The most messages of one look."""
DELETERS = 4
"""How many messages are deleted side by side."""
FIRST_PAUSE = 0.05
"""Seconds between two looks just after messages came; it doubles at each look that finds none."""
_CONNECT_TIMEOUT, _READ_TIMEOUT = 5, 10
# Naming Queues and Metadata (Azure Storage REST reference): 3 to 63 characters, single hyphens inside.
_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")


class AzureQueueSource:
    """Receives batches, quickly while messages come, easing off to once per ``poll`` while none do.

    A message that was received is hidden from others for ``visibility``; if it is not deleted by then, it is
    received again.
    """

    # Azure stamps messages with whole seconds.
    resolution = timedelta(seconds=1)

    def __init__(
        self,
        queue: str,
        connection_string: str,
        visibility: timedelta = timedelta(seconds=30),
        poll: timedelta = timedelta(seconds=1),
        encoding: Encoding = "auto",
    ) -> None:
        self.name = f"azure-queue://{queue}"
        self.encoding = encoding
        self._visibility = int(visibility.total_seconds())
        self._poll = poll.total_seconds()
        self._pause = 0.0
        self._make_client = partial(_client, queue, connection_string)
        self._client = self._make_client()

    @classmethod
    def from_environment(
        cls,
        queue: str,
        visibility: timedelta = timedelta(seconds=30),
        poll: timedelta = timedelta(seconds=1),
        encoding: Encoding = "auto",
    ) -> AzureQueueSource:
        """The source with the connection string from the environment. Raises ConfigError if it is not there."""
        connection_string = os.environ.get(CONNECTION_STRING, "")
        if not connection_string:
            raise ConfigError(
                f'found "azure-queue://{queue}", but the environment variable {CONNECTION_STRING} is not set; '
                "the Azure portal shows it under the storage account's access keys"
            )
        return cls(queue, connection_string, visibility, poll, encoding)

    def open(self) -> None:
        """See `Source.open`: the first look connects. A client of the SDK that was closed is of no use again."""
        self._client = self._make_client()
        self._pause = 0.0

    def check(self) -> None:
        """See `Source.check`."""
        try:
            self._client.get_queue_properties()
        except AzureError as error:
            raise SourceError(f"{self.name}: {_reason(error)}") from error

    def receive(self, wait: Wait, timeout: float) -> Sequence[Message]:
        """See `Source.receive`."""
        if self._pause and wait(min(self._pause, timeout)):
            return ()
        try:
            messages = self._look()
        except AzureError as error:
            raise SourceError(f"{self.name}: {_reason(error)}") from error
        self._pause = 0.0 if messages else min(max(self._pause * 2, FIRST_PAUSE), self._poll)
        return [_message(message) for message in messages]

    def delete(self, messages: Sequence[Message]) -> None:
        """See `Source.delete`.

        A message whose receipt is no longer valid became visible again meanwhile: it is received again, known by
        its id, and deleted then.
        """
        if len(messages) == 1:
            self._delete(messages[0])
            return
        # The service takes one at a time, and the next look waits for the last.
        with ThreadPoolExecutor(DELETERS, thread_name_prefix="windsock-delete") as deleters:
            for done in [deleters.submit(self._delete, message) for message in messages]:
                done.result()

    def _delete(self, message: Message) -> None:
        handle = message.handle
        assert isinstance(handle, QueueMessage)
        try:
            self._client.delete_message(handle)
        except ResourceNotFoundError:
            return
        except AzureError as error:
            if _code(error) != "PopReceiptMismatch":
                raise SourceError(f"{self.name}: {_reason(error)}") from error

    def close(self) -> None:
        """See `Source.close`."""
        self._client.close()

    def _look(self) -> list[QueueMessage]:
        """All that is there, up to `MOST`: of a backlog the newest is wanted, not every thirty-second."""
        found: list[QueueMessage] = []
        pages = self._client.receive_messages(
            messages_per_page=BATCH, max_messages=MOST, visibility_timeout=self._visibility
        ).by_page()
        for page in pages:
            messages = list(page)
            found += messages
            if len(messages) < BATCH:
                break
        return found


def _client(queue: str, connection_string: str) -> QueueClient:
    if not _NAME.fullmatch(queue):
        raise ConfigError(
            f'found "azure-queue://{queue}", expected a queue name of 3 to 63 lower-case letters, digits and hyphens'
        )
    try:
        # No retries in the SDK: they would sleep where a stop cannot reach. The supervisor tries again.
        return QueueClient.from_connection_string(
            connection_string,
            queue,
            message_encode_policy=None,
            message_decode_policy=None,
            retry_total=0,
            connection_timeout=_CONNECT_TIMEOUT,
            read_timeout=_READ_TIMEOUT,
        )
    except ValueError as error:
        raise ConfigError(f"the environment variable {CONNECTION_STRING} is no connection string: {error}") from None


def _message(message: QueueMessage) -> Message:
    inserted_at = message.inserted_on and whole_milliseconds(message.inserted_on)
    return Message(message.content, message.id, inserted_at, handle=message)


def _reason(error: AzureError) -> str:
    """What went wrong and what to do, in one line."""
    code = _code(error)
    if isinstance(error, ClientAuthenticationError) or code == "AuthorizationFailure":
        return f"the service refuses the credentials ({code or _first_line(error)}); check {CONNECTION_STRING}"
    if code == "QueueNotFound":
        return "there is no such queue yet; create it, or mend the name. It is looked for again"
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return f"the service cannot be reached: {_first_line(error)}"
    if isinstance(error, HttpResponseError):
        return f"the service answered {error.status_code} ({code or error.reason or _first_line(error)})"
    return _first_line(error)


def _code(error: AzureError) -> str:
    """Storage's name for the error, such as QueueNotFound; empty if it has none."""
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


def _first_line(error: AzureError) -> str:
    return str(error).strip().partition("\n")[0][:200]
