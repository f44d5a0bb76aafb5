"""The functions for users of Python: train a network, ask it for a digit, save and load it."""

from __future__ import annotations

import contextlib
import inspect
import os
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from mnist_draw.arrays import Array, Floats
from mnist_draw.dataset.mnist import Arrays, Dataset, dataset_name, load_dataset, scale
from mnist_draw.errors import asks_what_was_meant, did_you_mean
from mnist_draw.library.network_data import dataset_metadata
from mnist_draw.library.networks import file_of, find_network
from mnist_draw.library.recorded import train_recorded
from mnist_draw.networks import parse_network
from mnist_draw.networks.lasagne_layers import read_network
from mnist_draw.storage import ModelFile, save_model
from mnist_draw.storage.models import load_model, refuse_foreign
from mnist_draw.training.control import Controls, stop_on_interrupt
from mnist_draw.training.functions import compile_predict
from mnist_draw.training.history import History
from mnist_draw.training.loop import train
from mnist_draw.training.progress import TrainingProgressBar, describe, in_notebook
from mnist_draw.training.run_start import build_network, settings_for
from mnist_draw.training.settings import SETTINGS, TrainingSettings

#: Pictures a network is asked about at once: all of MNIST in a convolution would take gigabytes.
_AT_ONCE = 2000
_predict_functions: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
#: What networks learned from own classes, for their files.
_learned: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def run_network(
    data: tuple[Array, ...] | None = None,
    network: Any = None,
    num_epochs: int = 20,
    batch_size: int = 500,
    learning_rate: float = 0.001,
    *,
    history: History | None = None,
    verbose: bool = True,
    progress: bool | None = None,
    record: bool | str = False,
    **settings: Any,
) -> Any:
    """Train a network as the tutorial does, and print its progress.

    Ctrl-C stops after the minibatch at hand; what has been learned is kept and returned.

    Parameters
    ----------
    data : tuple of ndarray, optional
        What `load_data` returns; MNIST is loaded where none is given. A new network gets an
        output for each of its classes; for arrays from elsewhere with another number of them than
        ten, say it in ``network_name``: ``"mlp#26"``.
    network : lasagne.layers.Layer, optional
        A Lasagne output layer to train further. Where none is given, a new one is built: the
        tutorial's, or what ``network_name=`` says (see `mnist_draw.networks.parse_network`).
    num_epochs, batch_size, learning_rate : int, int and float
        Passes over the training data, examples in a minibatch, and the step size of rmsprop.
    history : History, optional
        Takes the loss and accuracy of every minibatch and every epoch, such as a
        `mnist_draw.LossHistory`.
    verbose : bool
        Whether to print.
    progress : bool, optional
        Whether a bar shows how far the run is; in a notebook where it is left out.
    record : bool or str
        Whether the Library and ``mnist-draw runs`` list the run when it has ended; a text begins
        its name.
    **settings
        Further fields of `mnist_draw.training.settings.TrainingSettings`, such as ``seed``,
        ``update``, ``l2`` or ``patience``. ``start_model`` takes a file or the name of a network,
        such as ``"best"``; without ``network_name`` a run then trains that network.

    Returns
    -------
    lasagne.layers.Layer
        The trained network's output layer.

    Raises
    ------
    UserError
        A setting or the data cannot be used; the sentence says why.
    TypeError
        There is no parameter and no setting of that name, or ``history`` takes no figures.
    ValueError
        ``data`` is no 6-tuple of arrays that fit each other and the network.
    """
    _check_names(settings)
    _check_history(history)
    if network is None and isinstance(settings.get("start_model"), str):
        settings["start_model"] = file_of(settings["start_model"])
    chosen = TrainingSettings(
        network=settings.pop("network_name", "") or _usual_network(network, settings),
        epochs=num_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        **settings,
    )
    chosen.validate()
    if network is None:
        # For other arrays than those of `load_data`, the network's text says the number of classes.
        classes = len(data.classes) if isinstance(data, Arrays) else None
        network = build_network(settings_for(chosen, classes) if classes else chosen)
    dataset = None if data is None else _as_dataset(data, network)
    controls = Controls()
    bar = TrainingProgressBar(leave=True)
    shown = in_notebook() if progress is None else progress
    with stop_on_interrupt(controls), contextlib.closing(bar):
        events = train(chosen, dataset=dataset, network=network, controls=controls)
        if record:
            place = chosen.data_folder if data is None else getattr(data, "folder", "arrays")
            listed = chosen.replace(data_folder=place)
            dataset = dataset or load_dataset(place)
            events = train_recorded(listed, dataset, network, record, controls)
        for event in events:
            if history is not None:
                history.add(event)
            if shown:
                bar(event)
            if verbose:
                for line in describe(event):
                    bar.print(line)
    if isinstance(data, Arrays) and dataset is not None and not dataset.shows_digits:
        _learned[network] = dataset_metadata(dataset)
    return network


