"""Garbage goes in the window's thread, and only there."""

from __future__ import annotations

import gc
import threading
import weakref

from pytestqt.qtbot import QtBot

from mnist_draw.app.shell.collector import GuiThreadGarbageCollector


class Ring:
    """Holds itself, so that only the collector frees it."""

    def __init__(self, freed: list[str]) -> None:
        self.itself = self
        weakref.finalize(self, lambda: freed.append(threading.current_thread().name))


def make_garbage(freed: list[str], count: int) -> None:
    for _ in range(count):
        Ring(freed)


def test_what_other_threads_leave_is_freed_in_the_windows_thread(qtbot: QtBot) -> None:
    freed: list[str] = []
    collector = GuiThreadGarbageCollector()
    try:
        thread = threading.Thread(target=make_garbage, args=(freed, 20_000))
        thread.start()
        thread.join()
        assert not freed
        qtbot.waitUntil(lambda: len(freed) > 19_000)
        assert set(freed) == {threading.main_thread().name}
    finally:
        collector.stop()
    assert gc.isenabled()


def test_the_oldest_objects_are_looked_at_seldom(qtbot: QtBot) -> None:
    collector = GuiThreadGarbageCollector()
    looked: list[int] = []
    gc.callbacks.append(lambda phase, about: looked.append(about["generation"]))
    try:
        kept: list[list[object]] = []
        for _ in range(200):
            kept += [[] for _ in range(gc.get_threshold()[0] + 100)]
            collector.collect()
        assert looked.count(0) > looked.count(1) > looked.count(2) > 0
    finally:
        gc.callbacks.pop()
        collector.stop()
