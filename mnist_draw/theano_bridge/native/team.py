"""The threads that help to run kernels, and who may have their help."""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native import runner

#: More threads than this do not make a network of this size faster.
MOST_THREADS = 8


@dataclass(eq=False)
class Program:
    """A list of kernels, ready to run; see `mnist_draw.theano_bridge.native.runner`.

    Attributes
    ----------
    table
        int64 (kernels, WORDS), aligned to cache lines.
    keep
        What the kernels read and write, so that it lives as long as the program.
    step
        How often it has run.
    divisible
        Whether there is anything that a helper could do.
    current
        int64 (1,): the step that is running or ran last, as the helpers see it; -1 sends them
        away.
    """

    table: np.ndarray[Any, Any]
    keep: Any = None
    step: int = 0
    current: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros(8, np.int64))

    def __post_init__(self) -> None:
        self.address = self.table.ctypes.data
        self.current_address = self.current.ctypes.data
        self.divisible = bool((self.table[:, runner.CHUNKS] > 1).any())


class _Helper:
    """One thread that waits for programs to help with."""

    def __init__(self, number: int) -> None:
        self.wake = threading.Semaphore(0)
        self.program: Program | None = None
        self.called = False
        self._next: Program | None = None
        self._thread = threading.Thread(target=self._live, name=f"kernels-{number}", daemon=True)
        self._thread.start()

    def call(self, program: Program) -> None:
        """Have this helper join, unless it is there already."""
        if self.program is program or self.called:
            return
        old, self.called = self.program, True
        if old is not None:
            old.current[0] = -1
        self._next = program
        self.wake.release()

    def leave(self) -> None:
        """End the thread, and wait a moment until it has ended."""
        self._next, self.called = None, True
        program = self.program
        if program is not None:
            program.current[0] = -1
        self.wake.release()
        self._thread.join(1.0)

    def _live(self) -> None:
        _, helps = runner.functions()
        while True:
            self.wake.acquire()
            program = self.program = self._next
            if program is None:
                return
            self.called = False
            helps(
                program.address,
                len(program.table),
                # The step that is on its way, if any, still wants help.
                program.step - 1,
                program.current_address,
                runner.IDLE_LOOKS,
            )
            self.program = None


class Team:
    """The helpers of this process. One program at a time has them; another runs alone meanwhile."""

    def __init__(self) -> None:
        self.threads = min(usable_cores(), MOST_THREADS)
        self._helpers: list[_Helper] = []
        self._lock = threading.Lock()
        self._closed = False

    def run(self, program: Program) -> None:
        """Run a program once, from its first kernel to its last."""
        lead, _ = runner.functions()
        with_help = program.divisible and not self._closed and self._lock.acquire(blocking=False)
        try:
            program.step += 1
            if with_help:
                if not self._helpers:
                    self._helpers = [_Helper(n + 1) for n in range(self.threads - 1)]
                for helper in self._helpers:
                    helper.call(program)
            lead(program.address, len(program.table), program.step, program.current_address)
        finally:
            if with_help:
                self._lock.release()

    def close(self) -> None:
        """Send the helpers home; programs run on one core from now on."""
        self._closed = True
        with self._lock:
            helpers, self._helpers = self._helpers, []
        for helper in helpers:
            helper.leave()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_team = Team()


def team() -> Team:
    """Return the team of this process."""
    return _team


def _start_again() -> None:
    """Threads do not survive a fork: the child gets a team of its own."""
    global _team
    _team = Team()


@atexit.register
def _end() -> None:
    """No thread may be in compiled code when the interpreter is taken down."""
    _team.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)
