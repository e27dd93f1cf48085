from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.hosts import HOSTS
from tests.faults.windows import play


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2, 102])
@pytest.mark.parametrize("delivery", HOSTS)
def test_no_change_falls_between_snapshot_and_stream(delivery: str, tmp_path: Path, seed: int) -> None:
    findings = play(delivery, tmp_path, seed, seconds=1.5)
    assert not findings.faults, str(findings)
    assert findings.counts["versions"] > 20, str(findings)
    assert findings.counts["gaps filled"], str(findings)
