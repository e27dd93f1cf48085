from __future__ import annotations

from pathlib import Path

import pytest

from tests.azurite import Azurite
from tests.faults.program import DELIVERIES
from tests.faults.suite import play
from tests.faults.suite_acts import DECKS


@pytest.mark.timeout(120)
@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("deck", DECKS)
def test_whatever_fails_every_promise_is_kept(azurite: Azurite, tmp_path: Path, deck: str, delivery: str) -> None:
    report = play(azurite, tmp_path, deck, delivery, seed=11, seconds=10)
    assert report.promises_kept(), str(report)
