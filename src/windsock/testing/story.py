"""What a test that waited in vain is told. Pure: from a diary to a text."""

from __future__ import annotations

from collections.abc import Sequence

from windsock.testing.diary import Entry

BEFORE = 5
"""How many entries are shown that were read already."""
MOST = 40
"""The most entries that are shown of what came instead: the first and the last ones."""


def wanted_words(state: str | None, thing: str | None, stale: bool | None, source: str | None) -> str:
    """What was waited for: ``HUGGING of cloud, stale``."""
    named = " of ".join(part for part in (state or "a state", thing) if part)
    conditions = [] if stale is None else ["stale" if stale else "not stale"]
    conditions += [] if source is None else [f"its source {source}"]
    return ", ".join([named, *conditions])


def not_seen(
    who: str, wanted: str, within: float, entries: Sequence[Entry], unread: int, explanations: Sequence[str]
) -> str:
    """Who did not see what, all that came instead with its times, and what the server says of itself."""
    instead, read = entries[len(entries) - unread :], entries[: len(entries) - unread]
    head = f"the viewer of {who} did not see {wanted} within {within:g} s"
    lines = [f"{head}; it saw instead:", *_shortened(instead)] if instead else [f"{head}; nothing came."]
    if read:
        lines += ["Before that:", *map(_line, read[-BEFORE:])]
    if explanations:
        lines += ["The server says:", *(f"  {line}" for line in explanations)]
    return "\n".join(lines)


def _shortened(entries: Sequence[Entry]) -> list[str]:
    lines = list(map(_line, entries))
    if len(lines) <= MOST:
        return lines
    left_out = f"  … {len(lines) - MOST} more …"
    return [*lines[: MOST // 2], left_out, *lines[-MOST // 2 :]]


def _line(entry: Entry) -> str:
    return f"  {entry}"
