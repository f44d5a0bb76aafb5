"""The panel beside the network: the sum behind the answer, or one unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import zip_longest

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QStackedWidget, QWidget

from mnist_draw.analysis import layer_inspection
from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.network.network_reader import Frame, Parts, Unit
from mnist_draw.app.inside.network.network_view import NetworkView
from mnist_draw.app.inside.network.panel_rows import unit_rows, unit_title, why_rows
from mnist_draw.app.inside.rows_view import (
    Heading,
    Line,
    Picture,
    Pictures,
    Row,
    RowsView,
    Sentence,
)
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import Part, column, row, scrolled
from mnist_draw.app.kit.painters import mosaic
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, Switch, explain, label, no_key, push_button
from mnist_draw.i18n import N_, _, number, percent_sign, pgettext
from mnist_draw.library.network_data import Name, in_a_sentence
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.events import LayerFigures, Parameters
from mnist_draw.training.functions import layer_label

_CHOICES = (_("Why?"), _("Weights"), pgettext("panel", "Training"))
_FILTERS = _("Each picture shows the weights into one unit.")
_SIGNS = _("Orange: ink speaks for the unit. Blue: ink speaks against it.")


class SidePanel(Card):
    """What was chosen above it while no unit is selected, else ``unitPanel``."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = SegmentedControl("panelView", _CHOICES)
        self.choice.choose(0)
        self.choice.chosen.connect(self._show_chosen)
        self.body.addWidget(self.choice)
        self.pages = QStackedWidget()
        self.body.addWidget(self.pages, 1)
        self.why = self._build_why()
        self.unit = self._build_unit()
        self.filters = RowsView("filtersView", _("What the first layer looks for"), _FILTERS)
        self.run = RunLayers()
        self._chosen = (
            self.why,
            _page("weightsPanel", (scrolled(self.filters), 1)),
            _page("runPanel", (scrolled(self.run), 1)),
        )
        for page in (*self._chosen, self.unit):
            self.pages.addWidget(page)
        theme.follow(self, lambda: self.setFixedWidth(theme.scaled(Size.SIDE_PANEL)))
        self._show_nothing()

    def _show_chosen(self) -> None:
        self.pages.setCurrentWidget(self._chosen[self.choice.group.checkedId()])
        self.closed.emit()

    def choose(self, page: int) -> None:
        self.choice.choose(page)
        self._show_chosen()

    def show_weights(self, parts: Parts) -> None:
        rows = filter_rows(parts.shown[0].W) if len(parts.layers) > 1 else ()
        self.filters.show_rows(rows)

    def _build_why(self) -> QWidget:
        self.why_title = label("", "title", "whyTitle")
        self.rival = ComboBox("rivalCombo", _("Rival"))
        # Long names of classes break in the title, and are whole in the list.
        self._title = GrowingLabel(self.why_title)
        self.rival.setMinimumContentsLength(6)
        self.why_rows = RowsView(
            "whyRows",
            _("Why this answer?"),
            _(
                "The sum behind the answer, with the biggest contributions. Point at a unit to see "
                "its own.",
            ),
        )
        self.flip_button = push_button(
            "flipButton",
            _("Flip the answer"),
            _("Find a few pixels that turn the answer into the other one."),
            look="link",
        )
        top = row((self._title, 1), self.rival)
        return _page("whyPanel", top, (scrolled(self.why_rows), 1), row(self.flip_button, 1))

    def _build_unit(self) -> QWidget:
        self.unit_title = FittedLabel(Text.AXIS, look="title", name="unitTitle")
        self.close_button = icon_button("closeUnitButton", "x", _("Deselect"), shortcut="Esc")
        self.close_button.clicked.connect(self.closed)
        self.unit_rows = RowsView("unitRows", _("This unit"))
        self.switch_label = label("", "title", "unitSwitchLabel")
        self.switch = Switch()
        self.switch.setObjectName("unitSwitch")
        explain(self.switch, _("Unit on"))
        self._switch_row = QWidget()
        row(self.switch_label, 1, self.switch, owner=self._switch_row)
        self._effect = GrowingLabel(label("", "muted", "unitEffectLabel"))
        self.all_on_button = push_button(
            "allOnButton",
            _("Switch all on again"),
            look="link",
        )
        return _page(
            "unitPanel",
            row((self.unit_title, 1), self.close_button, gap=0),
            (scrolled(self.unit_rows), 1),
            self._switch_row,
            self._effect,
            row(self.all_on_button, 1),
        )

    def _show_nothing(self) -> None:
        self.pages.setCurrentWidget(self._chosen[self.choice.group.checkedId()])
        self._title.set_text(_("Why this answer?"))
        self.rival.hide()
        self.flip_button.hide()
        self.why_rows.show_rows(())

    def show_view(self, view: NetworkView) -> None:
        if view.frame is None:
            self._show_nothing()
        elif view.unit is None:
            self._show_why(view.frame, view.name)
        else:
            self._show_unit(view, view.frame, view.unit)

    def _show_why(self, frame: Frame, name: Name) -> None:
        self.pages.setCurrentWidget(self._chosen[self.choice.group.checkedId()])
        self._title.set_text(_("Why {answer} rather than", answer=name(frame.answer)))
        names = [name(digit) for digit in range(frame.layers[-1].units)]
        if [self.rival.itemText(n) for n in range(self.rival.count())] != names:
            self.rival.clear()
            self.rival.addItems(names)
        self.rival.show()
        if not self.rival.view().isVisible():
            self.rival.setCurrentIndex(frame.rival)
        self.why_rows.show_rows(why_rows(frame, name))
        found = frame.turned is not None and frame.turned[0] is not None
        rival = in_a_sentence(name(frame.rival))
        words = _("Look at it") if found else _("Which pixels make it {rival}?", rival=rival)
        self.flip_button.setText(no_key(words))
        self.flip_button.setAccessibleName(words)
        # It is about the whole network.
        self.flip_button.setVisible(not frame.question.off and (frame.turned is None or found))

    def _show_unit(self, view: NetworkView, frame: Frame, unit: Unit) -> None:
        off = view.off
        name = view.name
        self.pages.setCurrentWidget(self.unit)
        self.unit_title.setText(unit_title(frame, unit, name))
        assert view.parts is not None
        profiles = view.profiles if view.profiled is view.parts else None
        rows = unit_rows(frame, unit, view.parts, profiles, name, view.place)
        self.unit_rows.show_rows(rows)
        hidden = view.output is None
        self._switch_row.setVisible(hidden)
        self.switch.setChecked(unit not in off)
        self.switch.setEnabled(view.pinned == unit)
        self.switch_label.setText(_("Switched off") if unit in off else _("Switched on"))
        self._effect.set_text(_effect(frame, unit, off, name) if hidden else "")
        self.all_on_button.setVisible(bool(off))