def _usual_network(network: Any, settings: dict[str, Any]) -> str:
    """Return what is built where nothing is named: what a run starts from, or the tutorial's."""
    start = settings.get("start_model")
    if network is not None or not isinstance(start, str):
        return TrainingSettings().network
    return load_model(start).network


#: Settings that the Python interface takes under a name of its own.
OWN_NAMES = {"network": "network_name", "epochs": "num_epochs"}


def _check_names(settings: dict[str, Any]) -> None:
    """Refuse a keyword that `run_network` does not know, with the one that was meant."""
    own = inspect.signature(run_network).parameters.keys() - {"settings"}
    further = {OWN_NAMES.get(name, name) for name in SETTINGS}
    for name in settings.keys() - further:
        # A setting's plain name first: "epochs" is nearer to "num_epochs" than it looks.
        known = {OWN_NAMES[name]} if name in OWN_NAMES else own | further
        raise TypeError(f"run_network has no parameter {name!r}. {did_you_mean(name, known)}")


def _check_history(history: Any) -> None:
    """Refuse what cannot take the figures of a run before the run begins."""
    takes = callable(getattr(history, "add", None)) and not isinstance(history, type)
    if history is not None and not takes:
        given = history.__name__ if isinstance(history, type) else type(history).__name__
        raise TypeError(
            f"history= takes an object such as mnist_draw.LossHistory(), not {given!r}. Make one "
            "before the run: history = mnist_draw.LossHistory().",
        )


@asks_what_was_meant
def get_class(network: Any, example: Array) -> Any:
    """Ask a network which digit a picture shows.

    Parameters
    ----------
    network : lasagne.layers.Layer, optional
        A Lasagne output layer.
    example : ndarray
        One picture (1, 28, 28), or a batch (N, 1, 28, 28): float from 0 to 1 as `load_data`
        gives them, or uint8 from 0 to 255.

    Returns
    -------
    int or ndarray of int
        The most probable digit; one for each picture of a batch, int64 (N,).

    Raises
    ------
    ValueError
        ``example`` has another shape.
    """
    pictures = np.asarray(example)
    pictures = scale(pictures) if pictures.dtype == np.uint8 else pictures.astype(np.float32)
    single = pictures.ndim == 3
    if single:
        pictures = pictures[np.newaxis]
    if pictures.shape[1:] != (1, 28, 28):
        raise ValueError(
            f"example must have the shape (1, 28, 28) or (N, 1, 28, 28), got {np.shape(example)}",
        )
    if not len(pictures):
        return np.empty(0, np.int64)
    digits = np.argmax(probabilities_of(network, pictures), axis=1)
    return int(digits[0]) if single else digits


def probabilities_of(network: Any, pictures: Floats) -> Floats:
    """Return the probabilities of a network's classes, float32 (N, classes).

    ``pictures`` are float32 (N, 1, 28, 28), N at least 1. A network is compiled the first time
    only.
    """
    predict = _predict_functions.get(network)
    if predict is None:
        predict = _predict_functions[network] = compile_predict(network)
    return np.concatenate(
        [predict(pictures[n : n + _AT_ONCE]) for n in range(0, len(pictures), _AT_ONCE)],
    )


