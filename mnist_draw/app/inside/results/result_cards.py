"""The choice of pictures, the figures, the card around the confusion matrix, the reliability."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import QBoxLayout, QWidget

from mnist_draw.analysis import pictures
from mnist_draw.analysis.report import Diagram, reliability_svg
from mnist_draw.analysis.result_tables import accuracy_figure, key_figures
from mnist_draw.analysis.results import Bin, Results
from mnist_draw.analysis.sentences import describe_chance_of, describe_range
from mnist_draw.app.inside.results import confusion_matrix
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import smooth_painter, svg_pixmap
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, rule, set_look
from mnist_draw.i18n import _, joined, listed, number
from mnist_draw.library.network_data import Name, has_digits
from mnist_draw.storage.models import ModelFile

#: Reads pictures; called in the background.
Load = Callable[[], pictures.Pictures]


def _texts(model: ModelFile | None) -> tuple[str, str]:
    """Return what the test and the validation pictures of a network, or of MNIST, are called."""
    name = "MNIST" if model is None else model.info.data or _("Its own")
    return _("{data} test", data=name), _("{data} validation", data=name)


class DataCombo(ComboBox):
    chosen = Signal(object)

    def __init__(self) -> None:
        sentence = _("The pictures to measure the network on: its data set's, or those you taught.")
        super().__init__("dataCombo", _("Pictures"), sentence)
        #: What a network with classes of its own learned, and these; None for MNIST.
        self._of: tuple[str, tuple[str, ...]] | None = None
        test, validation = _texts(None)
        self.addItem(test, pictures.load_test_pictures)
        self.addItem(validation, pictures.load_validation_pictures)
        self.addItem(_("My digits"), pictures.my_digits)
        self._confirmed = 0
        self.activated.connect(lambda: self.chosen.emit(self.load))

    def use_network(self, model: ModelFile) -> bool:
        """Offer what a network learned in MNIST's place; return whether it replaces the choice."""
        own = None if has_digits(model) else model
        before, self._of = self._of, None if own is None else (own.info.data, own.info.classes)
        if before == self._of:
            return False
        loads = pictures.load_test_pictures, pictures.load_validation_pictures
        for place, load in enumerate(loads):
            self.setItemText(place, _texts(own)[place])
            self.setItemData(place, partial(load, own))
        return self.currentIndex() < len(loads)

    @property
    def load(self) -> Load:
        load: Load = self.currentData()
        return load

    def confirm(self) -> None:
        self._confirmed = self.currentIndex()

    def revert(self) -> None:
        """Choose again what was there before; the pictures chosen cannot be used."""
        self.setCurrentIndex(self._confirmed)


_NONE = "–"


class ResultFigure(QWidget):
    def __init__(self, name: str, caption: str) -> None:
        super().__init__()
        self.caption = label(caption, "muted")
        self.value = ElidedLabel(_NONE, "figure", name)
        self._steady = GrowingLabel(label("", "muted"))
        parts = (FixedLabel(part, lines=1) for part in (self.caption, self.value))
        column(*parts, self._steady, 1, gap=0, owner=self)

    def show_figure(self, value: str, note: str) -> None:
        self.value.setText(value)
        self._steady.set_text(note)
        words = _("{caption}: {value}, {note}", caption=self.caption.text(), value=value, note=note)
        self.value.setAccessibleName(words)


class ResultFigures(QWidget):
    def __init__(self) -> None:
        super().__init__()
        captions = {
            "otherAccuracyFigure": _("Validation"),
            "weakestFigure": _("Weakest"),
            "sureMistakesFigure": _("Sure and wrong"),
        }
        self.all = [ResultFigure(*each) for each in captions.items()]
        self.other = self.all[0]
        self.accuracy = label(_NONE, "large2", "resultsAccuracy")
        self.counts = label("", "title", "countsFigure")
        self.chance = label("", "muted", "chanceFigure")
        gap = Size.CARD_GAP
        words = column(1, self.counts, self.chance, 1, gap=0)
        large = row(self.accuracy, (words, 1), gap=gap)
        others = row(*((each, 1) for each in self.all), gap=gap)
        #: The accuracy, and what is seen with all details; beside or below each other.
        self._rows = row((large, 2), (others, 3), gap=gap, owner=self)
        self._details = False
        self._title = ""

    def show_details(self, on: bool) -> None:
        self._details = on
        set_look(self.accuracy, "large0" if on else "large2")
        self.chance.setVisible(on)
        for figure in self.all:
            figure.setVisible(on and (figure is not self.other or bool(self._title)))

    def setDirection(self, direction: QBoxLayout.Direction) -> None:
        self._rows.setDirection(direction)

    def show_nothing(self, note: str = "") -> None:
        self._show_accuracy(_NONE, note, "")
        for figure in self.all:
            figure.show_figure(_NONE, "")

    def _show_accuracy(self, value: str, counts: str, chance: str) -> None:
        self.accuracy.setText(value)
        self.counts.setText(counts)
        self.chance.setText(chance)
        self.accuracy.setAccessibleName(joined(_("Accuracy"), value, counts, chance))

    def show_results(self, results: Results | None, name: Name) -> None:
        if results is None:
            self.show_nothing()
            return
        accuracy, _loss, weakest, sure = key_figures(results, name)
        self._show_accuracy(accuracy[1], accuracy[2], describe_chance_of(results))
        for figure, found in zip(self.all[1:], (weakest, sure), strict=True):
            figure.show_figure(*found[1:])

    def show_other(self, title: str, results: Results | None) -> None:
        self._title = title
        self.other.setVisible(self._details and bool(title))
        self.other.caption.setText(title)
        nothing = _NONE, _("measuring")
        self.other.show_figure(*(nothing if results is None else accuracy_figure(results)))


