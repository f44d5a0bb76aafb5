"""A run on the screen: the tutorial's lines, and a bar in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any, TextIO

from mnist_draw.errors import one_line
from mnist_draw.training import events

#: How the end of a run reads; a run that was completed needs no word.
_ENDINGS = {
    "stopped": "Stopped before the end; the network keeps what it has learnt.",
    "early": "Stopped early: the validation loss fell no further.",
    "target": "Stopped: the target accuracy is reached.",
}
#: The bar is painted at most this often, in seconds.
_REDRAW = 0.1


def in_notebook() -> bool:
    """Whether Python runs behind a notebook; IPython is not imported for that."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def describe(event: events.Event) -> list[str]:
    """Format an event as the tutorial's lines; many have none."""
    if isinstance(event, events.Started):
        return ["Starting training..."]
    if isinstance(event, events.EpochFinished):
        return [
            f"Epoch {event.epoch} of {event.epochs} took {event.seconds:.3f}s",
            f"  training loss:\t\t{event.training_loss:.6f}",
            f"  validation loss:\t\t{event.validation_loss:.6f}",
            f"  validation accuracy:\t\t{event.validation_accuracy * 100:.2f} %",
        ]
    if isinstance(event, events.Tested):
        return [
            "Final results:",
            f"  test loss:\t\t\t{event.loss:.6f}",
            f"  test accuracy:\t\t{event.accuracy * 100:.2f} %",
        ]
    if isinstance(event, events.BatchSizeChosen | events.Diverged | events.CheckpointFailed):
        return [event.message]
    if isinstance(event, events.Finished) and event.reason in _ENDINGS:
        return [_ENDINGS[event.reason]]
    return []


class TrainingProgressBar:
    """A listener of the training loop that shows how far a run is, on standard error.

    In a notebook it is tqdm's widget where ipywidgets is installed, and its line of text otherwise.
    """

    def __init__(self, leave: bool = False) -> None:
        self._bar: Any = None
        self._leave = leave
        self._validated = ""

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Started):
            self._start(event)
        elif isinstance(event, events.BatchFinished) and self._bar is not None:
            self._bar.total = event.epochs * event.batches
            self._bar.set_description(f"Epoch {event.epoch}/{event.epochs}", refresh=False)
            self._bar.set_postfix_str(f"loss {event.loss:.4f}{self._validated}", refresh=False)
            self._bar.update()
        elif isinstance(event, events.EpochFinished):
            self._validated = f", validated {event.validation_accuracy:.2%}"

    def print(self, line: str, stream: TextIO | None = None) -> None:
        stream, line = stream or sys.stdout, one_line(line)
        if self._bar is None:
            print(line, file=stream, flush=True)
            return
        # Removes the bar, prints, and paints the bar again below.
        self._bar.write(line, file=stream)
        stream.flush()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _start(self, event: events.Started) -> None:
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
