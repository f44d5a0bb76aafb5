"""A layer in the list of a network: its line, its fields, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QFrame, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain, label, set_look
from mnist_draw.i18n import _, joined, number, percent_sign
from mnist_draw.networks.layer_text import (
    MAX_FILTERS,
    MAX_UNITS,
    EntryFigures,
    as_share,
    entry_of,
    read_entry,
)
from mnist_draw.networks.operations import (
    ACTIVATION_TITLES,
    MEANINGS,
    Convolution,
    Dense,
    Dropout,
    MaxPooling,
    NetworkLayer,
)

#: What *Add a layer* offers, with an entry of each kind.
KINDS = {
    "convolution": (_("Convolution"), "conv32x5"),
    "pooling": (_("Max pooling"), "pool2"),
    "normalization": (_("Batch normalization"), "norm"),
    "dense": (_("Dense"), "300"),
    "dropout": (_("Dropout"), "/0.4"),
}
#: Sides of filters and of squares that the menus offer.
_FILTER_SIDES = (1, 3, 5, 7)
_SQUARE_SIDES = (2, 3)
#: The largest dropout that fields take, in percent: without any value nothing is learned.
_MOST_DROPPED = 99.9
#: Widths of the columns, and of the fields of numbers and menus.
_GIVES = 92
_WEIGHTS = 76
_END = 22
_HANDLE = 24
_NUMBER = 58
_MENU = 66
_WIDE_MENU = 108


def share_box(share: float) -> RealBox:
    """Return a box for a dropout share, shown in percent."""
    box = RealBox(0.0, _MOST_DROPPED, 15, percent_sign())
    box.setValue(100 * share)
    return box


def share_of(box: RealBox) -> float:
    """Return the share in a box; rounded, because 7 / 100 is not 0.07 to the last bit."""
    return float(f"{box.value() / 100:.15g}")


def _layer_of(entry: str) -> NetworkLayer | None:
    """Return the layer of an entry; None for a normalization, which belongs to one above."""
    if entry == "norm":
        return None
    return Dropout(as_share(entry[1:])) if entry.startswith("/") else read_entry(entry)


def kind_of(entry: str) -> str:
    """Return which of the kinds an entry is."""
    match _layer_of(entry):
        case None:
            return "normalization"
        case Convolution():
            return "convolution"
        case MaxPooling():
            return "pooling"
        case Dense():
            return "dense"
    return "dropout"


def title_of_entry(entry: str) -> str:
    return KINDS[kind_of(entry)][0]


def as_sentence(error: str) -> str:
    """Return what is wrong with an entry as a sentence."""
    return f"{error[:1].upper()}{error[1:]}."


def format_shape(shape: Sequence[int]) -> str:
    return "×".join(map(number, shape))


class LayerLine(QFrame):
    """A line of the list: its name, what it gives and its weights, each in its column."""

    def __init__(self, title: str, note: str = "", end: QWidget | None = None) -> None:
        super().__init__()
        self.dot = label("●", "accent")
        self.dot.hide()
        self.gives = label("", "muted")
        self.weights = label("", "muted")
        for figure in (self.gives, self.weights):
            figure.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._end = end or QWidget()
        name = row(
            self.dot,
            label(title, "layer name"),
            (ElidedLabel(note, "muted"), 1),
            gap=Size.TIGHT,
        )
        row((name, 1), self.gives, self.weights, self._end, gap=0, owner=self)
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        for part, wide in ((self.gives, _GIVES), (self.weights, _WEIGHTS), (self._end, _END)):
            part.setFixedWidth(theme.scaled(wide))

    def show_figures(self, figures: EntryFigures | None) -> None:
        """Show what the layer gives; None where it cannot be."""
        self.gives.setText(format_shape(figures.shape) if figures else "–")
        self.weights.setText(number(figures.weights) if figures and figures.weights else "–")


class LayerRow(QFrame):
    """One layer: its line, its fields, and what is wrong with it."""

    #: The entry that its fields say now.
    edited = Signal(str)
    removed = Signal()
    chosen = Signal()
    #: The keyboard goes from its fields back to the list.
    left = Signal()
    #: Dragged to a height in pixels, and whether the mouse is released there.
    dragged = Signal(int, bool)

    def __init__(self, entry: str, place: int) -> None:
        super().__init__()
        self._layer = _layer_of(entry)
        self.setProperty("look", "layer")
        self._title = title_of_entry(entry)
        self._place = place
        title = _("Remove, layer {number}", number=place)
        self.remove_button = icon_button(
            f"layer{place}RemoveButton",
            "x",
            title,
            shortcut="Delete",
        )
        self.remove_button.setFocusPolicy(Qt.ClickFocus)
        self.remove_button.clicked.connect(self.removed)
        self.line = LayerLine(self._title, end=self.remove_button)
        handle = icon_button("", "dots-six-vertical", look="inline")
        handle.setFocusPolicy(Qt.NoFocus)
        handle.setAttribute(Qt.WA_TransparentForMouseEvents)
        self._error = label("", "wrong", wraps=True)
        self._error.hide()
        self.fields: list[NumberBox | RealBox | ComboBox] = []
        self._line = row(gap=Size.TIGHT)
        self._add_fields()
        self._line.addStretch(1)
        lines = column(self.line, self._line, self._error, gap=1)
        row(handle, (lines, 1), gap=Size.TIGHT, margins=(0, 0, 0, 2), owner=self)
        for field in self.fields:
            # The list is one stop of the Tab key; Enter leads into the fields.
            field.setFocusPolicy(Qt.ClickFocus)
            field.installEventFilter(self)

    def _add_fields(self) -> None:
        match self._layer:
            case Convolution() as layer:
                self._add_count("filters", layer.filters, MAX_FILTERS)
                self._say(_("filters of"))
                self._add_side(layer.side, _FILTER_SIDES)
                self._add_activation(layer.activation)
            case MaxPooling() as layer:
                self._add_side(layer.side, _SQUARE_SIDES)
                self._say(_("keeps the largest of each square"))
            case Dense() as layer:
                self._add_count("units", layer.units, MAX_UNITS)
                self._say(_("units"))
                self._add_activation(layer.activation)
            case Dropout() as layer:
                box = share_box(layer.share)
                box.valueChanged.connect(lambda: self._edit("share", share_of(box)))
                self._add(box, "DropoutSpinBox", _("Dropout"), _NUMBER)
                self._say(_("of the values, in training only"))

    def _add(
        self,
        field: NumberBox | RealBox | ComboBox,
        ending: str,
        title: str,
        wide: int,
    ) -> None:
        field.setObjectName(f"layer{self._place}{ending}")
        explain(field, title)
        theme.follow(field, lambda: field.setFixedWidth(theme.scaled(wide)))
        self.fields.append(field)
        self._line.addWidget(field)

    def _say(self, words: str) -> None:
        self._line.addWidget(label(words, "muted"))

    def _add_count(self, part: str, count: int, most: int) -> None:
        box = NumberBox(1, most)
        box.setValue(count)
        box.valueChanged.connect(lambda: self._edit(part, box.value()))
        self._add(box, f"{part.title()}SpinBox", _("Units or filters"), _NUMBER)

    def _add_menu(
        self,
        part: str,
        chosen: object,
        offered: Mapping[Any, str],
        ending: str,
        title: str,
        wide: int,
    ) -> ComboBox:
        menu = ComboBox()
        for value, words in offered.items():
            menu.addItem(words, value)
        menu.setCurrentIndex(menu.findData(chosen))
        menu.currentIndexChanged.connect(lambda: self._edit(part, menu.currentData()))
        self._add(menu, ending, title, wide)
        return menu

    def _add_side(self, side: int, offered: Sequence[int]) -> None:
        titles = {one: f"{one}×{one}" for one in sorted({*offered, side})}
        self._add_menu("side", side, titles, "SizeCombo", _("Size"), _MENU)

    def _add_activation(self, activation: str) -> None:
        title = _("Activation")
        menu = self._add_menu(
            "activation",
            activation,
            ACTIVATION_TITLES,
            "ActivationCombo",
            title,
            _WIDE_MENU,
        )
        for place, name in enumerate(ACTIVATION_TITLES):
            menu.setItemData(place, MEANINGS[name], Qt.ToolTipRole)

    def _edit(self, part: str, value: Any) -> None:
        assert self._layer is not None
        self._layer = replace(self._layer, **{part: value})
        self.edited.emit(entry_of(self._layer))

    def show_figures(self, figures: EntryFigures | None, error: str, of: int) -> None:
        """Show what the layer gives, or why it cannot be."""
        self.line.show_figures(figures)
        self._error.setText(f"⚠ {as_sentence(error)}" if error else "")
        self._error.setVisible(bool(error))
        for field in self.fields:
            is_size = field.objectName().endswith("SizeCombo")
            set_look(field, "wrong" if error and is_size else "")
        place = _(
            "{title}, layer {number} of {count}",
            title=self._title,
            number=self._place,
            count=of,
        )
        shape = self.line.gives.text()
        said = _("gives {shape}, {weights} weights", shape=shape, weights=self.line.weights.text())
        self.setAccessibleName(joined(place, said, error))

    def show_chosen(self, is_chosen: bool, has_keyboard: bool) -> None:
        look = "layer_keyboard" if has_keyboard else "layer_chosen"
        set_look(self, look if is_chosen else "layer")

    def enter(self) -> None:
        """Lead the keyboard into the first field."""
        if self.fields:
            self.fields[0].setFocus(Qt.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.FocusIn:
            self.chosen.emit()
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.KeyPress:
            return False
        if event.key() not in (Qt.Key_Tab, Qt.Key_Backtab):
            return False
        # The Tab key goes on in this row, then back to the list.
        step = 1 if event.key() == Qt.Key_Tab else -1
        place = [field is watched for field in self.fields].index(True) + step
        if 0 <= place < len(self.fields):
            self.fields[place].setFocus(Qt.TabFocusReason)
        else:
            self.left.emit()
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit()
        self.parentWidget().setFocus(Qt.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self.setCursor(Qt.ClosedHandCursor)
            self.dragged.emit(self.mapToParent(event.pos()).y(), False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.unsetCursor()
        self.dragged.emit(self.mapToParent(event.pos()).y(), True)
