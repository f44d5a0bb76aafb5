"""Runs from Python that stand in the Library: a record, figures and a network, once they ended."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from mnist_draw.dataset.mnist import Dataset
from mnist_draw.errors import plain_name
from mnist_draw.library.network_data import dataset_metadata
from mnist_draw.networks.lasagne_layers import read_network
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.training.control import Controls
from mnist_draw.training.events import DataLoaded, Event, Finished, Renamed, Requested
from mnist_draw.training.loop import train
from mnist_draw.training.presets import run_name
from mnist_draw.training.record import save_history, save_record
from mnist_draw.training.repeat import surroundings
from mnist_draw.training.run import MAX_NAME_LENGTH, MODEL, Run, now
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.settings import TrainingSettings


def train_recorded(
    settings: TrainingSettings,
    dataset: Dataset,
    network: Any,
    record: bool | str,
    controls: Controls | None = None,
) -> Generator[Event, None, None]:
    """Train, and list the run when it has ended, also where the listener breaks off.

    Where ``record`` is a text, the run's name begins with it, and runs of one text are one group. A
    network that the program has no layers for is refused before.
    """
    settings = settings.replace(network=read_network(network)[0].text)
    group = plain_name(record)[:MAX_NAME_LENGTH] if isinstance(record, str) else ""
    run = Run(settings=settings, started=now(), origin="python", group=group)
    run.apply(Requested(settings))
    run.apply(DataLoaded(settings, surroundings(dataset)))
    try:
        yield from train(settings, dataset=dataset, network=network, controls=controls, run=run)
    finally:
        if run.state == "testing":
            # All epochs are learned; what follows is not asked for.
            run.apply(Finished("completed", run.epochs_done, (), run.epochs))
        if run.has_ended and run.has_learned:
            _keep(run, dataset, network)


def _keep(run: Run, dataset: Dataset, network: Any) -> None:
    if run.group:
        run.apply(Renamed(f"{run.group}, {run_name(run.settings, run.changes)}"))
    run.folder = new_run_folder()
    save_history(run.folder, run.history)
    save_record(run)
    found, parameters = read_network(network)
    model = ModelFile(found.text, parameters).with_info(
        **dataset_metadata(dataset),
        name=run.title,
        epochs=run.epochs_done,
        settings=run.settings.without_places(),
        validation_accuracy=run.validation_accuracy,
        test_accuracy=run.test_accuracy,
    )
    save_model(run.folder / MODEL, model)
