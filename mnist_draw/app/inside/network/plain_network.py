"""The section *Network* at first sight: the strokes that were found, and what they add up to."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPoint, QPointF
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QBoxLayout, QWidget

from mnist_draw.analysis.strokes import Strokes, describe_sum, describe_without
from mnist_draw.app.draw.answer_figure import AnswerFigure
from mnist_draw.app.draw.probability_bars import ProbabilityBars
from mnist_draw.app.inside.network.strokes_view import PixelsView, StrokesView
from mnist_draw.app.inside.section import Example
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label, set_look
from mnist_draw.i18n import _
from mnist_draw.library.network_data import narrow_name
from mnist_draw.recognition.certainty import Certainty, State, certainty_from

#: Of the width, what the answer gets; the text of one answer and of two, in its width.
_ANSWER_SHARE = 0.32
_ONE = 0.57
_TWO = 0.31
_LARGEST = 260
#: The smallest text of the certainty's word, in logical pixels.
_SMALLEST = 12
_POINT = _("Point at a stroke: the answer without it.")


class _Figure(AnswerFigure):
    def fit(self, room: int, certainty: Certainty | None) -> None:
        """Show an answer as large as its room allows."""
        self._large = min(_LARGEST, round(_ONE * room))
        self._smaller = round(_TWO * room)
        self.setFixedHeight(round(1.05 * self._large))
        is_short = certainty is None or len(narrow_name(certainty.text)) < 3
        self.setFixedWidth(self.show_certainty(certainty, is_short, room))


class PlainNetwork(QWidget):
    def __init__(self) -> None:
        super().__init__()
        #: Of the classes.
        self.names: tuple[str, ...] = ()
        self.off: frozenset[int] = frozenset()
        self._refused: Certainty | None = None
        self._certainty: Certainty | None = None
        self.pixels = PixelsView()
        self.strokes = StrokesView(self._line_start, self._ends)
        self.answer = self._build_answer()
        row((self.strokes, 1), self.answer, gap=Size.GRID, owner=self)
        self.strokes.toggled.connect(self._toggle)
        self.strokes.pointed.connect(self._show_foot)
        self.strokes.all_on.connect(lambda: self._switch(frozenset()))
        self.show_strokes(None, None)

    def _build_answer(self) -> QWidget:
        panel = QWidget()
        self.figure = _Figure("networkAnswer", _LARGEST)
        explain(self.figure, _("Answer"))
        self.word = FittedLabel(_SMALLEST, look="sure", name="networkSure")
        self.line = label("", "muted", "networkSecond")
        self._line = GrowingLabel(self.line)
        words = column(1, FixedLabel(self.word, lines=1), self._line, 2, gap=0)
        self._said = row(self.figure, (words, 1), gap=Size.CARD_GAP)
        self.bars = ProbabilityBars("networkBar")
        self._sum = GrowingLabel(label("", "surer", "networkSum"))
        self.foot = label("", "muted", "networkFoot")
        self._foot = GrowingLabel(self.foot, least=2)
        column(
            Size.TIGHT,
            self._said,
            1,
            self.bars,
            self._sum,
            2,
            self._foot,
            gap=Size.MARGIN,
            owner=panel,
        )
        return panel

    # -- places

    def _line_start(self) -> QPointF:
        """Return where the lines to the tiles begin: beside the pixels, or else the board."""
        x = 2.0
        if not self.pixels.isVisible():
            return QPointF(x, 0.25 * self.height())
        middle = self.pixels.box().center().toPoint()
        return QPointF(x, self.strokes.mapFromGlobal(self.pixels.mapToGlobal(middle)).y())

    def _ends(self) -> tuple[float, float]:
        """Return how far down the bundles end: at the answer, and at the bar of the second."""
        figure = self.figure.mapTo(self, QPoint(0, round(0.45 * self.figure.height())))
        second = self.bars.mapTo(self, QPoint(0, self.bars.height() // 2))
        return float(figure.y()), float(second.y())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.answer.setFixedWidth(round(_ANSWER_SHARE * self.width()))
        self._show()

    # -- what is shown

    def show_classes(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.bars.show_classes(tuple(map(narrow_name, names)))
        self.strokes.name = names.__getitem__
        self._switch(frozenset())

    def show_strokes(self, strokes: Strokes | None, example: Example | None) -> None:
        """Show what was found in an example; None: ghosts."""
        if strokes is not None and example is not None and example.is_digit:
            self._refused = None
            self.strokes.show_strokes(strokes, example.picture)
        else:
            self.strokes.show_strokes(None, None)
        self._show()

    def show_refusal(self, certainty: Certainty | None) -> None:
        """Show why the drawing is no digit; None: it is one."""
        self._refused = certainty
        self._show()

    def _of(self, off: frozenset[int]) -> tuple[Certainty, np.ndarray] | None:
        strokes = self.strokes.strokes
        if strokes is None:
            return None
        p = strokes.probabilities(sorted(off))
        return certainty_from(p, self.names), p

    def _toggle(self, item: int) -> None:
        units = frozenset(self.strokes.stroke(item).units.tolist())
        self._switch(self.off - units if self.strokes.is_off(item) else self.off | units)

    def _switch(self, off: frozenset[int]) -> None:
        self.off = self.strokes.off = off
        self._show()

    def _show(self) -> None:
        found = self._of(self.off)
        certainty = self._refused if found is None else found[0]
        self._certainty = certainty
        self.figure.fit(self.answer.width() - Size.CARD_GAP, certainty)
        is_wide = self.figure.width() > 0.6 * self.answer.width()
        beside = QBoxLayout.TopToBottom if is_wide else QBoxLayout.LeftToRight
        self._said.setDirection(beside)
        self.word.setText("" if certainty is None else certainty.word)
        self._line.set_text("" if certainty is None else certainty.line)
        self._sum.set_text("" if found is None else describe_sum(found[0]))
        if found is None:
            self.bars.show_nothing(refused=certainty is not None)
        else:
            self.bars.show_probabilities(found[1].tolist(), found[0])
        self.strokes.is_muted = certainty is not None and certainty.state is State.NOT_SURE
        self.strokes.update()
        self._show_foot()

    def _show_foot(self) -> None:
        item = self.strokes.current
        words = _POINT if self.strokes.strokes is not None else ""
        look = "muted"
        if item is not None and self._certainty is not None:
            units = frozenset(self.strokes.stroke(item).units.tolist())
            is_off = self.strokes.is_off(item)
            other = self._of(self.off - units if is_off else self.off | units)
            assert other is not None
            words = describe_without(other[0], float(other[1].max()), is_off)
            look = "runner-up" if other[0].text != self._certainty.text else "body"
        set_look(self.foot, look)
        self._foot.set_text(words)
