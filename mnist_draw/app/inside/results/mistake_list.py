"""The pictures behind a number of the matrix, at first all mistakes, as tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractListModel, QModelIndex, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from qtpy.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.results import Results
from mnist_draw.app.inside.results.confusion_matrix import Pair, describe_pair
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import draw_with, image_of, paint_frame, write_with
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import Card, explain, label, push_button, style_list, tip
from mnist_draw.i18n import N_, _, counted, joined, number, percent
from mnist_draw.library.network_data import Name, in_a_sentence, narrow_name
from mnist_draw.recognition.certainty import certainty_from, format_probability

#: Pixels of a picture's side, and of a line below it.
SIDE = 56
_LINE = 13
_IMAGE = Qt.UserRole + 1
#: Tiles that are laid out at a time: more would keep the window waiting.
_BATCH = 200


class TileModel(QAbstractListModel):
    """Pictures with a line of text each."""

    _images: np.ndarray
    _captions: Callable[[int], str]
    _describe: Callable[[int], str]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: Which of the images are shown.
        self.places = np.empty(0, np.intp)

    def show_pictures(
        self,
        images: np.ndarray,
        places: np.ndarray,
        captions: Callable[[int], str],
        describe: Callable[[int], str],
    ) -> None:
        self.beginResetModel()
        self._images = images
        self.places = places
        self._captions = captions
        self._describe = describe
        self.endResetModel()

    def clear(self) -> None:
        self.beginResetModel()
        self.places = np.empty(0, np.intp)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.places)

    def place(self, index: QModelIndex) -> int:
        return int(self.places[index.row()])

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.DisplayRole:
            return self._captions(self.place(index))
        if role == Qt.AccessibleTextRole:
            return self._describe(self.place(index))
        if role == Qt.ToolTipRole:
            return tip(self._describe(self.place(index)))
        if role == _IMAGE:
            return self._images[self.place(index), 0]
        return None


class TileDelegate(QStyledItemDelegate):
    """Paints a tile: white on black as in MNIST, the text below, an outline if it is picked."""

    def __init__(self, view: TileView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        side = self._view.picture_side()
        scale = theme.text_scale()
        wider, line = self._view.ROOM
        return QSize(side + wider, round(side + line * scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        painter.save()
        side = self._view.picture_side()
        aside = max(2.0, (option.rect.width() - side) / 2)
        box = QRectF(option.rect.left() + aside, option.rect.top() + 3, side, side)
        painter.drawImage(box, image_of(index.data(_IMAGE)))
        place = self._view.tiles.place(index)
        color = self._view.colors.get(place)
        if color:
            line = Qt.SolidLine if color == "accent" else Qt.DashLine
            draw_with(painter, color, 2, line)
            painter.drawRect(box)
        picked = self._view.picked == place
        here = self._view.hasFocus() and index == self._view.currentIndex()
        if picked or here:
            painter.setRenderHint(QPainter.Antialiasing)
            frame = box.adjusted(-1.5, -1.5, 1.5, 1.5)
            paint_frame(painter, frame, "second", 2.5 if picked else 1.0, 4)
        write_with(painter, Text.AXIS, "text" if picked else "muted", bold=picked)
        text = QRectF(option.rect)
        text.setTop(box.bottom() + 2)
        elided = painter.fontMetrics().elidedText
        lines = index.data(Qt.DisplayRole).split("\n")
        words = "\n".join(elided(line, Qt.ElideRight, int(text.width())) for line in lines)
        painter.drawText(text, int(Qt.AlignHCenter | Qt.AlignTop), words)
        painter.restore()


class TileView(QListView):
    #: Pixels that a tile is wider than its picture, and higher: a line of text with its distance.
    ROOM = (3, 26)
    #: Of a longer name, at most.
    MAX_NAME = 120

    picked_here = Signal(int)
    why_requested = Signal(int)

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        style_list(self)
        self.setToolTip("")
        self.picked: int | None = None
        #: The color of the frame of each picture that has one; a broken line for the second.
        self.colors: dict[int, str] = {}
        self.tiles = TileModel(self)
        self.setModel(self.tiles)
        self.setItemDelegate(TileDelegate(self))
        self.setViewMode(QListView.IconMode)
        self.setResizeMode(QListView.Adjust)
        self.setMovement(QListView.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.Batched)
        self.setBatchSize(_BATCH)
        self.setSelectionMode(QListView.NoSelection)
        self.setProperty("look", "plain")
        theme.follow(self, self.scheduleDelayedItemsLayout)
        self.clicked.connect(lambda index: self.picked_here.emit(self.tiles.place(index)))
        self.doubleClicked.connect(lambda index: self.why_requested.emit(self.tiles.place(index)))

    def picture_side(self) -> int:
        """Return the pixels of a picture's side: it grows with the text."""
        return round(SIDE * theme.text_scale())

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Whole rows: no part of a picture is seen without its words.
        row = round(self.picture_side() + self.ROOM[1] * theme.text_scale())
        rest = self.contentsRect().height() % row
        self.setViewportMargins(0, 0, 0, rest if self.contentsRect().height() > row else 0)
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        """Ask for one row: the others scroll where there is no more room."""
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.picture_side(), round(self.picture_side() + self.ROOM[1]))

    def make_room(self, names: Sequence[str], lines: int) -> bool:
        """Make room for more lines where names of classes are long; return whether they are."""
        wide, high = type(self).ROOM
        is_long = any(len(narrow_name(name)) > 2 for name in names)
        if is_long:
            metrics = QFontMetrics(theme.font(Text.AXIS, bold=True))
            widest = max(metrics.horizontalAdvance(f"→ {name}") for name in names)
            free = min(widest, theme.scaled(self.MAX_NAME)) + 6 - self.picture_side()
            wide = max(wide, free)
            high = high + lines * _LINE
        self.ROOM = wide, high
        return is_long

    def show_picked(self, place: int | None) -> None:
        if place != self.picked:
            self.picked = place
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in (Qt.Key_Return, Qt.Key_Enter) and index.isValid():
            place = self.tiles.place(index)
            # The first makes it the example, the second asks why.
            (self.why_requested if place == self.picked else self.picked_here).emit(place)
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        words = self.tiles.data(current, Qt.AccessibleTextRole) if current.isValid() else ""
        self.setAccessibleDescription(words or "")
        self.viewport().update()


