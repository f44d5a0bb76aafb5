"""Everything that the program writes, as functions that write one version or another.

Each takes a folder and a number, 0 or 1, and writes the file that belongs to it. What is written
is sound: whatever happens meanwhile, the file is that of one of the two numbers, or not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

Writer = Callable[[Path, int], object]


_NETWORK = "custom_mlp:1,32,0.2,0.5"


def _parameters(number: int) -> tuple[np.ndarray, ...]:
    shapes = ((784, 32), (32,), (32, 10), (10,))
    return tuple(np.full(shape, number, np.float32) for shape in shapes)


def _model(folder: Path, number: int) -> None:
    from mnist_draw.storage import ModelFile, save_model

    save_model(folder / "model.npz", ModelFile(_NETWORK, _parameters(number)))


def _checkpoint(folder: Path, number: int) -> None:
    from mnist_draw.training.checkpoint import Checkpoint
    from mnist_draw.training.settings import TrainingSettings

    settings = TrainingSettings(network=_NETWORK)
    # The second goes on from the first.
    epochs = 1 + number
    table = np.ones((epochs, 7))
    table[:, 0] = np.arange(1, epochs + 1)
    figures = (np.zeros(3 * epochs), np.zeros(3 * epochs), table)
    made = Checkpoint(settings, epochs, "data", _parameters(number), (), figures, 0, 1.0, ())
    made.save(folder / "checkpoint.npz")


def _record(folder: Path, number: int) -> None:
    from mnist_draw.training.record import save_record
    from mnist_draw.training.run import Run
    from mnist_draw.training.settings import TrainingSettings

    save_record(
        Run(folder, TrainingSettings(), name=f"run {number}", started="2026-11-25 10:15"),
    )


def _history(folder: Path, number: int) -> None:
    from mnist_draw.training.history import EpochFigures, History
    from mnist_draw.training.record import save_history

    history = History()
    history.epochs = [EpochFigures(1, 1.0 + number, 1.0, 0.5, 1.0, 0.5, 100.0)]
    save_history(folder, history)


def _history_table(folder: Path, number: int) -> None:
    from mnist_draw.training.history import EpochFigures, LossHistory

    history = LossHistory()
    history.epochs = [EpochFigures(1, 1.0 + number, 1.0, 0.5, 1.0, 0.5, 100.0)]
    history.write_csv(folder / "epochs.csv")


def _minibatch_table(folder: Path, number: int) -> None:
    from mnist_draw.training.history import LossHistory

    history = LossHistory()
    history.batch_losses.append(number)
    history.batch_accuracies.append(0.5)
    history.write_minibatches_csv(folder / "minibatches.csv")


def _settings(folder: Path, number: int) -> None:
    from mnist_draw.training.presets import save_settings
    from mnist_draw.training.settings import TrainingSettings

    save_settings(folder / "settings.json", TrainingSettings(epochs=1 + number))


def _preferences(folder: Path, number: int) -> None:
    from mnist_draw.storage.preferences import Preferences

    preferences = Preferences(folder / "preferences.json")
    preferences.set("number", number)
    # Set twice: what is there already is not written.
    preferences.set("other", 1 - number)
    preferences.save()


def _digit(folder: Path, number: int) -> None:
    from mnist_draw.storage.my_digits import TaughtDigit, save_digit

    ink = np.full((100, 100), 100 + number, np.uint8)
    save_digit(TaughtDigit(number, ink, taught="2026-11-25 10:15:00"), folder)


def _relabeled(folder: Path, number: int) -> None:
    from mnist_draw.storage.my_digits import TaughtDigit, relabel_digit, save_digit

    made = save_digit(TaughtDigit(8, np.full((60, 60), 100, np.uint8)), folder)
    assert made.path is not None
    relabel_digit(made.path, number)


def _idx(folder: Path, number: int) -> None:
    from mnist_draw.dataset.own_digits import export_idx

    place = folder / f"data-{len(list(folder.iterdir()))}"
    # Not by pathlib, whose calls the attack on writers lets fail.
    os.mkdir(place)  # noqa: PTH102
    export_idx(_digits(number), place)


def _table(folder: Path, number: int) -> None:
    from mnist_draw.dataset.own_digits import export_csv

    export_csv(_digits(number), folder / "digits.csv")


def _digits(number: int):  # type: ignore[no-untyped-def]
    from mnist_draw.dataset.own_digits import ExtraDigits

    images = np.full((9, 1, 28, 28), number, np.uint8)
    return ExtraDigits(images, np.zeros(9, np.uint8), Path("mine"))


def _cache(folder: Path, number: int) -> None:
    from mnist_draw.storage import npz, write_atomically

    write_atomically(folder / "results-1-abc.npz", npz.pack({"values": np.full(5000, number)}))


def _board(folder: Path, number: int) -> None:
    from mnist_draw.storage.atomic import write_atomically
    from mnist_draw.storage.document import Format

    drawing = Format("mnist_draw drawing", 1, 2**20)
    stroke = {"stroke": [[100 + number, 100, 36], [200, 300, 36]], "erase": False}
    write_atomically(folder / "board.json", drawing.pack({"items": [stroke]}))


def _picture(folder: Path, number: int) -> None:
    import io

    from PIL import Image

    from mnist_draw.storage.atomic import write_atomically

    content = io.BytesIO()
    Image.fromarray(np.full((64, 64), number, np.uint8)).save(content, "PNG")
    write_atomically(folder / "drawing.png", content.getvalue())


def _run_folder(folder: Path, number: int) -> None:
    from mnist_draw.storage.unique_paths import create_unique_folder

    _record(create_unique_folder(folder / "runs" / f"run-{number}"), number)


def _bin(folder: Path, number: int) -> None:
    from mnist_draw.storage.unique_paths import bring_back, move_to_bin

    path = folder / "kept" / str(number)
    os.makedirs(path, exist_ok=True)  # noqa: PTH103
    bring_back(move_to_bin(path, "The folder"))


WRITERS: dict[str, Writer] = {
    "model": _model,
    "checkpoint": _checkpoint,
    "run record": _record,
    "history": _history,
    "epoch table": _history_table,
    "minibatch table": _minibatch_table,
    "settings": _settings,
    "preferences": _preferences,
    "taught digit": _digit,
    "relabeled digit": _relabeled,
    "IDX export": _idx,
    "table of digits": _table,
    "cached results": _cache,
    "board": _board,
    "picture": _picture,
    "run folder": _run_folder,
    "bin": _bin,
}
