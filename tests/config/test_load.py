from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import seconds
from windsock.config import Config, default_config, load, make_spec, missing_images, parse
from windsock.errors import ConfigError
from windsock.model import Backlog, Look, ThingSpec

DESIGN = """
[server]
host = "127.0.0.1"
port = 5000
publisher_key = "${WINDSOCK_KEY}"      # optional; also: allowed_origins = [], trusted_proxies = []
[store]
url = "sqlite:///windsock.db"          # or "memory:"
[things.cloud]
title = "The Huggable Cloud"
source = "azure-queue://mlqueue"       # connection string: AZURE_STORAGE_CONNECTION_STRING
backlog = "latest"                     # or "every", or a duration such as "30s"
rest = "NEUTRAL"
rest_after = "5s"
offline = "NOTCONNECTED"
offline_after = "60s"
[things.cloud.states]
NEUTRAL = { label = "The cloud floats", image = "images/neutral.svg", color = "#8fb8de" }
HUGGING = { label = "Somebody is hugging the cloud", image = "images/hugging.svg", color = "#e2557f" }
PUNCHING = { label = "Ouch", image = "images/punching.svg", color = "#d9480f" }
SHAKING = { image = "images/shaking.svg" }
SPINNING = {}
THROWING = {}
NOTCONNECTED = {}
"""
BASE = Path("/somewhere")
IMAGES = BASE / "images"
CLOUD = ThingSpec(
    name="cloud",
    title="The Huggable Cloud",
    source="azure-queue://mlqueue",
    backlog="latest",
    rest="NEUTRAL",
    rest_after=seconds(5),
    offline="NOTCONNECTED",
    offline_after=seconds(60),
    states={
        "NEUTRAL": Look("The cloud floats", IMAGES / "neutral.svg", "#8fb8de"),
        "HUGGING": Look("Somebody is hugging the cloud", IMAGES / "hugging.svg", "#e2557f"),
        "PUNCHING": Look("Ouch", IMAGES / "punching.svg", "#d9480f"),
        "SHAKING": Look(None, IMAGES / "shaking.svg"),
        "SPINNING": Look(),
        "THROWING": Look(),
        "NOTCONNECTED": Look(),
    },
)


def parsed(text: str, **environ: str) -> Config:
    return parse(text, environ, BASE)


def thing(text: str) -> ThingSpec:
    return parsed(f"[things.cloud]\n{text}").things["cloud"]


