from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, anything, by_name, cloud, resting, unhurried
from windsock.decode import Encoding, check, decode, from_json
from windsock.errors import BadReading, ReadingTooLarge, UnknownState
from windsock.model import Look, Reading

CLOUD = by_name(resting())
KILN = by_name(anything())
BOTH = by_name(resting(), anything())
ENCODINGS: tuple[Encoding, ...] = ("auto", "plain", "base64")

FORMS = [
    ("HUGGING", {}),
    (" HUGGING\r\n", {}),
    ("\ufeffHUGGING", {}),
    ('"HUGGING"', {}),
    ('" HUGGING "', {}),
    ('{"state": "HUGGING"}', {}),
    ('{"state": "HUGGING", "data": null}', {}),
    ('{"state": "HUGGING", "data": {"force": 3.0}}', {"force": 3}),
    ('\ufeff {"state": " HUGGING ", "data": {"by": "Zoë"}, "unknown": [1]}\n', {"by": "Zoë"}),
    ('["HUGGING", "0.93"]', {}),
    ('["HUGGING"]', {}),
    ('[" HUGGING", {"ignored": null}]', {}),
]


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def message(**fields: Any) -> str:
    return json.dumps({"state": "HUGGING"} | fields)


@pytest.mark.parametrize(("body", "data"), FORMS)
def test_every_form_of_a_message_is_a_reading(body: str, data: dict[str, Any]) -> None:
    assert Reading("HUGGING", data, thing="cloud") == decode(body, CLOUD)


@pytest.mark.parametrize(("body", "data"), FORMS)
def test_bytes_mean_what_their_text_means(body: str, data: dict[str, Any]) -> None:
    assert Reading("HUGGING", data, thing="cloud") == decode(body.encode(), CLOUD)


