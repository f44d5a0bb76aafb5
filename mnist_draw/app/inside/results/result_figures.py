"""Five figures in a row: how good the network is in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app.kit.steady_labels import FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import label

if TYPE_CHECKING:
    from mnist_draw.analysis.results import Results

_NONE = "–"


class ResultFigure(QWidget):
    """A figure with what it is above it, and what that means below."""

    def __init__(self, name: str, caption: str, note: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.caption = label(caption, "muted")
        self.value = label(_NONE, "figure", name)
        self.note = label(note, "muted")
        for part in (self.caption, self.value, self.note):
            column.addWidget(FixedLabel(part, lines=1))

    def show_figure(self, value: str, note: str | None = None) -> None:
        """Show a figure; the note below stays if none is given."""
        self.value.setText(value)
        if note is not None:
            self.note.setText(note)
        self.value.setAccessibleName(f"{self.caption.text()}: {value}, {self.note.text()}")


class ResultFigures(QWidget):
    """Accuracy, the same on other pictures, loss, the weakest class, sure mistakes."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.CARD_GAP)
        self.accuracy = ResultFigure("accuracyFigure", "Accuracy")
        self.other = ResultFigure("otherAccuracyFigure", "On validation")
        self.loss = ResultFigure("lossFigure", "Mean loss", "cross-entropy, nats")
        self.weakest = ResultFigure("weakestFigure", "Weakest digit")
        self.sure = ResultFigure("sureMistakesFigure", "Sure and wrong", "over 90 % sure")
        self.loss.setToolTip(
            "The network's own probabilities, as in training; all other figures here go by the "
            "calibrated ones, as the answers on Draw do."
        )
        for figure in (self.accuracy, self.other, self.loss, self.weakest, self.sure):
            row.addWidget(figure, 1)

    def show_nothing(self) -> None:
        """Show that nothing is counted."""
        for figure in (self.accuracy, self.other, self.weakest):
            figure.show_figure(_NONE, "")
        self.loss.show_figure(_NONE)
        self.sure.show_figure(_NONE)

    def show_results(self, results: Results, name: Callable[[int], str]) -> None:
        """Show the figures of results, of some of the pictures or all."""
        if results.labels is None:
            self.accuracy.show_figure(_NONE, f"{results.counted:,} pictures, no labels")
            self.loss.show_figure(_NONE)
            self.weakest.show_figure(_NONE, "")
            self.sure.show_figure(_NONE)
            return
        self.accuracy.show_figure(*_accuracy(results))
        self.loss.show_figure(f"{results.loss:.3f}")
        weakest = results.weakest
        missed = 0.0 if weakest is None else 100 * (1 - float(results.recall[weakest]))
        if weakest is None or not missed:
            self.weakest.show_figure(_NONE, "none missed" if results.counted else "")
        else:
            self.weakest.show_figure(name(weakest), f"{missed:.1f} % of them missed")
        self.sure.show_figure(f"{results.sure_and_wrong:,}")

    def show_other(self, title: str, results: Results | None) -> None:
        """Show the accuracy on other pictures of the same data set."""
        self.other.setVisible(bool(title))
        self.other.caption.setText(f"On {title}")
        self.other.show_figure(*((_NONE, "") if results is None else _accuracy(results)))


def _accuracy(results: Results) -> tuple[str, str]:
    return (
        f"{100 * results.accuracy:.2f} %",
        f"{results.wrong:,} of {results.counted:,} wrong",
    )
