"""A network as a list of layers: added, changed, moved and removed by mouse and keys.

What is shown follows from `LayerList.entries`, a list of texts as `mnist_draw.networks.layer_text`
describes them. While entries do not fit each other, `text` stays the last that did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PyQt5.QtWidgets import QFrame, QToolButton, QWidget

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, Keys, explain, label, push_button, set_look
from mnist_draw.i18n import _, counted, joined, number, percent_sign
from mnist_draw.networks import parse_network
from mnist_draw.networks.layer_text import (
    MAX_FILTERS,
    MAX_LAYERS,
    MAX_UNITS,
    EntryFigures,
    as_share,
    entries_of,
    entry_of,
    figures_of,
    read_entry,
    read_layers,
    shortest,
    text_of,
)
from mnist_draw.networks.operations import (
    ACTIVATION_TITLES,
    MEANINGS,
    Convolution,
    Dense,
    MaxPooling,
    Operation,
)

#: What *Add a layer* offers, with an entry of each kind.
_KINDS = {
    "convolution": (_("Convolution"), "conv32x5"),
    "pooling": (_("Max pooling"), "pool2"),
    "normalization": (_("Batch normalization"), "norm"),
    "dense": (_("Dense"), "300"),
    "dropout": (_("Dropout"), "/0.4"),
}
#: Sides of filters and of squares that the menus offer.
_FILTER_SIDES = (1, 3, 5, 7)
_SQUARE_SIDES = (2, 3)
#: Undo goes back as many steps.
_MOST_UNDONE = 50


def share_box(share: float) -> RealBox:
    """Return a box for a dropout share, shown in percent."""
    box = RealBox(0.0, math.nextafter(100.0, 0.0), 15, percent_sign())
    box.setValue(100 * share)
    return box


def share_of(box: RealBox) -> float:
    """Return the share in a box; rounded, because 7 / 100 is not 0.07 to the last bit."""
    return float(f"{box.value() / 100:.15g}")


def kind_of(entry: str) -> str:
    """Return which of the kinds an entry is."""
    if entry == "norm":
        return "normalization"
    if entry.startswith("/"):
        return "dropout"
    match read_entry(entry):
        case Convolution():
            return "convolution"
        case MaxPooling():
            return "pooling"
    return "dense"


def format_shape(shape: Sequence[int]) -> str:
    return "×".join(map(number, shape))


class _Row(QFrame):
    """One layer: its name, its figures, its fields, and what is wrong with it."""

    #: The entry that its fields say now.
    edited = pyqtSignal(str)
    removed = pyqtSignal()
    chosen = pyqtSignal()
    #: The keyboard goes from its fields back to the list.
    left = pyqtSignal()
    #: Dragged to a height in pixels, and whether the mouse is released there.
    dragged = pyqtSignal(int, bool)

    def __init__(self, entry: str, place: int) -> None:
        super().__init__()
        self.entry = entry
        self.setProperty("look", "layer")
        self._title = _KINDS[kind_of(entry)][0]
        self._place = place
        self._figures = label("", "muted")
        self._weights = label("", "muted")
        self._weights.setMinimumWidth(4 * Size.FIELD_GAP)
        self._weights.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self._error = label("", "wrong", wraps=True)
        self._error.hide()
        self.remove_button = QToolButton()
        self.remove_button.setProperty("look", "small")
        self.remove_button.setObjectName(f"layer{place}RemoveButton")
        self.remove_button.setFocusPolicy(Qt.NoFocus)
        set_icon(self.remove_button, "x", Size.SMALL_ICON)
        sentence = _("Remove layer {number}.", number=place)
        explain(self.remove_button, _("Remove, layer {number}", number=place), sentence, "Delete")
        self.remove_button.clicked.connect(self.removed)
        head = row(
            label(self._title, "title"),
            1,
            self._figures,
            self._weights,
            self.remove_button,
            gap=Size.TIGHT,
        )
        self.fields: list[NumberBox | RealBox | ComboBox] = []
        self._line = row(gap=Size.TIGHT)
        self._add_fields(entry)
        self._line.addStretch(1)
        column(head, self._line, self._error, gap=2, margins=(6, 2, 2, 4), owner=self)
        for field in self.fields:
            # The list is one stop of the Tab key; Enter leads into the fields.
            field.setFocusPolicy(Qt.ClickFocus)
            field.installEventFilter(self)

    def _add_fields(self, entry: str) -> None:
        kind = kind_of(entry)
        if kind == "dropout":
            self._add_share(as_share(entry[1:]))
            self._say(_("of the values, in training only"))
            return
        if kind == "normalization":
            return
        layer = read_entry(entry)
        match layer:
            case Convolution():
                self._add_count(layer.filters, MAX_FILTERS, _filters)
                self._say(_("filters of"))
                self._add_side(layer.side, _FILTER_SIDES)
                self._add_activation(layer.activation)
            case MaxPooling():
                self._add_side(layer.side, _SQUARE_SIDES)
                self._say(_("largest of each square"))
            case Dense():
                self._add_count(layer.units, MAX_UNITS, _units)
                self._say(_("units"))
                self._add_activation(layer.activation)

    def _add(self, field: NumberBox | RealBox | ComboBox, ending: str, title: str) -> None:
        field.setObjectName(f"layer{self._place}{ending}")
        explain(field, title, _("{title} of layer {number}.", title=title, number=self._place))
        self.fields.append(field)
        self._line.addWidget(field)

    def _say(self, words: str) -> None:
        self._line.addWidget(label(words, "muted"))

    def _add_count(self, count: int, most: int, change: Callable[[Operation, int], str]) -> None:
        box = NumberBox(1, most)
        box.setValue(count)
        box.valueChanged.connect(lambda: self._edit(change(read_entry(self.entry), box.value())))
        is_dense = kind_of(self.entry) == "dense"
        self._add(box, "UnitsSpinBox" if is_dense else "FiltersSpinBox", _("Units or filters"))

    def _add_share(self, share: float) -> None:
        box = share_box(share)
        box.valueChanged.connect(lambda: self._edit(f"/{shortest(share_of(box))}"))
        self._add(box, "DropoutSpinBox", _("Dropout"))

    def _add_side(self, side: int, offered: Sequence[int]) -> None:
        menu = ComboBox()
        for one in sorted({*offered, side}):
            menu.addItem(f"{one}×{one}", one)
        menu.setCurrentIndex(menu.findData(side))
        menu.currentIndexChanged.connect(
            lambda: self._edit(_with_side(read_entry(self.entry), menu.currentData())),
        )
        self._add(menu, "SizeCombo", _("Size"))

    def _add_activation(self, activation: str) -> None:
        menu = ComboBox()
        for place, (name, meaning) in enumerate(MEANINGS.items()):
            menu.addItem(ACTIVATION_TITLES[name], name)
            menu.setItemData(place, meaning, Qt.ToolTipRole)
        menu.setCurrentIndex(menu.findData(activation))
        menu.currentIndexChanged.connect(
            lambda: self._edit(_with_activation(read_entry(self.entry), menu.currentData())),
        )
        self._add(menu, "ActivationCombo", _("Activation"))

    def _edit(self, entry: str) -> None:
        self.entry = entry
        self.edited.emit(entry)

    def show_figures(self, figures: EntryFigures | None, error: str, of: int) -> None:
        """Show what the layer gives; None where it cannot be."""
        shape = format_shape(figures.shape) if figures else "–"
        weights = number(figures.weights) if figures and figures.weights else "–"
        self._figures.setText(shape)
        self._weights.setText(weights)
        self._error.setText(f"⚠ {error[:1].upper()}{error[1:]}." if error else "")
        self._error.setVisible(bool(error))
        place = _(
            "{title}, layer {number} of {count}",
            title=self._title,
            number=self._place,
            count=of,
        )
        said = _("gives {shape}, {weights} weights", shape=shape, weights=weights)
        self.setAccessibleName(joined(place, said, error))

    def show_chosen(self, is_chosen: bool) -> None:
        set_look(self, "layer_chosen" if is_chosen else "layer")

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


def _filters(layer: Operation, count: int) -> str:
    assert isinstance(layer, Convolution)
    return entry_of(replace(layer, filters=count))


def _units(layer: Operation, count: int) -> str:
    assert isinstance(layer, Dense)
    return entry_of(replace(layer, units=count))


def _with_side(layer: Operation, side: int) -> str:
    assert isinstance(layer, Convolution | MaxPooling)
    return entry_of(replace(layer, side=side))


def _with_activation(layer: Operation, name: str) -> str:
    assert isinstance(layer, Convolution | Dense)
    return entry_of(replace(layer, activation=name))


class LayerList(QWidget):
    """The list with its total and its text; ``changed`` comes with each network that can be."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        #: One for each row.
        self.entries: list[str] = []
        self.rows: list[_Row] = []
        #: The text of the last entries that fit each other.
        self.text = ""
        #: The place of the layer that cannot be, from 0, and why.
        self.error: tuple[int, str] | None = None
        self._chosen = 0
        self._before: list[list[str]] = []
        self._list = QWidget()
        self._list.setObjectName("layerList")
        self._list.setFocusPolicy(Qt.StrongFocus)
        explain(
            self._list,
            _("Layers, from the picture to the answer"),
            _(
                "Up and Down choose a layer, Alt with them moves it, Enter leads into its fields, "
                "Delete removes it, Insert adds one, Ctrl+D doubles it, Ctrl+Z takes a step back.",
            ),
        )
        Keys(self._list, self._meaning)
        self._mark = QFrame(self._list)
        self._mark.setProperty("look", "insertion")
        self._mark.hide()
        self._rows = column(gap=0, owner=self._list)
        menu = Menu(self)
        for kind, (title, _entry) in _KINDS.items():
            action = menu.addAction(title)
            action.setObjectName(f"{kind}LayerAction")
            action.triggered.connect(lambda _checked, kind=kind: self.add(kind))
        sentence = _("Add a layer below the chosen one; at most {most}.", most=MAX_LAYERS)
        self.add_button = push_button("addLayerButton", _("Add a layer"), sentence, "Insert")
        self.add_button.setMenu(menu)
        self.total = label("", "muted", "layersTotal")
        self._text = label("", "code", "layersText", wraps=True)
        self._text.setTextInteractionFlags(Qt.TextSelectableByMouse)
        copy = push_button(
            "copyLayersButton",
            _("Copy"),
            _("Copy the network's text, for the command line and to share."),
            act=lambda: QGuiApplication.clipboard().setText(f"layers:{self.text}"),
        )
        column(
            row(label(_("Input"), "title"), 1, label("1×28×28", "muted"), margins=(6, 0, 2, 0)),
            self._list,
            row(self.add_button, self.total, 1),
            row((self._text, 1), copy),
            gap=Size.TIGHT,
            owner=self,
        )

    # -- the list

    def show_text(self, text: str) -> None:
        """Show the layers of a text, which can be; nothing can be taken back."""
        if text == self.text and self.error is None:
            return
        self._before = []
        self._set(entries_of(read_layers(text)), 0)

    def add(self, kind: str) -> None:
        """Add a layer below the chosen one, with the values of the last of its kind."""
        usual = _KINDS[kind][1]
        entry = next((one for one in reversed(self.entries) if kind_of(one) == kind), usual)
        place = self._chosen + 1 if self.entries else 0
        self._change([*self.entries[:place], entry, *self.entries[place:]], place)

    def remove(self, place: int) -> None:
        left = [*self.entries[:place], *self.entries[place + 1 :]]
        self._change(left, min(place, len(left) - 1))

    def move_layer(self, place: int, to: int) -> None:
        """Move a layer to another place, both from 0."""
        if to == place or not 0 <= to < len(self.entries):
            return
        left = [*self.entries[:place], *self.entries[place + 1 :]]
        self._change([*left[:to], self.entries[place], *left[to:]], to)

    def double(self) -> None:
        place = self._chosen
        self._change([*self.entries[: place + 1], *self.entries[place:]], place + 1)

    def undo(self) -> None:
        if self._before:
            entries = self._before.pop()
            self._set(entries, min(self._chosen, len(entries) - 1))
            self.changed.emit()

    def _change(self, entries: list[str], chosen: int) -> None:
        self._remember()
        self._set(entries, chosen)
        self._list.setFocus(Qt.OtherFocusReason)
        self.changed.emit()

    def _remember(self) -> None:
        self._before = [*self._before, list(self.entries)][-_MOST_UNDONE:]

    def _edit(self, place: int, entry: str) -> None:
        self._remember()
        self.entries[place] = entry
        self._follow()
        self.changed.emit()

    def _set(self, entries: list[str], chosen: int) -> None:
        self.entries = list(entries)
        for old in self.rows:
            self._rows.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = [self._row(place) for place in range(len(entries))]
        self._follow()
        self._choose(max(0, chosen))

    def _row(self, place: int) -> _Row:
        made = _Row(self.entries[place], place + 1)
        made.edited.connect(lambda entry: self._edit(place, entry))
        made.removed.connect(lambda: self.remove(place))
        made.chosen.connect(lambda: self._choose(place))
        made.left.connect(self._return)
        made.dragged.connect(lambda y, is_end: self._drag(place, y, is_end))
        self._rows.addWidget(made)
        return made

    def _follow(self) -> None:
        """Show the figures of the entries, and take their text if they fit."""
        figures, error = figures_of(self.entries)
        self.error = (len(figures), error) if error else None
        for place, shown in enumerate(self.rows):
            is_wrong = bool(error) and place == len(figures)
            known = figures[place] if place < len(figures) else None
            shown.show_figures(known, error if is_wrong else "", len(self.rows))
        if not error:
            self.text = text_of(read_layers(",".join(self.entries)))
        self._text.setText(f"layers:{self.text}")
        self._text.setEnabled(not error)
        self.total.setText("" if error else self._describe_total(figures))
        self.add_button.setEnabled(len(self.entries) < 2 * MAX_LAYERS)

    def _describe_total(self, figures: Sequence[EntryFigures]) -> str:
        """Count the weights of all layers, with an output for each digit."""
        outputs = parse_network(f"layers:{self.text}").parameter_shapes()[-2:]
        weights = sum(one.weights for one in figures) + sum(map(math.prod, outputs))
        return counted("{count} weight", "{count} weights", weights)

    def _choose(self, place: int) -> None:
        self._chosen = place
        for other, shown in enumerate(self.rows):
            shown.show_chosen(other == place)
        if place < len(self.rows):
            self._list.setAccessibleDescription(self.rows[place].accessibleName())

    def _drag(self, place: int, y: int, is_end: bool) -> None:
        """Mark the gap at a height, or move a layer there."""
        middles = [shown.y() + shown.height() // 2 for shown in self.rows]
        gap = sum(middle < y for middle in middles)
        to = gap - 1 if gap > place else gap
        is_elsewhere = to != place
        top = self.rows[gap].y() if gap < len(self.rows) else self._list.height() - 2
        self._mark.setGeometry(0, max(0, top - 1), self._list.width(), 2)
        self._mark.setVisible(is_elsewhere and not is_end)
        self._mark.raise_()
        if is_end and is_elsewhere:
            self.move_layer(place, to)

    # -- keys

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        is_in_field = self.rows and self.window().focusWidget() in self.rows[self._chosen].fields
        if is_in_field:
            return self._return if event.key() == Qt.Key_Escape else None
        alt = bool(event.modifiers() & Qt.AltModifier)
        control = bool(event.modifiers() & Qt.ControlModifier)
        place = self._chosen
        plain: dict[int, Callable[[], object]] = {
            Qt.Key_Up: lambda: self._choose(max(0, place - 1)),
            Qt.Key_Down: lambda: self._choose(min(len(self.rows) - 1, place + 1)),
            Qt.Key_Home: lambda: self._choose(0),
            Qt.Key_End: lambda: self._choose(len(self.rows) - 1),
            Qt.Key_Insert: self.add_button.showMenu,
            Qt.Key_Delete: lambda: self.remove(place),
            Qt.Key_Return: lambda: self.rows[place].enter(),
            Qt.Key_Enter: lambda: self.rows[place].enter(),
        }
        if alt and event.key() in (Qt.Key_Up, Qt.Key_Down):
            return lambda: self.move_layer(place, place + (1 if event.key() == Qt.Key_Down else -1))
        if control:
            chords: dict[int, Callable[[], object]] = {
                Qt.Key_D: self.double,
                Qt.Key_Z: self.undo,
                Qt.Key_V: self.paste,
            }
            found = chords.get(event.key())
        else:
            found = plain.get(event.key())
        needs_a_row = event.key() not in (Qt.Key_Insert, Qt.Key_Z, Qt.Key_V)
        return None if needs_a_row and not self.rows else found

    def _return(self) -> None:
        """Lead the keyboard from a field back to the list."""
        self._list.setFocus(Qt.OtherFocusReason)

    def paste(self) -> None:
        """Replace the list by a text on the clipboard, if it is one."""
        text = QGuiApplication.clipboard().text().strip().removeprefix("layers:")
        try:
            entries = entries_of(read_layers(text))
        except ValueError as error:
            self.total.setText(str(error))
            return
        self._change(entries, 0)
