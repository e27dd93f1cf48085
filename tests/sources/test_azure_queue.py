from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from azure.storage.queue import QueueClient

from tests import builders
from tests.azurite import KEY, Azurite, connection_string
from tests.sources.answering import answering
from tests.sources.waits import Waits
from tests.waiting import eventually, free_port
from windsock.decode import decode
from windsock.errors import BadReading, ConfigError, SourceError
from windsock.model import ThingSpec
from windsock.sources import Message, azure_queue, create_source
from windsock.sources.azure_queue import BATCH, CONNECTION_STRING, AzureQueueSource
from windsock.times import utc_now

SECOND = timedelta(seconds=1)
PILLOW = builders.by_name(builders.cloud())
ANYTHING = builders.by_name(builders.anything())


@pytest.fixture
def source(queue: QueueClient, azurite: Azurite) -> Iterator[AzureQueueSource]:
    with _reading(queue, azurite) as source:
        yield source


@contextmanager
def _reading(
    queue: QueueClient, azurite: Azurite, visibility: timedelta = timedelta(seconds=30)
) -> Iterator[AzureQueueSource]:
    source = AzureQueueSource(queue.queue_name, azurite.connection_string, visibility)
    source.open()
    yield source
    source.close()


def _receive(source: AzureQueueSource) -> list[Message]:
    return list(source.receive(Waits(), 60))


def _bodies(source: AzureQueueSource) -> list[object]:
    return [message.body for message in _receive(source)]


def _decoded(message: Message, source: AzureQueueSource, specs: Mapping[str, ThingSpec] = PILLOW) -> str:
    assert isinstance(message.body, str)
    return decode(message.body, specs, source.encoding).state


def _ids(messages: list[Message]) -> list[str | None]:
    return [message.id for message in messages]


def _left(queue: QueueClient) -> int | None:
    return queue.get_queue_properties().approximate_message_count


# ------------------------------------------------------------------------------------- batches and deleting


def test_a_backlog_of_several_batches_comes_in_one_look(queue: QueueClient, source: AzureQueueSource) -> None:
    for number in range(BATCH + 3):
        queue.send_message(str(number))

    assert [[str(n) for n in range(35)], []] == [_bodies(source), _bodies(source)]


def test_a_look_takes_so_many_messages_and_no_more(
    queue: QueueClient, source: AzureQueueSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure_queue, "MOST", BATCH)
    for number in range(BATCH + 3):
        queue.send_message(str(number))

    assert [32, 3] == [len(_bodies(source)), len(_bodies(source))]


def test_a_message_has_the_id_and_the_time_that_the_service_gave_it(
    queue: QueueClient, source: AzureQueueSource
) -> None:
    sent = queue.send_message("HUGGING")

    [message] = _receive(source)

    assert (sent.id, sent.inserted_on) == (message.id, message.inserted_at)
    assert message.inserted_at is not None
    assert abs(utc_now() - message.inserted_at) < timedelta(seconds=10)


def test_a_message_that_was_received_is_hidden_from_others(
    queue: QueueClient, source: AzureQueueSource, azurite: Azurite
) -> None:
    queue.send_message("HUGGING")
    _receive(source)

    with _reading(queue, azurite) as other:
        assert [] == _receive(other)


def test_a_message_that_was_not_deleted_comes_again_with_the_same_id(queue: QueueClient, azurite: Azurite) -> None:
    queue.send_message("HUGGING")

    with _reading(queue, azurite, visibility=SECOND) as source:
        first = _receive(source)
        again = eventually(lambda: _receive(source))

    assert _ids(first) == _ids(again)


def test_a_message_that_was_received_again_meanwhile_is_no_error_to_delete(
    queue: QueueClient, azurite: Azurite
) -> None:
    queue.send_message("HUGGING")

    with _reading(queue, azurite, visibility=SECOND) as source:
        first = _receive(source)
        again = eventually(lambda: _receive(source))
        source.delete(first)  # its receipt is not valid any more
        assert 1 == _left(queue)
        source.delete(again)

    assert 0 == _left(queue)


def test_one_message_that_is_gone_does_not_keep_the_others(queue: QueueClient, source: AzureQueueSource) -> None:
    for body in "ABC":
        queue.send_message(body)
    messages = _receive(source)
    source.delete(messages[:1])

    source.delete(messages)

    assert 0 == _left(queue)


def test_a_source_that_is_to_stop_takes_nothing_more(queue: QueueClient, source: AzureQueueSource) -> None:
    _receive(source)
    queue.send_message("HUGGING")

    assert [] == list(source.receive(Waits(stopping=True), 60))
    assert ["HUGGING"] == _bodies(source)


# ------------------------------------------------------------------------------------------ adaptive polling


def test_a_queue_that_stays_empty_is_looked_at_less_and_less_often(source: AzureQueueSource) -> None:
    waits = Waits()

    for _ in range(8):
        source.receive(waits, 60)

    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0] == waits.asked