@pytest.mark.parametrize("encoding", ["auto", "base64"])
@pytest.mark.parametrize(("body", "data"), FORMS)
def test_every_form_may_be_wrapped_in_base64(body: str, data: dict[str, Any], encoding: Encoding) -> None:
    assert Reading("HUGGING", data, thing="cloud") == decode(encoded(body), CLOUD, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("body", ["HUGGING", '{"state": "HUGGING"}', '["HUGGING", 1]', '"HUGGING"'])
def test_what_is_plain_is_read_whatever_the_encoding(body: str, encoding: Encoding) -> None:
    assert "HUGGING" == decode(body, CLOUD, encoding).state


def test_a_plain_source_does_not_look_into_base64() -> None:
    assert encoded("COLD") == decode(encoded("COLD"), KILN, "plain").state


@pytest.mark.parametrize("word", ["COLD", "OPEN", "WORD", "door", "ready123"])
def test_a_word_that_happens_to_be_base64_is_a_word(word: str) -> None:
    assert word == decode(word, KILN).state


def test_a_listed_state_that_is_base64_of_another_is_itself() -> None:
    specs = by_name(cloud(states={encoded("HUGGING"): Look(), "HUGGING": Look()}))
    assert encoded("HUGGING") == decode(encoded("HUGGING"), specs).state


@pytest.mark.parametrize("body", ["COLD", '{"state": "COLD"}', '["COLD"]', '"COLD"'])
def test_base64_is_seen_by_its_padding_or_its_json(body: str) -> None:
    assert "COLD" == decode(encoded(body), KILN).state


def test_base64_without_padding_is_seen_where_its_state_is_known() -> None:
    assert "SHAKIN" == decode(encoded("SHAKIN"), by_name(cloud(states={"SHAKIN": Look()}))).state


def test_base64_that_is_no_known_state_is_refused_by_its_plain_text() -> None:
    with pytest.raises(UnknownState, match=f"cloud has no state '{encoded('SHAKEN')}'"):
        decode(encoded("SHAKEN"), CLOUD)


def test_a_source_of_base64_reads_any_name_in_it() -> None:
    assert "STEADY" == decode(encoded("STEADY"), KILN, "base64").state


@pytest.mark.parametrize("encoding", ["auto", "base64"])
def test_invalid_utf_8_in_base64_is_refused_as_that(encoding: Encoding) -> None:
    with pytest.raises(BadReading, match="as base64 it is not UTF-8 text: invalid byte at position 1"):
        decode(encoded(b"H\xffGGING"), CLOUD, encoding)


def test_invalid_utf_8_is_refused() -> None:
    with pytest.raises(BadReading, match=r"^not UTF-8 text: invalid byte at position 2$"):
        decode(b"HU\xffGING", CLOUD)


@pytest.mark.parametrize("body", ["HUGGIN", "not base64!", "ümlaut"])
def test_a_source_of_base64_refuses_what_is_neither(body: str) -> None:
    with pytest.raises(BadReading, match="base64"):
        decode(body, CLOUD, "base64")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("body", ["", " \r\n", "\ufeff", b"", '""', '{"state": ""}', '[" "]'])
def test_an_empty_message_is_refused(body: str | bytes, encoding: Encoding) -> None:
    with pytest.raises(BadReading, match="the state name is empty"):
        decode(body, KILN, encoding)


@pytest.mark.parametrize("specs", [CLOUD, KILN])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{}", 'the object has no "state"'),
        ('{"State": "HUGGING"}', 'the object has no "state"'),
        ("[]", "the list is empty; its first item must be the state name"),
        ("[1]", "the list's first item must be the state name, found a number"),
        ('[["HUGGING"]]', "the list's first item must be the state name, found a list"),
        ('{"state": null}', '"state" must be the state name, found null'),
        ('{"state": true}', '"state" must be the state name, found a boolean'),
        ('{"state": {"a": 1}}', '"state" must be the state name, found an object'),
        ('{"state": "HUGGING"', "broken JSON: Expecting ',' delimiter"),
        ('{"state": "HUGGING"} x', "broken JSON: Extra data"),
        ('["HUGGING", NaN]', "NaN is not a JSON number"),
        ('{"state": "HUGGING", "data": {"a": Infinity}}', "Infinity is not a JSON number"),
        ('{"state": "HUGGING", "data": {"a": -Infinity}}', "-Infinity is not a JSON number"),
        ('{"state": "HUGGING", "data": {"a": 1e999}}', "the number 1e999 is too large"),
        pytest.param(message(data={"a": 1})[:-2] + "9" * 5000 + "}}", "is too large", id="huge int"),
        pytest.param('{"state": "HUGGING", "data": ' + '{"a":' * 50_000, "nested too deeply", id="deep"),
        pytest.param(message(data={"a": json.loads("[" * 200 + "]" * 200)}), "too deeply", id="deeper"),
        ('{"state": "HUGGING", "data": [1]}', "data must be a JSON object, found a list"),
        ('{"state": "HUGGING", "data": "x"}', "data must be a JSON object, found a text"),
        ('{"state": "HUGGING", "data": false}', "data must be a JSON object, found a boolean"),
        ('{"state": "HUGGING", "data": {"a": "\\ud800"}}', "lone surrogate"),
        ('{"state": "HUGGING", "id": "\\ud800"}', "lone surrogate"),
        ('{"state": "\\udfff"}', "lone surrogate"),
        ("HUG\nGING", "no control characters"),
        ('{"state": "HUG\\u0000GING"}', "no control characters"),
        ('{"state": "HUGGING", "at": 1763841600}', '"at" must be an RFC 3339 text, found a number'),
        ('{"state": "HUGGING", "at": "yesterday"}', "\"at\": 'yesterday' is not an RFC 3339 time"),
        ('{"state": "HUGGING", "at": "2026-02-30T00:00:00Z"}', "\"at\": '2026-02-30T00:00:00Z' is not a time"),
        ('{"state": "HUGGING", "id": false}', '"id" must be a text, found a boolean'),
        ('{"state": "HUGGING", "id": 1.5}', '"id" must be a text, found a number'),
        ('{"state": "HUGGING", "id": ["a"]}', '"id" must be a text, found a list'),
        pytest.param(message(id="x" * 257), "an id has 1 to 256 characters; this one has 257", id="long id"),
        ('{"state": "HUGGING", "thing": {}}', '"thing" must be a text, found an object'),
        ('{"state": "HUGGING", "thing": "sun"}', "the reading is for 'sun'; this source serves"),
    ],
)
def test_a_message_that_is_wrong_is_refused_with_its_reason(body: str, reason: str, specs: Any) -> None:
    with pytest.raises(BadReading) as caught:
        decode(body, specs)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("value", "found"), [(1, "a number"), (None, "null"), (True, "a boolean"), (b"HUGGING", "bytes")]
)
def test_a_json_value_of_another_kind_is_refused(value: object, found: str) -> None:
    with pytest.raises(BadReading, match=f"expected a state name, an object or a list, found {found}"):
        from_json(value)


@pytest.mark.parametrize("value", ["HUGGING", " HUGGING ", ["HUGGING", 1], {"state": "HUGGING"}])
def test_a_json_value_is_a_reading_whose_thing_is_not_yet_known(value: object) -> None:
    assert Reading("HUGGING") == from_json(value)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("body", ["x" * 60_000, "=" * 60_000, encoded("x" * 45_000), "ä" * 30_000])
def test_a_bare_body_of_60_kilobytes_is_refused_shortly(body: str, encoding: Encoding) -> None:
    with pytest.raises(BadReading) as caught:
        decode(body, KILN, encoding)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("field", ["thing", "at", "id", "state"])
def test_a_field_of_60_kilobytes_is_refused_shortly(field: str) -> None:
    with pytest.raises(BadReading) as caught:
        decode(message(**{field: "x" * 60_000}), CLOUD)
    assert len(str(caught.value)) < 300


