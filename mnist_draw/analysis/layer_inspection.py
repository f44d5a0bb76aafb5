"""Measure a network after an epoch: its weights, its updates, its silent units."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.arrays import Doubles, Floats, Integers
from mnist_draw.i18n import _, number, percent_sign
from mnist_draw.training.events import LayerFigures, Parameters
from mnist_draw.training.functions import layer_label, layer_names

#: Bins of the histogram: enough to show its shape, wide enough to see.
_BINS = 60
#: Standard deviations that the histogram reaches; values beyond count in its last bins.
_REACH = 4.0
#: Pictures that silent units are sought with: convolutions cost more.
DENSE_PICTURES = 500
CONVOLUTION_PICTURES = 100


def inspect_layers(
    network: str,
    epoch: int,
    before: Parameters | None,
    after: Parameters,
    pictures: Floats | None,
) -> LayerFigures:
    """Measure the network after an epoch; ``pictures`` are scaled, (N, 1, 28, 28)."""
    weights = _weights(after)
    updates: tuple[float, ...] = ()
    if before is not None:
        updates = tuple(
            float(np.linalg.norm(now - old) / max(float(np.linalg.norm(old)), 1e-12))
            for old, now in zip(_weights(before), weights, strict=True)
        )
    dead: tuple[float, ...] = ()
    if pictures is not None and len(weights) > 1:
        convolutions = any(value.ndim == 4 for value in weights)
        pictures = pictures[: CONVOLUTION_PICTURES if convolutions else DENSE_PICTURES]
        dead = dead_shares(network, after, pictures)
    counts, edges = weight_histogram(weights)
    tried = 0 if pictures is None else len(pictures)
    return LayerFigures(epoch, layer_names(after), updates, dead, tried, counts, edges)


def dead_shares(network: str, parameters: Parameters, pictures: Floats) -> tuple[float, ...]:
    """Return the shares of `LayerFigures.dead`: only rectifiers fall silent."""
    from mnist_draw.analysis.network_probe import NetworkProbe
    from mnist_draw.storage.models import ModelFile

    outputs = NetworkProbe(ModelFile(network, tuple(parameters))).run(pictures).a
    silent = (~(values != 0).any(axis=(0, *range(2, values.ndim))) for values in outputs)
    return tuple(float(np.mean(units)) for units in silent)


def _weights(parameters: Parameters) -> list[Any]:
    return [value for value in parameters if value.ndim > 1]


def weight_histogram(weights: list[Any]) -> tuple[Integers, Doubles]:
    """Count weights in bins around 0; those far out count in the outermost ones."""
    values = np.concatenate([value.ravel() for value in weights])
    reach = max(_REACH * float(values.std()), 1e-6)
    counts, edges = np.histogram(np.clip(values, -reach, reach), _BINS, (-reach, reach))
    return counts.astype(np.int64), edges.astype(np.float64)


def describe_updates(figures: LayerFigures) -> str:
    if not figures.updates:
        return _("Shown after the second epoch.")
    largest = max(figures.updates)
    name = layer_label(figures.names[figures.updates.index(largest)])
    share = f"{number(100 * largest, '.2g')}{percent_sign()}"
    return _(
        "The last epoch moved the weights of {layer} most, by {share} of their length.",
        layer=name,
        share=share,
    )


def describe_silent_units(figures: LayerFigures) -> str:
    if not figures.dead:
        return _("This network has no ReLU units, or no pictures were tried.")
    worst = max(figures.dead)
    pictures = number(figures.pictures)
    if worst == 0:
        return _(
            "Every unit responds to some of the {count} validation pictures tried.",
            count=pictures,
        )
    return _(
        "{share} of the units in {layer} are silent on the {count} validation pictures "
        "tried. A picture on which a unit is silent teaches it nothing.",
        count=pictures,
        share=f"{number(100 * worst, '.2g')}{percent_sign()}",
        layer=layer_label(figures.names[figures.dead.index(worst)]),
    )


def describe_weights(figures: LayerFigures) -> str:
    total = max(int(figures.counts.sum()), 1)
    centers = (figures.edges[:-1] + figures.edges[1:]) / 2
    width = float(np.sqrt((figures.counts * centers**2).sum() / total))
    return _(
        "{count} weights, most within ±{width}; strong ones are at the sides.",
        count=number(total),
        width=number(2 * width, ".2g"),
    )
