"""Looks inside the network after each epoch, beside the training and at its leisure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_draw.training.events import Parameters
    from mnist_draw.training.layer_inspection import LayerFigures, LayerInspection

#: After a look that took t seconds nothing is done for this many times t, so that training
#: loses at most a few percent however short its epochs are.
_REST = 25


class Inspector:
    """Inspects the newest epoch it is given in a thread, and skips those it has no time for."""

    def __init__(
        self,
        network: str,
        pictures: NDArray[np.uint8] | None,
        tell: Callable[[LayerFigures], object],
    ) -> None:
        self._network, self._tell = network, tell
        self._pictures = pictures
        self._before: Parameters | None = None
        self._inspection: LayerInspection | None = None
        self._failed = False
        self._closing = threading.Event()
        self._background = Background(newest_only=True)

    def post(self, epoch: int, parameters: Parameters) -> None:
        """Have the network after an epoch looked at; returns at once."""
        self._background.run(partial(self._look, epoch, self._before, parameters))
        self._before = parameters

    def close(self) -> None:
        """Look at the last epoch and end."""
        self._closing.set()
        self._background.wait()

    def _look(self, epoch: int, before: Parameters | None, after: Parameters) -> None:
        """Inspect, then rest; after an error the run goes on without its pictures."""
        if self._failed:
            return
        began = time.thread_time()
        try:
            if self._inspection is None:
                from mnist_draw.training.layer_inspection import LayerInspection

                self._inspection = LayerInspection(self._network)
                # Compiling is done once and is no reason to rest.
                began = time.thread_time()
            self._inspect(self._inspection, epoch, before, after)
        except Exception as error:  # told once, not after each epoch
            self._failed = True
            reporter.report(error)
        self._closing.wait(_REST * (time.thread_time() - began))

    def _inspect(
        self,
        inspection: LayerInspection,
        epoch: int,
        before: Parameters | None,
        after: Parameters,
    ) -> None:
        from mnist_draw.dataset.mnist import scale
        from mnist_draw.training.layer_inspection import DENSE_PICTURES

        pictures = None
        if self._pictures is not None:
            pictures = scale(self._pictures[:DENSE_PICTURES])
        self._tell(inspection.inspect(epoch, before, after, pictures))
