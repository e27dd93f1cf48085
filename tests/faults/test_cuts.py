from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.cuts import cut_all
from tests.faults.program import DELIVERIES


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_viewers_whose_network_is_cut_know_every_version_in_the_end(delivery: str, tmp_path: Path) -> None:
    report = cut_all(tmp_path, delivery, viewers=50, cuts=4, changes=100, seed=7, slot=2.5)
    assert report.promises_kept(), str(report)
    assert report.filled_by_history, str(report)