def _effect(frame: Frame, unit: Unit, off: frozenset[Unit], name: Name) -> str:
    if frame.question.toggled != unit or (unit in off) != (unit in frame.question.off):
        return ""
    with_it, without = (
        f"{name(int(p.argmax()))}, {format_probability(float(p.max())).replace(' ', chr(0xA0))}"
        for p in (frame.passed.p[::-1] if unit in off else frame.passed.p)
    )
    return _(
        "With it the answer is {with_it}. Without it: {without}.",
        with_it=with_it,
        without=without,
    )


def _page(name: str, *parts: Part) -> QWidget:
    page = QWidget()
    page.setObjectName(name)
    column(*parts, owner=page)
    return page


#: Units that are shown, enough to see what is alike in them, and how many are beside each other.
_UNITS = 100
_ACROSS = 5
#: Side of MNIST's pictures.
_SIDE = 28
#: The gap is this part of a picture's side.
_GAP = 1 / 9
#: Standard deviations beyond which weights are shown at full strength.
_PEAK = 3.5
#: The highest bar of a histogram, in squares.
_HIGHEST = 24


def filter_rows(weights: np.ndarray) -> list[Row]:
    """Show a first layer: (784, units), or (maps, 1, height, width) as they are stored."""
    # Lasagne turns a filter round before it slides over the picture.
    dense = weights.ndim == 2
    filters = weights.T.reshape(-1, _SIDE, _SIDE) if dense else weights[:, 0, ::-1, ::-1]
    shown = filters[:_UNITS]
    note = _("{done} of {total}", done=len(shown), total=number(len(filters)))
    gap = max(1, round(_GAP * shown.shape[1]))
    tiles = mosaic(shown, -(-len(shown) // _ACROSS), _ACROSS, gap)
    peak = max(_PEAK * float(shown.std(dtype=np.float64)), 1e-12)
    pictures = Pictures({"": Picture(tiles, True, peak)}, 1)
    return [Heading(_("First layer"), note), pictures, Sentence(_SIGNS, muted=True)]


def histogram_rows(figures: LayerFigures) -> list[Row]:
    """Show how often weights are in each range as columns of squares, in the color of the sign."""
    parts = figures.counts / max(int(figures.counts.max()), 1)
    height = np.ceil(_HIGHEST * parts)
    squares = np.arange(_HIGHEST, 0, -1)[:, None] <= height
    signs = np.where(figures.edges[:-1] >= 0, 1, -1)
    ends = (number(float(edge), ".2g") for edge in figures.edges[[0, -1]])
    return [Pictures({"": Picture(squares * signs, True)}, 1), Heading(*ends)]


class RunLayers(RowsView):
    def __init__(self) -> None:
        super().__init__(
            "layersView",
            _("The layers in training"),
            _(
                "After each epoch: how far it moved each layer's weights, how many ReLU "
                "units respond to no picture, and how the weights are spread.",
            ),
        )
        #: The largest update of the run so far, which fills a bar.
        self._largest = 0.0
        self.figures: LayerFigures | None = None
        self.show_rows([Sentence(_("The layers of a run appear here after each of its epochs."))])

    def show_run(
        self,
        title: str,
        parameters: Parameters | None,
        figures: LayerFigures | None,
    ) -> None:
        rows: list[Row] = [Sentence(f"<b>{escape(title)}</b>")]
        self.figures = figures
        if figures is not None:
            rows += self._figure_rows(figures)
        if parameters is not None:
            rows += filter_rows(parameters[0])
        self.show_rows(rows)

    def table(self) -> Table:
        """Return the update and the silent units of each layer; the output has no such units."""
        assert self.figures is not None
        figures = zip_longest(self.figures.updates, self.figures.dead, fillvalue=math.nan)
        rows = [
            (layer_label(name), *both)
            for name, both in zip(self.figures.names, figures, strict=False)
        ]
        columns = (N_("layer"), N_("Update size"), N_("Silent units"))
        return Table(_("The layers in training"), columns, rows)

    def _figure_rows(self, figures: LayerFigures) -> list[Row]:
        self._largest = max(self._largest if figures.epoch > 1 else 0.0, *figures.updates, 1e-9)
        return [
            Heading(_("Update size"), _("epoch {number}", number=number(figures.epoch))),
            *_bars(figures.names, figures.updates, "accent", self._largest),
            Sentence(layer_inspection.describe_updates(figures), muted=True),
            Heading(_("Silent units")),
            *_bars(figures.names, figures.dead, "alert", 1.0),
            Sentence(layer_inspection.describe_silent_units(figures), muted=True),
            Heading(_("Weights")),
            *histogram_rows(figures),
            Sentence(layer_inspection.describe_weights(figures), muted=True),
        ]


def _bars(names: Sequence[str], values: Sequence[float], color: str, full: float) -> list[Row]:
    """Return shares from 0 to 1 as bars; ``full`` fills one."""
    shares = [f"{number(100 * value, '.3g')}{percent_sign()}" for value in values]
    return [
        Line(layer_label(name), share, value=value, largest=full, color=color)
        for name, value, share in zip(names, values, shares, strict=False)
    ]
