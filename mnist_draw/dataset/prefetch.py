"""Prepare what comes next in the background, while what is here is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def prefetch(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    ahead: int = 3,
    threads: int = 1,
) -> Iterator[Result]:
    """Do work in threads, a few tasks ahead of who takes the results.

    Nothing starts before the first result is asked for. When the iterator is closed, or
    forgotten, waiting tasks are dropped and running ones are waited for: no thread is left.

    Parameters
    ----------
    work : callable
        What to do with a task; called in several threads at once if `threads` exceeds 1.
    tasks : iterable
        Taken one after another, in the thread of the caller.
    ahead : int
        Results that may be ready or in the making at a time, at least 1.
    threads : int
        At least 1.

    Yields
    ------
    Result
        In the order of the tasks, whichever is ready first. An error of a task is raised when
        its turn comes; no later task is begun.

    Raises
    ------
    ValueError
        `ahead` or `threads` is less than 1.
    """
    if ahead < 1 or threads < 1:
        raise ValueError(f"ahead and threads must be at least 1, got {ahead} and {threads}")
    return _prefetch(work, iter(tasks), ahead, threads)


def _prefetch(
    work: Callable[[Task], Result], tasks: Iterator[Task], ahead: int, threads: int
) -> Iterator[Result]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="prefetch")
    waiting: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        pool.shutdown(wait=True)
