from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.program import DELIVERIES
from tests.faults.restart import restart_under


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_after_a_restart_all_viewers_are_back_and_right(delivery: str, tmp_path: Path) -> None:
    report = restart_under(tmp_path, delivery, viewers=60, seed=7)
    assert report.promises_kept(), str(report)
