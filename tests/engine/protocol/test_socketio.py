from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import unhurried
from windsock.engine.protocol.errors import ProtocolError
from windsock.engine.protocol.socketio import (
    MAX_ID,
    MAX_NAMESPACE,
    RESERVED_EVENTS,
    Header,
    SioType,
    encode_ack,
    encode_connect,
    encode_connect_error,
    encode_disconnect,
    encode_event,
    read_array,
    read_body,
    read_header,
    validate,
)

CONNECT, DISCONNECT, EVENT, ACK = SioType.CONNECT, SioType.DISCONNECT, SioType.EVENT, SioType.ACK
BINARY_EVENT, BINARY_ACK = SioType.BINARY_EVENT, SioType.BINARY_ACK
PLACEHOLDER = '{"_placeholder":true,"num":0}'


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("0", Header(CONNECT, 0, "/", None, "")),
        ('0{"token":"123"}', Header(CONNECT, 0, "/", None, '{"token":"123"}')),
        ("0/custom", Header(CONNECT, 0, "/custom", None, "")),
        ("0/custom,", Header(CONNECT, 0, "/custom", None, "")),
        ("0/,", Header(CONNECT, 0, "/", None, "")),
        ('0/custom,{"a":1}', Header(CONNECT, 0, "/custom", None, '{"a":1}')),
        ("0/custom?token=abc,", Header(CONNECT, 0, "/custom", None, "")),
        ("0/custom?token=abc", Header(CONNECT, 0, "/custom", None, "")),
        ("0/ü b,", Header(CONNECT, 0, "/ü b", None, "")),
        ("1", Header(DISCONNECT, 0, "/", None, "")),
        ("1/custom", Header(DISCONNECT, 0, "/custom", None, "")),
        ('2["a"]', Header(EVENT, 0, "/", None, '["a"]')),
        ('2["a/b,c"]', Header(EVENT, 0, "/", None, '["a/b,c"]')),
        ('212["a"]', Header(EVENT, 0, "/", 12, '["a"]')),
        ('20["a"]', Header(EVENT, 0, "/", 0, '["a"]')),
        ('2/custom,13["a"]', Header(EVENT, 0, "/custom", 13, '["a"]')),
        ("312[]", Header(ACK, 0, "/", 12, "[]")),
        (f'51-["a",{PLACEHOLDER}]', Header(BINARY_EVENT, 1, "/", None, f'["a",{PLACEHOLDER}]')),
        (f'51-/custom,14["a",{PLACEHOLDER}]', Header(BINARY_EVENT, 1, "/custom", 14, f'["a",{PLACEHOLDER}]')),
        ('50-["a"]', Header(BINARY_EVENT, 0, "/", None, '["a"]')),
        (f"61-15[{PLACEHOLDER}]", Header(BINARY_ACK, 1, "/", 15, f"[{PLACEHOLDER}]")),
        (f"3{MAX_ID}[]", Header(ACK, 0, "/", MAX_ID, "[]")),
    ],
)
def test_a_packet_is_taken_apart(text: str, header: Header) -> None:
    assert header == read_header(text)
    validate(header)


@pytest.mark.parametrize("text", ["", "7", "abc", " 0", "-1", "٢[]", '["a"]', "/custom,"])
def test_a_packet_of_an_unknown_type_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="unknown type"):
        read_header(text)


@pytest.mark.parametrize(
    "text", ['5["a"]', '5-["a"]', '5x-["a"]', "5", "6[]", '51["a"]', '51/a,["a"]', '51234567-["a"]']
)
def test_a_binary_packet_has_a_number_of_attachments(text: str) -> None:
    with pytest.raises(ProtocolError, match="without attachments"):
        read_header(text)


@pytest.mark.parametrize("text", ['21-["a"]', "31-1[]", "01-", "11-"])
def test_other_packets_have_none(text: str) -> None:
    with pytest.raises(ProtocolError, match="with attachments"):
        read_header(text)


