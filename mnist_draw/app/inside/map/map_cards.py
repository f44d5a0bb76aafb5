"""The cards beside the map: the nearest training pictures, small maps by layer, their texts."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy

from mnist_draw.analysis.maps import LayerMap, Maps, Neighbourhood, vote, voters_of
from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.map.map_view import COLOURS, MapAnswer
from mnist_draw.app.inside.network.layers_view import short_name as glyph_of
from mnist_draw.app.inside.results.mistake_list import TileView, short_name
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.painters import blank_pixmap, image_of, write_with
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.dataset.mnist import Dataset

#: Rows and columns of neighbours.
ROWS, COLUMNS = 3, 6
#: Of a picture's side, in pixels.
_MIN_SIDE, _MAX_SIDE = 40, 96
_SCROLL_BAR = 14
_NOTHING = "Draw something, or pick a picture, and see which training pictures it is most like."
_EARLY = "They vote once all are compared."


class NeighboursView(TileView):
    """Tiles of the largest size that fits three rows of six."""

    ROOM = (6, 21)

    def picture_side(self) -> int:
        wider, line = self.ROOM
        wide = (self.width() - _SCROLL_BAR) // COLUMNS - wider
        high = self.height() // ROWS - round((line + 1) * theme.text_scale())
        return min(max(min(wide, high), theme.scaled(_MIN_SIDE)), theme.scaled(_MAX_SIDE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.scheduleDelayedItemsLayout()
        super().resizeEvent(event)


class NeighboursCard(Card):
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
        if failed:
            self.note.setText("There is nothing to compare with.")
        elif known is None:
            self.note.setText("Reading the training pictures")
        elif not known.is_complete:
            self.note.setText(f"{known.counted:,} of {len(known.outputs):,} compared")
        else:
            self.note.setText(f"of {known.counted:,}")

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and its neighbours are still computed."""
        self.view.tiles.clear()
        self._steady.set_text("" if is_pending else _NOTHING)

    def show_neighbours(self, data: Dataset, answer: MapAnswer, name: Callable[[int], str]) -> None:
        images, labels, places = data.train_images, data.train_labels, answer.neighbours
        far = dict(zip(places.tolist(), answer.distances.tolist(), strict=True))

        def caption(place: int) -> str:
            return f"{short_name(name(int(labels[place])))}   {far[place]:.1f}"

        def describe(place: int) -> str:
            return (
                f"Training picture {place:,}: it is {in_a_sentence(name(int(labels[place])))}, "
                f"{far[place]:.1f} away."
            )

        self.view.tiles.show_pictures(images, places, caption, describe)
        said = describe_vote(labels[places], answer.pair[0], name) if answer.is_complete else _EARLY
        self._steady.set_text(said)


def describe_vote(labels: np.ndarray, answer: int, name: Callable[[int], str]) -> str:
    counts = np.bincount(labels)
    order = [int(digit) for digit in np.argsort(-counts, kind="stable") if counts[digit]]
    first = f"{counts[order[0]]} of the {len(labels)} nearest are {name(order[0])}"
    if len(order) == 1:
        first = f"All {len(labels)} nearest are {name(order[0])}"
    parts = [
        first,
        *(f"{counts[n]} {'is' if counts[n] == 1 else 'are'} {name(n)}" for n in order[1:]),
    ]
    said = ", ".join(parts)
    best = [name(digit) for digit in order if counts[digit] == counts[order[0]]]
    if len(best) > 1:
        tied = f"{', '.join(best[:-1])} and {best[-1]}"
        return (
            f"{said}: a vote among neighbours is a tie of {tied}, the network says {name(answer)}."
        )
    elected = vote(labels)
    says = "the network says so, too" if elected == answer else f"the network says {name(answer)}"
    return f"{said}: a vote among neighbours would say {name(elected)}, {says}."


_GAP, _WORDS = 8, 44


