"""The Library, a page of Train: every run and every network, compared at the right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QFontMetrics,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from qtpy.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import Command, icon, icon_button, set_icon
from mnist_draw.app.kit.controls import BinButton
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button, style_table, tip
from mnist_draw.app.train.library_delegate import CURVE_SIZE, curve_points
from mnist_draw.app.train.library_rows import LibraryList
from mnist_draw.app.train.series import STYLES, SWATCH, on_axis, series_color, swatch, tick_text
from mnist_draw.i18n import (
    _,
    clauses_of,
    counted,
    format_duration,
    format_percent,
    number,
    pgettext,
)
from mnist_draw.library.entries import Entry, Library, differing_settings
from mnist_draw.training.history import EpochFigures

#: Quantities to compare: title, attribute of `EpochFigures`, whether it is a loss.
CHOICES = (
    (_("Validation accuracy"), "validation_accuracy", False),
    (_("Validation loss"), "validation_loss", True),
    (_("Training accuracy"), "training_accuracy", False),
    (_("Training loss"), "training_loss", True),
)

_TICK_TWO = _("Tick two to compare.")
_TOO_FEW = _("Two runs of yours are compared here.")
#: Columns share the table's width if each gets at least this; else each is as wide as its texts.
_LEAST_WIDTH = 90
_MOST_WIDTH = 200


class CompareCard(Card):
    """Overlays the curves of the ticked entries."""

    def __init__(self) -> None:
        super().__init__(_("Compared"))
        self.plot: Any = None
        self._is_prepared = False
        self.runs: list[tuple[int, str, Sequence[EpochFigures]]] = []
        self._missing = ""
        self.curves: list[Any] = []
        self._names = FlowLayout()
        sentence = _("What to plot for the ticked runs.")
        self.choice = ComboBox("compareCombo", _("Compared"), sentence, look="quiet")
        self.choice.addItems([text for text, *__ in CHOICES])
        self.choice.currentIndexChanged.connect(self.redraw)
        self.top.addWidget(self.choice)
        self._hint = _TICK_TWO
        self.message = label("", "muted")
        self.message.setAlignment(Qt.AlignCenter)
        self.body.addLayout(self._names)
        self.body.addWidget(self.message, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        theme.theme().changed.connect(self.redraw)

    def prepare(self) -> None:
        """Let the plot be built once something is ticked: pyqtgraph is imported."""
        self._is_prepared = True
        self.redraw()

    def _build(self) -> None:
        from mnist_draw.app.train.plots import new_plot

        plot, self.value_axis, self.epoch_axis = new_plot(
            "comparePlot",
            _("Compared runs"),
            _("One curve per ticked run, in its row's style."),
            self._tick_text,
        )
        plot.setMouseEnabled(False, False)
        plot.setFocusPolicy(Qt.NoFocus)
        # Its own height would leave the list below 1180 px one row.
        plot.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Ignored)
        self.plot = plot
        self.body.addWidget(plot, 1)

    def note_entries(self, count: int) -> None:
        """Take how many entries can be ticked."""
        self._hint = _TICK_TWO if count > 1 else _TOO_FEW
        self.redraw()

    def show_runs(
        self,
        runs: Sequence[tuple[int, str, Sequence[EpochFigures]]],
        missing: str = "",
    ) -> None:
        """Show runs: the place among the ticked ones, the name and the figures of each.

        `missing` says why something else that is ticked has no curve.
        """
        self.runs = list(runs)
        self._missing = missing
        self.redraw()

    @property
    def _loss(self) -> bool:
        return CHOICES[self.choice.currentIndex()][2]

    def _tick_text(self, value: float) -> str:
        return tick_text(value, self._loss)

    def redraw(self) -> None:
        self.message.setVisible(len(self.runs) < 2 or bool(self._missing))
        more = _("Tick one more to compare.") if self.runs else self._hint
        self.message.setText(self._missing or more)
        self.body.setStretchFactor(self.message, int(not self.runs))
        self.choice.setVisible(bool(self.runs))
        if self.plot is None:
            if not (self._is_prepared and self.runs):
                return
            self._build()
        self.plot.setVisible(bool(self.runs))
        item = self.plot.getPlotItem()
        for drawn in self.curves:
            item.removeItem(drawn)
        self.curves = []
        self._show_names()
        self.value_axis.logarithmic = self._loss
        self.plot.setBackground(theme.color("card"))
        values: list[float] = []
        for place, __, rows in self.runs:
            values += self._draw(place, rows)
        for axis in (self.value_axis, self.epoch_axis):
            axis.restyle()
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        longest = max([1, *(rows[-1].epoch for *__, rows in self.runs)])
        self.epoch_axis.show_epochs(self.plot, longest)
        # A lone point is in the middle of a scale that says how high it is.
        least = (0.1, 0.5) if len(values) > 1 else (1.0, 10.0)
        spare = max(0.0, least[not self._loss] - (high - low)) / 2
        self.plot.setYRange(low - spare, high + spare, padding=0.03)

    def _show_names(self) -> None:
        """Show the names above the plot, where no curve crosses them."""
        while taken := self._names.takeAt(0):
            taken.widget().hide()
            taken.widget().deleteLater()
        for place, name, __ in self.runs:
            mark = QLabel()
            mark.setPixmap(swatch(place).pixmap(*SWATCH))
            shown = FittedLabel(look="status", name="comparedName")
            shown.setText(name)
            part = QWidget()
            row(mark, shown, owner=part)
            self._names.addWidget(part)

    def _draw(self, number: int, rows: Sequence[EpochFigures]) -> list[float]:
        import pyqtgraph

        field = CHOICES[self.choice.currentIndex()][1]
        xs = [row.epoch for row in rows]
        ys = [on_axis(getattr(row, field), self._loss) for row in rows]
        color = series_color(number)
        item = self.plot.getPlotItem()
        pen = pyqtgraph.mkPen(color, width=2, style=STYLES[number])
        dot = "o" if len(xs) == 1 else None
        curve = item.plot(xs, ys, pen=pen, symbol=dot, symbolBrush=color, symbolPen=color)
        self.curves.append(curve)
        return ys


class DifferencesTable(QTableWidget):
    """Different settings and results of the ticked entries."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("differencesTable")
        explain(
            self,
            _("What differs"),
            _("The settings and results in which the ticked runs differ."),
        )
        self.setSelectionMode(QAbstractItemView.NoSelection)
        style_table(self, theme.scaled(Size.FIELD))
        self.setAlternatingRowColors(False)
        # Values that changed during a run differ at their ends.
        self.setTextElideMode(Qt.ElideMiddle)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeToContents)
        self._names: list[str] = []
        self.horizontalHeader().sectionResized.connect(self._fit_heading)
        theme.theme().changed.connect(self._restyle)

    def _restyle(self) -> None:
        for place in range(self.columnCount()):
            if heading := self.horizontalHeaderItem(place):
                heading.setIcon(swatch(place))

    def _fit_heading(self, number: int, _before: int, width: int) -> None:
        """Write one part of a name a line, which keeps the columns narrow; elide long ones."""
        heading = self.horizontalHeaderItem(number)
        if heading is not None:
            header = self.horizontalHeader()
            if header.sectionResizeMode(number) != header.Stretch:
                width = theme.scaled(_MOST_WIDTH)
            room = width - SWATCH[0] - Size.GRID
            # The style writes them in bold.
            font = header.font()
            font.setBold(True)
            metrics = QFontMetrics(font)
            lines = []
            for part in clauses_of(self._names[number]):
                lines.append("")
                for piece in re.findall(r"\s*[^\s-]+-*|-+", part):
                    if lines[-1] and metrics.horizontalAdvance(lines[-1] + piece) > room:
                        lines.append("")
                    lines[-1] = (lines[-1] + piece).lstrip()
            elided = (metrics.elidedText(line, Qt.ElideRight, room) for line in lines)
            heading.setText("\n".join(elided))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        header = self.horizontalHeader()
        least = theme.scaled(_LEAST_WIDTH)
        shares = self.columnCount() * least <= self.viewport().width()
        header.setSectionResizeMode(header.Stretch if shares else header.ResizeToContents)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        rows = [*differing_settings(entries), *_results(entries)] if len(entries) > 1 else []
        self._names = [entry.name for entry in entries]
        self.setColumnCount(len(entries))
        self.setRowCount(len(rows))
        for place, entry in enumerate(entries):
            heading = QTableWidgetItem(swatch(place), "")
            # As high as the line sample, which is in the middle.
            heading.setTextAlignment(int(Qt.AlignLeft | Qt.AlignVCenter))
            heading.setToolTip(tip(entry.name))
            self.setHorizontalHeaderItem(place, heading)
        self._share()
        for place in range(len(entries)):
            self._fit_heading(place, 0, self.horizontalHeader().sectionSize(place))
        self.setVerticalHeaderLabels([name for name, __ in rows])
        for line, (__, values) in enumerate(rows):
            for place, value in enumerate(values):
                item = QTableWidgetItem(value)
                item.setToolTip(tip(value))
                self.setItem(line, place, item)


