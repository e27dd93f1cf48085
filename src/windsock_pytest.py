"""The pytest plugin of `windsock.testing`. It stands beside the package: loading it imports nothing of Windsock.

pytest loads it into every test run of an environment that has Windsock in it, also where nobody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from windsock.testing import Serve


@pytest.fixture
def windsock_server() -> Iterator[Serve]:
    """Serves a Flask application until the end of the test: `windsock.testing.LiveServer` says with which options."""
    from windsock.testing.serving import serving

    with serving() as serve:
        yield serve