@pytest.mark.parametrize(
    "text",
    [
        '2abc["a"]',
        '2-1["a"]',
        '21.5["a"]',
        '2٣["a"]',
        f'2{MAX_ID + 1}["a"]',
        "2" + "9" * 5000 + "[]",
        "3abc[]",
        '2"a"',
        "2null",
    ],
)
def test_an_id_is_a_number_that_javascript_can_count_to(text: str) -> None:
    with pytest.raises(ProtocolError, match="id is not a number"):
        read_header(text)


def test_a_namespace_has_a_greatest_length() -> None:
    longest = "/" + "n" * (MAX_NAMESPACE - 1)
    assert longest == read_header(f"0{longest},").namespace
    assert longest == read_header(f"0{longest}?{longest},").namespace
    with pytest.raises(ProtocolError, match="512 characters"):
        read_header(f"0{longest}n,")


# ------------------------------------------------------------------------------ what shows at a look


@pytest.mark.parametrize(
    "text",
    [
        # events
        "2",
        "212",
        "2{}",
        '2{"0":"a"}',
        "2[]",
        "2[ ]",
        "2[null]",
        "2[true]",
        '2[["a"]]',
        '2[{"a":1}]',
        '2["a"',
        '2["a',
        '2["a"}x',
        '2["a" "b"]',
        "2[1x]",
        "2[01]",
        "2[NaN]",
        '2["a\nb"]',
        '2["\\x"]',
        '2["\\u12"]',
        *[f'2["{name}"]' for name in sorted(RESERVED_EVENTS)],
        '2["\\u0063onnect"]',
        '51-["disconnect"]',
        "51-{}",
        "51-",
        # acknowledgements
        "3[]",
        "3/custom,[]",
        "31",
        "31{}",
        "61-[]",
        "61-1{}",
        # connections
        "0[]",
        '0["a"]',
        "01",
        "01{}",
        "0{",
        "1{}",
        "1[]",
        "11",
        # from a server only
        "4",
        '4{"message":"no"}',
        "4/custom,",
    ],
)
def test_what_no_application_can_make_sense_of_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        validate(read_header(text))


@pytest.mark.parametrize(
    "text",
    [
        '2["a"]',
        '2[""]',
        '2["message"]',
        '2["connect "]',
        '2["Connect",1]',
        '2["connected"]',
        '2[ "a" , 1 ]',
        '2["a\\"b\\\\",{"c":[1]}]',
        '2["\\u00fc\\n"]',
        "2[1]",
        "2[-1.5e3,2]",
        "2[0]",
        "31[]",
        '31[1,"a"]',
        '0{"a":1} ',
        "0{}",
    ],
)
def test_what_makes_sense_is_taken(text: str) -> None:
    validate(read_header(text))


def test_a_name_of_a_megabyte_is_read_in_one_pass() -> None:
    validate(read_header('2["' + "ü" * 1_000_000 + '"]'))
    with pytest.raises(ProtocolError):
        validate(read_header('2["' + "\\n" * 500_000))


# -------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('2["a"]', ["a"]),
        ('2["a",1,"2",{"3":[true]},null]', ["a", 1, "2", {"3": [True]}, None]),
        ("2[1,2.5]", [1, 2.5]),
        ('312[1,{"a":"b"}]', [1, {"a": "b"}]),
        ("312[]", []),
        ("2[null]", [None]),
        (f'2["a",{PLACEHOLDER}]', ["a", {"_placeholder": True, "num": 0}]),
    ],
)
def test_the_payload_of_an_event_or_an_acknowledgement_is_read(text: str, expected: list[Any]) -> None:
    assert expected == read_array(read_header(text))


