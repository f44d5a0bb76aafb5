"""What the Library compares: the curves of what is ticked, and the settings that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QFontMetrics, QResizeEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import FlowLayout, row
from mnist_draw.app.kit.steady_labels import FittedLabel, TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, style_table, tip
from mnist_draw.app.train.library_delegate import accuracy_of
from mnist_draw.app.train.library_rows import LibraryModel
from mnist_draw.app.train.series import STYLES, SWATCH, on_axis, series_color, swatch, tick_text
from mnist_draw.i18n import _, clauses_of, format_duration, format_percent, number, percent
from mnist_draw.library.arrangement import Choice
from mnist_draw.library.comparison import (
    ACROSS,
    FIGURES,
    Comparison,
    Curve,
    compared,
    short_names,
)
from mnist_draw.library.entries import Entry, compared_settings

_TICK_TWO = _("Check two to compare.")
_TOO_FEW = _("Two runs of yours are compared here.")
#: Columns share the table's width if each gets at least this; else each is as wide as its texts.
_LEAST_WIDTH = 90
_MOST_WIDTH = 200
_TITLES = 150
#: Steps of the slider of smoothing, and the part that one is.
_SMOOTHEST = 19
_SMOOTHER = 0.05
_SLIDER = 96
#: From this width on the card shows its title, too.
_WIDE = 560
#: Above and below all values, of their range: a point at its end is whole where the plot is low.
_PADDING = 0.06
#: Opacity, of 255, of a line before smoothing, and of the spread of seeds.
_FAINT = 64
_BAND = 40


class CompareCard(Card):
    """The curves of the ticked entries: a function of what the rows have chosen and read."""

    def __init__(self, rows: LibraryModel) -> None:
        super().__init__(_("Compared"))
        self._rows = rows
        self.plot: Any = None
        self.band: Any = None
        self._is_prepared = False
        self.comparison = Comparison()
        self.curves: list[Any] = []
        self._drawn: list[Any] = []
        self._names = FlowLayout()
        self._build_controls()
        self.message = label("", "muted", wraps=True)
        self.message.setAlignment(Qt.AlignCenter)
        self.body.addLayout(self._names)
        self.body.addWidget(self.message, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        rows.choice_changed.connect(self.redraw)
        rows.figures_changed.connect(self.redraw)
        rows.modelReset.connect(self.redraw)
        theme.theme().changed.connect(self.redraw)

    def _build_controls(self) -> None:
        rows = self._rows
        self.choice = ComboBox("compareCombo", _("Compared"), look="quiet")
        for name, title in FIGURES.items():
            self.choice.addItem(title, name)
        self.choice.currentIndexChanged.connect(
            lambda place: rows.choose(figure=self.choice.itemData(place)),
        )
        self.across = SegmentedControl("acrossControl", list(ACROSS.values()))
        sentence = _("The horizontal axis of the curves; time is training time, without pauses.")
        for part, title in zip(self.across.buttons, ACROSS.values(), strict=True):
            explain(part, title, sentence)
        self.across.chosen.connect(lambda place: rows.choose(across=list(ACROSS)[place]))
        self.smoothing = QSlider(Qt.Horizontal)
        self.smoothing.setObjectName("smoothingSlider")
        self.smoothing.setRange(0, _SMOOTHEST)
        # The handle is higher than the groove and would be cut off.
        self.smoothing.setMinimumHeight(Size.ICON)
        theme.follow(self, lambda: self.smoothing.setFixedWidth(theme.scaled(_SLIDER)))
        sentence = _(
            "How much of each point comes from the points before it; the unsmoothed line "
            "stays, faint.",
        )
        explain(self.smoothing, _("Smoothing"), sentence)
        self.smoothing.valueChanged.connect(lambda value: rows.choose(smoothing=value * _SMOOTHER))
        self._figure = TabularLabel(widest=number(0.95))
        self.means = QCheckBox(_("mean and spread over seeds"))
        self.means.setObjectName("meansCheckBox")
        sentence = _(
            "One curve for each group of seeds, in a band of one standard "
            "deviation; otherwise one for each run.",
        )
        explain(self.means, self.means.text(), sentence)
        self.means.toggled.connect(lambda on: rows.choose(means=on))
        self.top.addWidget(self.choice)
        self.top.addWidget(self.across)
        self.controls = QWidget()
        smoothing = QWidget()
        row(label(_("Smoothing"), "muted"), self.smoothing, self._figure, owner=smoothing)
        beside = FlowLayout()
        self.controls.setLayout(beside)
        beside.addWidget(smoothing)
        beside.addWidget(self.means)
        self.body.addWidget(self.controls)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_title()

    def _fit_title(self) -> None:
        """Leave the title away where the menu, which says the same, needs its room."""
        has_room = self.width() >= theme.scaled(_WIDE)
        self.heading.setVisible(has_room or self.choice.isHidden())

    def prepare(self) -> None:
        """Let the plot be built once something is ticked: pyqtgraph is imported."""
        self._is_prepared = True
        self.redraw()

    def _build(self) -> None:
        from mnist_draw.app.train.plots import new_plot

        plot, self.value_axis, self.epoch_axis = new_plot(
            "comparePlot",
            _("Compared runs"),
            "",
            self._tick_text,
        )
        plot.setMouseEnabled(False, False)
        plot.setFocusPolicy(Qt.NoFocus)
        # Its own height would leave the list below 1180 px one row.
        plot.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Ignored)
        self.plot = plot
        self.body.addWidget(plot, 1)

    @property
    def _is_logarithmic(self) -> bool:
        return not self._rows.choice.figure.endswith("accuracy")

    def _tick_text(self, value: float) -> str:
        return tick_text(value, self._is_logarithmic)

    def redraw(self) -> None:
        rows = self._rows
        self.comparison = compared(rows.ticked(), rows.columns, rows.choice)
        self._show_choice(rows.choice)
        self._show_message()
        self._show_names()
        has_curves = bool(self.comparison.curves)
        self.controls.setVisible(has_curves)
        self.choice.setVisible(has_curves)
        self.across.setVisible(has_curves)
        self._fit_title()
        if self.plot is None:
            if not (self._is_prepared and has_curves):
                return
            self._build()
        self.plot.setVisible(has_curves)
        self._draw_all()

    def _show_choice(self, choice: Choice) -> None:
        self.choice.setCurrentIndex(list(FIGURES).index(choice.figure))
        self.across.choose(list(ACROSS).index(choice.across))
        self.smoothing.setValue(round(choice.smoothing / _SMOOTHER))
        self._figure.setText(number(choice.smoothing, ".2g"))
        self.means.setChecked(choice.means)
        self.means.setVisible(self.comparison.has_groups)

    def _show_message(self) -> None:
        comparison = self.comparison
        own = sum(not entry.is_shipped for entry in self._rows.entries)
        hint = _TICK_TWO if own > 1 else _TOO_FEW
        if comparison.names:
            hint = _("Check one more to compare.")
        notes = list(comparison.notes)
        if len(self._rows.ticked()) < 2:
            notes.append(hint)
        self.message.setText(" ".join(notes))
        self.message.setVisible(bool(notes))
        self.body.setStretchFactor(self.message, int(not comparison.names))

    def _show_names(self) -> None:
        """Show the names above the plot, where no curve crosses them."""
        while taken := self._names.takeAt(0):
            taken.widget().hide()
            taken.widget().deleteLater()
        for place, entry, name in self.comparison.names:
            mark = QLabel()
            mark.setPixmap(swatch(place).pixmap(*SWATCH))
            shown = FittedLabel(look="status", name="comparedName")
            shown.setText(name)
            shown.setToolTip(tip(entry.name))
            part = QWidget()
            row(mark, shown, owner=part)
            self._names.addWidget(part)

    def _draw_all(self) -> None:
        item = self.plot.getPlotItem()
        for drawn in self._drawn:
            item.removeItem(drawn)
        self._drawn = []
        self.curves = []
        self.value_axis.logarithmic = self._is_logarithmic
        self.plot.setBackground(theme.color("card"))
        values: list[float] = []
        for curve in self.comparison.curves:
            values += self._draw(curve)
        guessing = self.comparison.guessing
        if guessing is not None and values:
            values.append(100 * guessing)
            self._draw_guessing(guessing)
        for axis in (self.value_axis, self.epoch_axis):
            axis.restyle()
        last = max((float(curve.x[-1]) for curve in self.comparison.curves), default=1.0)
        across = self._rows.choice.across
        if across == "epochs":
            self.epoch_axis.show_epochs(self.plot, int(last))
        else:
            self.epoch_axis.show_range(self.plot, last, is_time=across == "time")
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        # A lone point is in the middle of a scale that says how high it is.
        least = (0.1, 0.5) if len(values) > 1 else (1.0, 10.0)
        spare = max(0.0, least[not self._is_logarithmic] - (high - low)) / 2
        self.plot.setYRange(low - spare, high + spare, padding=_PADDING)

    def _draw(self, curve: Curve) -> list[float]:
        """Draw a curve, its spread and the line before smoothing; return all their values."""
        import pyqtgraph

        is_log = self._is_logarithmic
        color = series_color(curve.place)
        item = self.plot.getPlotItem()
        ys = on_axis(curve.y, is_log)
        reach = [ys]
        if curve.low is not None and curve.high is not None:
            edges = [
                pyqtgraph.PlotDataItem(curve.x, on_axis(edge, is_log))
                for edge in (curve.low, curve.high)
            ]
            band = pyqtgraph.FillBetweenItem(*edges, brush=_with_opacity(color, _BAND))
            item.addItem(band)
            self._drawn.append(band)
            reach += [on_axis(edge, is_log) for edge in (curve.low, curve.high)]
        if curve.raw is not None:
            pen = pyqtgraph.mkPen(_with_opacity(color, _FAINT), width=1.5)
            reach.append(on_axis(curve.raw, is_log))
            self._drawn.append(item.plot(curve.x, reach[-1], pen=pen))
        pen = pyqtgraph.mkPen(color, width=2, style=STYLES[curve.place])
        dot = "o" if len(ys) == 1 else None
        drawn = item.plot(curve.x, ys, pen=pen, symbol=dot, symbolBrush=color, symbolPen=color)
        self.curves.append(drawn)
        self._drawn.append(drawn)
        return [float(value) for values in reach for value in values]

    def _draw_guessing(self, guessing: float) -> None:
        import pyqtgraph

        muted = theme.color("muted")
        line = pyqtgraph.InfiniteLine(
            100 * guessing,
            angle=0,
            pen=pyqtgraph.mkPen(muted, style=Qt.DotLine),
            label=_("guessing: {share}", share=percent(guessing)),
            labelOpts={"position": 0.9, "anchors": [(1, 1), (1, 1)], "color": muted},
        )
        self.plot.getPlotItem().addItem(line, ignoreBounds=True)
        self._drawn.append(line)


def _with_opacity(color: QColor, opacity: int) -> QColor:
    faint = QColor(color)
    faint.setAlpha(opacity)
    return faint


class DifferencesTable(QTableWidget):
    """Different settings and results of the ticked entries."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("differencesTable")
        explain(
            self,
            _("What differs"),
        )
        self.setSelectionMode(QAbstractItemView.NoSelection)
        style_table(self, theme.scaled(Size.FIELD))
        self.setAlternatingRowColors(False)
        # Values that changed during a run differ at their ends.
        self.setTextElideMode(Qt.ElideMiddle)
        titles = self.verticalHeader()
        titles.setSectionResizeMode(QHeaderView.ResizeToContents)
        titles.setTextElideMode(Qt.ElideRight)
        theme.follow(self, lambda: titles.setMaximumWidth(theme.scaled(_TITLES)))
        self._names: list[str] = []
        header = self.horizontalHeader()
        theme.follow(self, lambda: header.setMaximumSectionSize(theme.scaled(_MOST_WIDTH)))
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
            lines = clauses_of(self._names[number])
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

    def show_entries(self, entries: Sequence[Entry], with_equal: bool = False) -> None:
        rows: list[tuple[str, list[str]]] = []
        if len(entries) > 1:
            rows = [*compared_settings(entries, with_equal), *_results(entries, with_equal)]
        self._names = short_names(entries)
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


def _results(entries: Sequence[Entry], with_equal: bool) -> list[tuple[str, list[str]]]:
    tested = all(entry.test_accuracy is not None for entry in entries)
    rows = [
        (_("Test accuracy"), [accuracy_of(entry) for entry in entries]),
        (_("Time"), [format_duration(entry.seconds) for entry in entries]),
    ]
    if not tested:
        shares = [format_percent(entry.validation_accuracy) for entry in entries]
        rows.insert(0, (_("Validation accuracy"), shares))
    return [(title, values) for title, values in rows if with_equal or len(set(values)) > 1]
