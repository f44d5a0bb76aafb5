"""The card around the confusion matrix: how far the count is, and the commonest mistakes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app.inside.results.confusion_matrix import ConfusionMatrix
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, no_key, rule

if TYPE_CHECKING:
    from mnist_draw.analysis.results import Results

#: How many of the commonest mistakes have a link of their own.
_LINKS = 4
NOTE = "a number opens its pictures"
_TAKEN, _NONE_TAKEN = "TAKEN FOR ANOTHER MAX_COUNT OFTEN", "NONE TAKEN FOR ANOTHER"
UNLABELLED = "These pictures do not say what they are. The least sure come first."


class Upright(QWidget):
    """A word that is read from below."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(round((Text.LABEL + 2) * theme.text_scale()), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(Text.LABEL))
        painter.setPen(theme.colour("muted"))
        painter.translate(0, self.height())
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, self.height(), self.width()), Qt.AlignCenter, self._text)


class ConfusionCard(Card):
    """What each digit is taken for."""

    asked = pyqtSignal()

    def __init__(self) -> None:
        super().__init__("What it takes each digit for", NOTE)
        self.note.setObjectName("resultsState")
        self.link = QPushButton()
        self.link.setObjectName("resultsLink")
        self.link.setProperty("look", "link")
        explain(self.link, "Stop or go on", "Stop counting, or go on with it.")
        self.link.clicked.connect(self.asked)
        self.top.insertWidget(2, self.link)
        self.matrix = ConfusionMatrix()
        self._table = QWidget()
        column = QVBoxLayout(self._table)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        reads = label("it reads", "muted")
        reads.setAlignment(Qt.AlignCenter)
        column.addWidget(reads)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(Upright("it is"))
        row.addWidget(self.matrix, 1)
        column.addLayout(row, 1)
        column.addSpacing(Size.FIELD_GAP)
        column.addWidget(rule())
        column.addSpacing(Size.FIELD_GAP)
        self.taken_heading = label(_TAKEN, "heading", "takenHeading")
        column.addWidget(self.taken_heading)
        column.addSpacing(Size.GRID)
        column.addLayout(self._build_links())
        self.body.addWidget(self._table, 1)
        self._unlabelled = label(UNLABELLED, "sentence", "unlabelledNote")
        self._unlabelled.setWordWrap(True)
        self._unlabelled.setAlignment(Qt.AlignCenter)
        self.body.addWidget(self._unlabelled, 1)
        self._unlabelled.hide()
        self._labelled = True
        self.show_state("", "")

    def _build_links(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Size.TIGHT)
        self.links: list[QPushButton] = []
        self._times = [label("", "muted") for _ in range(_LINKS)]
        for number in range(_LINKS):
            link = QPushButton()
            link.setObjectName(f"takenForLink{number}")
            link.setProperty("look", "link")
            explain(link, "Taken for another", "Show the pictures that were read so.")
            link.clicked.connect(partial(self._keep, number))
            self.links.append(link)
            row.addWidget(link)
            row.addWidget(self._times[number])
            row.addSpacing(Size.FIELD_GAP)
        row.addStretch(1)
        self._pairs: list[tuple[int, int, int]] = []
        return row

    def _keep(self, number: int) -> None:
        # Before the first results, the buttons are there already.
        for true, read, _ in self._pairs[number : number + 1]:
            self.matrix.keep((true, read))

    def show_state(self, state: str, link: str) -> None:
        """Say how far the count is, and what can be done about it."""
        self.note.setText(state or (NOTE if self._labelled else ""))
        self.link.setText(link)
        self.link.setVisible(bool(link))

    def show_nothing(self, name: Callable[[int], str]) -> None:
        """Show a table without counts."""
        self._labelled, self._pairs = True, []
        self._table.show()
        self._unlabelled.hide()
        self.matrix.keep(None)
        self.matrix.show_results(None, name)
        self.taken_heading.setText(_TAKEN)
        for part in (*self.links, *self._times):
            part.hide()

    def show_results(self, results: Results, name: Callable[[int], str]) -> None:
        """Show the counts of results."""
        labelled = self._labelled = results.labels is not None
        self._table.setVisible(labelled)
        self._unlabelled.setVisible(not labelled)
        self.matrix.show_results(results, name)
        self._pairs = results.most_taken(_LINKS)
        self.taken_heading.setText(_TAKEN if self._pairs else _NONE_TAKEN)
        for number, (link, times) in enumerate(zip(self.links, self._times, strict=True)):
            there = number < len(self._pairs)
            link.setVisible(there)
            times.setVisible(there)
            if there:
                true, read, count = self._pairs[number]
                link.setText(no_key(f"{name(true)} → {name(read)}"))
                link.setAccessibleName(f"{name(true)} read as {name(read)}")
                times.setText("once" if count == 1 else f"{count:,} times")
