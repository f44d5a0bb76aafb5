"""Counts in the background: watched, paused, stopped, replaced by a newer one."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from mnist_draw.app.inside import incremental_job
from mnist_draw.app.inside.incremental_job import IncrementalJob
from mnist_draw.errors import UserError


@pytest.fixture
def count(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[IncrementalJob]:
    """Return a count that hands over every value."""
    monkeypatch.setattr(incremental_job, "_STEP_S", 0.0)
    made = IncrementalJob()
    made.set_active(True)
    yield made
    assert made.wait()


def noted(count: IncrementalJob) -> list[object]:
    """Return a list that values, ends and failures are added to."""
    found: list[object] = []
    count.stepped.connect(found.append)
    count.ended.connect(lambda: found.append("ended"))
    count.failed.connect(found.append)
    return found


def test_values_come_in_order_and_in_the_gui_thread(count: IncrementalJob, qtbot: QtBot) -> None:
    found = noted(count)
    threads = []
    count.stepped.connect(lambda _: threads.append(threading.current_thread()))
    counting = []

    def values() -> Iterator[int]:
        for number in range(5):
            counting.append(threading.current_thread())
            yield number

    with qtbot.waitSignal(count.ended):
        count.start(values)
    assert found == [0, 1, 2, 3, 4, "ended"]
    assert set(threads) == {threading.main_thread()}
    assert threading.main_thread() not in counting
    assert not count.is_counting


def test_a_new_count_waits_until_somebody_looks(qtbot: QtBot) -> None:
    made = IncrementalJob()
    found = noted(made)
    made.start(lambda: iter(range(2)))
    qtbot.wait(50)
    assert found == []
    with qtbot.waitSignal(made.ended):
        made.set_active(True)
    assert found == [1, "ended"]
    assert made.wait()


def test_a_count_pauses_while_nobody_looks(count: IncrementalJob, qtbot: QtBot) -> None:
    found = noted(count)
    count.stepped.connect(lambda value: count.set_active(value != 1))
    count.start(lambda: iter(range(4)))
    qtbot.waitUntil(lambda: 1 in found)
    qtbot.wait(50)
    assert found == [0, 1]
    assert count.is_counting
    with qtbot.waitSignal(count.ended):
        count.set_active(True)
    assert found == [0, 1, 2, 3, "ended"]


def test_a_newer_count_takes_over(count: IncrementalJob, qtbot: QtBot) -> None:
    found = noted(count)
    go_on = threading.Event()

    def slow() -> Iterator[str]:
        go_on.wait(5)
        yield "old"

    count.start(slow)
    with qtbot.waitSignal(count.ended):
        count.start(lambda: iter(["new"]))
        go_on.set()
    assert found == ["new", "ended"]


def test_what_was_stopped_says_nothing_more(count: IncrementalJob, qtbot: QtBot) -> None:
    found = noted(count)
    count.stepped.connect(lambda _: count.stop())
    count.start(lambda: iter(range(4)))
    qtbot.waitUntil(lambda: bool(found))
    qtbot.wait(50)
    assert found == [0]
    assert not count.is_counting


def test_a_failure_is_a_sentence_and_the_next_count_works(
    count: IncrementalJob, qtbot: QtBot
) -> None:
    found = noted(count)

    def fails() -> Iterator[int]:
        yield 1
        raise UserError("The pictures are gone.")

    with qtbot.waitSignal(count.failed):
        count.start(fails)
    assert found == [1, "The pictures are gone."]
    with qtbot.waitSignal(count.ended):
        count.start(lambda: iter([2]))
    assert found[-2:] == [2, "ended"]
