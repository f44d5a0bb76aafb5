"""Values between threads: the newest only, or all in order."""

from __future__ import annotations

from mnist_draw.app.shared.mailbox import Inbox, LatestValue


def test_only_the_newest_is_kept_and_the_reader_woken_once() -> None:
    box: LatestValue[int] = LatestValue()
    assert [box.put(n) for n in range(3)] == [True, False, False]
    assert box.take() == 2
    assert box.take() is None
    assert box.put(3)


def test_inbox_keeps_all_in_order() -> None:
    box: Inbox[int] = Inbox()
    for n in range(5):
        box.put(n)
    assert box.take_all() == [0, 1, 2, 3, 4]
    assert box.take_all() == []
