"""The examples of the documentation do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Server, serving

DOCS = Path(__file__).parents[2] / "docs"
TOML = '[things.cloud.states]\nHUGGING = { label = "Somebody is hugging the cloud" }\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), TOML) as running:
        running.put_state("cloud", "HUGGING")
        yield running


def example(page: str, words: str) -> str:
    """The first block of Python in a page that has these words in it."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return str(next(block for block in blocks if words in block))


def first_line(code: str, server: Server) -> str:
    """What a program prints first, when the server is ours."""
    assert "http://127.0.0.1:5000" in code
    code = code.replace("http://127.0.0.1:5000", server.url)
    with subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline().strip()
        program.kill()
    return line


def test_a_program_prints_what_it_watches(server: Server) -> None:
    code = example("reference/python.md", "windsock.client.watch(")
    assert "Somebody is hugging the cloud" == first_line(code, server)


def test_a_coroutine_prints_what_it_watches(server: Server) -> None:
    inner = textwrap.indent(example("reference/python.md", "windsock.client.awatch("), "    ")
    code = f"import asyncio\nimport windsock.client\n\nasync def main():\n{inner}\n\nasyncio.run(main())\n"
    assert "HUGGING" == first_line(code, server)


def test_a_program_switches_a_lamp(server: Server) -> None:
    code = example("how-to.md", "lamp.on()").replace('"door"', '"cloud"').replace('"OPEN"', '"HUGGING"')
    lamp = 'class lamp:\n    on = staticmethod(lambda: print("on"))\n    off = staticmethod(lambda: print("off"))\n'
    assert "on" == first_line(lamp + code, server)