class LayerMaps(WalkableView):
    """Small maps in a row, with the accuracy of a vote; arrow keys choose one."""

    layer_chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__(
            "layerMaps",
            "Layer by layer",
            "The pictures as each layer sees them, and how many of them a vote among their "
            "nearest gets right. Arrow keys or a click choose the layer of the large map.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.layers: tuple[LayerMap, ...] = ()
        self.chosen = 0
        self._maps: Maps | None = None
        self._pair: tuple[int | None, int | None] = (None, None)
        self._painted: QPixmap | None = None
        theme.theme().changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        return QSize(360, round(90 + _WORDS * theme.text_scale()))

    def show_maps(self, maps: Maps | None, answer: MapAnswer | None) -> None:
        """Show all layers; colour the digits of the answer and of the second guess."""
        self.layers = () if maps is None else maps.layers
        self._maps, self._pair = maps, (None, None) if answer is None else answer.pair
        self._repaint()

    def show_chosen(self, place: int) -> None:
        self.chosen = place
        self.setAccessibleDescription(self.describe(place) if place < len(self.layers) else "")
        self.update()

    def count(self) -> int:
        return len(self.layers)

    def describe(self, item: int) -> str:
        layer = self.layers[item]
        return f"{layer.name}: a vote of the nearest is right for {format_vote(layer.vote)}."

    def item_at(self, point: QPointF) -> int | None:
        places = (n for n in range(len(self.layers)) if self._cell(n).contains(point))
        return next(places, None)

    def place_of(self, item: int) -> QPointF:
        return self._cell(item).center()

    def before_first(self) -> int:
        return self.chosen

    def step(self, right: int, down: int) -> bool:
        self.current = self.chosen
        walked = super().step(right, down)
        if walked and self.current != self.chosen:
            self.layer_chosen.emit(self.current)
        return walked

    def _repaint(self) -> None:
        self._painted = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint()

    def _cell(self, place: int) -> QRectF:
        count = len(self.layers) or 1
        wide = (self.width() - _GAP * (count - 1)) / count
        return QRectF(
            place * (wide + _GAP), 2, wide, self.height() - _WORDS * theme.text_scale() - 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._painted is None:
            self._painted = self._paint_all()
        painter.drawPixmap(0, 0, self._painted)
        painter.setRenderHint(QPainter.Antialiasing)
        if self.chosen < len(self.layers):
            painter.setPen(QPen(theme.colour("second"), 2.5))
            painter.drawRoundedRect(self._cell(self.chosen).adjusted(1.5, 1, -1.5, -1), 5, 5)

    def _paint_all(self) -> QPixmap:
        pixmap = blank_pixmap(self.width(), self.height(), self.devicePixelRatioF())
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.Antialiasing)
        for place, layer in enumerate(self.layers):
            self._paint_layer(painter, place, layer)
        painter.end()
        return pixmap

    def _paint_layer(self, painter: QPainter, place: int, layer: LayerMap) -> None:
        cell = self._cell(place)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(Qt.NoBrush)
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 5, 5)
        inside = cell.adjusted(4, 4, -4, -4)
        painter.drawImage(inside, self._dots(layer, inside, painter.device().devicePixelRatioF()))
        scale, bold = theme.text_scale(), place == self.chosen
        words = QRectF(cell.left() - 4, cell.bottom() + 3, cell.width() + 8, 18 * scale)
        write_with(painter, Text.LABEL, "text" if bold else "muted", bold=bold)
        painter.drawText(words, Qt.AlignCenter, layer.name)
        words.translate(0, 18 * scale)
        write_with(painter, Text.SENTENCE, "text", bold=True)
        painter.drawText(words, Qt.AlignCenter, format_vote(layer.vote))

    def _dots(self, layer: LayerMap, inside: QRectF, ratio: float) -> QImage:
        """Paint all digits as dots at once: eight thousand drawn one by one take 15 ms.

        Dots of the answer are larger than those of the second guess: readable without colours.
        """
        assert self._maps is not None
        # A dot takes three pixels, also in the smallest window.
        wide, high = (max(3, round(side * ratio)) for side in (inside.width(), inside.height()))
        pixels = np.zeros((high, wide), np.uint32)
        low, top = layer.points.min(axis=0), layer.points.max(axis=0)
        part = (layer.points - low) / np.maximum(top - low, 1e-9)
        x = (part[:, 0] * (wide - 3)).astype(np.intp)
        y = ((1 - part[:, 1]) * (high - 3)).astype(np.intp)
        for number, name in enumerate(COLOURS):
            # First all muted, then those of the answer and of the second guess.
            mine = slice(None) if number == 0 else self._maps.labels == self._pair[number - 1]
            shade = theme.colour(name, 0.45 if number == 0 else 1.0).rgba()
            side = 3 if name == "accent" else 2
            for down, aside in np.ndindex(side, side):
                pixels[y[mine] + down, x[mine] + aside] = shade
        return image_of(pixels.view(np.uint8).reshape(high, wide, 4))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.item_at(event.localPos())
        if place is not None:
            self.layer_chosen.emit(place)