#: Number of the commonest mistakes with a link of their own.
_LINKS = 3
_LINK = "font-weight: 600; text-decoration: none"
_TAKEN = _("MOST FREQUENT MIX-UPS")
_NONE_TAKEN = _("NO MIX-UPS")


class ConfusionCard(Card):
    def __init__(self, state: FittedLabel) -> None:
        super().__init__(_("Mix-ups"))
        self.top.insertWidget(1, FixedLabel(state, lines=2), 4)
        self.matrix = confusion_matrix.ConfusionMatrix()
        self._table = QWidget()
        reads = label(_("it reads"), "muted")
        reads.setAlignment(Qt.AlignCenter)
        self.taken_heading = label(_TAKEN, "heading", "takenHeading")
        above = column(reads, (self.matrix, 1), gap=0)
        self.taken = label("", "muted", "takenForLinks", wraps=True)
        explain(self.taken, _("Mix-ups"))
        self.taken.setTextFormat(Qt.RichText)
        # By the keyboard they are the same as their cells above.
        self.taken.setTextInteractionFlags(Qt.LinksAccessibleByMouse)
        self.taken.linkActivated.connect(lambda n: self.matrix.pin(self._pairs[int(n)][:2]))
        self._pairs: list[tuple[int, int, int]] = []
        below = column(self.taken_heading, self.taken, gap=Size.GRID)
        column((above, 1), rule(), below, owner=self._table)
        self.body.addWidget(self._table, 1)

    def _show_taken(self, name: Name) -> None:
        words = []
        links = []
        for place, (true, read, count) in enumerate(self._pairs):
            pair = escape(f"{name(true)} → {name(read)}").replace(" ", "&nbsp;")
            times = confusion_matrix.describe_times(count)
            links.append(f'<a href="{place}" style="{_LINK}">{pair}</a> {number(count)}×')
            words.append(f"{confusion_matrix.describe_pair((true, read), name)}: {times}")
        self.taken.setText(" &nbsp; ".join(links))
        self.taken.setAccessibleDescription(listed(words))

    def show_details(self, on: bool) -> None:
        self.matrix.show_details(on)
        self._say_how_many()

    def show_classes(self, classes: int, name: Name) -> None:
        self.matrix.show_classes(classes, name)
        self._say_how_many()

    def _say_how_many(self) -> None:
        shown = len(self.matrix.shown)
        total = self.matrix.classes
        words = _("{shown} of {total} classes", shown=shown, total=total)
        self.note.setText(words if shown < total else "")

    def show_results(self, results: Results | None, name: Name) -> None:
        self.matrix.show_results(results, name)
        self._pairs = [] if results is None else results.most_taken(_LINKS)
        nothing = results is not None and not self._pairs
        self.taken_heading.setText(_NONE_TAKEN if nothing else _TAKEN)
        self._show_taken(name)
        self._say_how_many()


class ReliabilityView(WalkableView):
    SIZE = (320, 150)
    LEAST_SIZE = (180, 110)

    def __init__(self) -> None:
        super().__init__(
            "reliabilityView",
            _("Is its certainty justified?"),
            _(
                "How often the network is right, by how sure it says it is. Arrow keys go "
                "from point to point.",
            ),
        )
        self.bins: tuple[Bin, ...] = ()
        theme.follow(self, lambda: self.setMinimumHeight(theme.scaled(self.LEAST_SIZE[1])))

    def show_results(self, results: Results | None) -> None:
        self.bins = () if results is None else results.reliability
        self.show_items()

    def _diagram(self) -> Diagram:
        font = theme.font(Text.AXIS)
        colors = (theme.color(name).name() for name in ("muted", "line", "second", "card"))
        size = self.width(), self.height(), font.pixelSize()
        return Diagram(*size, font.family(), *colors)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        drawn = reliability_svg(self.bins, self._diagram())
        painter.drawPixmap(0, 0, svg_pixmap(drawn, self.size(), self.devicePixelRatioF()))
        self.paint_current(painter, 11)

    def count(self) -> int:
        return len(self.bins)

    def place_of(self, item: int) -> QPointF:
        part = self.bins[item]
        return QPointF(*self._diagram().at(part.confidence, part.accuracy))

    def describe(self, item: int) -> str:
        return describe_range(self.bins[item])