def test_a_queue_is_looked_at_quickly_again_once_messages_come(queue: QueueClient, source: AzureQueueSource) -> None:
    for _ in range(6):
        _receive(source)
    queue.send_message("HUGGING")
    _receive(source)
    waits = Waits()

    for _ in range(3):
        source.receive(waits, 60)

    assert [0.05, 0.1] == waits.asked


def test_while_messages_come_there_is_no_pause(queue: QueueClient, source: AzureQueueSource) -> None:
    waits = Waits()

    for body in "ABC":
        queue.send_message(body)
        source.receive(waits, 60)

    assert [] == waits.asked


def test_the_pause_eases_off_to_the_configured_ceiling(queue: QueueClient, azurite: Azurite) -> None:
    waits = Waits()
    source = AzureQueueSource(queue.queue_name, azurite.connection_string, poll=timedelta(milliseconds=150))

    for _ in range(5):
        source.receive(waits, 60)
    source.close()

    assert [0.05, 0.1, 0.15, 0.15] == waits.asked


def test_a_pause_is_cut_to_the_time_that_the_watcher_has(source: AzureQueueSource) -> None:
    waits = Waits()
    _receive(source)

    source.receive(waits, 0.01)

    assert [0.01] == waits.asked


# ---------------------------------------------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    "body",
    [
        "HUGGING",
        " HUGGING\r\n",
        '"HUGGING"',
        '{"state": "HUGGING"}',
        '["HUGGING", "0.93"]',
    ],
)
@pytest.mark.parametrize("wrap", [str, lambda body: base64.b64encode(body.encode()).decode()], ids=["plain", "base64"])
def test_every_form_is_read_plain_and_as_base64(
    queue: QueueClient, source: AzureQueueSource, body: str, wrap: Callable[[str], str]
) -> None:
    queue.send_message(wrap(body))

    [message] = _receive(source)

    assert "HUGGING" == _decoded(message, source)


@pytest.mark.parametrize("state", ["Größe", "<b>&amp;</b>", "]]>", "雲 ☁️"])
def test_text_comes_as_it_was_sent(queue: QueueClient, source: AzureQueueSource, state: str) -> None:
    queue.send_message(json.dumps({"state": state}, ensure_ascii=False))

    [message] = _receive(source)

    assert state == _decoded(message, source, ANYTHING)


@pytest.mark.parametrize(
    "body", ["", "x" * 60_000, '{"state": ', base64.b64encode(b"\xff\xfe\xfd").decode(), "<script>alert(1)</script>"]
)
def test_what_cannot_be_understood_is_received_as_it_is(
    queue: QueueClient, source: AzureQueueSource, body: str
) -> None:
    queue.send_message(body)

    [message] = _receive(source)

    assert body == message.body
    with pytest.raises(BadReading):
        _decoded(message, source)


# --------------------------------------------------------------------------------------------------- trouble


def test_a_queue_that_does_not_exist_yet_is_read_once_it_does(azurite: Azurite) -> None:
    with azurite.queue("later", create=False) as queue, _reading(queue, azurite) as source:
        with pytest.raises(SourceError, match="azure-queue://later: there is no such queue yet; create it"):
            _receive(source)
        queue.create_queue()
        queue.send_message("HUGGING")
        assert ["HUGGING"] == _bodies(source)


def test_a_check_names_a_queue_that_does_not_exist(azurite: Azurite) -> None:
    source = AzureQueueSource("nowhere", azurite.connection_string)

    with pytest.raises(SourceError, match="there is no such queue yet"):
        source.check()
    source.close()


@pytest.mark.parametrize("key", [base64.b64encode(b"another key").decode(), "abc", "!"])
def test_wrong_credentials_are_called_so(azurite: Azurite, key: str) -> None:
    source = AzureQueueSource("mlqueue", connection_string(azurite.port, key))

    with pytest.raises(SourceError, match=f"the service refuses the credentials .*; check {CONNECTION_STRING}"):
        _receive(source)
    source.close()


def test_a_refusal_is_called_by_the_name_that_the_service_gives_it(azurite: Azurite) -> None:
    source = AzureQueueSource("mlqueue", connection_string(azurite.port, base64.b64encode(b"another key").decode()))

    with pytest.raises(SourceError, match=r"\(AuthenticationFailed\)"):
        _receive(source)
    source.close()


def test_no_secret_is_in_the_name_or_in_an_error() -> None:
    source = AzureQueueSource("mlqueue", connection_string(free_port()))

    with pytest.raises(SourceError) as caught:
        _receive(source)
    source.close()

    assert "azure-queue://mlqueue" == source.name
    assert KEY not in str(caught.value)


def test_a_service_that_goes_away_and_comes_back_is_read_again(azurite_own: Azurite) -> None:
    with azurite_own.queue("mlqueue") as queue, _reading(queue, azurite_own) as source:
        queue.send_message("HUGGING")
        queue.send_message("SHAKING")
        messages = _receive(source)

        azurite_own.stop()
        with pytest.raises(SourceError, match="the service cannot be reached"):
            _receive(source)
        with pytest.raises(SourceError, match="the service cannot be reached"):
            source.delete(messages)
        source.close()

        azurite_own.start()
        source.open()
        source.delete(messages)
        assert 0 == _left(queue)