class MistakesCard(Card):
    def __init__(self) -> None:
        super().__init__(_("Mistakes"))
        self.heading.setObjectName("mistakesTitle")
        self.note.setObjectName("mistakesNote")
        self.is_least_sure = False
        self.link = push_button("allMistakesLink", _("Least sure"), "", look="link")
        self.top.addWidget(self.link)
        self.view = TileView(
            "mistakesView",
            _("Mistakes"),
            _(
                "Pictures that were misread. Arrow keys go from one to the next; Enter or a "
                "click makes one the example of all views, Enter again or a double click "
                "asks why it was misread.",
            ),
        )
        self.body.addWidget(self.view, 1)
        self.nothing = label("", "sentence", "noMistakesNote", wraps=True)
        self.nothing.setAlignment(Qt.AlignCenter)
        self.body.addWidget(self.nothing, 1)
        self.nothing.hide()

    def show_nothing(self) -> None:
        self.heading.setText(_("Mistakes"))
        self.note.setText("")
        self.nothing.hide()
        self.view.tiles.clear()
        self.view.show()

    def show_results(
        self,
        results: Results,
        pictures: Pictures,
        pair: Pair | None,
        name: Name,
    ) -> None:
        title = _("Mistakes")
        places = results.mistakes()
        order = N_("{count}, the surest first")
        all_of_them = counted("{count} mistake", "All {count} mistakes", len(places))
        if pair is not None:
            self.is_least_sure = False
            title = describe_pair(pair, name)
            places = results.pictures_of(*pair)
        elif self.is_least_sure:
            title = _("Least sure")
            places = results.least_sure()
        if self.is_least_sure or (pair is not None and pair[0] == pair[1]):
            order = N_("{count}, the least sure first")
        is_part = self.is_least_sure or pair is not None
        self.link.setText(all_of_them if is_part else _("Least sure"))
        self.heading.setText(title)
        self.note.setText(_(order, count=number(len(places))))
        self.nothing.setText(_("None.") if results.is_complete else "")
        self.nothing.setVisible(not len(places))
        self.view.setVisible(bool(len(places)))
        one_cell = pair is not None and None not in pair
        names = [name(n) for n in range(results.classes)]
        is_long = not one_cell and self.view.make_room(names, 2)
        self.view.tiles.show_pictures(
            pictures.images,
            places,
            lambda place: _caption(results, place, one_cell, is_long, name),
            lambda place: describe_picture(results, pictures, place, name),
        )


def _caption(results: Results, place: int, one_cell: bool, is_long: bool, name: Name) -> str:
    """Return what is below a picture: how sure the network is, and of what if that differs."""
    confidence = float(results.confidence[place])
    if one_cell:
        return format_probability(confidence, short=True)
    # Rounded down: of a mistake nothing is certain.
    sure = percent(math.floor(100 * confidence) / 100)
    read = narrow_name(name(int(results.answers[place])))
    label = narrow_name(name(int(results.labels[place])))
    return f"{label}\n→ {read}\n{sure}" if is_long else f"{label}→{read} {sure}"


def describe_picture(results: Results, pictures: Pictures, place: int, name: Name) -> str:
    names = [name(one) for one in range(results.classes)]
    said = certainty_from(results.calibrated[place], names)
    fields = {"picture": pictures.title(place), "answer": names[int(results.answers[place])]}
    sure = _("{name}: {text}.", name=said.word, text=said.line)
    fields["label"] = in_a_sentence(name(int(results.labels[place])))
    return joined(_("{picture}: it is {label}, read as {answer}.", **fields), sure)
