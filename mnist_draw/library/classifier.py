"""A network as an estimator of scikit-learn: searched, validated and joined as others are.

The only module that imports scikit-learn, which is an extra of this program.
"""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mnist_draw.arrays import Array, Doubles, Floats, Places
from mnist_draw.dataset.classes import MAX_CLASSES, MIN_CLASSES
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.errors import MissingPackageError, asks_what_was_meant, one_line
from mnist_draw.library.networks import file_of
from mnist_draw.library.recorded import train_recorded
from mnist_draw.library.tutorial import OWN_NAMES, probabilities_of
from mnist_draw.networks import parse_network
from mnist_draw.training.events import Diverged, Testing
from mnist_draw.training.history import LossHistory
from mnist_draw.training.loop import train
from mnist_draw.training.progress import describe
from mnist_draw.training.run_start import build_network, settings_for
from mnist_draw.training.settings import PICTURES, TrainingSettings

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as missing:
    raise MissingPackageError(
        "MnistClassifier",
        "scikit-learn 1.6 or newer",
        "sklearn",
    ) from missing

SIDE = 28


class MnistClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network that learns pictures, as scikit-learn's classifiers learn.

    The parameters are the program's training settings, under the names that `run_network` gives
    them and with the same defaults; `mnist_draw.training.settings` explains them. A trained one can
    be pickled, copied and sent to other processes. One belongs to one thread; for searches in
    parallel, joblib's processes (its default) and Dask's are the right ones.

    Parameters
    ----------
    network_name : str
        The layers, as `mnist_draw.networks.parse_network` reads them.
    num_epochs, batch_size : int and int
        Passes over the pictures, and pictures in a minibatch; of fewer pictures, all are one.
    learning_rate : float, optional
        The usual one of the update rule where it is left out.
    update, update_parameters : str and dict
        The update rule, and what differs from its defaults.
    schedule, l2, augmentation : str, float and str
        How the learning rate changes, the weight of the L2 penalty, and how pictures are varied.
    patience, target_accuracy, keep_best : int, float and bool
        When to stop early, and whether to end with the best epoch.
    start_model : str, optional
        A network to start from: its file or its name, such as ``"best"``.
    seed : int
        Start of the random numbers: the same seed and data give the same network.
    validation_fraction : float
        The share of the pictures, at least one, that is not learned but validates each epoch.
    verbose : bool
        Whether to print the tutorial's lines.
    record : bool or str
        Whether the Library and ``mnist-draw runs`` list each fit; a text, such as the name of a
        search, begins the names of its runs, which the Library has as one row.

    Attributes
    ----------
    classes_ : ndarray
        The labels that it tells apart, sorted.
    network_ : lasagne.layers.Layer
        The trained network's output layer, for Lasagne and `save_network`.
    history_ : LossHistory
        Losses and accuracies of the training.
    n_features_in_ : int
        Pixels of a picture.

    Notes
    -----
    X has the shape (N, 784), (N, 28, 28) or (N, 1, 28, 28): bytes from 0 to 255, or floats from 0
    to 1. Smaller pictures are put in the middle of the 28×28 pixels where they are square, such as
    the 8×8 of ``sklearn.datasets.load_digits`` (divide those by 16); otherwise the pixels that are
    missing at the end are 0. Labels may be numbers or texts; the network has an output for each
    kind.

    Examples
    --------
    >>> from mnist_draw import MnistClassifier, load_data
    >>> X_train, y_train, X_val, y_val, X_test, y_test = load_data()
    >>> classifier = MnistClassifier(network_name="layers:100", num_epochs=2)
    >>> classifier.fit(X_train[:5000], y_train[:5000]).score(X_test, y_test) > 0.7
    True
    >>> classifier.predict_proba(X_test[:2]).shape
    (2, 10)
    """

    __module__ = "mnist_draw"  # what pickles name, wherever this module is

    @asks_what_was_meant
    def __init__(
        self,
        network_name: str = "mlp",
        num_epochs: int = 20,
        batch_size: int = 500,
        learning_rate: float | None = None,
        *,
        update: str = "rmsprop",
        update_parameters: dict[str, float] | None = None,
        schedule: str = "constant",
        l2: float = 0.0,
        augmentation: str = "off",
        patience: int | None = None,
        target_accuracy: float | None = None,
        keep_best: bool = False,
        start_model: str | None = None,
        seed: int = 1,
        validation_fraction: float = 0.1,
        verbose: bool = False,
        record: bool | str = False,
    ) -> None:
        self.network_name = network_name
        self.num_epochs = num_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.update = update
        self.update_parameters = update_parameters
        self.schedule = schedule
        self.l2 = l2
        self.augmentation = augmentation
        self.patience = patience
        self.target_accuracy = target_accuracy
        self.keep_best = keep_best
        self.start_model = start_model
        self.seed = seed
        self.validation_fraction = validation_fraction
        self.verbose = verbose
        self.record = record

    def fit(self, X: ArrayLike, y: ArrayLike) -> MnistClassifier:
        """Train a new network.

        Parameters
        ----------
        X : array
            Pictures, see the notes of the class.
        y : array
            A label for each, (N,).

        Returns
        -------
        MnistClassifier
            Itself.

        Raises
        ------
        ValueError
            The arrays do not fit each other or the network.
        UserError
            A setting makes no sense.
        """
        X, y = validate_data(self, _rows(X), y, dtype=[np.float32, np.uint8], ensure_min_samples=2)
        check_classification_targets(y)
        pictures = _pictures(X)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < MIN_CLASSES:
            raise ValueError(
                f"y has a single class ({self.classes_[0]!s}); a network tells at least "
                f"{MIN_CLASSES} classes apart.",
            )
        if len(self.classes_) > MAX_CLASSES:
            raise ValueError(
                f"y has {len(self.classes_)} classes; networks tell {MAX_CLASSES} apart at most.",
            )
        dataset = self._split(pictures, labels)
        settings = self._settings(len(dataset.train_labels), len(self.classes_))
        network = build_network(settings)
        self.history_ = LossHistory()
        events = train(settings, dataset=dataset, network=network)
        if self.record:
            listed = settings.replace(data_folder="arrays")
            events = train_recorded(listed, dataset, network, self.record)
        for event in events:
            if isinstance(event, Testing):
                # All pictures that were handed in are for learning; `score` tests.
                events.close()
                break
            self.history_(event)
            if isinstance(event, Diverged):
                warnings.warn(event.message, ConvergenceWarning, stacklevel=2)
            if self.verbose:
                for line in describe(event):
                    print(one_line(line))
        self.network_ = network
        self._network_text = settings.network
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return the most probable label of each picture, (N,), of the kind that was learned."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]

    def predict_proba(self, X: ArrayLike) -> Doubles:
        """Return the probability of each class, float64 (N, classes); each row sums to 1."""
        check_is_fitted(self)
        X = validate_data(self, _rows(X), dtype=[np.float32, np.uint8], reset=False)
        found = probabilities_of(self.network_, _pictures(X)).astype(np.float64)
        return found / found.sum(axis=1, keepdims=True)

    def _settings(self, pictures: int, classes: int) -> TrainingSettings:
        values = {
            name: getattr(self, OWN_NAMES.get(name, name))
            for name in TrainingSettings.__dataclass_fields__
            if name not in PICTURES
        }
        if self.learning_rate is None:
            del values["learning_rate"]
        if self.start_model is not None:
            values["start_model"] = file_of(self.start_model)
        settings = TrainingSettings.from_json(
            {**values, "update_parameters": self.update_parameters or {}},
        )
        smaller = settings.replace(batch_size=min(settings.batch_size, pictures))
        return settings_for(smaller, classes)

    def _split(self, pictures: Array, labels: Places) -> Dataset:
        """Set pictures aside to validate with."""
        share = self.validation_fraction
        if not 0 <= share < 1:
            raise ValueError(f"validation_fraction is {share}; it must be from 0 to below 1.")
        order = np.random.default_rng(self.seed).permutation(len(labels))
        count = min(max(1, round(share * len(labels))), len(labels) - 1)
        validating = order[:count]
        learning = order[count:]
        numbers = labels.astype(np.uint8)
        return Dataset(
            pictures[learning],
            numbers[learning],
            pictures[validating],
            numbers[validating],
            pictures[:0],
            numbers[:0],
            name="the given pictures",
            folder=Path(),
            classes=tuple(map(str, range(len(self.classes_)))),
        )

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of estimators."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return all that a copy needs: of the network its numbers, since Theano's stay here."""
        import lasagne

        state: dict[str, Any] = dict(super().__getstate__())
        if "network_" in state:
            values = lasagne.layers.get_all_param_values(state.pop("network_"))
            state["_parameter_values"] = values
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the network again from its numbers."""
        import lasagne

        values = state.pop("_parameter_values", None)
        super().__setstate__(state)
        if values is not None:
            self.network_ = parse_network(self._network_text).build()
            lasagne.layers.set_all_param_values(self.network_, values)


def _rows(X: ArrayLike) -> Any:
    """Return pictures with several axes as rows of pixels; scikit-learn checks everything else."""
    return np.reshape(X, (len(X), -1)) if getattr(X, "ndim", 2) > 2 else X  # type: ignore[arg-type]


def _pictures(rows: Any) -> Floats:
    """Return rows of pixels as float32 (N, 1, 28, 28)."""
    count, features = rows.shape
    if features > SIDE * SIDE:
        raise ValueError(
            f"X has {features} features; a picture of {SIDE}×{SIDE} pixels has {SIDE * SIDE}.",
        )
    scaled = scale(rows) if rows.dtype == np.uint8 else rows
    pictures = np.zeros((count, 1, SIDE, SIDE), np.float32)
    side = math.isqrt(features)
    if side * side == features:
        edge = (SIDE - side) // 2
        middle = slice(edge, edge + side)
        pictures[:, 0, middle, middle] = scaled.reshape(count, side, side)
    else:
        pictures.reshape(count, -1)[:, :features] = scaled
    return pictures
