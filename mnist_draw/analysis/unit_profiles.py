"""What each unit of a network responds to: classes, training pictures, an ideal picture.

The profiles are computed by showing the network pictures that it was trained with, and cached.

The ideal picture comes from gradient ascent on the digit's logit from an empty picture, held back
by the picture's length and its roughness, after K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside
convolutional networks: visualising image classification models and saliency maps" (2013), and
A. Mahendran, A. Vedaldi, "Understanding deep image representations by inverting them" (2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.arrays import Array, Bytes, Floats, Integers
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.library.network_data import own_data
from mnist_draw.storage.cache import digest_of, read, save

#: Training pictures that are shown: enough for 500 of each digit. Convolutions cost more.
PICTURES = 5000
CONVOLUTION_PICTURES = 1000
#: Number of pictures for each unit.
BEST = 6
_VERSION = 1

#: Steps of the gradient ascent.
STEPS = 60
#: Length of a step, in pixels' values; enough to reach full ink within the steps.
_STEP = 0.06
#: Weights of the two penalties, relative to the gradient's own size, chosen by eye.
_LENGTH = 0.02
_ROUGHNESS = 0.35


@dataclass(frozen=True, eq=False, repr=False)
class UnitProfiles:
    """Profiles of the units of each layer, the answer's layer last."""

    #: float32 (classes, units): mean output over the training pictures of each digit, or other
    #: class; of a map, its mean strongest.
    means: tuple[Floats, ...]
    #: int64 (units, 6): the training pictures that excite a unit most, counted from 0, strongest
    #: first.
    best: tuple[Integers, ...]
    #: float32 (units, 6): its outputs for them; of an answer, its logit.
    heights: tuple[Floats, ...]
    #: uint8 (N, 28, 28): the training pictures that ``best`` counts.
    pictures: Bytes

    def picture(self, layer: int, unit: int, place: int) -> Floats:
        """Return one of the best pictures of a unit, float32 (28, 28) in [0, 1]."""
        return scale(self.pictures[self.best[layer][unit, place]])

    def rows(self, layer: int) -> Integers:
        """Return for each unit the digit that excites it most on average, int64; −1 for none."""
        means = self.means[layer]
        return np.where(means.any(axis=0), means.argmax(axis=0), -1)


def find_profiles(probe: NetworkProbe) -> Iterator[UnitProfiles | None]:
    """Yield None after each few pictures, and the profiles in the end; at once if cached."""
    model = probe.model
    layers = len(probe.layers)
    own = own_data(model)
    data = own or load_dataset()
    key = model.fingerprint
    if own is not None:
        key += f"-{digest_of(own.train_images[:PICTURES])}"
    convolves = any(layer.convolves for layer in probe.layers)
    shown = data.train_images[: CONVOLUTION_PICTURES if convolves else PICTURES, 0]
    count = len(shown)
    profiles = _profiles_of(read("units", _VERSION, key) or {}, layers, shown)
    if profiles is not None:
        yield profiles
        return
    yield None
    heights = [np.empty((count, layer.units), np.float32) for layer in probe.layers]
    for where, passed in probe.run_many(data.train_images[:count]):
        for found, values in zip(heights, (*passed.a, passed.logits), strict=True):
            found[where] = values.reshape(*values.shape[:2], -1).max(axis=2)
        # Outputs of a convolution's maps take 20 MB and more.
        del passed, values
        yield None
    labels = np.eye(probe.layers[-1].units, dtype=np.float32)[data.train_labels[:count]]
    arrays = _summarise(heights, labels)
    save("units", _VERSION, key, arrays)
    yield _profiles_of(arrays, layers, shown)


def _summarise(heights: Sequence[Floats], labels: Floats) -> dict[str, Array]:
    """Return what a profile has for each layer; labels are one-hot, (N, classes)."""
    arrays: dict[str, Array] = {}
    for n, values in enumerate(heights):
        arrays[f"means_{n}"] = labels.T @ values / np.maximum(labels.sum(axis=0), 1)[:, None]
        # Of fewer pictures than are shown some are shown twice.
        order = np.resize(np.argsort(-values, axis=0, kind="stable"), (BEST, values.shape[1]))
        arrays[f"best_{n}"] = order.T.astype(np.int64)
        arrays[f"heights_{n}"] = np.take_along_axis(values, order, axis=0).T.copy()
    return arrays


def _profiles_of(
    arrays: Mapping[str, Array],
    layers: int,
    shown: Bytes,
) -> UnitProfiles | None:
    names = [[f"{name}_{n}" for n in range(layers)] for name in ("means", "best", "heights")]
    try:
        means, best, heights = (tuple(arrays[name] for name in some) for some in names)
    except KeyError:
        return None
    return UnitProfiles(means, best, heights, shown)


def ideal_picture(probe: NetworkProbe, digit: int) -> Floats:
    """Return the picture, float32 (28, 28) in [0, 1]."""
    from scipy.ndimage import laplace

    pair = np.zeros(probe.layers[-1].units, np.float32)
    pair[digit] = 1
    picture = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(STEPS):
        gradient = probe.input_gradient(picture, pair)
        gradient = gradient / max(float(np.abs(gradient).max()), 1e-12)
        # Minus the Laplacian is the gradient of half the squared differences of neighbors.
        gradient -= _LENGTH * picture - _ROUGHNESS * laplace(picture, mode="nearest")
        picture = np.clip(picture + _STEP * gradient, 0, 1).astype(np.float32)
    return picture
