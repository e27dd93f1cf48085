"""The way of a first-time user, with our wheel and this checkout's dependencies; `make first-steps` fetches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import OpenPage
from tools.first_steps import Walk, install, walk


@pytest.mark.timeout(300)  # five minutes are what it may take a person; here only a machine under load takes one
def test_from_nothing_to_a_page_of_ones_own(tmp_path: Path, open_page: OpenPage) -> None:
    programs = install(tmp_path, borrow=True)
    (tmp_path / "first").mkdir()
    walk(Walk(tmp_path / "first", programs, open_page))