def test_attachments_that_are_yet_to_come_are_no_bytes() -> None:
    nested = f'52-["a",{PLACEHOLDER},{{"b":[{PLACEHOLDER}],"_placeholder":1}}]'
    assert ["a", b"", {"b": [b""], "_placeholder": 1}] == read_array(read_header(nested))
    assert [b""] == read_array(read_header(f"61-1[{PLACEHOLDER}]"))


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "2[]",
        "2{}",
        "51-[]",
        "312",
        "312{}",
        "312[",
        '2["a"',
        '2["a",]',
        '2["a"]]',
        '2["a",' + "[" * 100_000,
        '2["a",' + "9" * 5000 + "]",
    ],
)
def test_a_payload_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        read_array(read_header(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", None), ("0/custom,", None), ("0{}", {}), ('0/custom,{"a":"b"}', {"a": "b"}), ("0[1]", [1]), ('0"a"', "a")],
)
def test_what_a_connect_brings_along_is_read(text: str, expected: object) -> None:
    assert expected == read_body(read_header(text))


@pytest.mark.parametrize("text", ["0{", "0{}}", "0abc", "0/custom,{]"])
def test_what_a_connect_brings_along_must_be_json(text: str) -> None:
    with pytest.raises(ProtocolError):
        read_body(read_header(text))


# -------------------------------------------------------------------------------------------- writing


def test_packets_are_written_as_the_javascript_server_writes_them() -> None:
    assert '0{"sid":"abc"}' == encode_connect("/", {"sid": "abc"})
    assert '0/custom,{"sid":"abc"}' == encode_connect("/custom", {"sid": "abc"})
    assert '4/random,{"message":"Invalid namespace"}' == encode_connect_error(
        "/random", {"message": "Invalid namespace"}
    )
    assert "1" == encode_disconnect("/")
    assert "1/custom," == encode_disconnect("/custom")
    assert '2["a",{"b":[1,"ü"]}]' == encode_event("/", "a", {"b": [1, "ü"]})
    assert '2/custom,0["a",null]' == encode_event("/custom", "a", None, 0)
    assert '312["a",{}]' == encode_ack("/", 12, ("a", {}))
    assert "3/custom,0[]" == encode_ack("/custom", 0, ())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_number_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_event("/", "a", number)
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_ack("/", 1, [number])


def test_what_utf_8_has_no_form_for_is_escaped_as_javascript_does() -> None:
    lone, pair = json.loads('"\\ud800"'), json.loads('"\\ud83e\\udd17"')
    assert '2["a","\\ud800"]' == encode_event("/", "a", lone)
    assert '31["ü🤗"]' == encode_ack("/", 1, ["ü" + pair])
    assert '0{"sid":"\\udfff\\u00fc"}' == encode_connect("/", {"sid": "\udfffü"})


# -------------------------------------------------------------------------------------------- any text

plain = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)
namespaces = st.just("/") | plain.map(lambda name: "/" + name.replace(",", "").replace("?", ""))
names = plain.filter(lambda name: name not in RESERVED_EVENTS)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | plain, lambda inner: st.lists(inner) | st.dictionaries(plain, inner)
)
ids = st.none() | st.integers(min_value=0, max_value=MAX_ID)


@unhurried
@given(namespaces, names, values, ids)
def test_an_event_that_was_written_reads_back(namespace: str, name: str, payload: Any, id_: int | None) -> None:
    header = read_header(encode_event(namespace, name, payload, id_))
    validate(header)
    assert (EVENT, 0, namespace, id_) == header[:4]
    assert [name, payload] == read_array(header)


@unhurried
@given(namespaces, st.integers(min_value=0, max_value=MAX_ID), st.lists(values))
def test_an_acknowledgement_that_was_written_reads_back(namespace: str, id_: int, args: list[Any]) -> None:
    header = read_header(encode_ack(namespace, id_, args))
    validate(header)
    assert (ACK, namespace, id_, args) == (header.type, header.namespace, header.id, read_array(header))


PARTS = [
    "0",
    "2",
    "3",
    "51-",
    "61-",
    "/a",
    ",",
    "12",
    '["a"',
    "[",
    "]",
    "{}",
    '"',
    "\\",
    "?",
    "-",
    "1e9",
    " ",
    "\0",
    "ü",
]


@unhurried
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.lists(st.sampled_from(PARTS)).map("".join))
def test_any_text_is_a_packet_or_a_protocol_error(text: str) -> None:
    try:
        header = read_header(text)
        validate(header)
    except ProtocolError:
        return
    if header.type != DISCONNECT and header.body:
        assert _is_json(header.body) == _readable(read_body if header.type == CONNECT else read_array, header)


def _readable(read: Any, header: Header) -> bool:
    try:
        read(header)
    except ProtocolError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
