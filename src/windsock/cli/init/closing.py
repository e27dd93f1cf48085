"""What `windsock init` says at its end: what to do next."""

from __future__ import annotations

import importlib.util
import shlex
from collections.abc import Iterator
from pathlib import Path

from windsock.addresses import browsable
from windsock.cli.init.answers import Answers
from windsock.cli.init.files import PAGE
from windsock.cli.options import DEFAULT_CONFIG, DEFAULT_URL
from windsock.cli.table import plain


def closing(answers: Answers, config: Path) -> str:
    """The commands to go on with, each with what it does."""
    steps = list(_steps(answers, config))
    width = max(len(command) for command, _ in steps)
    lines = [plain(f"  {command.ljust(width)}  {what}") for command, what in steps]
    page = f"The page is yours: {config.parent / PAGE} says how."
    return "\n".join(["Next:", *lines, "", page])


def _steps(answers: Answers, config: Path) -> Iterator[tuple[str, str]]:
    named = "" if config == DEFAULT_CONFIG else f" --config {shlex.quote(str(config))}"
    if answers.kind == "azure-queue":
        yield from _azure()
    yield f"windsock check{named}", "tries what was written"
    yield f"windsock serve{named}", f"shows it {_where(answers)}"
    if answers.source == "inbox:":
        state = shlex.quote(answers.states[0])
        yield f"windsock send {answers.thing} {state}{_url(answers, named)}", "in another terminal: open pages change"


def _azure() -> Iterator[tuple[str, str]]:
    if not _is_installed("azure.storage.queue"):
        yield 'pip install "windsock[azure]"', "brings what speaks to the queue"
    variable = 'export AZURE_STORAGE_CONNECTION_STRING="…"'
    yield variable, "the Azure portal shows it under the storage account's access keys"


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the packages above it
        return False


def _where(answers: Answers) -> str:
    return f"at {_address(answers)}/" if answers.port else "at a free port, which it says"


def _address(answers: Answers) -> str:
    return f"http://{browsable(answers.host)}:{answers.port}"


def _url(answers: Answers, named: str) -> str:
    """`windsock send` finds the server by the windsock.toml of its folder, and by nothing else."""
    if answers.port == 0:
        return " --url THAT-ADDRESS"
    address = _address(answers)
    return f" --url {address}" if named and address != DEFAULT_URL else ""
