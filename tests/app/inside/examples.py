"""An example to look into a network with."""

from __future__ import annotations

from mnist_draw.analysis.example import Example
from mnist_draw.dataset.mnist import load_dataset, scale


def digit(index: int = 0) -> Example:
    """Return a test digit as the drawing."""
    data = load_dataset()
    return Example(scale(data.test_images[index, 0]), int(data.test_labels[index]))
