"""What the documentation says of the examples is what their files say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
BLOCK = re.compile(r"```(?:python|html)\n(.*?)```", re.DOTALL)


def lines(text: str) -> set[str]:
    """What stands in a text, line by line, wherever it begins."""
    return {line.strip() for line in text.splitlines()} - {"", "..."}


@pytest.mark.parametrize("block", BLOCK.findall(TUTORIAL.split("If you would rather")[0]))
def test_every_piece_of_code_in_the_tutorial_stands_in_the_example(block: str) -> None:
    files = (ROOT / "examples" / "background_clock").rglob("*.*")
    assert set() == lines(block) - set().union(*(lines(path.read_text()) for path in files))


def test_the_examples_configuration_is_the_demos_with_a_real_source() -> None:
    states = "[things.cloud.states]"
    example = (ROOT / "examples" / "huggable_cloud" / "windsock.toml").read_text()
    demo = (ROOT / "src" / "windsock" / "demo" / "windsock.toml").read_text()
    assert example.partition(states)[2] == demo.partition(states)[2]
