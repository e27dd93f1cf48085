from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.sources.waits import TurnableTime, Waits
from windsock.errors import ConfigError, SourceError
from windsock.model import Reading
from windsock.sources import FunctionSource, create_source, function
from windsock.sources.function import Function

START = 1_000_000.0


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> TurnableTime:
    stand_in = TurnableTime(START)
    monkeypatch.setattr(function, "time", stand_in)
    return stand_in


def _opened(asked: Callable[[], object], every: float = 1.0) -> FunctionSource:
    source = FunctionSource("python:m:f", lambda: asked, timedelta(seconds=every))  # type: ignore[arg-type,return-value]
    source.open()
    return source


def _times_of_calls(time: TurnableTime, count: int, takes: Callable[[int], float] = lambda _call: 0) -> list[float]:
    """When a function is called that is asked every second, in seconds since the start."""
    calls: list[float] = []

    def asked() -> None:
        calls.append(time.now - START)
        time.now += takes(len(calls))

    source = _opened(asked)
    while len(calls) < count:
        source.receive(time.wait, 60)
    return calls


# ---------------------------------------------------------------------------------------------------- turns


def test_a_function_is_asked_at_once_and_then_every_so_often(time: TurnableTime) -> None:
    assert [0, 1, 2, 3] == _times_of_calls(time, 4)


def test_a_turn_is_counted_from_call_to_call(time: TurnableTime) -> None:
    assert [0, 1, 2, 3] == _times_of_calls(time, 4, takes=lambda _call: 0.5)


def test_a_call_that_takes_longer_is_followed_at_once_and_only_once(time: TurnableTime) -> None:
    assert [0, 5.5, 6.5, 7.5] == _times_of_calls(time, 4, takes=lambda call: 5.5 if call == 1 else 0)


def test_between_two_turns_there_is_nothing(time: TurnableTime) -> None:
    calls: list[None] = []
    source = _opened(lambda: calls.append(None))
    source.receive(time.wait, 60)

    assert [] == list(source.receive(time.wait, 0.5))
    assert 1 == len(calls)


def test_a_function_is_not_asked_earlier_because_the_watcher_was_woken(time: TurnableTime) -> None:
    calls: list[None] = []
    source = _opened(lambda: calls.append(None))
    source.receive(time.wait, 60)

    assert [] == list(source.receive(Waits(), 60))
    assert 1 == len(calls)


def test_a_function_is_not_asked_any_more_when_it_is_time_to_stop(time: TurnableTime) -> None:
    calls: list[None] = []
    source = _opened(lambda: calls.append(None))
    source.receive(time.wait, 60)

    assert [] == list(source.receive(Waits(stopping=True), 60))
    assert 1 == len(calls)


def test_a_function_that_failed_is_asked_again_once_its_source_is_opened_anew(time: TurnableTime) -> None:
    answers = iter(["HUGGING"])
    failures = iter([OSError("no answer")])

    def asked() -> str:
        for failure in failures:
            raise failure
        return next(answers)

    source = _opened(asked, every=3600)
    with pytest.raises(OSError, match="no answer"):
        source.receive(time.wait, 60)
    source.close()
    source.open()

    assert ["HUGGING"] == _states(source, time)


# -------------------------------------------------------------------------------------------------- answers


def _states(source: FunctionSource, time: TurnableTime) -> list[str]:
    bodies = [message.body for message in source.receive(time.wait, 60)]
    return [body.state for body in bodies if isinstance(body, Reading)]


def test_none_is_no_reading(time: TurnableTime) -> None:
    assert [] == _states(_opened(lambda: None), time)


def test_a_text_is_the_name_of_a_state(time: TurnableTime) -> None:
    assert ["HUGGING"] == _states(_opened(lambda: "HUGGING"), time)


def test_a_reading_is_taken_as_it_is(time: TurnableTime) -> None:
    reading = Reading("HUGGING", {"force": 3}, NOW, "7", "cloud")

    [message] = _opened(lambda: reading).receive(time.wait, 60)

    assert reading == message.body


@pytest.mark.parametrize("answer", [3, True, b"HUGGING", ["HUGGING"], {"state": "HUGGING"}, ("HUGGING", 0.9), object()])
def test_an_answer_of_another_kind_is_refused(answer: object) -> None:
    with pytest.raises(SourceError, match=r"python:m:f gave .*, expected a state name, a windsock\.Reading or None"):
        _opened(lambda: answer).receive(Waits(), 60)


