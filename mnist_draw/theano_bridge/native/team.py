"""The threads that help to run kernels, and which threads they help.

Threads whose priority is lowered (`mnist_draw.thread_priority`) have helpers with a lowered
priority: others would hold a core as if they were the window's, while that wants to answer. One
helper fewer is called while the window claims a core.
"""

from __future__ import annotations

import atexit
import os
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import numpy as np

from mnist_draw import thread_priority
from mnist_draw.system import thread_clock
from mnist_draw.theano_bridge.native import runner

#: More threads get too little each: a minibatch of 500 rows then has about 60 for a thread, one
#: of 100 about 12.
MAX_THREADS = 8

#: Seconds that a program takes on one core from which on helpers are called. A helper that sleeps
#: is at work after 30 µs in the median on an idle computer, after far more on a busy one; sooner
#: than in ten times that, half of the work is not worth the other core.
WORTH_HELP = 400e-6
#: A program runs so often on one core to see how long that takes; the shortest time counts. One
#: run is not enough, since the first finds nothing in the caches.
TRIALS = 2


@dataclass(eq=False)
class Program:
    """A list of kernels, ready to run; see `mnist_draw.theano_bridge.native.runner`."""

    table: np.ndarray[Any, Any]
    keep: Any = None
    step: int = 0
    alone: float = float("inf")
    current: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros(8, np.int64))

    def __post_init__(self) -> None:
        self.address = self.table.ctypes.data
        self.current_address = self.current.ctypes.data
        self.divisible = bool((self.table[:, runner.CHUNKS] > 1).any())


class _Helper:
    """One thread that waits for programs to help with."""

    def __init__(self, number: int, lowered: bool) -> None:
        self._lowered = lowered
        self.program: Program | None = None
        #: What this helper is called for until it arrives, and after that `program`.
        self._next: Program | None = None
        # A semaphore's methods are Python code, for which both threads would need Python's lock.
        self._calls: SimpleQueue[Program | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._live, name=f"kernels-{number}", daemon=True)
        self._thread.start()

    def call(self, program: Program) -> None:
        """Have this helper join, unless it is there already."""
        if self.program is program or self._next is not None:
            return
        self.dismiss()
        self._next = program
        self._calls.put(program)

    def dismiss(self) -> None:
        """Send this helper away until it is called again."""
        # A called helper may arrive when all is done; it need not stay then either.
        program = self.program or self._next
        if program is not None:
            program.current[0] = -1

    def leave(self) -> None:
        """End the thread, and wait a moment until it has ended."""
        self.dismiss()
        self._calls.put(None)
        self._thread.join(1.0)

    def _live(self) -> None:
        if self._lowered:
            thread_priority.lower()
        _, helps = runner.functions()
        while (program := self._calls.get()) is not None:
            self.program = program
            self._next = None
            helps(
                program.address,
                len(program.table),
                # The step that is on its way, if any, still wants help.
                program.step - 1,
                program.current_address,
                runner.patience(),
            )
            self.program = None


class Team:
    """Some helpers. One program at a time has them; another runs alone meanwhile."""

    def __init__(self, lowered: bool = False) -> None:
        self._lowered = lowered
        self.threads = min(thread_priority.usable_cores(), MAX_THREADS)
        self._helpers: list[_Helper] = []
        self._lock = threading.Lock()
        self._closed = False

    def run(self, program: Program) -> None:
        """Run a program once, from its first kernel to its last."""
        lead, _ = runner.functions()
        with_help = (
            program.divisible
            and program.step >= TRIALS
            and program.alone >= WORTH_HELP
            and not self._closed
            and self._lock.acquire(blocking=False)
        )
        began = thread_clock()
        try:
            program.step += 1
            if with_help:
                if not self._helpers:
                    self._helpers = [_Helper(n + 1, self._lowered) for n in range(self.threads - 1)]
                called = len(self._helpers) - thread_priority.is_core_claimed()
                for helper in self._helpers[called:]:
                    helper.dismiss()
                # A called helper may look before the step is published, and would leave again.
                if program.current[0] < 0:
                    program.current[0] = program.step - 1
                for helper in self._helpers[:called]:
                    helper.call(program)
            lead(program.address, len(program.table), program.step, program.current_address)
        finally:
            if with_help:
                self._lock.release()
            else:
                program.alone = min(program.alone, thread_clock() - began)

    def close(self) -> None:
        """Send the helpers home; programs run on one core from now on."""
        self._closed = True
        with self._lock:
            helpers, self._helpers = self._helpers, []
        for helper in helpers:
            helper.leave()


_team = Team()
_lowered_team = Team(lowered=True)


def team() -> Team:
    """Return the team that helps the calling thread."""
    return _lowered_team if thread_priority.is_lowered() else _team


def _start_again() -> None:
    """Threads do not survive a fork: the child gets teams of its own."""
    global _team, _lowered_team
    _team = Team()
    _lowered_team = Team(lowered=True)


@atexit.register
def _end() -> None:
    """No thread may be in compiled code when the interpreter is taken down."""
    _team.close()
    _lowered_team.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_again)