def problems(read: Callable[[], object]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read()
    return caught.value.problems


# --------------------------------------------------------------------------------------- what is right


def test_the_designs_own_file_means_what_it_says() -> None:
    config = parsed(DESIGN, WINDSOCK_KEY="s3cret")
    assert {"cloud": CLOUD} == config.things
    assert ("127.0.0.1", 5000, "s3cret") == (config.server.host, config.server.port, config.server.publisher_key)
    assert ("sqlite:///windsock.db", BASE) == (config.store.url, config.base)


@pytest.mark.parametrize("config", [parsed(""), default_config(BASE)])
def test_without_a_word_there_are_defaults(config: Config) -> None:
    server = config.server
    assert ("127.0.0.1", 5000, None) == (server.host, server.port, server.publisher_key)
    assert ([], []) == (server.allowed_origins, server.trusted_proxies)
    assert ("sqlite:///windsock.db", {}, BASE, None) == (config.store.url, config.things, config.base, config.path)


def test_a_thing_needs_nothing_but_a_name() -> None:
    assert ThingSpec("front-door", "Front door") == parsed("[things.front-door]").things["front-door"]


@pytest.mark.parametrize("name", ["a", "0", "front-door", "a_b", "x" * 64])
def test_a_thing_has_a_slug_for_a_name(name: str) -> None:
    assert [name] == list(parsed(f"[things.{name}]").things)


@pytest.mark.parametrize(
    ("backlog", "expected"), [("latest", "latest"), ("every", "every"), ("30s", seconds(30)), ("1m30s", seconds(90))]
)
def test_a_backlog_is_a_word_or_a_duration(backlog: str, expected: Backlog) -> None:
    assert expected == thing(f'backlog = "{backlog}"').backlog


@pytest.mark.parametrize("color", ["#8fb8de", "#ABC", "teal", "RebeccaPurple"])
def test_a_colour_is_hexadecimal_or_a_name(color: str) -> None:
    assert color == thing(f'states.ON.color = "{color}"').states["ON"].color


def test_a_picture_lies_beside_the_file_or_where_its_whole_path_says() -> None:
    states = thing('states = { A = { image = "a.svg" }, B = { image = "/b.svg" } }').states
    assert [BASE / "a.svg", Path("/b.svg")] == [look.image for look in states.values()]


def test_a_states_name_may_have_any_characters() -> None:
    assert ["OPEN (left)", "a.b", "[x]", "Ü"] == list(
        thing('states = { "OPEN (left)" = {}, "a.b" = {}, "[x]" = {}, "Ü" = {} }').states
    )


def test_origins_and_proxies_are_kept_in_one_form() -> None:
    config = parsed("""
        [server]
        allowed_origins = ["https://Example.org", "http://localhost:3000", "*"]
        trusted_proxies = ["10.0.0.5", "10.0.0.0/8", "::1"]
    """)
    assert ["https://example.org", "http://localhost:3000", "*"] == config.server.allowed_origins
    assert ["10.0.0.5/32", "10.0.0.0/8", "::1/128"] == config.server.trusted_proxies


def test_any_text_may_come_from_the_environment() -> None:
    config = parsed('[things.cloud]\ntitle = "${WHO}, $${WHO}"\nbacklog = "${LONG}"', WHO="Ada", LONG="30s")
    assert ("Ada, ${WHO}", seconds(30)) == (config.things["cloud"].title, config.things["cloud"].backlog)


# --------------------------------------------------------------------------------------- what is wrong

DURATION = "expected a duration such as 500ms, 5s, 1m30s or 2h"
SLUG = "expected a name of lower-case letters, digits, hyphens and underscores, at most 64"
ORIGIN = 'expected an origin such as "https://example.org", without a path'
NETWORK = 'expected an address or network such as "10.0.0.5" or "10.0.0.0/8"'
COLOR = 'expected a colour such as "#8fb8de" or "teal"'
BACKLOG = 'expected "latest", "every", or a duration such as "30s"'
THING = "things.cloud"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[sever]", "sever: unknown key; did you mean 'server'?"),
        ("[zzz]", "zzz: unknown key; known here are server, limits, store, things"),
        ('title = "x"', "title: unknown key; known here are server, limits, store, things"),
        ("server = 1", "server: found 1, expected a table"),
        ("things = []", "things: found [], expected a table"),
        ('things.cloud = "x"', 'things.cloud: found "x", expected a table'),
        ("[server]\nprot = 1", "server.prot: unknown key; did you mean 'port'?"),
        ('[server]\npublisherkey = ""', "server.publisherkey: unknown key; did you mean 'publisher_key'?"),
        ('[server]\nport = "5000"', 'server.port: found "5000", expected a whole number'),
        ("[server]\nport = 50.5", "server.port: found 50.5, expected a whole number"),
        ("[server]\nport = true", "server.port: found true, expected a whole number"),
        ("[server]\nport = 65536", "server.port: found 65536, expected a whole number from 0 to 65535"),
        ("[server]\nport = -1", "server.port: found -1, expected a whole number from 0 to 65535"),
        (
            '[store]\nkeep = "99999999999d"',
            f'store.keep: found "99999999999d", {DURATION}, of at most a hundred years',
        ),
        ('[server]\nhost = " "', 'server.host: found " ", expected some text'),
        ("[server]\nhost = 1", "server.host: found 1, expected a text"),
        ("[server]\nhost = 2026-11-22", 'server.host: found "2026-11-22", expected a text'),
        ('[server]\nallowed_origins = "*"', 'server.allowed_origins: found "*", expected a list'),
        ('[server]\nallowed_origins = ["a.org"]', f'server.allowed_origins.0: found "a.org", {ORIGIN}'),
        ('[server]\nallowed_origins = ["http://a/"]', f'server.allowed_origins.0: found "http://a/", {ORIGIN}'),
        ('[server]\nallowed_origins = ["http://a?b"]', f'server.allowed_origins.0: found "http://a?b", {ORIGIN}'),
        ('[server]\nallowed_origins = ["http://a#b"]', f'server.allowed_origins.0: found "http://a#b", {ORIGIN}'),
        ('[server]\nallowed_origins = ["http://[a"]', f'server.allowed_origins.0: found "http://[a", {ORIGIN}'),
        ('[server]\nallowed_origins = ["ws://a", 1]', f'server.allowed_origins.0: found "ws://a", {ORIGIN}'),
        ('[server]\ntrusted_proxies = ["10.0.0.1/8"]', f'server.trusted_proxies.0: found "10.0.0.1/8", {NETWORK}'),
        ('[server]\ntrusted_proxies = ["proxy"]', f'server.trusted_proxies.0: found "proxy", {NETWORK}'),
        ('[store]\nurl = ""', 'store.url: found "", expected some text'),
        ('[store]\nurk = ""', "store.urk: unknown key; did you mean 'url'?"),
        ("[things.Cloud]", f'things.Cloud: found "Cloud", {SLUG}'),
        ("[things.-cloud]", f'things.-cloud: found "-cloud", {SLUG}'),
        ('[things."a(b"]', f'things.a(b: found "a(b", {SLUG}'),
        (f"[things.{'x' * 65}]", f'things.{"x" * 65}: found "{"x" * 58}…, {SLUG}'),
        ('[things.cloud]\ntitel = "x"', f"{THING}.titel: unknown key; did you mean 'title'?"),
        ('[things.cloud]\nrestafter = "5s"', f"{THING}.restafter: unknown key; did you mean 'rest_after'?"),
        ('[things.cloud]\ntitle = ""', f'{THING}.title: found "", expected some text'),
        ("[things.cloud]\nsource = 1", f"{THING}.source: found 1, expected a text"),
        ('[things.cloud]\nbacklog = "newest"', f'{THING}.backlog: found "newest", {BACKLOG}'),
        ("[things.cloud]\nbacklog = 30", f"{THING}.backlog: found 30, {BACKLOG}"),
        ("[things.cloud]\nbacklog = []", f"{THING}.backlog: found [], {BACKLOG}"),
        ('[things.cloud]\nbacklog = "0s"', f'{THING}.backlog: found "0s", {BACKLOG}'),
        ('[things.cloud]\nrest_after = "5"', f'{THING}.rest_after: found "5", {DURATION}'),
        ("[things.cloud]\nrest_after = 5", f"{THING}.rest_after: found 5, {DURATION}"),
        (
            '[things.cloud]\noffline_after = "0s"',
            f'{THING}.offline_after: found "0s", expected a duration longer than nothing',
        ),
        (
            '[things.cloud]\nrest = ""',
            f'{THING}.rest: found "", expected a state name (the state name is empty)',
        ),
        (
            '[things.cloud]\nstates."a\\nb" = {}',
            f'{THING}.states.a\nb: found "a\\nb", expected a state name (a state name has no control characters '
            "and no lone surrogates)",
        ),
        ('[things.cloud]\nstates = ["ON"]', f'{THING}.states: found ["ON"], expected a table'),
        ('[things.cloud]\nstates.ON = "x"', f'{THING}.states.ON: found "x", expected a table'),
        (
            '[things.cloud]\nstates.ON.lable = "x"',
            f"{THING}.states.ON.lable: unknown key; did you mean 'label'?",
        ),
        (
            '[things.cloud]\nstates."OPEN (left)".lable = "x"',
            f"{THING}.states.OPEN (left).lable: unknown key; did you mean 'label'?",
        ),
        ('[things.cloud]\nstates.ON.label = " "', f'{THING}.states.ON.label: found " ", expected some text'),
        ('[things.cloud]\nstates.ON.image = ""', f'{THING}.states.ON.image: found "", expected a path'),
        ("[things.cloud]\nstates.ON.image = 5", f"{THING}.states.ON.image: found 5, expected a path"),
        ('[things.cloud]\nstates.ON.color = "red;"', f'{THING}.states.ON.color: found "red;", {COLOR}'),
        ('[things.cloud]\nstates.ON.color = "#12345"', f'{THING}.states.ON.color: found "#12345", {COLOR}'),
        (
            '[things.cloud]\nrest_after = "5s"',
            f'{THING}.rest_after: found without "rest", the state to go to',
        ),
        (
            '[things.cloud]\nrest = "OFF"\noffline = "OFF"',
            f'{THING}.offline: found "OFF" for rest too, expected another state',
        ),
        (
            '[things.cloud]\nrest = "A"\nrest_after = "60s"\noffline = "B"\noffline_after = "60s"',
            f"{THING}.offline_after: expected longer than rest_after, or the thing never rests",
        ),
        (
            '[server]\npublisher_key = "${KEY}"',
            "server.publisher_key: found ${KEY}, but the environment variable KEY is not set",
        ),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_expected(text: str, problem: str) -> None:
    assert f"windsock.toml: {problem}" == problems(lambda: parsed(text))[0]


def test_what_is_no_toml_is_refused_with_the_place() -> None:
    assert ["windsock.toml: not TOML: Expected '=' after a key in a key/value pair (at line 2, column 6)"] == problems(
        lambda: parsed("[server]\nport 5000")
    )


def test_all_mistakes_are_listed_at_once() -> None:
    text = '[server]\nprot = 1\nhost = ""\n[things.cloud]\nrest_after = "5"\nstates.ON.color = "?"\n[things.Door]'
    keys = ["server.prot", "server.host", "things.cloud.rest_after", "things.cloud.states.ON.color", "things.Door"]
    found = problems(lambda: parsed(text))
    assert sorted(keys) == sorted(problem.split(": ")[1] for problem in found)


def test_all_contradictions_are_listed_at_once() -> None:
    text = '[things.a]\nrest_after = "5s"\n[things.b]\nrest_after = "5s"'
    assert 2 == len(problems(lambda: parsed(text)))


def test_all_names_that_are_not_set_are_listed_at_once() -> None:
    assert 2 == len(problems(lambda: parsed('[server]\nhost = "${A}"\npublisher_key = "${B}"')))


def test_a_thing_that_only_turns_stale_may_do_so_before_it_rests() -> None:
    spec = thing('rest = "A"\nrest_after = "1h"\noffline_after = "60s"')
    assert (timedelta(hours=1), seconds(60)) == (spec.rest_after, spec.offline_after)


@pytest.mark.parametrize(
    "text",
    [
        "[server]\npublisher_key = 31415926",
        '[server]\npublisher_key = ["${KEY}"]',
        '[server]\npublisher_key = { value = "${KEY}" }',
        '[server]\npublisher_kye = "${KEY}"',
        '[[server]]\npublisher_key = "${KEY}"',
        'server = { publisher_key = "${KEY}", port = "x" }',
    ],
)
def test_a_key_is_in_no_message(text: str) -> None:
    found = "\n".join(problems(lambda: parsed(text, KEY="31415926")))
    assert "31415926" not in found


def test_a_key_is_not_shown_where_the_configuration_is_printed() -> None:
    assert "s3cret" not in repr(parsed(DESIGN, WINDSOCK_KEY="s3cret"))


# -------------------------------------------------------------------------------------------- from a file


def written(folder: Path, text: str) -> Path:
    path = folder / "windsock.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_loaded_with_its_folder_as_the_base(tmp_path: Path) -> None:
    (tmp_path / "on.svg").touch()
    path = written(tmp_path, '[things.lamp]\ntitle = "Lämp"\nstates.ON.image = "on.svg"')
    config = load(path, {})
    assert (path, tmp_path, "Lämp") == (config.path, config.base, config.things["lamp"].title)
    assert tmp_path / "on.svg" == config.things["lamp"].states["ON"].image


def test_a_mistake_in_a_file_is_named_with_its_path(tmp_path: Path) -> None:
    path = written(tmp_path, "[sever]")
    assert [f"{path}: sever: unknown key; did you mean 'server'?"] == problems(lambda: load(path, {}))


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "windsock.toml"
    assert [f"{path}: no such file; --config names another"] == problems(lambda: load(path, {}))


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'title = "\xfc"')
    assert "cannot be read: 'utf-8' codec" in problems(lambda: load(tmp_path / "latin.toml", {}))[0]
    assert f"{tmp_path}: cannot be read: " in problems(lambda: load(tmp_path, {}))[0]