def test_a_service_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_queue, "_READ_TIMEOUT", 0.1)
    with answering(None) as (port, _requests):
        source = AzureQueueSource("mlqueue", connection_string(port))

        with pytest.raises(SourceError, match="the service cannot be reached"):
            _receive(source)
        source.close()


def test_a_look_that_fails_is_not_repeated_by_the_sdk(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "azure")
    with answering(503) as (port, requests):
        source = AzureQueueSource("mlqueue", connection_string(port))

        with pytest.raises(SourceError, match=r"the service answered 503"):
            _receive(source)
        source.close()

    assert 1 == len(requests)


# --------------------------------------------------------------------------------------------- configuration


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION_STRING, connection_string(free_port()))


def test_the_connection_string_comes_from_the_environment(connected: None) -> None:
    assert "azure-queue://mlqueue" == create_source("azure-queue://mlqueue", Path()).name


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_connection_string_the_variable_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(CONNECTION_STRING, raising=False)
    if value is not None:
        monkeypatch.setenv(CONNECTION_STRING, value)

    with pytest.raises(ConfigError, match=f"the environment variable {CONNECTION_STRING} is not set"):
        create_source("azure-queue://mlqueue", Path())


@pytest.mark.parametrize("text", ["x", "a=b", "AccountKey=YWJj", "AccountName=cloud", ";;;", "="])
def test_a_broken_connection_string_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(CONNECTION_STRING, text)

    with pytest.raises(ConfigError, match=f"the environment variable {CONNECTION_STRING} is no connection string"):
        create_source("azure-queue://mlqueue", Path())


@pytest.mark.parametrize(
    "name", ["", "ab", "MLQueue", "ml_queue", "ml--queue", "-mlqueue", "mlqueue-", "q" * 64, "a/b"]
)
def test_a_name_that_no_queue_can_have_is_refused(connected: None, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a queue name of 3 to 63 lower-case letters, digits and hyphens"):
        create_source(f"azure-queue://{name}", Path())


@pytest.mark.parametrize("name", ["abc", "ml-queue-2", "0" * 63])
def test_a_name_that_a_queue_can_have_is_taken(connected: None, name: str) -> None:
    assert f"azure-queue://{name}" == create_source(f"azure-queue://{name}", Path()).name


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("visibilty=30s", "has the unknown option \"visibilty\"; did you mean 'visibility'?"),
        ("colour=red", 'has the unknown option "colour"; it knows visibility, poll, encoding'),
        ("poll=1s&poll=2s", 'has the option "poll" twice'),
        ("poll=often", "poll is wrong: 'often' is not a duration such as 500ms, 5s, 1m30s or 2h"),
        ("poll=", "poll is wrong"),
        ("poll", "poll is wrong"),
        ("poll=1ms", "poll is wrong: 1ms is not between 0:00:00.050000 and 0:05:00"),
        ("visibility=500ms", "visibility is wrong: 500ms is not between 0:00:01 and 7 days, 0:00:00"),
        ("visibility=8d", "visibility is wrong: 8d is not between"),
        ("visibility=1500ms", "visibility is wrong: 1500ms is no whole number of seconds"),
        ("encoding=utf-8", "encoding is wrong: 'utf-8' is none of auto, plain, base64"),
    ],
)
def test_a_wrong_option_is_refused(connected: None, options: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        create_source(f"azure-queue://mlqueue?{options}", Path())

    assert f'found "azure-queue://mlqueue?{options}", ' in str(caught.value)
    assert reason in str(caught.value)


def test_the_options_of_the_url_count(queue: QueueClient, azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CONNECTION_STRING, azurite.connection_string)
    url = f"azure-queue://{queue.queue_name}?visibility=1s&poll=60ms&encoding=base64"
    source = create_source(url, Path())
    waits = Waits()

    for _ in range(4):
        source.receive(waits, 60)
    queue.send_message("HUGGING")
    first = source.receive(waits, 60)
    again = eventually(lambda: source.receive(Waits(sleeps=True), 60))
    source.close()

    assert ("base64", [0.05, 0.06, 0.06, 0.06]) == (source.encoding, waits.asked)
    assert first[0].id == again[0].id


def test_without_the_sdk_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["azure"] = None
from pathlib import Path
from windsock.errors import ConfigError
from windsock.sources import create_source
try:
    create_source("azure-queue://mlqueue", Path())
except ConfigError as error:
    print(error)
"""

    with builders.process(code) as started:
        said = builders.next_line(started)

    assert 'found "azure-queue://mlqueue", which needs the Azure SDK: pip install "windsock[azure]"' == said


def test_windsock_without_azure_does_not_need_the_sdk() -> None:
    code = """
import sys
sys.modules["azure"] = None
import windsock
from pathlib import Path
from windsock.sources import create_source
print(create_source("clock:", Path()).name)
"""

    with builders.process(code) as started:
        assert "clock:" == builders.next_line(started)


def test_windsock_does_not_load_the_sdk_before_it_is_needed() -> None:
    with builders.process("import sys, windsock; print('azure' in sys.modules)") as started:
        assert "False" == builders.next_line(started)
