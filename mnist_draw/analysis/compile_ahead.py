"""Compile what *Start* and *Learn my digits* need, and count *Results*, in a process of its own.

A preset's functions take LLVM one to two seconds of a processor, the loops of augmentation take
Numba 14, the first network's results 7, once for a computer: all of it stays on the disk. The
window starts this module as a process after it has been painted, and ends it when a run begins. It
has the lowest priority. A note in the cache says that all is there.
"""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path

import numpy as np

from mnist_draw import __version__, theano_bridge
from mnist_draw.analysis.pictures import load_test_pictures, load_validation_pictures
from mnist_draw.analysis.results import count_results
from mnist_draw.analysis.robustness import count_limits
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.errors import UserError
from mnist_draw.library.networks import default_model
from mnist_draw.recognition.fine_tuning import fine_tuning_settings
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import cache_folder
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.training.epoch_pictures import EpochPictures
from mnist_draw.training.functions import compile_evaluate, compile_train
from mnist_draw.training.loop import EVALUATION_SLICE
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings


def _note() -> Path:
    """Return the path of the note: it goes with what was compiled."""
    return cache_folder() / "compiled" / "compiled-ahead.txt"


def is_needed() -> bool:
    """Tell whether this version has not compiled all of it on this computer."""
    if theano_bridge.installed_theano():
        return False
    try:
        return read_file(_note(), MEGABYTE) != _versions()
    except (OSError, UserError):
        return True


def _versions() -> bytes:
    computer = platform.processor() or platform.machine()
    return f"{__version__} {theano_bridge.engine()} {computer}".encode()


def main() -> None:
    """Compile the functions of all presets and of learning; count the first network's results."""
    if hasattr(os, "nice"):
        os.nice(19)
    presets = [preset.settings for preset in PRESETS.values()]
    data = load_dataset()
    model = default_model()
    for settings in (*presets, fine_tuning_settings(model.network)):
        compile_functions(settings, data)
    count_ahead(model)
    with contextlib.suppress(OSError, UserError):
        write_atomically(_note(), _versions())


def compile_functions(settings: TrainingSettings, data: Dataset) -> None:
    """Compile what trains and validates a network; the sizes of a minibatch decide on kernels."""
    network = build_network(settings)
    minibatch = next(EpochPictures(settings, data).minibatches(1))
    compile_train(network, settings).train(*minibatch)
    some = slice(EVALUATION_SLICE)
    compile_evaluate(network)(data.train_images[some], data.train_labels[some].astype(np.int32))


def count_ahead(model: ModelFile) -> None:
    """Count what *Results* shows of a network first; the cache keeps it."""
    for counting in (
        count_results(model, load_test_pictures()),
        count_results(model, load_validation_pictures()),
        count_limits(model),
    ):
        *_, __ = counting


if __name__ == "__main__":
    main()
