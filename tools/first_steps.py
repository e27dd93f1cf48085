"""The way of a first-time user, from nothing to a page of their own: walked, and timed.

.venv/bin/python -m tools.first_steps             # or: make first-steps; fetches what requirements.lock names
.venv/bin/python -m tools.first_steps --borrow    # with this checkout's dependencies: nothing is fetched

In a virtual environment of its own our wheel is installed; then come `windsock init`, an edited label, `check`,
`serve`, `send`, and the page changes; then the documents' `app.py`, by `windsock run` and by `flask run`. All that was
started is stopped, and every step has a limit.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import chromium
from tests.servers import environment, request
from tests.waiting import eventually, free_port

ROOT = Path(__file__).parents[1]
LIMIT = 60.0
"""Seconds that a step may take; installing may take longer."""
INSTALL_LIMIT = 600.0
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
LABELS = {"OPEN": "Come in", "SHUT": "Shut"}
OpenPage = Callable[[str], Page]


@dataclass
class Walk:
    """One way, in a folder, with the programs of a virtual environment; ``open_page`` is None without a browser."""

    folder: Path
    programs: Path
    open_page: OpenPage | None
    say: Callable[[str], object] = click.echo
    began: float = field(default_factory=time.monotonic)

    def run(self, *command: str) -> str:
        """What a command printed, which has to go well."""
        self.say(f"{time.monotonic() - self.began:6.1f} s  {' '.join(command)}")
        done = subprocess.run(  # noqa: S603  # fixed
            [str(self.programs / command[0]), *command[1:]],
            cwd=self.folder,
            env=environment({}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def serving(self, path: str, *command: str) -> Iterator[None]:
        """A server that answers at a path, while it runs; stopped at the end as a service manager does it."""
        self.say(f"{time.monotonic() - self.began:6.1f} s  {' '.join(command)}")
        log = self.folder / f"{command[0]}-{command[1]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  # fixed
                [str(self.programs / command[0]), *command[1:]],
                cwd=self.folder,
                env=environment({}),
                stdout=output,
                stderr=output,
            )
        try:
            eventually(lambda: process.poll() is not None or _answers(f"{self.url}{path}"), LIMIT)
            assert process.poll() is None, f"it ended with {process.returncode}:\n{log.read_text()}"
            yield
            process.terminate()
            process.wait(LIMIT)
        finally:
            process.kill()
            process.wait()

    @property
    def port(self) -> str:
        """The port that the configuration names."""
        [port] = re.findall(r"^port = (\d+)$", (self.folder / "windsock.toml").read_text(), re.MULTILINE)
        return str(port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def walk(steps: Walk) -> None:
    """The whole way, from an empty folder on. Raises AssertionError where it is not as `docs/first-steps.md` says."""
    steps.run("windsock", "init", "--yes", "--thing", "door", "--port", str(free_port()))
    config = steps.folder / "windsock.toml"
    config.write_text(config.read_text().replace('label = "Open"', 'label = "Come in"'))
    steps.run("windsock", "check")
    with steps.serving("/readyz", "windsock", "serve"):
        _sees_changes(steps, "/things/door", ("#label", "#link"), ("OPEN", "SHUT"))
    (steps.folder / "app.py").write_text(documented_application())
    live, prefix = (".windsock-label", ".windsock-word"), f"{steps.url}/windsock"
    with steps.serving("/", "windsock", "run", "app:app", "--port", steps.port):
        _sees_changes(steps, "/", live, ("OPEN",), "--url", prefix)
    with steps.serving("/", "flask", "run", "--port", steps.port):
        _sees_changes(steps, "/", live, ("SHUT",), "--url", prefix)


def documented_application() -> str:
    """The `app.py` of the documents."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "first-steps.md").read_text(), re.DOTALL)
    [found] = [block for block in blocks if "windsock.live(" in block]
    return str(found)


def _sees_changes(steps: Walk, path: str, parts: tuple[str, str], states: Sequence[str], *where: str) -> None:
    """An open page changes with each `windsock send`; one that is opened then has the state at once."""
    page = steps.open_page(f"{steps.url}{path}") if steps.open_page else None
    for state in states:
        steps.run("windsock", "send", "door", state, *where)
        words = LABELS[state]
        assert words in request("GET", f"{steps.url}{path}").text
        if page:
            expect(page.locator(parts[0])).to_have_text(words)
            expect(page.locator(parts[1])).to_have_text("Live")


def _answers(url: str) -> bool:
    try:
        return request("GET", url).status == 200
    except OSError:
        return False


# ------------------------------------------------------------------------------------------ installing


def install(folder: Path, borrow: bool) -> Path:
    """Make a virtual environment with our wheel in it; where its programs are.

    ``borrow``: its dependencies are those of this Python, so that nothing is fetched.
    """
    wheels, venv = folder / "wheels", folder / "venv"
    _make([*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)])
    [wheel] = wheels.glob("*.whl")
    _make([sys.executable, "-m", "venv", "--without-pip", str(venv)])
    pip = [*PIP, "--python", str(venv / "bin" / "python"), "install"]
    if borrow:
        [packages] = venv.glob("lib/python*/site-packages")
        # As a path only: the .pth of this checkout, which lies there too, does not count.
        (packages / "borrowed.pth").write_text(f"{Path(click.__file__).parents[1]}\n")
    else:
        _make([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")])
    _make([*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheel)])
    if borrow:
        _program(venv, "flask", "flask.cli")
    return venv / "bin"


def _make(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False)  # noqa: S603
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"


def _program(venv: Path, name: str, module: str) -> None:
    """The program that pip would have made for a borrowed package."""
    path = venv / "bin" / name
    path.write_text(f"#!{venv / 'bin' / 'python'}\nfrom {module} import main\n\nmain()\n")
    path.chmod(0o755)


# -------------------------------------------------------------------------------------------- by hand


def main() -> None:
    """Walk, and say how long it took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="windsock-") as name, _browsing() as open_page:
        programs = install(Path(name), "--borrow" in sys.argv[1:])
        _say(f"installed in {time.monotonic() - began:.1f} s")
        (folder := Path(name, "first")).mkdir()
        walk(Walk(folder, programs, open_page, _say))
    without = "" if open_page else "; without a browser, for Chromium is not installed"
    _say(f"all in {time.monotonic() - began:.1f} s{without}")


@contextmanager
def _browsing() -> Iterator[OpenPage | None]:
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        yield None
        return
    with sync_playwright() as playwright:
        browser = chromium(playwright)

        def open_page(url: str) -> Page:
            page = browser.new_page()
            page.goto(url)
            return page

        yield open_page
        browser.close()


def _say(text: str) -> None:
    click.echo(text)


if __name__ == "__main__":
    main()
