"""What waits for a viewer whose socket is full, or that is between two polls."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

from windsock.engine.frames import Frame

if TYPE_CHECKING:
    from windsock.engine.topics import Topic


class Backlog:
    """Everything that is owed, in order. Of a topic only that there is news, at the place where it was first owed.

    So a state comes after the CONNECT and before the acknowledgement that speak of it, and is the newest then.
    """

    __slots__ = ("_count", "_owed", "size")

    def __init__(self) -> None:
        # A topic is owed as itself, with whether its state changed. A frame has a number, or the topic that it is a
        # note about, as a pair.
        self._owed: OrderedDict[object, Frame | bool] = OrderedDict()
        self._count = 0
        self.size = 0

    def __len__(self) -> int:
        return len(self._owed)

    def pend(self, topic: Topic, whole: bool = True) -> bool:
        """Owe the newest state of a topic, once, however often it changes.

        ``whole``: it changed, and not only its clocks. Whether that overtook another change, which nobody will be sent.
        """
        if self._owed.get(topic):
            return whole
        self._owed[topic] = whole
        return False

    def note(self, topic: Topic, frame: Frame) -> None:
        """Owe a frame about a topic that a later one replaces."""
        self._owed["note", topic] = frame

    def forgive(self, topic: Topic) -> None:
        """Owe nothing of a topic any longer."""
        self._owed.pop(topic, None)
        self._owed.pop(("note", topic), None)

    def append(self, frame: Frame) -> None:
        """Owe a frame, after all that is owed already."""
        self._count += 1
        self._owed[self._count] = frame
        self.size += len(frame.wire)

    def drain(self, newest: Callable[[Topic], Frame]) -> Iterator[Frame]:
        """Everything owed, as it is taken; may be left at any point. What was taken is owed no more."""
        while self._owed:
            key, owed = self._owed.popitem(last=False)
            if not isinstance(owed, Frame):
                yield newest(cast("Topic", key))
                continue
            if isinstance(key, int):
                self.size -= len(owed.wire)
            yield owed
