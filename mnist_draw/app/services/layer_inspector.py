"""Looks inside the network after each epoch, beside the training and at its leisure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from mnist_draw.app.shared.mailbox import LatestValue
from mnist_draw.app.shared.reporting import reporter

#: After a look that took t seconds nothing is done for this many times t, so that training
#: loses at most a few percent however short its epochs are.
_REST = 25


class Inspector:
    """A thread that inspects the newest epoch it is given, and skips those it has no time for.

    Parameters
    ----------
    network : str
        The network's text.
    pictures : array or None
        uint8 validation pictures (N, 1, 28, 28); None where there are none.
    tell : callable
        Called with each ``LayerFigures``, in the inspector's thread.
    """

    def __init__(self, network: str, pictures: Any, tell: Callable[[Any], object]) -> None:
        self._network, self._tell = network, tell
        self._pictures = pictures
        self._newest: LatestValue[tuple[int, Any, Any]] = LatestValue()
        self._before: Any = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inspector", daemon=True)
        self._thread.start()

    def post(self, epoch: int, parameters: Any) -> None:
        """Have the network after an epoch looked at; returns at once."""
        self._newest.put((epoch, self._before, parameters))
        self._before = parameters
        self._wake.set()

    def close(self) -> None:
        """Look at the last epoch and end."""
        self._closing.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            closing = self._closing.is_set()
            newest = self._newest.take()
            if newest is not None:
                began = time.thread_time()
                try:
                    self._inspect(*newest)
                except Exception as error:  # the run goes on without its pictures
                    reporter.report(error)
                    return
                self._closing.wait(_REST * (time.thread_time() - began))
            if closing:
                return

    def _inspect(self, epoch: int, before: Any, after: Any) -> None:
        from mnist_draw.dataset.mnist import scale
        from mnist_draw.training.layer_inspection import DENSE_PICTURES, inspect

        pictures = None
        if self._pictures is not None:
            pictures = scale(self._pictures[:DENSE_PICTURES])
        self._tell(inspect(self._network, epoch, before, after, pictures))
