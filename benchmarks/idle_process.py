"""A process that does nothing but wait: how late the computer itself wakes it up.

Where other virtual machines want the same processor, or another program runs, everything is late
now and then, also a program that is perfectly polite. What an idle process with the same timer
suffers at the same time is to be taken off a benchmark's figures before they are blamed on the
program. Nobody needs to start this file by hand.
"""

from __future__ import annotations

import subprocess
import sys
import time
from types import TracebackType

#: Seconds between two ticks.
TICK = 0.005


class IdleProcess:
    """Ticks beside a measurement, as a context manager; ``milliseconds`` are the ticks' delays."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []

    def __enter__(self) -> IdleProcess:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The end of its input ends it.
        output, _ = self._process.communicate()
        self.milliseconds = [float(word) for word in output.split()]


def tick_until_told() -> None:
    """Tick until the standard input ends; print how late each tick was, in milliseconds."""
    import threading

    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    print("ticking", flush=True)
    late = []
    while not ended.is_set():
        due = time.perf_counter() + TICK
        time.sleep(TICK)
        late.append(1000 * (time.perf_counter() - due))
    print(" ".join(f"{value:.3f}" for value in late))


if __name__ == "__main__":
    tick_until_told()
