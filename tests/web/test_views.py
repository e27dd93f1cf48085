from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import by_name, cloud, resting
from windsock.errors import UnknownThing
from windsock.model import Look, Reading
from windsock.runtime import Runtime
from windsock.web.views import Views, described_states, image_path, static_path

VERSION = r"\?v=[0-9a-f]{12}"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "up.svg"
    path.write_text("<svg/>")
    return path


@pytest.fixture
def runtime(picture: Path, tmp_path: Path) -> Iterator[Runtime]:
    """Of a cloud with one picture."""
    states = {"NEUTRAL": Look("The cloud floats", picture, "#8fb8de"), "HUGGING": Look()}
    started = Runtime(by_name(cloud(states=states)), "memory:", tmp_path)
    started.start()
    yield started
    started.stop()


def test_a_state_has_the_address_of_its_picture(runtime: Runtime) -> None:
    runtime.report("cloud", Reading("NEUTRAL"))
    message = Views(runtime).state("cloud", "/mounted/windsock")
    assert re.fullmatch(f"/mounted/windsock/things/cloud/images/NEUTRAL{VERSION}", message["image"])
    assert ("The cloud floats", "#8fb8de") == (message["label"], message["color"])


def test_what_is_not_there_has_no_view(runtime: Runtime) -> None:
    with pytest.raises(UnknownThing):
        Views(runtime).state("fog", "")
    with pytest.raises(UnknownThing):
        Views(runtime).heard("fog")


def test_a_page_shows_a_plain_picture_for_a_state_without_one(runtime: Runtime) -> None:
    views = Views(runtime)
    assert re.fullmatch(f"/static/unknown.svg{VERSION}", views.page("cloud", "")["picture"])
    runtime.report("cloud", Reading("HUGGING"))
    assert re.fullmatch(f"/static/logo.svg{VERSION}", views.page("cloud", "")["picture"])
    runtime.report("cloud", Reading("NEUTRAL"))
    page = views.page("cloud", "")
    assert page["image"] == page["picture"]
    assert [page["image"]] == page["images"]


def test_every_page_is_that_of_one_thing(runtime: Runtime) -> None:
    views = Views(runtime)
    assert [views.page("cloud", "/w")["url"]] == [page["url"] for page in views.all_pages("/w")] == ["/w/things/cloud"]


def test_states_are_described_in_their_order_with_rest_and_offline_last() -> None:
    described = described_states(resting(states={"HUGGING": Look("Ouch", None, "teal")}), "")
    assert {"state": "HUGGING", "label": "Ouch", "image": None, "color": "teal"} == described[0]
    assert ["HUGGING", "NEUTRAL", "NOTCONNECTED"] == [state["state"] for state in described]


@pytest.mark.parametrize("name", ["a b", "ä/b", "?", "#x", "%", "&<>\"'"])
def test_the_name_in_an_address_is_quoted(name: str, picture: Path) -> None:
    path = image_path(cloud(states={name: Look(image=picture)}), name, "") or ""
    assert re.fullmatch(rf"/things/cloud/images/[\w%.~-]+{VERSION}", path)


@pytest.mark.parametrize("state", [None, "", "HUGGING", "SIDEWAYS"])
def test_a_state_without_a_picture_has_no_address(state: str | None) -> None:
    assert image_path(cloud(), state, "") is None


def test_an_address_changes_with_its_picture_and_with_nothing_else(picture: Path) -> None:
    spec = cloud(states={"UP": Look(image=picture)})
    before = image_path(spec, "UP", "")
    picture.touch()
    assert before == image_path(spec, "UP", "")
    picture.write_text("<svg><g/></svg>")
    assert before != image_path(spec, "UP", "")
    picture.unlink()
    assert "/things/cloud/images/UP?v=missing" == image_path(spec, "UP", "")


def test_a_picture_that_cannot_be_read_has_an_address_all_the_same(tmp_path: Path) -> None:
    spec = cloud(states={"UP": Look(image=tmp_path)})
    assert "/things/cloud/images/UP?v=missing" == image_path(spec, "UP", "")


def test_windsock_s_own_files_have_versioned_addresses() -> None:
    assert re.fullmatch(f"/w/static/windsock.js{VERSION}", static_path("windsock.js", "/w"))