PCA, TSNE = "PCA", "t-SNE"
#: Explanation of each layout.
MEANINGS = {
    PCA: "The two directions of largest spread. What looks near here may be far apart in others.",
    TSNE: "Near means alike. The distance and the size of groups mean nothing.",
}
_SMALL = "Small maps: the two directions of largest spread (PCA)."
_NUMBERS = ("no", "one", "two", "three", "four", "five")


def map_title(digits: bool, maps: Maps | None = None, front: int = 0) -> str:
    """Return the map's title; before there are maps that of an empty one."""
    kind = "digits" if digits else "pictures"
    if maps is None:
        return f"Test {kind} as the network sees them"
    count, layer = f"{len(maps.labels):,}", maps.layers[front].name
    if layer == "pixels":
        return f"{count} test {kind} by their pixels"
    if layer == "answer":
        return f"{count} test {kind} by the answer"
    return f"{count} test {kind} as {layer} sees them"


def describe_votes(voters: int) -> str:
    if not voters:
        return f"Too few pictures of each class for a vote among neighbours. {_SMALL}"
    if voters == 1:
        return f"How many are of the class of their nearest, by what the layer puts out. {_SMALL}"
    return (
        f"Right answers of a vote among the {_NUMBERS[voters]} nearest, by what the layer puts "
        f"out. {_SMALL}"
    )


def format_vote(part: float) -> str:
    """Format the accuracy of a vote: ``93.4 %``; a dash if there is none."""
    return f"{100 * part:.1f} %" if part == part else "–"


def layers_title(digits: bool) -> str:
    return f"Layer by layer the {'digits' if digits else 'classes'} come apart"


def map_legend(maps: Maps, pair: tuple[int | None, int | None], names: tuple[str, ...]) -> str:
    """Return what the digits' colours and the signs mean, as rich text."""
    other = next(number for number in (7, 1, 0) if number < len(names) and number not in pair)
    meanings = ("others", "the answer", "second guess")
    parts = [
        f'<b style="color: {theme.colour(colour).name()}">{escape(glyph_of(names[digit]))}</b> '
        f"{meaning}"
        for digit, colour, meaning in zip((other, *pair), COLOURS, meanings, strict=True)
        if digit is not None
    ]
    parts.append(f"□ misread ({int((maps.labels != maps.answers).sum())})")
    if pair[0] is not None:
        parts.append("— five nearest")
    return "&nbsp; &nbsp; ".join(parts)


def describe_digit(maps: Maps, number: int, place: int, name: Callable[[int], str]) -> list[str]:
    answer = int(maps.answers[number])
    sure = format_probability(float(maps.probabilities[number, answer]), decimals=0)
    return [
        f"Test {place:,}",
        f"it is {in_a_sentence(name(int(maps.labels[number])))}",
        f"read as {name(answer)}, {sure}",
    ]


def neighbours_table(answer: MapAnswer, labels: np.ndarray, name: Callable[[int], str]) -> Table:
    """Return the example's neighbours as a table; ``labels`` are those of the training pictures."""
    rows = [
        (f"Training picture {place:,}", name(int(labels[place])), f"{far:.2f}")
        for place, far in zip(answer.neighbours, answer.distances, strict=True)
    ]
    return Table("Nearest training pictures", ("picture", "it is", "distance"), rows)


def layers_table(maps: Maps) -> Table:
    voters = voters_of(maps.labels)
    number = f"{_NUMBERS[voters]} neighbours" if voters > 1 else "neighbours"
    rows = [(layer.name, layer.vote) for layer in maps.layers]
    return Table("Layer by layer", ("layer", f"a vote of {number} is right"), rows)