def _results(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    tested = all(entry.test_accuracy is not None for entry in entries)
    rows = [
        (_("Test accuracy"), [format_percent(entry.test_accuracy) for entry in entries]),
        (_("Time"), [format_duration(entry.seconds) for entry in entries]),
    ]
    if not tested:
        shares = [format_percent(entry.validation_accuracy) for entry in entries]
        rows.insert(0, (_("Validation accuracy"), shares))
    return [(title, values) for title, values in rows if len(set(values)) > 1]


#: From this width on the comparison is next to the list, in pixels at the usual text size.
_BESIDE = 1180
_SEARCH = 200
#: Shares of the list and of what is compared.
_SHARES = (13, 8)
_BELOW_SHARES = (3, 4)
#: Accuracies of a usual run, for the curve that is not there yet.
_USUAL = (0.85, 0.93, 0.955, 0.967, 0.973, 0.977, 0.979, 0.98)


class LibraryPage(QWidget):
    """The list of entries, what can be done with them, and the comparison."""

    shown = Signal()
    close_requested = Signal()

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self.setObjectName("libraryPage")
        self.list = LibraryList(state)
        self.bin = BinButton("deletedButton", _("Restore deleted runs and networks"))
        self.bin.hide()
        self.compare = CompareCard()
        self.differences = DifferencesTable()
        self._build_commands()
        column(self._build_top(), (self._build_body(), 1), gap=Size.CARD_GAP, owner=self)
        self.list.rows.ticked_changed.connect(self._arrange)
        self.list.rows.modelReset.connect(self._show_empty)
        theme.follow(self, self._arrange)

    def _build_commands(self) -> None:
        sentence = _("Give the run or network another name.")
        Command(self, _("Rename"), "F2", self.list.edit_name, sentence=sentence)
        sentence = _("Delete the run or network; this can be undone.")
        self.delete = Command(self, _("Delete"), "Delete", sentence=sentence)
        sentence = _("Restore what was deleted last.")
        self.undo = Command(self, _("Undo"), "Ctrl+Z", sentence=sentence)
        sentence = _(
            "Words of names, or keys with values, such as lr:0.001..0.01, acc:>98 or -data:mnist.",
        )
        self._search = Command(self, _("Search"), "Ctrl+F", self._begin_search, sentence=sentence)

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _build_top(self) -> QBoxLayout:
        self.search = QLineEdit()
        self.search.setObjectName("librarySearch")
        self.search.setPlaceholderText(_("Search"))
        self.search.setClearButtonEnabled(True)
        theme.follow(self, lambda: self.search.setMaximumWidth(theme.scaled(_SEARCH)))
        glass = self.search.addAction(icon("magnifying-glass"), QLineEdit.LeadingPosition)
        theme.follow(self, lambda: glass.setIcon(icon("magnifying-glass")))
        self._search.describe(self.search)
        self.search.textChanged.connect(self.list.rows.search)
        open_button = push_button("openNetworkButton", _("Open a network"), "")
        sentence = _(
            "Open a trained network: a file of this program, or parameters that Lasagne's users "
            "saved with numpy.savez.",
        )
        self.open = Command(self, _("Open a network"), "Ctrl+O", sentence=sentence)
        self.open.serve(open_button)
        set_icon(open_button, "folder-open", Size.SMALL_ICON)
        close = icon_button("closeLibraryButton", "x", _("Close"), "", look="square")
        sentence = _("Go back to the previous page.")
        Command(self, _("Close the Library"), "Esc", self._close, sentence=sentence).serve(close)
        titles = column(
            label(_("Library"), "sure"),
            ElidedLabel(_("Every run and every network. Click one to open it."), "sentence"),
            gap=Size.TIGHT,
        )
        return row((titles, 3), (self.search, 2), open_button, close)

    def _close(self) -> None:
        """Clear the search, where the keyboard is there, or what is ticked; else leave."""
        if self.search.hasFocus() and self.search.text():
            self.search.clear()
        elif self.list.rows.ticked():
            self.list.rows.clear_ticks()
        else:
            self.close_requested.emit()

    def _build_body(self) -> QBoxLayout:
        card = Card()
        pad = Size.CARD_PADDING
        card.body.setContentsMargins(1, pad - Size.GRID, 1, pad - Size.GRID)
        self.ticked = label("", "muted", name="tickedLabel")
        margins = (pad, 0, pad, 0)
        top = row(label(_("YOURS"), "heading"), self.ticked, 1, self.bin, margins=margins)
        card.body.addLayout(top)
        card.body.addWidget(self._build_empty())
        card.body.addWidget(self.list, 1)
        differing = Card(_("What differs"))
        differing.body.addWidget(self.differences, 1)
        self._differing = differing
        self._compared = QWidget()
        self._right = column(
            (self.compare, 1),
            (differing, 1),
            gap=Size.CARD_GAP,
            owner=self._compared,
        )
        self._body = row((card, _SHARES[0]), (self._compared, _SHARES[1]), gap=Size.CARD_GAP)
        return self._body

    def _build_empty(self) -> QWidget:
        """Build what is shown where the first run will be listed."""
        self.empty = QWidget()
        self.empty.setObjectName("emptyLibrary")
        self.train_button = button = push_button(
            "trainFirstButton",
            pgettext("button", "Train"),
            _("Choose what to train, and start."),
            look="primary",
        )
        words = label(_("Your first run appears here."), "muted")
        margins = (Size.MARGIN, Size.FIELD_GAP, Size.MARGIN, Size.FIELD_GAP)
        row(
            _PlaceholderCurve(),
            words,
            1,
            button,
            gap=Size.MARGIN,
            margins=margins,
            owner=self.empty,
        )
        return self.empty

    # -- what is shown

    def show_library(self, library: Library) -> None:
        self.list.rows.show_entries(library.entries)
        titles = dict(library.deleted)
        self.bin.show_deleted(list(titles), titles.__getitem__)
        self.bin.setText(_("Deleted ({count})", count=number(len(titles))))
        self.bin.setVisible(bool(titles))
        self._show_empty()

    def _show_empty(self) -> None:
        own = sum(not entry.is_shipped for entry in self.list.rows.entries)
        self.empty.setVisible(not own)
        self.compare.note_entries(own)

    def minimumSizeHint(self) -> QSize:
        """Return what the list needs: the comparison goes below it in less room."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), self.list.minimumSizeHint().width()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Put the comparison next to the list, or below it once two entries are ticked."""
        beside = self.width() >= theme.scaled(_BESIDE)
        ticked = len(self.list.rows.ticked())
        several = ticked > 1
        selected = counted("{count} selected", "{count} selected", ticked)
        leave = _("Esc clears the selection")
        self.ticked.setText(f"{selected} · {leave}" if ticked else "")
        self._body.setDirection(QBoxLayout.LeftToRight if beside else QBoxLayout.TopToBottom)
        self._right.setDirection(QBoxLayout.TopToBottom if beside else QBoxLayout.LeftToRight)
        for place, share in enumerate(_SHARES if beside else _BELOW_SHARES):
            self._body.setStretch(place, share)
        self._differing.setVisible(several)
        self._compared.setVisible(beside or several)


class _PlaceholderCurve(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(*CURVE_SIZE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setPen(QPen(theme.color("edge"), 2, Qt.DotLine))
        painter.drawPolyline(QPolygonF(curve_points(_USUAL, QRectF(self.rect()))))
