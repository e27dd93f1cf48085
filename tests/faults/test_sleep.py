from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.sleep import WAYS, sleep


@pytest.mark.parametrize("way", WAYS)
def test_a_page_that_slept_is_right_within_three_seconds_and_never_shows_an_old_value_as_live(
    tmp_path: Path, way: str
) -> None:
    sleepers = sleep(tmp_path, way, seconds=8)
    assert [] == [str(one) for one in sleepers if one.findings]
    assert all(one.moments for one in sleepers)
