"""Examples to look into a network with, and what a section shows."""

from qtpy.QtWidgets import QLabel

from mnist_draw.app.inside.section import Example
from mnist_draw.dataset.mnist import load_dataset, scale


def digit(index=0):
    """Return a test digit as the drawing."""
    data = load_dataset()
    return Example(scale(data.test_images[index, 0]), str(data.test_labels[index]))


def label_text(widget, name):
    return widget.findChild(QLabel, name).text()
