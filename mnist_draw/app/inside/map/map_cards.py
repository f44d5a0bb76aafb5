"""The nearest training pictures, and the texts of the map."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QResizeEvent

from mnist_draw.analysis.maps import DigitMap, Neighborhood
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.map.map_view import MapAnswer
from mnist_draw.app.inside.network.layers_view import short_name
from mnist_draw.app.inside.results.mistake_list import TileView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.i18n import N_, _, listed, number, percent
from mnist_draw.library.network_data import Name, in_a_sentence, narrow_name
from mnist_draw.recognition.certainty import format_probability

#: Neighbors, and the rows and columns that they are shown in.
NEIGHBORS = 18
ROWS = 4
COLUMNS = 5
#: Of a picture's side, in pixels.
_MIN_SIDE = 40
_MAX_SIDE = 96
_SCROLL_BAR = 14
_NO_BREAK = "&nbsp;"
_NOTHING = _("Draw something, or pick a picture, and see which training pictures it is most like.")
_EARLY = _("They vote once all are compared.")
_TITLE = _("Nearest training pictures")


class NeighborsView(TileView):
    """Tiles of the largest size that fits."""

    ROOM = (8, 21)
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
    details = False
    _failed = False
    _said: tuple[Dataset, MapAnswer, Name] | None = None

    def __init__(self) -> None:
        state = FittedLabel(theme.Text.AXIS, look="muted", name="neighboursState")
        super().__init__(_TITLE, state)
        self.view = NeighborsView(
            "neighboursView",
            _TITLE,
            _(
                "The training pictures whose values in the last hidden layer are most "
                "similar, the nearest first. Enter or a click makes one the example.",
            ),
        )
        self.votes = label("", "title", "neighbourVotes", wraps=True)
        self.votes.setTextFormat(Qt.RichText)
        high = Text.GIVEN + 8
        theme.follow(self.votes, lambda: self.votes.setMinimumHeight(theme.scaled(high)))
        self.body.addWidget(self.votes)
        self.body.addWidget(self.view, 1)
        self._steady = GrowingLabel(label("", "title", "neighboursSentence"))
        self.body.addWidget(self._steady)
        self._verdict = GrowingLabel(label("", "", "neighboursVerdict"))
        self.body.addWidget(self._verdict)
        self._below = label(_("Below each: what it is, and how far away."), "muted")
        self.body.addWidget(self._below)
        self.show_details(False)
        self.show_nothing()

    def show_details(self, on: bool) -> None:
        self.details = on
        self._below.setVisible(on)
        if self._said is not None:
            self.show_neighbors(*self._said)

    def show_state(self, known: Neighborhood | None, *, failed: bool = False) -> None:
        self._failed = failed
        words = ""
        if known is not None and (self.details or not known.is_complete):
            done = number(known.counted)
            words = _("{done} of {total}", done=done, total=number(len(known.outputs)))
        self.note.setText(words)

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and its neighbors are still computed."""
        self._said = None
        self.view.tiles.clear()
        self.votes.setText("")
        self._verdict.set_text("")
        words = _("Computing its neighbors") if is_pending else _NOTHING
        self._steady.set_text(_("There is nothing to compare with.") if self._failed else words)

    def show_neighbors(self, data: Dataset, answer: MapAnswer, name: Name) -> None:
        self._said = data, answer, name
        images = data.train_images
        labels = data.train_labels
        places = answer.neighbors
        far = dict(zip(places.tolist(), answer.distances.tolist(), strict=True))

        def distance(place: int) -> str:
            spec = ".1f" if far[place] >= 1 else ".1g" if far[place] >= 1e-4 else ".0e"
            return number(far[place], spec)

        names = [name(n) for n in range(len(answer.probabilities))]
        # Small distances are long words, too.
        small = [distance(place) for place in places if self.details and far[place] < 0.1]
        gap = "\n" if self.view.make_room([*names, *small], 1) else "   "

        def caption(place: int) -> str:
            words = narrow_name(name(int(labels[place])))
            return f"{words}{gap}{distance(place)}" if self.details else words

        def describe(place: int) -> str:
            return _(
                "Training picture {number}: it is {label}, {distance} away.",
                number=place,
                label=in_a_sentence(name(int(labels[place]))),
                distance=distance(place),
            )

        colors = dict(zip(answer.pair, ("accent", "second"), strict=True))
        shown = {int(place): colors.get(int(labels[place]), "") for place in places}
        self.view.colors = shown
        self.view.tiles.show_pictures(images, places, caption, describe)
        votes = votes_of(labels[places])
        size = f"font-size: {theme.scaled(Text.GIVEN)}px"
        large = [
            f'<span style="{size}; color: {theme.color(colors.get(n, "muted")).name()}">'
            f"{count}</span>{_NO_BREAK}× {escape(narrow_name(name(n)))}"
            for n, count in votes[:2]
        ]
        self.votes.setText(f"{3 * _NO_BREAK} ".join(large))
        self.votes.setAccessibleName(listed(f"{count} × {name(n)}" for n, count in votes[:2]))
        said = describe_votes(votes, answer.pair[0], name)
        self._steady.set_text(said[0] if answer.is_complete else _EARLY)
        self._verdict.set_text(said[1] if answer.is_complete else "")


