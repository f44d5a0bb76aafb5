"""A run on the screen: the tutorial's lines, and a bar in a terminal or a notebook."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any, TextIO

from mnist_draw.errors import one_line
from mnist_draw.i18n import _, format_percent, number, pgettext
from mnist_draw.training import events

#: How the end of a run reads by itself.
_ENDINGS = {
    "early": _("The validation loss stopped falling."),
    "target": _("The target accuracy is reached."),
}
#: The bar is painted at most this often, in seconds.
_REDRAW = 0.1


def in_notebook() -> bool:
    """Whether Python runs behind a notebook; IPython is not imported for that."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def _figure(name: str, value: str) -> str:
    """Format a figure as the tutorial does: tabs lead to its value, in the fifth place of eight."""
    return f"  {name}:" + "\t" * max(1, 4 - (len(name) + 3) // 8) + value


def _percent(share: float) -> str:
    """Format a share as the tutorial does, with a space in every language."""
    return f"{number(100 * share, '.2f')} %"


def describe(event: events.Event) -> list[str]:
    """Format an event as the tutorial's lines; many have none."""
    if isinstance(event, events.Started):
        return [_("Starting training...")]
    if isinstance(event, events.EpochFinished):
        return [
            _(
                "Epoch {epoch} of {epochs} took {seconds}s",
                epoch=event.epoch,
                epochs=event.epochs,
                seconds=number(event.seconds, ".3f"),
            ),
            _figure(_("training loss"), number(event.training_loss, ".6f")),
            _figure(_("validation loss"), number(event.validation_loss, ".6f")),
            _figure(_("validation accuracy"), _percent(event.validation_accuracy)),
        ]
    if isinstance(event, events.Tested):
        return [
            _("Final results in {seconds} seconds:", seconds=number(event.seconds, ".1f")),
            _figure(_("test loss"), number(event.loss, ".6f")),
            _figure(_("test accuracy"), _percent(event.accuracy)),
        ]
    if isinstance(event, events.BatchSizeChosen | events.Diverged | events.CheckpointFailed):
        return [event.message]
    if isinstance(event, events.Finished) and event.reason in _ENDINGS:
        return [_ENDINGS[event.reason]]
    if isinstance(event, events.Finished) and event.reason == "stopped" and event.epochs_done:
        last = event.epochs_done
        return [
            _("Stopped; the network keeps what it has learned up to epoch {epoch}.", epoch=last),
        ]
    return []


class TrainingProgressBar:
    """A listener of the training loop that shows how far a run is, on standard error.

    In a notebook it is tqdm's widget where ipywidgets is installed, and its line of text otherwise.
    """

    def __init__(self, leave: bool = False) -> None:
        self._bar: Any = None
        self._leave = leave
        self._validated: list[str] = []

    def __call__(self, event: events.Event) -> None:
        if isinstance(event, events.Started):
            self._start(event)
        elif isinstance(event, events.BatchFinished) and self._bar is not None:
            self._bar.total = event.epochs * event.batches
            epoch = _("Epoch {epoch} of {epochs}", epoch=event.epoch, epochs=event.epochs)
            self._bar.set_description(epoch, refresh=False)
            figures = [_("loss {loss}", loss=number(event.loss, ".4f")), *self._validated]
            self._bar.set_postfix_str(", ".join(figures), refresh=False)
            self._bar.update()
        elif isinstance(event, events.EpochFinished):
            share = format_percent(event.validation_accuracy)
            self._validated = [_("validated {accuracy}", accuracy=share)]

    def print(self, line: str, stream: TextIO | None = None) -> None:
        stream = stream or sys.stdout
        line = one_line(line)
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
            unit=pgettext("minibatch", "batch"),
            mininterval=_REDRAW,
            leave=self._leave,
            dynamic_ncols=True,
            file=sys.stderr,
        )
