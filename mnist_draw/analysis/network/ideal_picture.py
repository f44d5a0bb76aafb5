"""The picture that a network finds most like one digit.

Gradient ascent on the digit's logit from an empty picture, held back by the picture's length and
its roughness, after K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks:
visualising image classification models and saliency maps" (2013), and A. Mahendran, A. Vedaldi,
"Understanding deep image representations by inverting them" (2015).
"""

from __future__ import annotations

import numpy as np

from mnist_draw.analysis.network.layer_probe import Floats, LayerProbe
from mnist_draw.dataset.normalise import SIDE

STEPS = 60
#: Pixels move so far in all in each step, at the most; enough to reach full ink within the steps.
_STEP = 0.06
#: Weights of the two penalties, relative to the gradient's own size, chosen by eye.
_LENGTH, _ROUGHNESS = 0.02, 0.35


def ideal_picture(anatomy: LayerProbe, digit: int) -> Floats:
    """Return the picture, float32 (28, 28) in [0, 1]."""
    pair = np.zeros(anatomy.layers[-1].units, np.float32)
    pair[digit] = 1
    picture = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(STEPS):
        gradient = anatomy.pull(picture, pair)
        gradient = gradient / max(float(np.abs(gradient).max()), 1e-12)
        gradient -= _LENGTH * picture + _ROUGHNESS * _roughness_gradient(picture)
        picture = np.clip(picture + _STEP * gradient, 0, 1).astype(np.float32)
    return picture


def _roughness_gradient(picture: Floats) -> Floats:
    """Return the gradient of half the squared differences of neighbouring pixels."""
    padded = np.pad(picture, 1, mode="edge")
    neighbours = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    gradient: Floats = 4 * picture - neighbours
    return gradient
