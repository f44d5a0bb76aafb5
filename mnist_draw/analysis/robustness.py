"""Robustness: accuracy on test pictures that are turned, shifted or covered with noise.

Pictures are moved as augmentation moves them (`dataset.augmentation.moving`). Amount 0 leaves every
picture as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mnist_draw.analysis.pictures import in_slices
from mnist_draw.arrays import Bytes, Doubles, Floats
from mnist_draw.dataset.augmentation import moving
from mnist_draw.dataset.augmentation.skeleton import MIDDLE
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.i18n import _, pgettext
from mnist_draw.library.network_data import own_data
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile

#: Test pictures that are changed: enough for an accuracy that is right to 1%, in seconds.
PICTURES = 1000
#: The part of right answers down to which a change is borne.
ENOUGH = 0.9
#: The noise is the same at every strength, and on every computer.
_NOISE_SEED = 1
_KIND = "limits"
_VERSION = 3


@dataclass(frozen=True)
class Axis:
    """A way to change pictures, with the amounts that are tried."""

    name: str
    title: str
    unit: str
    #: The unit as it is written behind an amount.
    short: str
    amounts: tuple[float, ...]
    #: By how much an example is changed while no amount is pointed at.
    usual: float


AXES = (
    Axis(
        "turn",
        _("Turned"),
        _("degrees clockwise"),
        "°",
        (-60, -45, -30, -20, -10, 0, 10, 20, 30, 45, 60),
        30,
    ),
    Axis(
        "shift",
        _("Shifted"),
        _("pixels to the right"),
        " px",
        (-8, -6, -4, -2, -1, 0, 1, 2, 4, 6, 8),
        4,
    ),
    Axis(
        "noise",
        _("Noise"),
        pgettext("of noise", "strength"),
        "",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1),
        0.4,
    ),
)
#: Amounts of each axis.
STEPS = 11
#: All axes together.
SETTINGS = tuple((axis.name, amount) for axis in AXES for amount in axis.amounts)


@dataclass(frozen=True, eq=False)
class Limits:
    #: The accuracy, 0 to 1, at each of the `SETTINGS`: float64 (33,). NaN means not yet counted.
    accuracy: Doubles

    @property
    def counted(self) -> int:
        """Number of settings counted so far."""
        return int(np.count_nonzero(~np.isnan(self.accuracy)))

    @property
    def is_complete(self) -> bool:
        return self.counted == len(SETTINGS)

    def along(self, axis: Axis) -> Doubles:
        """Return the accuracy at each amount of an axis."""
        return self.accuracy[[name == axis.name for name, _amount in SETTINGS]]

    def points(self, axis: Axis) -> list[tuple[float, float]]:
        """Return each amount of an axis with its accuracy."""
        return list(zip(axis.amounts, self.along(axis).tolist(), strict=True))

    def largest_borne(self, axis: Axis) -> float | None:
        """Return the largest amount up to which enough is right, on both sides; None for none."""
        accuracy = self.along(axis)
        if np.isnan(accuracy).any():
            return None
        amounts = np.abs(np.array(axis.amounts, np.float64))
        too_much = amounts[accuracy < ENOUGH].min(initial=np.inf)
        borne = amounts[amounts < too_much]
        return float(borne.max()) if len(borne) else None


NOT_COUNTED = Limits(np.full(len(SETTINGS), np.nan))


@dataclass(frozen=True, eq=False)
class Changed:
    """One picture, changed along each axis, and how it is read then."""

    amounts: tuple[float, ...]
    #: Gray levels, 0 to 1, one picture for each axis: (3, 28, 28).
    pictures: Floats
    #: Of the picture as it is, then of these: float32 (4, classes).
    probabilities: Floats

    def answers(self, row: int) -> list[tuple[int, float]]:
        """Return the answers with their probability: of the changed picture, and as it is."""
        both = self.probabilities[[row + 1, 0]]
        return [(int(p.argmax()), float(p.max())) for p in both]

    def is_read_otherwise(self, row: int) -> bool:
        changed, unchanged = self.answers(row)
        return changed[0] != unchanged[0]


def change(model: ModelFile, picture: Floats, amounts: tuple[float, ...]) -> Changed:
    """Change a picture, float32 (28, 28) as the network gets it, by an amount along each axis."""
    image = np.rint(256 * picture).astype(np.uint8)[None]
    changes = zip(AXES, amounts, strict=True)
    images = [image, *(altered(image, axis.name, amount) for axis, amount in changes)]
    pictures = scale(np.concatenate(images))
    return Changed(amounts, pictures[1:], Recogniser(model).predict(pictures[:, None]))


def altered(images: Bytes, name: str, amount: float) -> Bytes:
    """Return pictures, uint8 (n, 28, 28), changed by an amount along the axis of a name."""
    if name == "turn" and amount:
        return _turned(images, amount)
    if name == "shift":
        return _shifted(images, round(amount))
    if name == "noise":
        return _with_noise(images, amount)
    return images


def _turned(images: Bytes, degrees: float) -> Bytes:
    """Turn pictures clockwise around their middle."""
    nodes = np.arange(moving.NODES, dtype=np.float32) * moving.SPACING - MIDDLE
    x = np.tile(nodes, moving.NODES)
    y = np.repeat(nodes, moving.NODES)
    angle = np.radians(degrees)
    # Where each node comes from: turned back.
    from_x = np.cos(angle) * x + np.sin(angle) * y + MIDDLE
    from_y = np.cos(angle) * y - np.sin(angle) * x + MIDDLE
    shape = (len(images), moving.NODES**2)
    return moving.move(
        images,
        np.broadcast_to(from_x.astype(np.float32), shape).copy(),
        np.broadcast_to(from_y.astype(np.float32), shape).copy(),
    )


def _shifted(images: Bytes, pixels: int) -> Bytes:
    """Shift pictures to the right; ink that leaves the picture is lost."""
    wide = images.shape[2]
    padded = np.pad(images, ((0, 0), (0, 0), (wide, wide)))
    return padded[:, :, wide - pixels : 2 * wide - pixels]


def _with_noise(images: Bytes, strength: float) -> Bytes:
    """Add normal noise; its standard deviation is a part of full ink."""
    random = np.random.default_rng(_NOISE_SEED)
    noise = random.standard_normal(images.shape, dtype=np.float32)
    noisy = images + noise * np.float32(255 * strength)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def pictures_of(model: ModelFile) -> tuple[Bytes, Bytes]:
    """Return the first test pictures of what a network learned, uint8 (n, 28, 28), and labels."""
    data = own_data(model) or load_dataset()
    return data.test_images[:PICTURES, 0], data.test_labels[:PICTURES]


def count_limits(model: ModelFile) -> Iterator[Limits]:
    """Yield ever more of a network's limits; a complete count is cached."""
    images, labels = pictures_of(model)
    key = f"{model.fingerprint}-{cache.digest_of(images)}-{cache.digest_of(labels)}"
    shape = (len(SETTINGS),)
    cached = cache.read_array(_KIND, _VERSION, key, "accuracy", np.float64, shape)
    if cached is not None:
        yield Limits(cached)
        return

    network = Recogniser(model)
    accuracy = np.full(shape, np.nan)
    # Turning comes last: its loops may have to be compiled.
    for number in reversed(range(len(SETTINGS))):
        changed = altered(images, *SETTINGS[number])
        right = 0
        for some, pictures in in_slices(changed[:, None]):
            answers = network.predict(pictures).argmax(axis=1)
            right += int(np.count_nonzero(answers == labels[some]))
        accuracy[number] = right / len(changed)
        if number == 0:
            cache.save(_KIND, _VERSION, key, {"accuracy": accuracy})
        yield Limits(accuracy.copy())