def test_every_picture_that_is_missing_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, '[things.lamp.states]\nON.image = "on.svg"\nOFF.image = "off.svg"\nDIM = {}')
    assert [
        f"{path}: things.lamp.states.ON.image: no such file: {tmp_path / 'on.svg'}",
        f"{path}: things.lamp.states.OFF.image: no such file: {tmp_path / 'off.svg'}",
    ] == problems(lambda: load(path, {}))


# -------------------------------------------------------------------------------------------- from Python


def spec(**options: Any) -> ThingSpec:
    return make_spec("cloud", options, BASE)


def test_python_describes_a_thing_with_the_same_keys() -> None:
    options: dict[str, Any] = {"states": ["NEUTRAL", "HUGGING"], "rest": "NEUTRAL", "rest_after": "5s"}
    states = {"NEUTRAL": Look(), "HUGGING": Look()}
    assert ThingSpec("cloud", "Cloud", rest="NEUTRAL", rest_after=seconds(5), states=states) == spec(**options)


def test_python_may_give_durations_as_such() -> None:
    assert (seconds(5), seconds(30)) == (
        spec(rest="A", rest_after=seconds(5)).rest_after,
        spec(backlog=seconds(30)).backlog,
    )


def test_python_may_give_looks_and_paths() -> None:
    states = {"ON": {"label": "On", "image": Path("on.svg")}}
    assert {"ON": Look("On", BASE / "on.svg")} == spec(states=states).states


def test_a_picture_named_in_python_is_looked_for_when_asked() -> None:
    found = missing_images(spec(states={"ON": {"image": "on.svg"}}), "thing('cloud')")
    assert [f"thing('cloud'): things.cloud.states.ON.image: no such file: {BASE / 'on.svg'}"] == found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"rest_afer": "5s"}, "rest_afer: unknown key; did you mean 'rest_after'?"),
        ({"rest_after": 5}, f"rest_after: found 5, {DURATION}"),
        ({"states": "ON"}, 'states: found "ON", expected a table'),
        ({"states": {"ON": {"lable": "x"}}}, "states.ON.lable: unknown key; did you mean 'label'?"),
        ({"rest_after": "5s"}, 'rest_after: found without "rest", the state to go to'),
    ],
)
def test_a_mistake_in_python_is_named_with_the_call(options: dict[str, Any], expected: str) -> None:
    assert [f"thing('cloud'): {expected}"] == problems(lambda: spec(**options))


def test_a_name_that_is_no_slug_is_refused_in_python_too() -> None:
    assert [f"thing('My Cloud'): things.My Cloud: found \"My Cloud\", {SLUG}"] == problems(
        lambda: make_spec("My Cloud", {}, BASE)
    )