def test_data_of_60_kilobytes_are_too_large() -> None:
    with pytest.raises(ReadingTooLarge, match="data take 60,008 bytes; the limit is 16,384"):
        decode(message(data={"a": "x" * 60_000}), CLOUD)


def test_a_misspelt_state_comes_with_a_suggestion() -> None:
    with pytest.raises(UnknownState, match=r"^cloud has no state 'HUGING'; did you mean 'HUGGING'\?$"):
        decode("HUGING", CLOUD)


def test_a_state_like_no_other_comes_with_all_that_there_are() -> None:
    with pytest.raises(UnknownState, match=r"'42'; it has NEUTRAL, HUGGING, SHAKING, NOTCONNECTED$"):
        decode("42", CLOUD)


def test_markup_is_a_state_like_any_other_where_any_is_accepted() -> None:
    assert "<script>alert(1)</script>" == decode("<script>alert(1)</script>", KILN).state
    with pytest.raises(UnknownState, match="cloud has no state '<script>alert\\(1\\)</script>'"):
        decode("<script>alert(1)</script>", CLOUD)


@pytest.mark.parametrize("name", ["NEUTRAL", "HUGGING", "NOTCONNECTED"])
def test_listed_states_rest_and_offline_are_accepted(name: str) -> None:
    assert name == decode(name, CLOUD).state


@pytest.mark.parametrize("body", ["HUGGING", message(), '["HUGGING"]'])
def test_where_a_source_serves_several_things_a_message_must_say_whose_it_is(body: str) -> None:
    with pytest.raises(BadReading, match=r'^no "thing" says whose reading this is; this source serves cloud, kiln$'):
        decode(body, BOTH)


@pytest.mark.parametrize(("thing", "name"), [("cloud", "HUGGING"), ("kiln", "1200 °C")])
def test_where_a_source_serves_several_things_each_gets_its_own(thing: str, name: str) -> None:
    assert Reading(name, thing=thing) == decode(message(thing=thing, state=name), BOTH)


def test_a_state_is_looked_up_in_its_own_thing() -> None:
    with pytest.raises(UnknownState, match="cloud has no state '1200 °C'"):
        decode(message(thing="cloud", state="1200 °C"), BOTH)


def test_the_only_thing_may_be_named_too() -> None:
    assert "cloud" == decode(message(thing="cloud"), CLOUD).thing


def test_a_thing_that_the_source_does_not_serve_is_refused_shortly() -> None:
    with pytest.raises(BadReading, match=r"the reading is for 'x{63}…'; this source serves cloud, kiln"):
        decode(message(thing="x" * 1000), BOTH)


@pytest.mark.parametrize(("given_id", "expected"), [("m-1", "m-1"), (7, "7"), (0, "0"), (None, None), ("", None)])
def test_an_id_is_a_text_or_a_whole_number(given_id: object, expected: str | None) -> None:
    assert expected == decode(message(id=given_id), CLOUD).id


@pytest.mark.parametrize("at", ["2026-11-22T20:00:00Z", "2026-11-22T21:00:00.000999+01:00"])
def test_the_time_of_a_reading_is_its_at(at: str) -> None:
    assert NOW == decode(message(at=at), CLOUD).at


def test_a_reading_from_code_is_checked_like_a_message() -> None:
    assert Reading("HUGGING", thing="cloud") == check(Reading("HUGGING"), CLOUD)
    with pytest.raises(UnknownState):
        check(Reading("HUGING"), CLOUD)


surrogates_too = st.text(st.characters(codec=None, exclude_categories=()))
json_like = st.text('{}[]",:0123456789.eE+-\\udabcfstaenul =NG')
objects = st.dictionaries(
    st.sampled_from(["state", "data", "at", "id", "thing"]),
    st.none()
    | st.booleans()
    | st.integers()
    | surrogates_too
    | st.sampled_from(["HUGGING", "cloud", "kiln"])
    | st.just({}),
).map(json.dumps)
texts = surrogates_too | json_like | objects | objects.map(encoded)


@unhurried
@given(texts | st.binary() | st.binary().map(encoded), st.sampled_from([CLOUD, KILN, BOTH]), st.sampled_from(ENCODINGS))
def test_no_body_raises_anything_but_bad_reading(body: str | bytes, specs: Any, encoding: Encoding) -> None:
    try:
        reading = decode(body, specs, encoding)
    except BadReading as error:
        said = str(error)
    else:
        said = f"{reading.thing}{reading.state}{reading.id}"
        assert check(reading, specs) == reading
    assert said.encode()  # a store can keep it


names = st.text(min_size=1, max_size=64).filter(lambda name: name.isprintable() and name == name.strip())


@unhurried
@given(names, st.dictionaries(st.text(), st.integers()))
def test_an_object_is_read_as_it_was_written_wrapped_or_not(name: str, data: dict[str, int]) -> None:
    body = json.dumps({"state": name, "data": data})
    assert Reading(name, data, thing="kiln") == decode(body, KILN) == decode(encoded(body), KILN)
