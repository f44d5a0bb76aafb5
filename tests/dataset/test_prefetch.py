"""Work in the background: in order, bounded, and over when it is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mnist_draw.dataset.prefetch import prefetch


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("prefetch")]


def test_results_come_in_order_whoever_is_first() -> None:
    late = threading.Event()

    def work(task: int) -> int:
        # The first task can only end after the second one.
        if task == 0:
            assert late.wait(10)
        if task == 1:
            late.set()
        return task * task

    assert list(prefetch(work, range(20), ahead=4, threads=2)) == [n * n for n in range(20)]
    assert workers() == []


def test_no_more_than_a_few_are_prepared() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = prefetch(lambda task: task, tasks(), ahead=3)
    assert taken == []
    for expected in range(10):
        assert next(results) == expected
        assert len(taken) == expected + 3
    results.close()  # type: ignore[attr-defined]
    assert len(taken) == 12
    assert workers() == []


def test_closing_drops_what_waits() -> None:
    begun, go, done = threading.Event(), threading.Event(), []

    def work(task: int) -> int:
        if task == 1:
            begun.set()
            assert go.wait(10)
        done.append(task)
        return task

    results = prefetch(work, range(50), ahead=10)
    assert next(results) == 0
    assert begun.wait(10)
    threading.Timer(0.2, go.set).start()
    results.close()  # type: ignore[attr-defined]
    # The one that was running is finished, the eight behind it are not begun.
    assert done == [0, 1]
    assert workers() == []


def test_errors_come_in_their_turn_and_end_it() -> None:
    def work(task: int) -> int:
        if task == 3:
            raise KeyError("three")
        return task

    results = prefetch(work, range(10), ahead=6, threads=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="three"):
        next(results)
    assert list(results) == []
    assert workers() == []


def test_an_error_of_the_tasks_themselves() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(prefetch(lambda task: task, tasks()))
    assert workers() == []


def test_nothing_to_do() -> None:
    assert list(prefetch(lambda task: task, [])) == []
    assert workers() == []


@pytest.mark.parametrize(("ahead", "threads"), [(0, 1), (1, 0)])
def test_bounds(ahead: int, threads: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        prefetch(lambda task: task, [1], ahead=ahead, threads=threads)
