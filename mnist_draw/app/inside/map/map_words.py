"""What the section *Map* says: titles, what a layout means, what a digit is, and the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mnist_draw.analysis.class_names import in_a_sentence
from mnist_draw.analysis.table import Table
from mnist_draw.app.kit.words import probability

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.maps import Maps
    from mnist_draw.app.inside.map.map_locator import MapAnswer

PCA, TSNE = "PCA", "t-SNE"
#: What is to be known of each layout.
MEANINGS = {
    PCA: "The two directions of largest spread. What looks near here may lie apart in others.",
    TSNE: "Near means alike. How far two groups lie apart, or how large they are, means nothing.",
}
_SMALL = "Small maps: the two directions of largest spread (PCA)."
_NUMBERS = ("no", "one", "two", "three", "four", "five")


def map_title(digits: bool, maps: Maps | None = None, front: int = 0) -> str:
    """Return the map's title; without maps that of an empty one."""
    kind = "digits" if digits else "pictures"
    if maps is None:
        return f"Test {kind} as the network sees them"
    count, layer = f"{len(maps.labels):,}", maps.layers[front].name
    if layer == "pixels":
        return f"{count} test {kind} by their pixels"
    if layer == "answer":
        return f"{count} test {kind} by the answer"
    return f"{count} test {kind} as {layer} sees them"


def votes_note(voters: int) -> str:
    """Return what the figures below the small maps are."""
    if not voters:
        return f"Too few pictures of each class for a vote among neighbours. {_SMALL}"
    if voters == 1:
        return f"How many are of the class of their nearest, by what the layer puts out. {_SMALL}"
    return (
        f"Right answers of a vote among the {_NUMBERS[voters]} nearest, by what the layer puts "
        f"out. {_SMALL}"
    )


def vote_figure(part: float) -> str:
    """Return what a vote gets right as ``93.4 %``, or a dash where nobody can vote."""
    return f"{100 * part:.1f} %" if part == part else "–"


def layers_title(digits: bool) -> str:
    """Return the title of the small maps."""
    return f"Layer by layer the {'digits' if digits else 'classes'} come apart"


def digit_words(maps: Maps, number: int, place: int, name: Callable[[int], str]) -> list[str]:
    """Return the lines about a digit of a map."""
    answer = int(maps.answers[number])
    sure = probability(float(maps.probabilities[number, answer]), decimals=0)
    return [
        f"Test {place:,}",
        f"it is {in_a_sentence(name(int(maps.labels[number])))}",
        f"read as {name(answer)}, {sure}",
    ]


def neighbours_table(answer: MapAnswer, labels: np.ndarray, name: Callable[[int], str]) -> Table:
    """Return the example's neighbours as a table; the labels are those of the training pictures."""
    rows = [
        (f"Training picture {place:,}", name(int(labels[place])), f"{far:.2f}")
        for place, far in zip(answer.neighbours, answer.distances, strict=True)
    ]
    return Table.of("Nearest training pictures", ("picture", "it is", "distance"), rows)


def layers_table(maps: Maps | None) -> Table:
    """Return what a vote of neighbours gets right in each layer."""
    from mnist_draw.analysis.maps import VOTERS, voters_of

    rows = [] if maps is None else [(x.name, vote_figure(x.vote)) for x in maps.layers]
    voters = VOTERS if maps is None else voters_of(maps.labels)
    word = "a vote of neighbours is right"
    if voters > 1:
        word = f"a vote of {_NUMBERS[voters]} neighbours is right"
    return Table.of("Layer by layer", ("layer", word), rows)
