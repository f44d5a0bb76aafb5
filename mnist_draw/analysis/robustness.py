"""Robustness: accuracy on pictures that are turned, shifted, scaled, noisy, or written with another
pen.

Pictures are moved as augmentation moves them (`dataset.augmentation.moving`) and rewritten along
their skeletons. Amount 0 (for size: 1) leaves every picture as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.results import SLICE
from mnist_draw.dataset.augmentation import moving, painting
from mnist_draw.dataset.augmentation.augmenter import MIN_RADIUS
from mnist_draw.dataset.augmentation.numba_loops import interpreted
from mnist_draw.dataset.augmentation.skeleton import MIDDLE, StrokeStore
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import as_bytes, has_ink, normalise_ink
from mnist_draw.i18n import _, pgettext
from mnist_draw.library.network_data import own_data
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

#: Test pictures that are perturbed: enough for an accuracy that is right to 1 %, in seconds.
PICTURES = 1000
#: The noise is the same at every strength, and on every computer.
_NOISE_SEED = 1
_KIND = "limits"
_VERSION = 1


@dataclass(frozen=True)
class Axis:
    name: str
    title: str
    unit: str
    amounts: tuple[float, ...]
    shown: tuple[float, ...]
    neutral: float = 0.0
    step: float = 1.0


AXES = (
    Axis(
        "turn",
        _("Turned"),
        _("degrees clockwise"),
        (-60, -45, -30, -20, -10, 0, 10, 20, 30, 45, 60),
        (-60, -30, 0, 30, 60),
        step=5,
    ),
    Axis(
        "shift",
        _("Shifted"),
        _("pixels to the right"),
        (-8, -6, -4, -2, 0, 2, 4, 6, 8),
        (-8, -4, 0, 4, 8),
    ),
    Axis(
        "size",
        _("Larger or smaller"),
        pgettext("how much larger", "times"),
        (0.4, 0.55, 0.7, 0.85, 1, 1.15, 1.3, 1.45, 1.6),
        (0.4, 0.7, 1, 1.3, 1.6),
        1.0,
        0.05,
    ),
    Axis(
        "noise",
        _("Noise"),
        pgettext("of noise", "strength"),
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1),
        (0, 0.2, 0.4, 0.6, 1),
        step=0.05,
    ),
    Axis(
        "pen",
        pgettext("its width", "Pen"),
        _("pixels thinner or wider"),
        (-1, -0.75, -0.5, -0.25, 0, 0.5, 1, 1.5, 2),
        (-1, -0.5, 0, 1, 2),
        step=0.25,
    ),
)
#: All axes together: 47 settings.
SETTINGS = tuple((axis.name, amount) for axis in AXES for amount in axis.amounts)
_SHOWN = [amount in axis.shown for axis in AXES for amount in axis.amounts]


@dataclass(frozen=True)
class Distortion:
    #: Degrees clockwise.
    turn: float = 0.0
    #: Pixels to the right, a whole number.
    shift: float = 0.0
    #: How many times as large.
    size: float = 1.0
    #: Standard deviation of the noise, as a part of full ink.
    noise: float = 0.0
    #: By how many pixels the ink's edge moves outwards.
    pen: float = 0.0
    #: Whether the ink is normalised afterwards as that of a drawing is: cropped, scaled to 20
    #: pixels, centred by its mass. The noise is added last.
    placed: bool = False

    def to(self, name: str, amount: float) -> Distortion:
        amounts: dict[str, Any] = {name: float(amount)}
        return replace(self, **amounts)


class Perturbation:
    """Perturbs the same pictures, uint8 (n, 1, 28, 28), again and again."""

    def __init__(self, images: Images) -> None:
        self.images = images[:, 0]

    @cached_property
    def _store(self) -> StrokeStore:
        return StrokeStore(self.images)

    @cached_property
    def _noise(self) -> Floats:
        random = np.random.default_rng(_NOISE_SEED)
        return random.standard_normal(self.images.shape, dtype=np.float32)

    def altered(self, change: Distortion) -> Images:
        """Return the pictures after a change: uint8 (n, 1, 28, 28)."""
        images = self._rewritten(change.pen) if change.pen else self.images
        images = _moved(images, change)
        if change.placed:
            images = images.copy()
            for image in filter(has_ink, images):
                image[:] = as_bytes(normalise_ink(image))
        if change.noise:
            noisy = images + self._noise * np.float32(255 * change.noise)
            images = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        return images[:, None]

    def _rewritten(self, pen: float) -> Images:
        """Paint the pictures anew along their skeletons, their own width changed."""
        every = np.arange(len(self.images))
        drawn = np.flatnonzero(self._store.has_points(every))
        images = self.images.copy()
        if len(drawn):
            strokes = self._store.strokes(drawn)
            width = np.maximum(strokes.radius + np.float32(pen), np.float32(MIN_RADIUS))
            radius = np.where(strokes.radius > 0, width, np.float32(0)).astype(np.float32)
            images[drawn] = painting.paint(strokes.x + MIDDLE, strokes.y + MIDDLE, radius)
        return images


def altered_one(image: npt.NDArray[np.uint8], changes: Sequence[Distortion]) -> Images:
    """Distort one picture, uint8 (28, 28), in several ways; uint8 (len(changes), 1, 28, 28)."""
    # A few pictures that must be there at once are not worth loading compiled loops.
    with interpreted():
        perturbation = Perturbation(image[None, None])
        return np.concatenate([perturbation.altered(change) for change in changes])


def _moved(images: Images, change: Distortion) -> Images:
    """Turn, enlarge and shift pictures around their middle."""
    if change.turn == 0 and change.size == 1:
        # By whole pixels, which needs no interpolation; what leaves the picture is lost.
        wide = images.shape[2]
        pixels = round(change.shift)
        padded = np.pad(images, ((0, 0), (0, 0), (wide, wide)))
        return padded[:, :, wide - pixels : 2 * wide - pixels]
    nodes = np.arange(moving.NODES, dtype=np.float32) * moving.SPACING - MIDDLE
    x = np.tile(nodes, moving.NODES) - np.float32(round(change.shift))
    y = np.repeat(nodes, moving.NODES)
    angle = np.radians(change.turn)
    cos = np.cos(angle) / change.size
    sin = np.sin(angle) / change.size
    # Where each node comes from: back by the shift, then turned back, then made smaller again.
    from_x = cos * x + sin * y + MIDDLE
    from_y = cos * y - sin * x + MIDDLE
    wide = (len(images), moving.NODES**2)
    return moving.move(
        images,
        np.broadcast_to(from_x.astype(np.float32), wide).copy(),
        np.broadcast_to(from_y.astype(np.float32), wide).copy(),
    )


def test_pictures_for(model: ModelFile) -> tuple[Perturbation, npt.NDArray[np.uint8]]:
    """Return the first 1,000 test pictures of what a network learnt, and their labels."""
    data = own_data(model)
    if data is None:
        return first_test_pictures()
    return Perturbation(data.test_images[:PICTURES]), data.test_labels[:PICTURES]


@lru_cache(maxsize=1)
def first_test_pictures() -> tuple[Perturbation, npt.NDArray[np.uint8]]:
    """Return the first 1,000 test pictures of MNIST to be altered, and their labels."""
    data = load_dataset()
    return Perturbation(data.test_images[:PICTURES]), data.test_labels[:PICTURES]


#: Counts that were stopped, by what they are of.
_begun: dict[str, npt.NDArray[np.float64]] = {}


def count_limits(
    model: ModelFile,
    perturbation: Perturbation,
    labels: npt.NDArray[np.uint8],
    placed: bool,
) -> Iterator[npt.NDArray[np.float64]]:
    """Count the accuracy, 0 to 1, at each of the `SETTINGS`, coarse points first: float64 (47,).

    NaN means not yet counted. `placed`: normalise pictures after the perturbation. Each slice of a
    setting yields a new array, so that a count can be stopped soon; the next one of the same goes
    on from there.
    """
    shown = cache.digest_of(perturbation.images)
    said = cache.digest_of(labels)
    key = f"{model.fingerprint}-{shown}-{said}-{int(placed)}"
    cached = cache.read_array(_KIND, _VERSION, key, "accuracy", np.float64, (len(SETTINGS),))
    if cached is not None:
        yield cached
        return
    network = Recogniser(model)
    accuracy = _begun.setdefault(key, np.full(len(SETTINGS), np.nan))
    # Those that have a figure at their axis come first.
    for number in sorted(range(len(SETTINGS)), key=lambda place: not _SHOWN[place]):
        if not np.isnan(accuracy[number]):
            continue
        name, amount = SETTINGS[number]
        images = perturbation.altered(Distortion(placed=placed).to(name, amount))
        right = 0
        for start in range(0, len(images), SLICE):
            answers = network.predict(scale(images[start : start + SLICE])).argmax(axis=1)
            right += int(np.count_nonzero(answers == labels[start : start + SLICE]))
            if start + SLICE < len(images):
                yield accuracy.copy()
        accuracy[number] = right / len(images)
        if not np.isnan(accuracy).any():
            cache.save(_KIND, _VERSION, key, {"accuracy": accuracy})
            _begun.pop(key, None)
        yield accuracy.copy()
