"""Twelve test pictures, half of them hard, that a network reads while it is trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mnist_draw.arrays import Bytes, Floats, Labels
from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import forward

#: Pictures that are picked at random, and hard ones.
EACH = 6
TWELVE = 2 * EACH
#: MNIST's hard test digits, and what they are. In twelve epochs of the tutorial's recipe, seeds 1
#: to 5, 628 turns right after epochs 1 to 3, 3206 after 8 to 11, 445 never.
_HARD = (2186, 3206, 320, 124, 628, 445)
_LABELS = (2, 8, 9, 7, 3, 6)
#: Of other data, the part of the test pictures with the smallest margin is hard.
_HARD_PART = 0.1


@dataclass(frozen=True, eq=False)
class TwelveDigits:
    """The pictures: test numbers, uint8 (12, 1, 28, 28), labels, and the names of all classes.

    The first ``at_random`` are picked at random, the others are hard; ``of`` is the number of all
    test pictures, ``validated_on`` that of validation pictures.
    """

    numbers: tuple[int, ...]
    pictures: Bytes
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    of: int
    shows_digits: bool = True
    at_random: int = EACH
    validated_on: int = 0

    def read(
        self,
        network: str,
        parameters: Sequence[Floats],
        epoch: int,
        batch: int = 0,
    ) -> DigitsRead:
        """Return what a network reads after an epoch, or after a minibatch within it."""
        operations = parse_network(network).operations
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = forward(operations, parameters, scale(self.pictures))
        answers = tuple(int(answer) for answer in outputs.argmax(1))
        right = tuple(answer == label for answer, label in zip(answers, self.labels, strict=True))
        return DigitsRead(answers, right, epoch=epoch, batch=batch)


@dataclass(frozen=True)
class DigitsRead:
    """What a network reads: its answers, which are right, and which were not right before.

    ``batch`` is 0 after a whole epoch.
    """

    answers: tuple[int, ...]
    right: tuple[bool, ...]
    turned: tuple[bool, ...] = ()
    epoch: int = 0
    batch: int = 0

    def after(self, before: DigitsRead | None) -> DigitsRead:
        """Return the same with the digits that turned right since an earlier reading."""
        if before is None:
            return self
        turned = tuple(now and not then for now, then in zip(self.right, before.right, strict=True))
        return replace(self, turned=turned)


def choose_twelve(data: Dataset) -> TwelveDigits:
    """Choose six test pictures at random and six hard ones, of different classes where possible."""
    labels = data.test_labels
    mixed = np.random.default_rng(1).permutation(len(labels))
    at_random = _of_different_classes(mixed, labels)
    if len(labels) > max(_HARD) and tuple(labels[list(_HARD)]) == _LABELS:
        hard = list(_HARD)
    else:
        by_margin = np.argsort(_margins(data), kind="stable")
        hardest = {*by_margin[: round(_HARD_PART * len(labels))].tolist()}
        others = [number for number in mixed.tolist() if number not in at_random]
        # Where too few are hard, others follow.
        others.sort(key=lambda number: number not in hardest)
        hard = _of_different_classes(others, labels)
    chosen = [*at_random, *hard]
    return TwelveDigits(
        tuple(chosen),
        data.test_images[chosen],
        tuple(int(label) for label in labels[chosen]),
        data.classes,
        len(labels),
        data.shows_digits,
        len(at_random),
        len(data.validation_labels),
    )


def _of_different_classes(numbers: Iterable[int], labels: Labels) -> list[int]:
    """Return the first six, of different classes as far as there are."""
    first: dict[int, int] = {}
    others = []
    for number in map(int, numbers):
        if first.setdefault(int(labels[number]), number) != number:
            others.append(number)
    return [*first.values(), *others][:EACH]


def _margins(data: Dataset) -> Floats:
    """Return how much farther each test picture is from other classes' means than from its own."""
    pictures = data.test_images.reshape(len(data.test_images), -1).astype(np.float32)
    labels = data.test_labels
    classes = np.unique(labels)
    means = np.stack([pictures[labels == one].mean(0) for one in classes])
    # Squared distances without the square of the picture, which is the same for all classes.
    distances = (means**2).sum(1) - 2 * pictures @ means.T
    place = np.searchsorted(classes, labels)[:, None]
    own = np.take_along_axis(distances, place, 1)[:, 0]
    np.put_along_axis(distances, place, np.inf, 1)
    margins: Floats = distances.min(1) - own
    return margins