def _as_dataset(data: tuple[Array, ...], network: Any) -> Dataset:
    """Take the tutorial's six arrays, whatever their number type, if the network can.

    A compiled function believes its input: a label without an output unit must not get there.
    """
    import lasagne

    if len(data) != 6:
        raise ValueError(
            "data must be X_train, y_train, X_val, y_val, X_test, y_test as load_data returns "
            f"them, got {len(data)} arrays",
        )
    arrays = [np.asarray(array) for array in data]
    picture_shape = lasagne.layers.get_all_layers(network)[0].shape[1:]
    classes = network.output_shape[1]
    wanted = ", ".join(("N", *map(str, picture_shape)))
    for number, name in enumerate(("train", "val", "test")):
        pictures = arrays[2 * number]
        labels = arrays[2 * number + 1]
        if (
            pictures.shape[1:] != picture_shape
            or labels.shape != pictures.shape[:1]
            or not len(labels)
        ):
            raise ValueError(
                f"X_{name} must have the shape ({wanted}) and y_{name} (N,), "
                f"got {pictures.shape} and {labels.shape}",
            )
        if (pictures.dtype == np.uint8) != (arrays[0].dtype == np.uint8):
            raise ValueError(
                "the pictures must be all uint8 (0 to 255) or all float (0 to 1), "
                f"X_train is {arrays[0].dtype} and X_{name} {pictures.dtype}",
            )
        if labels.min() < 0 or labels.max() >= classes or (labels != np.floor(labels)).any():
            wrong = labels[(labels < 0) | (labels >= classes) | (labels != np.floor(labels))][0]
            raise ValueError(
                f"y_{name} must hold whole numbers from 0 to {classes - 1}, got {wrong}",
            )
    pictures_dtype: Any = np.uint8 if arrays[0].dtype == np.uint8 else np.float32
    X_train, X_val, X_test = (array.astype(pictures_dtype, copy=False) for array in arrays[::2])
    y_train, y_val, y_test = (array.astype(np.uint8) for array in arrays[1::2])
    names = data.classes if isinstance(data, Arrays) else tuple(map(str, range(classes)))
    return Dataset(
        *(X_train, y_train, X_val, y_val, X_test, y_test),
        name=dataset_name(data.folder) if isinstance(data, Arrays) else "the given data",
        folder=Path(),
        classes=names,
    )


@asks_what_was_meant
def load_network(path: str | os.PathLike[str], network_name: str = "") -> Any:
    """Load a trained network as Lasagne's layers.

    Parameters
    ----------
    path : str or os.PathLike
        A file that `save_network`, the command line or the window has written, one of
        ``numpy.savez(path, *lasagne.layers.get_all_param_values(network))``, or the name of a
        network that ships, such as ``"best"``.
    network_name : str, optional
        The architecture, if a file of NumPy's leaves it open, as
        `mnist_draw.networks.parse_network` reads it.

    Returns
    -------
    lasagne.layers.Layer
        The output layer.

    Raises
    ------
    ModelFileError
        The file cannot be used; the sentence says why.
    """
    import lasagne

    model = find_network(os.fspath(path), network_name)
    network = parse_network(model.network).build()
    lasagne.layers.set_all_param_values(network, list(model.parameters))
    return network


@asks_what_was_meant
def save_network(path: str | os.PathLike[str], network: Any, title: str = "") -> None:
    """Save a trained network, for the window, the command line and `load_network`.

    The file names the classes of what `load_data` read and `run_network` trained it on.

    Parameters
    ----------
    path : str or os.PathLike
        An existing network of this program is replaced atomically; any other file is refused. No
        suffix is added.
    network : lasagne.layers.Layer
        The output layer of a chain of layers from 784 pixels to a dense layer with softmax: dense
        layers, convolutions, max pooling, batch normalization, dropout.
    title : str, optional
        Its title in menus.

    Raises
    ------
    LayerError
        The program has no such layer; the sentence names it.
    StorageError
        The file cannot be written, or it holds something else.
    """
    found, parameters = read_network(network)
    model = ModelFile(found.text, parameters)
    refuse_foreign(path, "save_network")
    save_model(path, model.with_info(title=title or None, **_learned.get(network, {})))
