"""Reads what the page of a stored run shows; without Qt, and not for the GUI thread."""

from __future__ import annotations

from mnist_draw.analysis.layer_inspection import CONVOLUTION_PICTURES, inspect_layers
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.library.stored_network import load_trained, network_of_run
from mnist_draw.recognition.run_session import in_use
from mnist_draw.training.events import DigitsMissing
from mnist_draw.training.run import UNFINISHED, Run, RunEvent
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.twelve_digits import choose_twelve


def list_with_cut_off() -> tuple[list[Run], Run | None]:
    """List all runs, and return the newest that was cut off and can go on."""
    runs = list_runs()[0]
    left = (run for run in runs if run.state in UNFINISHED and run.has_checkpoint)
    return runs, next((run for run in left if not in_use(run.folder)), None)


def read_digits(run: Run) -> list[RunEvent]:
    """Have the twelve digits read by the network of a run that has ended, and inspect it."""
    try:
        data = load_dataset(run.settings.data_folder)
    except UserError:
        # A data set that is gone says so where it is chosen.
        return [DigitsMissing()]
    twelve = choose_twelve(data, run.settings.seed)
    try:
        rescued = run.rescued
        model = load_trained(rescued.path) if rescued else network_of_run(run).load()
    except UserError:
        # The digits are shown, unread.
        return [twelve]
    pictures = scale(data.validation_images[:CONVOLUTION_PICTURES])
    epoch = run.epochs_done
    layers = inspect_layers(model.network, epoch, None, model.parameters, pictures)
    return [twelve, twelve.read(model.network, model.parameters), layers]
