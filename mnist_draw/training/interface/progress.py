"""A bar over the minibatches of a run, in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any, TextIO

from mnist_draw.errors import one_line
from mnist_draw.training.events import BatchFinished, EpochFinished, Event, Started

#: The bar is painted at most this often, in seconds.
_REDRAW = 0.1


def in_notebook() -> bool:
    """Tell whether Python runs behind a notebook. IPython is asked only if it is there already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


class ProgressBar:
    """A listener of the training loop that shows how far a run is, on standard error.

    In a notebook it is tqdm's widget where ipywidgets is installed, and its line of text otherwise.
    """

    def __init__(self, leave: bool = False) -> None:
        self._bar: Any = None
        self._leave = leave
        self._validated = ""

    def __call__(self, event: Event) -> None:
        """Show one event of the loop; most change nothing."""
        if isinstance(event, Started):
            self._start(event)
        elif isinstance(event, BatchFinished) and self._bar is not None:
            self._bar.total = event.epochs * event.batches
            self._bar.set_description(f"Epoch {event.epoch}/{event.epochs}", refresh=False)
            self._bar.set_postfix_str(f"loss {event.loss:.4f}{self._validated}", refresh=False)
            self._bar.update()
        elif isinstance(event, EpochFinished):
            self._validated = f", validated {event.validation_accuracy:.2%}"

    def print(self, line: str, stream: TextIO | None = None) -> None:
        """Print a line above the bar."""
        stream, line = stream or sys.stdout, one_line(line)
        if self._bar is None:
            print(line, file=stream, flush=True)
            return
        # Takes the bar away, prints, and paints the bar again below.
        self._bar.write(line, file=stream)
        stream.flush()

    def close(self) -> None:
        """Take the bar away, or let it stand."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _start(self, event: Started) -> None:
        # It warns where a notebook has no widgets; a line of text does as well.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tqdm = import_module("tqdm.auto" if in_notebook() else "tqdm").tqdm
        self._bar = tqdm(
            total=event.epochs * event.batches,
            initial=(event.first_epoch - 1) * event.batches,
            unit="batch",
            mininterval=_REDRAW,
            leave=self._leave,
            dynamic_ncols=True,
            file=sys.stderr,
        )
