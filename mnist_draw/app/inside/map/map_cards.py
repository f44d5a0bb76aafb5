"""The cards beside the map: the nearest training pictures, small maps by layer, their texts."""

from __future__ import annotations

from html import escape

import numpy as np
from PyQt5.QtCore import QEvent, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QIcon, QPixmap, QResizeEvent
from PyQt5.QtWidgets import QBoxLayout, QButtonGroup, QSizePolicy, QToolButton, QWidget

from mnist_draw.analysis.maps import Maps, Neighbourhood, box_around, voters_of
from mnist_draw.analysis.network_probe import ANSWER, PIXELS
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.map.map_view import COLOURS, MapAnswer
from mnist_draw.app.inside.network.layers_view import short_name
from mnist_draw.app.inside.results.mistake_list import TileView
from mnist_draw.app.inside.rows_view import format_figure
from mnist_draw.app.inside.section import reflow
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import image_of
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.kit.widgets import Card, explain, label
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.i18n import N_, _, joined, listed, number, percent
from mnist_draw.library.network_data import Name, in_a_sentence, narrow_name
from mnist_draw.training.functions import layer_label

#: Rows and columns of neighbours.
ROWS = 3
COLUMNS = 6
#: Of a picture's side, in pixels.
_MIN_SIDE = 40
_MAX_SIDE = 96
_SCROLL_BAR = 14
_NOTHING = _("Draw something, or pick a picture, and see which training pictures it is most like.")
_EARLY = _("They vote once all are compared.")
_TITLE = _("Nearest training pictures")


class NeighboursView(TileView):
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


