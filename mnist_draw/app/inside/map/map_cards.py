"""The nearest training pictures, and the texts of the map."""

from __future__ import annotations

from html import escape

import numpy as np
from PyQt5.QtCore import QSize
from PyQt5.QtGui import QResizeEvent

from mnist_draw.analysis.maps import DigitMap, Neighborhood
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.map.map_view import COLORS, MapAnswer
from mnist_draw.app.inside.network.layers_view import short_name
from mnist_draw.app.inside.results.mistake_list import TileView
from mnist_draw.app.inside.rows_view import format_figure
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.i18n import N_, _, listed, number
from mnist_draw.library.network_data import Name, in_a_sentence, narrow_name

#: Rows and columns of neighbors.
ROWS = 3
COLUMNS = 6
#: Of a picture's side, in pixels.
_MIN_SIDE = 40
_MAX_SIDE = 96
_SCROLL_BAR = 14
_NOTHING = _("Draw something, or pick a picture, and see which training pictures it is most like.")
_EARLY = _("They vote once all are compared.")
_TITLE = _("Nearest training pictures")


class NeighborsView(TileView):
    """Tiles of the largest size that fits three rows of six."""

    ROOM = (6, 21)
    MAX_NAME = 0

    def picture_side(self) -> int:
        wider, line = self.ROOM
        wide = (self.width() - _SCROLL_BAR) // COLUMNS - wider
        high = self.height() // ROWS - round((line + 1) * theme.text_scale())
        return min(max(min(wide, high), theme.scaled(_MIN_SIDE)), theme.scaled(_MAX_SIDE))

    def sizeHint(self) -> QSize:
        """Ask for two rows: the others scroll where there is no more room."""
        return QSize(super().sizeHint().width(), 2 * (theme.scaled(_MIN_SIDE + self.ROOM[1]) + 2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.scheduleDelayedItemsLayout()
        super().resizeEvent(event)


class NeighborsCard(Card):
    _failed = False

    def __init__(self) -> None:
        state = FittedLabel(theme.Text.AXIS, look="muted", name="neighboursState")
        super().__init__(_TITLE, state)
        self.view = NeighborsView(
            "neighboursView",
            _TITLE,
            _(
                "Training pictures for which the last hidden layer puts out most nearly the same "
                "numbers, the nearest first. Enter or a click makes one the example.",
            ),
        )
        self.body.addWidget(self.view, 1)
        self._steady = GrowingLabel(label("", "", "neighboursSentence"))
        self.body.addWidget(self._steady)
        self.body.addWidget(label(_("Below each: what it is, and how far away."), "muted"))
        self.show_nothing()

    def show_state(self, known: Neighborhood | None, *, failed: bool = False) -> None:
        self._failed = failed
        words = ""
        if known is not None:
            message = N_("of {total}") if known.is_complete else N_("{done} of {total}")
            done = number(known.counted)
            total = number(len(known.outputs))
            words = _(message, done=done, total=total)
        self.note.setText(words)

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and its neighbors are still computed."""
        self.view.tiles.clear()
        words = _("Computing its neighbors") if is_pending else _NOTHING
        self._steady.set_text(_("There is nothing to compare with.") if self._failed else words)

    def show_neighbors(self, data: Dataset, answer: MapAnswer, name: Name) -> None:
        images = data.train_images
        labels = data.train_labels
        places = answer.neighbors
        far = dict(zip(places.tolist(), answer.distances.tolist(), strict=True))

        def distance(place: int) -> str:
            words = format_figure(far[place], ".1f" if far[place] >= 1 else ".1g")
            return words.replace(" × ", "×")

        names = [name(n) for n in range(len(answer.probabilities))]
        # Small distances are long words, too.
        small = [distance(place) for place in places if far[place] < 0.1]
        gap = "\n" if self.view.make_room([*names, *small], 1) else "   "

        def caption(place: int) -> str:
            return f"{narrow_name(name(int(labels[place])))}{gap}{distance(place)}"

        def describe(place: int) -> str:
            return _(
                "Training picture {number}: it is {label}, {distance} away.",
                number=place,
                label=in_a_sentence(name(int(labels[place]))),
                distance=distance(place),
            )

        self.view.tiles.show_pictures(images, places, caption, describe)
        answered = name(answer.pair[0])
        said = describe_vote(labels[places], answered, name) if answer.is_complete else _EARLY
        self._steady.set_text(said)


def describe_vote(labels: np.ndarray, answer: str, name: Name) -> str:
    counts = np.bincount(labels)
    order = [int(digit) for digit in np.argsort(-counts, kind="stable") if counts[digit]]
    times = listed(f"{number(int(counts[n]))} × {name(n)}" for n in order)
    return _(
        "The {total} nearest: {counts}. The network says {answer}.",
        total=number(len(labels)),
        counts=times,
        answer=answer,
    )


def map_title(found: DigitMap | None) -> str:
    """Return the map's title; without a map that of an empty one."""
    if found is None:
        return _("Test pictures as the network sees them")
    return _("{count} test pictures", count=number(len(found.labels)))


def describe_plane(found: DigitMap) -> str:
    """Explain what near means, and how the plane was chosen."""
    if found.is_single:
        return _(
            "A single unit: the further right, the more it puts out. Each class has its row.",
        )
    return _(
        "Near means alike to the network: a flat shadow of {count} numbers (PCA).",
        count=number(len(found.mean)),
    )


def map_legend(found: DigitMap, pair: tuple[int | None, int | None], names: tuple[str, ...]) -> str:
    """Return what the digits' colors and the signs mean, as rich text."""
    other = next((n for n in (7, 1, 0, 2) if n < len(names) and n not in pair), None)
    meanings = (_("others"), _("the answer"), _("second guess"))
    parts = [
        _(
            "{name}: {text}",
            name=f'<b style="color: {theme.color(color).name()}">'
            f"{escape(short_name(names[digit]))}</b>",
            text=meaning,
        )
        for digit, color, meaning in zip((other, *pair), COLORS, meanings, strict=True)
        if digit is not None
    ]
    misread = number(int((found.labels != found.answers).sum()))
    parts.append(_("□ misread ({count})", count=misread))
    return "&nbsp; &nbsp; ".join(parts)


def describe_digit(found: DigitMap, places: np.ndarray, name: Name, place: int) -> list[str]:
    """Return lines about a digit of the map; ``places`` are those in the test set."""
    answer = int(found.answers[place])
    sure = format_probability(float(found.probabilities[place, answer]), decimals=0)
    return [
        _("Test {number}", number=int(places[place])),
        _("it is {label}", label=in_a_sentence(name(int(found.labels[place])))),
        _("read as {answer}, {share}", answer=name(answer), share=sure),
    ]


def neighbors_table(answer: MapAnswer, labels: np.ndarray, name: Name) -> Table:
    """Return the example's neighbors as a table; ``labels`` are those of the training pictures."""
    rows = [
        (
            _("Training picture {number}", number=int(place)),
            name(labels[place]),
            Figure(float(far), ".4g"),
        )
        for place, far in zip(answer.neighbors, answer.distances, strict=True)
    ]
    return Table(_TITLE, (N_("picture"), N_("it is"), N_("distance")), rows)
