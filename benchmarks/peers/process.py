"""A candidate in a process of its own, and the pipe through which it gets its turns.

The child reads one JSON object a line from its standard input and answers with one; what
libraries print meanwhile goes to a log. Between two turns it waits in a system call.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from peers import CANDIDATES, UnavailableError
from peers.task import Task, load

BENCHMARKS = Path(__file__).resolve().parents[1]
#: A candidate that has not answered after so many seconds is given up.
PATIENCE = 900.0
#: Validation pictures whose loss must be the same for all before the first step.
CHECKED = 500


class Contestant:
    """The parent's side of one candidate; raises UnavailableError if it cannot take part."""

    def __init__(self, name: str, task: Task, folder: Path) -> None:
        self.name = name
        #: Processor seconds that it used while it was not its turn.
        self.idle_seconds = 0.0
        self._log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed below
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "peers.process", name, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True,
            cwd=BENCHMARKS,
            env=os.environ | thread_variables(task.threads) | CANDIDATES[name].environment,
        )  # fmt: skip
        try:
            answer = self._read()
            if "unavailable" in answer:
                raise UnavailableError(answer["unavailable"])
        except BaseException:
            self.close()
            raise
        #: Library and version.
        self.version: str = answer["version"]
        #: Loss of the first validation pictures with the first weights; None for the floor.
        self.first_loss: float | None = answer["first_loss"]
        #: Seconds from the start of the process until its first minibatch was learned.
        self.ready_seconds = time.perf_counter() - began

    def train(self, batches: int) -> float:
        """Let it learn so many minibatches; return seconds."""
        return self._turn("train", batches)

    def evaluate(self, pictures: int) -> float:
        """Let it evaluate so many validation pictures; return seconds."""
        return self._turn("evaluate", pictures)

    def _turn(self, what: str, amount: int) -> float:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has died: reading tells how
            self._process.stdin.write(json.dumps({"do": what, "amount": amount}) + "\n")
            self._process.stdin.flush()
        answer = self._read()
        self.idle_seconds += answer["idle_seconds"]
        return float(answer["seconds"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            self._process.wait()
            self._log.seek(0)
            last = self._log.read().strip().splitlines()[-1:]
            reason = last[0] if last else f"exit status {self._process.returncode}"
            raise UnavailableError(f"its process ended: {reason}")
        result: dict[str, Any] = json.loads(line)
        return result

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def thread_variables(threads: int) -> dict[str, str]:
    """Return what tells the libraries' pools how many threads to keep."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
             "NPROC")  # fmt: skip
    return dict.fromkeys(names, str(threads))


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _cores_taken(real_time: bool) -> Iterator[None]:
    """Let no other process have the cores meanwhile, if asked to: Linux gives that to root."""
    if real_time:
        _schedule(os.SCHED_RR, 1)
    try:
        yield
    finally:
        if real_time:
            _schedule(os.SCHED_OTHER, 0)


def _schedule(policy: int, priority: int) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setscheduler(int(thread.name), policy, os.sched_param(priority))


def _child(name: str, folder: Path) -> None:
    # The pipe for this protocol alone: what libraries print must not get into it.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    task, arrays, weights = load(folder)
    if hasattr(os, "sched_setaffinity"):
        # Some pools ask the system how many cores there are, and nothing else.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: task.threads])
    candidate = CANDIDATES[name]
    rng = np.random.default_rng(1)
    size = task.batch_size
    try:
        module = importlib.import_module(f"peers.{candidate.module}")
        peer = getattr(module, candidate.cls)(task, arrays, weights)
        first_loss, _ = peer.evaluate(CHECKED)
        peer.train(rng.permutation(len(arrays.train_labels))[:size])
        version = module.version()
    except ImportError as error:
        answer(unavailable=f"not installed ({error})")
        return
    except Exception as error:  # whatever a library raises: the others go on
        answer(unavailable=f"{type(error).__name__}: {str(error).strip().splitlines()[:1]}")
        raise
    answer(version=version, first_loss=None if np.isnan(first_loss) else first_loss)
    used = time.process_time()
    for line in sys.stdin:
        request = json.loads(line)
        idle_seconds = time.process_time() - used
        amount = request["amount"]
        if request["do"] == "train":
            rounds = -(-amount * size // len(arrays.train_labels))
            order = np.concatenate(
                [rng.permutation(len(arrays.train_labels)) for _ in range(rounds)],
            )[: amount * size]
            work = partial(peer.train, order)
        else:
            work = partial(peer.evaluate, amount)
        with _cores_taken(task.real_time):
            began = time.perf_counter()
            work()
            seconds = time.perf_counter() - began
        used = time.process_time()
        answer(seconds=seconds, idle_seconds=idle_seconds)


if __name__ == "__main__":
    sys.path.insert(0, str(BENCHMARKS.parent))
    _child(sys.argv[1], Path(sys.argv[2]))
