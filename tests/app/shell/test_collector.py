"""Garbage goes in the window's thread, and only there."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from PyQt5.QtCore import QPoint
from PyQt5.QtGui import QCursor
from pytestqt.qtbot import QtBot

from mnist_draw.app.shell import collector as collector_module
from mnist_draw.app.shell.collector import Collector


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
    collector = Collector()
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


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """How many objects each look is at that takes long: one at more than the youngest."""
    found: list[int] = []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start" and about["generation"] == 2:
            found.append(sum(len(gc.get_objects(generation)) for generation in range(3)))

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def make_objects(collector: Collector, times: int) -> list[list[object]]:
    """Make 2,000 objects that stay, so many times, with a look after each."""
    kept: list[list[object]] = []
    for _ in range(times):
        kept += [[] for _ in range(2000)]
        collector.collect()
    return kept


def test_what_has_survived_a_look_is_not_looked_at_again(qtbot: QtBot, looks: list[int]) -> None:
    collector = Collector()
    try:
        looks.clear()
        kept = make_objects(collector, 60)
        assert len(kept) == 120_000
        assert 6 <= len(looks) <= 14
        assert max(looks) < 20_000
    finally:
        collector.stop()


def test_it_looks_more_often_while_many_objects_are_made(qtbot: QtBot) -> None:
    collector = Collector()
    try:
        collector.collect()
        rarely = collector._timer.interval()
        kept = make_objects(collector, 1)
        assert 0 < collector._timer.interval() < rarely
        collector.collect()
        assert collector._timer.interval() == rarely
        assert len(kept) == 2000
    finally:
        collector.stop()


def test_everything_is_looked_at_when_the_pointer_stands_still(
    qtbot: QtBot, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter(range(1_000_000))
    monkeypatch.setattr(QCursor, "pos", lambda: QPoint(next(places), 0))
    monkeypatch.setattr(collector_module, "_GROWTH", 0.0)
    freed: list[str] = []
    collector = Collector()
    try:
        held = [Ring(freed) for _ in range(100)]
        kept = make_objects(collector, 20)
        # Set aside by now, they are let go.
        held.clear()
        looks.clear()
        kept += make_objects(collector, 20)
        assert not freed
        monkeypatch.setattr(QCursor, "pos", lambda: QPoint(0, 0))
        monkeypatch.setattr(collector_module, "_STILL_S", 0.0)
        collector.collect()
        assert len(freed) == 100
        assert max(looks) > len(kept)
    finally:
        collector.stop()


def test_while_something_happens_not_everything_is_looked_at(
    qtbot: QtBot, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1_000_000))
    monkeypatch.setattr(collector_module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(QCursor, "pos", lambda: QPoint(0, 0))
    monkeypatch.setattr(collector_module, "_GROWTH", 0.0)
    monkeypatch.setattr(collector_module, "_STILL_S", 5.0)
    monkeypatch.setattr(collector_module, "_LATEST_S", 3600.0)
    collector = Collector()
    try:
        kept = make_objects(collector, 10)
        looks.clear()
        # A second between two looks: as while somebody is answered, fewer objects than are due.
        for _ in range(10):
            kept += [[] for _ in range(50)]
            collector.collect()
        assert not looks
        for _ in range(10):
            collector.collect()
        assert len(looks) == 1
        assert looks[0] > len(kept)
    finally:
        collector.stop()


def test_a_pointer_that_never_rests_does_not_keep_garbage_for_ever(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter(range(1_000_000))
    monkeypatch.setattr(QCursor, "pos", lambda: QPoint(next(places), 0))
    monkeypatch.setattr(collector_module, "_GROWTH", 0.0)
    freed: list[str] = []
    collector = Collector()
    try:
        held = [Ring(freed) for _ in range(100)]
        kept = make_objects(collector, 20)
        held.clear()
        kept += make_objects(collector, 20)
        assert not freed
        monkeypatch.setattr(collector_module, "_LATEST_S", 0.0)
        collector.collect()
        assert len(freed) == 100
    finally:
        collector.stop()
