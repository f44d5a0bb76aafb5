"""Compute the section *Map* off the GUI thread: maps, neighbours, the example's position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mnist_draw.analysis.maps import LayerMap, Maps
    from mnist_draw.analysis.neighbours import Neighbourhood
    from mnist_draw.dataset.mnist import Dataset
    from mnist_draw.storage.models import ModelFile


@dataclass(frozen=True, eq=False)
class MapQuestion:
    model: ModelFile
    picture: np.ndarray
    layer: LayerMap | None
    place: int
    points: np.ndarray | None
    known: Neighbourhood | None
    count: int


@dataclass(frozen=True, eq=False)
class MapAnswer:
    question: MapQuestion
    place: np.ndarray | None
    nearest: np.ndarray
    probabilities: np.ndarray
    neighbours: np.ndarray
    distances: np.ndarray


class MapLocator:
    """Locates the example; keeps the compiled network, for one thread."""

    def __init__(self) -> None:
        self._network: tuple[ModelFile, Any] | None = None

    def locate(self, question: MapQuestion) -> MapAnswer:
        from mnist_draw.analysis.maps import weighted_place
        from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
        from mnist_draw.recognition.recogniser import temperature_of

        if self._network is None or self._network[0] is not question.model:
            self._network = (question.model, NetworkProbe(question.model))
        network: NetworkProbe = self._network[1]
        outputs = [values[0] for values in network.outputs(question.picture[None, None])]
        probabilities = probabilities_of(outputs[-1], temperature_of(question.model))
        place, nearest = None, np.empty(0, np.intp)
        if question.layer is not None:
            mine = outputs[question.place]
            nearest, far = question.layer.nearest(mine)
            if question.points is None:
                place = question.layer.project(mine)
            else:
                place = weighted_place(question.points, nearest, far)
        neighbours, distances = np.empty(0, np.intp), np.empty(0, np.float32)
        if question.known is not None:
            neighbours, distances = question.known.nearest(
                outputs[network.last_hidden], question.count
            )
        return MapAnswer(question, place, nearest, probabilities, neighbours, distances)


def pictures_of(model: ModelFile) -> tuple[Dataset, np.ndarray]:
    """Return the data of a network, and the indices of the test pictures on the map."""
    from mnist_draw.analysis.maps import chosen_digits
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.library.network_data import own_data

    data = own_data(model) or load_dataset()
    return data, chosen_digits(len(data.test_labels))


def make_maps(model: ModelFile) -> Iterator[Maps]:
    """Start the maps of a network's test pictures; not for the GUI thread."""
    from mnist_draw.analysis.maps import build_maps

    data, chosen = pictures_of(model)
    return build_maps(model, data.test_images[chosen], data.test_labels[chosen])


def gather(model: ModelFile) -> Iterator[Neighbourhood]:
    """Start the comparison with a network's training pictures; not for the GUI thread."""
    from mnist_draw.analysis.neighbours import gather_neighbours

    return gather_neighbours(model, pictures_of(model)[0].train_images)