@pytest.mark.parametrize("answer", ["", "  ", "x" * 65, "a\nb"])
def test_a_text_that_no_state_can_have_as_its_name_is_refused(answer: str) -> None:
    with pytest.raises(SourceError, match=r"python:m:f gave .*state name"):
        _opened(lambda: answer).receive(Waits(), 60)


def test_a_long_answer_is_cut_in_the_error() -> None:
    with pytest.raises(SourceError) as caught:
        _opened(lambda: ["x"] * 10_000).receive(Waits(), 60)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_the_function_raises_goes_to_the_watcher(error: type[BaseException]) -> None:
    def asked() -> None:
        raise error

    with pytest.raises(error):
        _opened(asked).receive(Waits(), 60)


# -------------------------------------------------------------------------------------------------- finding


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the module `kiln_reader`; what is imported from it is forgotten at the end."""
    (tmp_path / "kiln_reader.py").write_text('no_function = 3\n\n\ndef read():\n    return "HOT"\n')
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def _found(url: str, folder: Path) -> FunctionSource:
    source = create_source(url, folder)
    assert isinstance(source, FunctionSource)
    return source


def test_a_module_beside_the_configuration_is_found(folder: Path, time: TurnableTime) -> None:
    source = _found("python:kiln_reader:read?every=5s", folder)
    source.open()

    assert "python:kiln_reader:read" == source.name
    assert ["HOT"] == _states(source, time)
    assert START == time.now
    assert ["HOT"] == _states(source, time)
    assert START + 5 == time.now


def test_a_module_beside_the_configuration_stands_in_for_no_installed_one(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, time: TurnableTime
) -> None:
    installed = tmp_path_factory.mktemp("installed")
    (installed / "kiln_reader.py").write_text('def read():\n    return "INSTALLED"\n')
    sys.path.append(str(installed))
    source = _found("python:kiln_reader:read", folder)
    source.open()

    assert ["INSTALLED"] == _states(source, time)


def test_a_function_of_the_standard_library_is_found(time: TurnableTime) -> None:
    source = _found("python:platform:system", Path())
    source.open()

    assert 1 == len(_states(source, time))


def test_a_module_is_not_imported_before_it_is_read(folder: Path) -> None:
    (folder / "kiln_reader.py").write_text("raise ValueError('imported')\n")
    source = _found("python:kiln_reader:read", folder)

    with pytest.raises(ValueError, match="imported"):
        source.open()


def test_a_check_looks_for_the_function_and_does_not_call_it(folder: Path) -> None:
    (folder / "kiln_reader.py").write_text("def read():\n    raise ValueError('called')\n")

    _found("python:kiln_reader:read", folder).check()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("no_such_module:read", "No module named 'no_such_module'; modules are looked for in {folder}"),
        ("kiln_reader:write", "the module kiln_reader has no function write"),
        ("kiln_reader:no_function", "the module kiln_reader has no function no_function"),
    ],
)
@pytest.mark.parametrize("attempt", [FunctionSource.open, FunctionSource.check])
def test_a_function_that_is_not_there_is_named(
    folder: Path, path: str, reason: str, attempt: Callable[[FunctionSource], None]
) -> None:
    with pytest.raises(SourceError) as caught:
        attempt(_found(f"python:{path}", folder))

    assert f"python:{path}: {reason.format(folder=folder)}" == str(caught.value)


@pytest.mark.parametrize(
    "path",
    ["", "module", "module:", ":function", "module:a:b", "mod-ule:f", "module:f()", "..:f", "a..b:f", "1:2", "m.f"],
)
def test_a_path_that_names_no_function_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match=r"expected python:module:function\?every=1s"):
        create_source(f"python:{path}", Path())


def test_a_module_in_a_package_can_be_named() -> None:
    assert "python:os.path:getcwd" == create_source("python:os.path:getcwd", Path()).name


@pytest.mark.parametrize("every", ["1ms", "2d", "soon", ""])
def test_a_wrong_turn_is_refused(every: str) -> None:
    with pytest.raises(ConfigError, match="every is wrong"):
        create_source(f"python:os:getcwd?every={every}", Path())


def test_a_function_is_any_that_gives_a_state_a_reading_or_none() -> None:
    functions: list[Function] = [lambda: "HUGGING", lambda: Reading("HUGGING"), lambda: None]

    assert 3 == len(functions)