class NeighboursCard(Card):
    _failed = False

    def __init__(self) -> None:
        state = FittedLabel(theme.Text.AXIS, look="muted", name="neighboursState")
        super().__init__(_TITLE, state)
        self.view = NeighboursView(
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

    def show_state(self, known: Neighbourhood | None, *, failed: bool = False) -> None:
        self._failed = failed
        words = ""
        if known is not None:
            message = N_("of {total}") if known.is_complete else N_("{done} of {total}")
            done = number(known.counted)
            total = number(len(known.outputs))
            words = _(message, done=done, total=total)
        self.note.setText(words)

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and its neighbours are still computed."""
        self.view.tiles.clear()
        words = _("Computing its neighbours") if is_pending else _NOTHING
        self._steady.set_text(_("There is nothing to compare with.") if self._failed else words)

    def show_neighbours(self, data: Dataset, answer: MapAnswer, name: Name) -> None:
        images = data.train_images
        labels = data.train_labels
        places = answer.neighbours
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


#: Pixels of a small map.
_WIDE = 62
_HIGH = 70
#: Of its button: left and right of map and words.
_FRAME = 8


def _tile_name(name: str) -> str:
    kind, __, place = name.partition(" ")
    # Translators: below a small picture, where "convolution 2" is too wide.
    return _("conv. {number}", number=place) if kind == "convolution" else layer_label(name)


class LayerMaps(QWidget):
    """Small maps in a row or two, with the accuracy of a vote; arrow keys or a click choose."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layerMaps")
        self.setAccessibleName(_("Layer by layer"))
        self.group = QButtonGroup(self)
        self._halves = row(), row()
        self._rows = row(*self._halves, owner=self)
        self._maps: Maps | None = None
        self._pair: tuple[int | None, int | None] = (None, None)
        theme.theme().changed.connect(self._paint)

    def minimumSizeHint(self) -> QSize:
        wide = [button.minimumWidth() for button in self.group.buttons()] or [0]
        return QSize(2 * max(wide) + self._rows.spacing(), super().minimumSizeHint().height())

    @property
    def is_folded(self) -> bool:
        """Whether there are two rows."""
        return self._rows.direction() == QBoxLayout.TopToBottom

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.LayoutRequest, QEvent.Resize):
            reflow(self._rows, self.width())
        return super().event(event)

    def show_maps(self, maps: Maps | None, answer: MapAnswer | None) -> None:
        """Show all layers; colour the digits of the answer and of the second guess."""
        if maps is not self._maps:
            self._maps = maps
            self._fill()
        self._pair = (None, None) if answer is None else answer.pair
        self._paint()

    def _fill(self) -> None:
        for button in self.group.buttons():
            self.group.removeButton(button)
            for half in self._halves:
                half.removeWidget(button)
            button.deleteLater()
        for place, layer in enumerate(() if self._maps is None else self._maps.layers):
            button = QToolButton()
            button.setProperty("look", "map")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.StrongFocus)
            button.setToolButtonStyle(Qt.ToolButtonTextUnderIcon)
            button.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
            vote = format_vote(layer.vote)
            button.setText(f"{_tile_name(layer.name)}\n{vote}")
            sentence = _("A vote of the nearest is right for {share}.", share=vote)
            explain(button, layer_label(layer.name), sentence)
            self.group.addButton(button, place)
            self._halves[place // 2].addWidget(button)

    def show_chosen(self, place: int) -> None:
        button = self.group.button(place)
        if button is not None:
            button.setChecked(True)

    def _paint(self) -> None:
        size = QSize(theme.scaled(_WIDE), theme.scaled(_HIGH))
        for place, button in enumerate(self.group.buttons()):
            # The chosen one is bold.
            metrics = QFontMetrics(theme.font(theme.Text.LABEL, bold=True))
            widest = max(map(metrics.horizontalAdvance, button.text().splitlines()))
            button.setMinimumWidth(max(widest, size.width()) + _FRAME)
            button.setIconSize(size)
            button.setIcon(QIcon(self._dots(place, size)))

    def _dots(self, place: int, size: QSize) -> QPixmap:
        """Paint all digits as dots at once: eight thousand drawn one by one take 15 ms."""
        assert self._maps is not None
        points = self._maps.layers[place].points
        ratio = self.devicePixelRatioF()
        wide = round(size.width() * ratio)
        high = round(size.height() * ratio)
        pixels = np.zeros((high, wide), np.uint32)
        low, sides = box_around(points)
        part = (points - low) / sides
        # A dot takes three pixels.
        x = (part[:, 0] * (wide - 3)).astype(np.intp)
        y = ((1 - part[:, 1]) * (high - 3)).astype(np.intp)
        for role, name in enumerate(COLOURS):
            # First all muted, then those of the answer and of the second guess.
            mine = slice(None) if role == 0 else self._maps.labels == self._pair[role - 1]
            shade = theme.colour(name, 0.45 if role == 0 else 1.0).rgba()
            # Readable without colours, too.
            side = 3 if name == "accent" else 2
            for down, aside in np.ndindex(side, side):
                pixels[y[mine] + down, x[mine] + aside] = shade
        pixmap = QPixmap.fromImage(image_of(pixels.view(np.uint8).reshape(high, wide, 4)))
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


PCA = "PCA"
TSNE = "t-SNE"
SINGLE = "single unit"
#: Explanation of each layout.
MEANINGS = {
    PCA: _(
        "The two directions of largest spread. What looks near here may be far apart in others.",
    ),
    TSNE: _("Near means alike. The distance and the size of groups mean nothing."),
    SINGLE: _("A single unit: the further right, the more it puts out. Each class has its row."),
}
_NEAR = _("Near means similar outputs of the layer; for the answer, similar sums before softmax.")
_SMALL = _("Small maps: the two directions of largest spread (PCA).")
_PART = _("Of the hidden layers, only the first and the last have one.")


def map_title(maps: Maps | None, front: int) -> str:
    """Return the map's title; before there are maps that of an empty one."""
    if maps is None:
        return _("Test pictures as the network sees them")
    count = number(len(maps.labels))
    layer = maps.layers[front].name
    if layer == PIXELS:
        return _("{count} test pictures by their pixels", count=count)
    if layer == ANSWER:
        return _("{count} test pictures by the answer", count=count)
    return _("{count} test pictures as {layer} sees them", count=count, layer=layer_label(layer))


def describe_votes(maps: Maps, is_part: bool) -> str:
    """Explain the small maps: ``is_part``, of some layers."""
    voters = voters_of(maps.labels)
    said = _("Right answers of a vote among the {count} nearest.", count=voters)
    if voters == 1:
        said = _("How many are of the class of their nearest.")
    if not voters:
        said = _("Too few pictures of each class for a vote among neighbours.")
    single = MEANINGS[SINGLE] if any(layer.is_single for layer in maps.layers) else ""
    return joined(said, _NEAR if voters else "", _SMALL, single, _PART if is_part else "")


def format_vote(part: float) -> str:
    """Format the accuracy of a vote: ``93.4 %``; a dash if there is none."""
    return percent(part, 1) if part == part else "–"


def map_legend(maps: Maps, pair: tuple[int | None, int | None], names: tuple[str, ...]) -> str:
    """Return what the digits' colours and the signs mean, as rich text."""
    other = next((n for n in (7, 1, 0, 2) if n < len(names) and n not in pair), None)
    meanings = (_("others"), _("the answer"), _("second guess"))
    parts = [
        _(
            "{name}: {text}",
            name=f'<b style="color: {theme.colour(colour).name()}">'
            f"{escape(short_name(names[digit]))}</b>",
            text=meaning,
        )
        for digit, colour, meaning in zip((other, *pair), COLOURS, meanings, strict=True)
        if digit is not None
    ]
    misread = number(int((maps.labels != maps.answers).sum()))
    parts.append(_("□ misread ({count})", count=misread))
    if pair[0] is not None:
        parts.append(_("— five nearest"))
    return "&nbsp; &nbsp; ".join(parts)


def describe_digit(maps: Maps, places: np.ndarray, name: Name, place: int) -> list[str]:
    """Return lines about a digit of the map; ``places`` are those in the test set."""
    answer = int(maps.answers[place])
    sure = format_probability(float(maps.probabilities[place, answer]), decimals=0)
    return [
        _("Test {number}", number=int(places[place])),
        _("it is {label}", label=in_a_sentence(name(int(maps.labels[place])))),
        _("read as {answer}, {share}", answer=name(answer), share=sure),
    ]


def neighbours_table(answer: MapAnswer, labels: np.ndarray, name: Name) -> Table:
    """Return the example's neighbours as a table; ``labels`` are those of the training pictures."""
    rows = [
        (
            _("Training picture {number}", number=int(place)),
            name(labels[place]),
            Figure(float(far), ".4g"),
        )
        for place, far in zip(answer.neighbours, answer.distances, strict=True)
    ]
    return Table(_TITLE, (N_("picture"), N_("it is"), N_("distance")), rows)


def layers_table(maps: Maps) -> Table:
    rows = [(layer_label(layer.name), layer.vote) for layer in maps.layers]
    columns = (N_("layer"), N_("a vote of neighbours is right"))
    return Table(_("Layer by layer"), columns, rows)