def votes_of(labels: np.ndarray) -> list[tuple[int, int]]:
    """Return the classes of some pictures and how many have each, the most frequent first."""
    counts = np.bincount(labels)
    order = np.argsort(-counts, kind="stable")
    return [(int(n), int(counts[n])) for n in order if counts[n]]


def describe_votes(votes: Sequence[tuple[int, int]], answer: int, name: Name) -> tuple[str, str]:
    """Say what most neighbors are, and whether the network answers the same."""
    (most, count), *others = votes
    total = sum(number for __, number in votes)
    said = name(most)
    first = _("{count} of the {total} nearest: {name}.", count=count, total=total, name=said)
    if others and others[0][1] == count:
        return first, _("The neighbors are split.")
    if most == answer:
        return first, _("Neighbors and network agree: {name}.", name=said)
    other = name(answer)
    return first, _("Neighbors say {name}, the network {other}.", name=said, other=other)


def map_title(found: DigitMap | None) -> str:
    """Return the map's title; without a map that of an empty one."""
    if found is None:
        return _("Test pictures as the network sees them")
    return _("{count} test pictures", count=number(len(found.labels)))


def describe_plane(found: DigitMap, details: bool) -> str:
    """Explain what near means, and how the plane was chosen."""
    if found.is_single:
        return _(
            "A single unit: the further right, the larger its value. Each class has its row.",
        )
    count = number(len(found.mean))
    if details:
        return _(
            "Near means similar to the network: {count} values, projected onto two (PCA), "
            "{share} of the variance.",
            count=count,
            share=percent(found.spread, 0),
        )
    return _("Near means similar to the network: {count} values, projected onto two.", count=count)


def map_legend(found: DigitMap, pair: tuple[int | None, int | None], names: tuple[str, ...]) -> str:
    """Return what the digits' colors and the signs mean, as rich text."""
    other = next((n for n in (7, 1, 0, 2) if n < len(names) and n not in pair), None)
    meanings = (_("the answer"), _("second guess"), _("all others"))
    colors = "accent", "second", "muted"
    parts = [
        _(
            "{name}: {text}",
            name=f'<b style="color: {theme.color(color).name()}">'
            f"{escape(short_name(names[digit]))}</b>",
            text=meaning.replace(" ", _NO_BREAK),
        )
        for digit, color, meaning in zip((*pair, other), colors, meanings, strict=True)
        if digit is not None
    ]
    misread = number(int((found.labels != found.answers).sum()))
    parts.append(_("□ misread ({count})", count=misread).replace(" ", _NO_BREAK))
    return "&nbsp; &nbsp; ".join(parts)


def describe_digit(found: DigitMap, places: np.ndarray, name: Name, place: int) -> list[str]:
    """Return lines about a digit of the map; ``places`` are those in the test set."""
    answer = int(found.answers[place])
    sure = format_probability(float(found.probabilities[place, answer]), decimals=0)
    return [
        _("Test picture {number}", number=int(places[place])),
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
