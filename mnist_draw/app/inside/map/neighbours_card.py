"""The training pictures that the network finds most like the example, and their vote in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtGui import QResizeEvent

from mnist_draw.analysis.class_names import in_a_sentence
from mnist_draw.app.inside.results.mistakes_card import short_name
from mnist_draw.app.inside.results.mistakes_view import TileView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.widgets import Card, label

if TYPE_CHECKING:
    from mnist_draw.analysis.neighbours import Neighbourhood

#: How many neighbours are shown.
COUNT = 18
_COLUMNS = 6
#: Pixels of a picture's side at the least and the most.
_LEAST, _MAX_COUNT = 40, 96
_SCROLL_BAR = 14
NOTHING = "Draw something, or pick a picture, and see which training pictures it is most like."


class NeighboursView(TileView):
    """Tiles as large as three rows of six fit."""

    ROOM = (6, 21)

    def picture_side(self) -> int:
        wider, line = self.ROOM
        wide = (self.width() - _SCROLL_BAR) // _COLUMNS - wider
        high = self.height() // (COUNT // _COLUMNS) - round((line + 1) * theme.text_scale())
        return min(max(min(wide, high), _LEAST), _MAX_COUNT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.scheduleDelayedItemsLayout()
        super().resizeEvent(event)


class NeighboursCard(Card):
    """Pictures, what each is and how far away it is."""

    def __init__(self) -> None:
        super().__init__("Nearest training pictures", " ")
        self.note.setObjectName("neighboursState")
        self.view = NeighboursView(
            "neighboursView",
            "Nearest training pictures",
            "Training pictures for which the last hidden layer puts out most nearly the same "
            "numbers, the nearest first. Enter or a click makes one the example.",
        )
        self.body.addWidget(self.view, 1)
        self.sentence = label("", "", "neighboursSentence")
        self._steady = GrowingLabel(self.sentence)
        self.body.addWidget(self._steady)
        self.body.addWidget(label("Below each: what it is, and how far away.", "muted"))
        self.show_nothing()

    def show_state(self, known: Neighbourhood | None, *, failed: bool = False) -> None:
        """Say how many pictures the example is compared with."""
        if failed:
            self.note.setText("There is nothing to compare with.")
        elif known is None:
            self.note.setText("Reading the training pictures")
        elif known.counted < known.wanted:
            self.note.setText(f"{known.counted:,} of {known.wanted:,} compared")
        elif known.short_of_memory:
            self.note.setText(
                f"Compared with {known.wanted:,} training pictures, not more: too little memory."
            )
        else:
            self.note.setText(f"of {known.wanted:,}")

    def show_nothing(self) -> None:
        """Show that there is nothing to compare."""
        empty = np.empty(0, np.intp)
        self.view.tiles.show_pictures(np.empty((0, 1, 28, 28), np.uint8), empty, str, str)
        self._steady.set_text(NOTHING)

    def show_neighbours(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        places: np.ndarray,
        distances: np.ndarray,
        answer: int,
        name: Callable[[int], str],
    ) -> None:
        """Show neighbours, the nearest first."""
        far = dict(zip(places.tolist(), distances.tolist(), strict=True))

        def caption(place: int) -> str:
            return f"{short_name(name(int(labels[place])))}   {far[place]:.1f}"

        def words(place: int) -> str:
            return (
                f"Training picture {place:,}: it is {in_a_sentence(name(int(labels[place])))}, "
                f"{far[place]:.1f} away."
            )

        self.view.tiles.show_pictures(images, places, caption, words)
        self._steady.set_text(vote_words(labels[places], answer, name))


def vote_words(labels: np.ndarray, answer: int, name: Callable[[int], str]) -> str:
    """Return what a vote among neighbours says, as a sentence."""
    from mnist_draw.analysis.maps import vote

    counts = np.bincount(labels)
    order = [int(digit) for digit in np.argsort(-counts, kind="stable") if counts[digit]]
    first = f"{counts[order[0]]} of the {len(labels)} nearest are {name(order[0])}"
    if len(order) == 1:
        first = f"All {len(labels)} nearest are {name(order[0])}"
    parts = [
        first,
        *(f"{counts[n]} {'is' if counts[n] == 1 else 'are'} {name(n)}" for n in order[1:]),
    ]
    elected = vote(labels)
    says = "the network says so, too" if elected == answer else f"the network says {name(answer)}"
    return f"{', '.join(parts)}: a vote among neighbours would say {name(elected)}, {says}."
