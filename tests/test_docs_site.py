"""The documents as a site: every one has its place, every link leads somewhere, and nobody else is asked."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser import OpenPage
from tools.docs import contents, generated
from tools.docs.build import SITE
from tools.docs.python import public_names
from windsock.cli import main

pytestmark = pytest.mark.timeout(300)  # with nothing built yet, on a busy machine

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
        ROOT / "bench" / "README.md",
    ]
    if "node_modules" not in path.parts
)
UNIT = ROOT / "examples" / "systemd" / "windsock.service"
LOADED = {"audio", "embed", "iframe", "img", "input", "link", "script", "source", "track", "video"}


@dataclass
class Reader(HTMLParser):
    """What a page refers to, and what it can be referred to by."""

    path: Path
    loaded: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.names.add(value or "")
            elif name in ("href", "src", "poster", "data") and value:
                (self.loaded if tag in LOADED else self.linked).append(value)

    def target(self, link: str) -> tuple[Path, str]:
        """The file and the name in it to which a link of this page leads."""
        parts = urlsplit(link)
        return (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path, unquote(parts.fragment)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="module")
def site(run_folder: Path) -> Path:
    """The site, as `make docs` builds it, once in a run: another process may be reading it."""
    built = run_folder / "docs-site"
    with built.open("a") as once:
        fcntl.flock(once, fcntl.LOCK_EX)
        if not built.stat().st_size:
            build()
            once.write("built")
    return SITE


def build() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs.build"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Reader]:
    return {path: Reader(path) for path in site.rglob("*.html")}


def outside(link: str) -> bool:
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def test_every_document_is_named_on_the_way_through_the_site(pages: dict[Path, Reader]) -> None:
    front = pages[SITE / "docs" / "index.html"]
    named = {front.target(link)[0] for link in front.linked if not outside(link)}
    assert [] == [str(path) for path in DOCUMENTS if SITE / path.with_suffix(".html") not in named]


def test_every_document_that_the_readme_names_is_a_page(site: Path) -> None:
    named = re.findall(r"\]\(([\w/.-]+\.md)", (ROOT / "README.md").read_text())
    assert named
    assert [] == [name for name in named if not (site / name).with_suffix(".html").is_file()]


def test_no_page_loads_anything_from_elsewhere(pages: dict[Path, Reader]) -> None:
    wrong = [(page.path.name, link) for page in pages.values() for link in page.loaded if outside(link)]
    assert [] == [(name, link) for name, link in wrong if not link.startswith("data:")]


def test_no_stylesheet_loads_anything_from_elsewhere(site: Path) -> None:
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert [] == [
        (sheet.name, link)
        for sheet in sheets
        for link in re.findall(r"""(?:url\(|@import)\s*["']?((?:\w+:)?//[^"')]+)""", sheet.read_text())
    ]


def test_every_link_within_the_site_leads_somewhere(pages: dict[Path, Reader]) -> None:
    lost = []
    for page in pages.values():
        for link in filter(lambda link: not outside(link), page.loaded + page.linked):
            path, name = page.target(link)
            if not path.is_file() or (name and path in pages and name not in pages[path].names):
                lost.append((page.path.name, link))
    assert [] == lost


def test_every_public_name_is_in_the_reference(pages: dict[Path, Reader]) -> None:
    assert [] == [name for name in public_names() if name not in pages[SITE / "docs/reference/names.html"].names]


def test_the_help_of_every_command_is_in_the_reference(pages: dict[Path, Reader]) -> None:
    names = pages[SITE / "docs/reference/commands.html"].names
    assert [] == [verb for verb in main.commands if f"windsock-{verb}" not in names]


def test_every_how_to_is_named_on_the_front_page() -> None:
    front = (ROOT / "docs" / "index.md").read_text()
    titles = re.findall(r"^## (.+)$", (ROOT / "docs" / "how-to.md").read_text(), re.MULTILINE)
    slugs = {title: re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert [] == [title for title, slug in slugs.items() if f"(how-to.md#{slug})" not in front]


def test_the_site_is_read_and_searched_without_a_server(site: Path, open_page: OpenPage) -> None:
    page = open_page((site / "index.html").as_uri())
    page.get_by_role("heading", name="Windsock", exact=False).first.wait_for()
    page.goto(f"{(site / 'search.html').as_uri()}?q=LimitNOFILE")
    page.locator("#search-results li", has_text="How to").first.wait_for()


@pytest.mark.parametrize("width", [360, 1360])
@pytest.mark.parametrize("name", ["docs/explanation", "docs/reference/names", "docs/reference/operations", "README"])
def test_no_page_is_wider_than_its_window(site: Path, open_page: OpenPage, name: str, width: int) -> None:
    page = open_page((site / f"{name}.html").as_uri(), viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# ------------------------------------------------------------------------------------------------ how it is made


def test_each_headings_list_of_links_is_a_part_of_the_contents() -> None:
    text = (
        "# Title\n\n- [A](a.md)\n\n## One\n\n- [B](../b/README.md): words\n  - [below](c.md)\n- [a part](d.md#part)\n"
    )
    assert [("", [("A", "a")]), ("One", [("B", "../b/README")])] == list(contents.parts(text))


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("[a](examples/)", "[a](examples/README.md)"),
        ("[a](../b/c/)", "[a](../b/c/README.md)"),
        ("[a](https://example.org/)", "[a](https://example.org/)"),
        ("[a](b.md)", "[a](b.md)"),
    ],
)
def test_a_link_to_a_folder_leads_to_its_readme(link: str, found: str) -> None:
    assert found == generated.FOLDER.sub(generated.README, link)


# ---------------------------------------------------------------------------------------------------- the unit


def test_the_unit_in_the_how_to_is_the_one_among_the_examples() -> None:
    block = re.search(r"^   ```ini\n(.*?)^   ```$", (ROOT / "docs/how-to.md").read_text(), re.MULTILINE | re.DOTALL)
    assert block
    assert UNIT.read_text() == re.sub(r"^   ", "", block[1], flags=re.MULTILINE)


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / UNIT.name
    program = Path(sys.executable).with_name("windsock")
    unit.write_text(UNIT.read_text().replace("/opt/windsock/bin/windsock", str(program)))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], check=False, capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
