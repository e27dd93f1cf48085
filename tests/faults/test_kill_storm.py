from __future__ import annotations

from pathlib import Path

import pytest

from tests.azurite import Azurite
from tests.faults.kill_storm import storm


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [7])
def test_a_server_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    azurite: Azurite, tmp_path: Path, seed: int
) -> None:
    report = storm(azurite, tmp_path, kills=8, messages=120, seed=seed)
    assert report.promises_kept(), report
